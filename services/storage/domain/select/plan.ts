import { selectColumnsMax } from '../../contract/limits.ts';
import { Compiler } from './compile.ts';
import { fieldMark } from './csv.ts';
import type { SelectJob, SelectOutput } from './job.ts';
import { parseQuery } from './parse.ts';
import { SelectRefusal } from './refusal.ts';
import type { Query, SourceStep, Step } from './syntax.ts';
import { jsonOf, literal, textOf, type Value } from './value.ts';

/** Statements of the engine that answer a query. Rows come batch by batch into the table `batch`. */
export type Plan = {
  /** Run once, before all. */
  readonly prepare: readonly string[];
  /** Of a batch: its lines, or what is kept of it for {@link end}. */
  readonly batch: string;
  /** The lines that only all batches together give. */
  readonly end?: string;
  readonly limit?: number;
};

/** What is known of the input before its rows: the names of a CSV's fields or a Parquet's columns, and where a Parquet lies. */
export type Known = { readonly names?: readonly string[]; readonly file?: string; readonly rows?: readonly (readonly [number, number])[] };

/** Writes the statements for a job. */
export function planOf(job: SelectJob, known: Known): Plan {
  const query = parseQuery(job.expression);
  const path = 'csv' in job.input ? csvPath(query, known) : 'json' in job.input ? jsonPath(query) : parquetPath(query, known);
  const compiler = new Compiler({ path, now: job.now });
  const cells = query.items?.map(({ of, name }, at) => ({
    value: compiler.compile(of),
    name: name ?? (of.kind === 'path' ? lastName(of.steps) : undefined) ?? `_${at + 1}`,
    omit: of.kind === 'path',
  }));
  const where = conditionOf(query, { path, now: job.now });
  const source = `${sourceOf(job, query, known)}${where}`;
  const line = cells ? lineOf(job.output, cells) : wholeLine(job, known);
  const prepare = macros(job.output);
  if (compiler.partials.length === 0)
    return { prepare, batch: `SELECT ${line} FROM ${source}`, ...(query.limit === undefined ? {} : { limit: query.limit }) };
  if (compiler.bare)
    throw new SelectRefusal('UnsupportedSqlStructure', 'Aggregates and fields cannot be asked for side by side; there is no GROUP BY.');
  const kept = compiler.partials.flatMap(({ keep }) => keep).map((sql, at) => `${sql} AS p${at}`);
  const keep = `SELECT ${kept.join(', ')} FROM ${source}`;
  return {
    prepare,
    batch: `INSERT INTO kept ${keep}`,
    end: `SELECT ${line} FROM kept${query.limit === undefined ? '' : ` LIMIT ${query.limit}`}`,
  };
}

function conditionOf({ where }: Query, row: ConstructorParameters<typeof Compiler>[0]): string {
  if (!where) return '';
  const compiler = new Compiler(row);
  const sql = compiler.condition(where);
  if (compiler.partials.length > 0) throw new SelectRefusal('UnsupportedSqlOperation', 'An aggregate cannot stand in WHERE.');
  return ` WHERE ${sql}`;
}

/** What keeps partial results has the columns of the first batch; the table is made of the query itself, without rows. */
export const keptTable = (plan: Plan): string => `CREATE TABLE kept AS ${plan.batch.replace(/^INSERT INTO kept /, '')} LIMIT 0`;

function lastName(steps: readonly Step[]): string | undefined {
  const last = steps.at(-1);
  return last && 'name' in last ? last.name : undefined;
}

const row = '"the row"';
const pointer = (steps: readonly Step[]) =>
  literal(steps.map((step) => `/${'at' in step ? step.at : step.name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''));
const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

/** The steps of a path below its row: the name of the row before them adds nothing. */
function below({ alias, source }: Query, steps: readonly Step[]): readonly Step[] {
  const [first] = steps;
  const last = source.at(-1);
  const own = [alias, 's3object', last && 'name' in last ? last.name : undefined];
  return first && 'name' in first && own.some((name) => name !== undefined && same(name, first.name)) ? steps.slice(1) : steps;
}

function csvPath(query: Query, { names }: Known): (steps: readonly Step[]) => Value {
  if (query.source.some((step) => !('each' in step)))
    throw new SelectRefusal('UnsupportedSqlStructure', 'Records of CSV have no documents in them that FROM could go into.');
  return (steps) => {
    const [step, ...more] = below(query, steps);
    if (!step || more.length > 0 || !('name' in step))
      throw new SelectRefusal('EvaluatorBindingDoesNotExist', 'A column name or a path provided does not exist in the SQL expression.');
    const at = placeOf(step, names);
    return { sql: at === undefined ? 'CAST(NULL AS VARCHAR)' : `${row}[${at}]`, type: 'text' };
  };
}

function placeOf({ name, quoted }: Extract<Step, { name: string }>, names: readonly string[] | undefined): number | undefined {
  const exact = names?.indexOf(name) ?? -1;
  if (exact >= 0) return exact + 1;
  const alike = quoted || !names ? [] : names.flatMap((one, at) => (same(one, name) ? [at + 1] : []));
  if (alike.length > 1)
    throw new SelectRefusal('AmbiguousFieldName', `Field name matches to multiple fields in the file: ${name.slice(0, 100)}.`);
  if (alike.length === 1) return alike[0];
  const place = /^_(\d{1,9})$/.exec(name)?.[1];
  if (place !== undefined) {
    if (Number(place) >= 1 && Number(place) <= selectColumnsMax) return Number(place);
    throw new SelectRefusal(
      'InvalidColumnIndex',
      'The column index at the SQL expression is invalid. Check the service documentation and try again.',
    );
  }
  if (names?.length === 0) return undefined;
  throw names
    ? new SelectRefusal('MissingHeaders', 'Some headers in the query are missing from the file. Check the file and try again.')
    : new SelectRefusal(
        'EvaluatorBindingDoesNotExist',
        `A column name or a path provided does not exist in the SQL expression: ${name.slice(0, 100)}.`,
      );
}

function jsonPath(query: Query): (steps: readonly Step[]) => Value {
  return (steps) => {
    const rest = below(query, steps);
    return { sql: rest.length === 0 ? row : `json_extract(${row}, ${pointer(rest)})`, type: 'json' };
  };
}

function parquetPath(query: Query, { names = [] }: Known): (steps: readonly Step[]) => Value {
  if (query.source.some((step) => !('each' in step)))
    throw new SelectRefusal('UnsupportedSqlStructure', 'FROM cannot go into the columns of Parquet.');
  return (steps) => {
    const [step, ...more] = below(query, steps);
    if (!step) return { sql: `to_json(${row})`, type: 'json' };
    const at = 'name' in step ? placeOf(step, names) : undefined;
    const name = at === undefined ? undefined : names[at - 1];
    if (name === undefined) return { sql: 'CAST(NULL AS JSON)', type: 'json' };
    const column = `to_json(${row}."${name.replaceAll('"', '""')}")`;
    return { sql: more.length === 0 ? column : `json_extract(${column}, ${pointer(more)})`, type: 'json' };
  };
}

function sourceOf(job: SelectJob, { source }: Query, { file = '', rows }: Known): string {
  if ('csv' in job.input) return `(SELECT string_split(line, '${fieldMark}') AS ${row} FROM batch)`;
  if ('parquet' in job.input) {
    const within = rows?.map(([from, to]) => `file_row_number BETWEEN ${from} AND ${to}`).join(' OR ');
    const only = within === undefined ? '' : ` WHERE ${within === '' ? 'false' : within}`;
    const table = `read_parquet(${literal(file)})`;
    return only === '' ? `${table} AS ${row}` : `(SELECT * FROM ${table}${only}) AS ${row}`;
  }
  const [first, ...rest] = source;
  // `S3Object[*]` says that each document is a row, which they are anyway.
  const steps = first && 'each' in first ? rest : source;
  return steps.reduce(stepInto, `(SELECT CAST(line AS JSON) AS ${row} FROM batch)`);
}

function stepInto(from: string, step: SourceStep): string {
  if ('each' in step) return `(SELECT unnest(json_extract(${row}, '$[*]')) AS ${row} FROM ${from})`;
  return `(SELECT * FROM (SELECT json_extract(${row}, ${pointer([step])}) AS ${row} FROM ${from}) WHERE ${row} IS NOT NULL)`;
}

type Cell = { readonly value: Value; readonly name: string; readonly omit: boolean };

/** A line of the output: its cells between delimiters, or an object without what is missing. */
function lineOf(output: SelectOutput, cells: readonly Cell[]): string {
  if ('csv' in output) {
    const told = cells.map(({ value }) => `as_field(coalesce(${textOf(value)}, ''))`);
    return `${told.join(` || ${literal(output.csv.fieldDelimiter)} || `)} || ${literal(output.csv.recordDelimiter)}`;
  }
  const told = cells.map(({ value, name, omit }) => {
    const json = omit ? jsonOf(value) : `coalesce(${jsonOf(value)}, 'null')`;
    return `${literal(`${JSON.stringify(name)}:`)} || ${json}`;
  });
  return `'{' || concat_ws(',', ${told.join(', ')}) || '}' || ${literal(output.json.recordDelimiter)}`;
}

/** A line of the output that holds all of a row. */
function wholeLine({ input, output }: SelectJob, { names = [] }: Known): string {
  if ('csv' in input) {
    if ('csv' in output) {
      const { fieldDelimiter, recordDelimiter } = output.csv;
      const fields = `list_transform(${row}, lambda x: as_field(x))`;
      return `array_to_string(${fields}, ${literal(fieldDelimiter)}) || ${literal(recordDelimiter)}`;
    }
    const told = `([${names.map((name) => literal(`${JSON.stringify(name)}:`)).join(', ')}]::VARCHAR[])`;
    const cell = `coalesce(${told}[i], '"_' || i || '":') || CAST(to_json(x) AS VARCHAR)`;
    return `'{' || array_to_string(list_transform(${row}, lambda x, i: ${cell}), ',') || '}' || ${literal(output.json.recordDelimiter)}`;
  }
  const whole = 'parquet' in input ? `to_json(${row})` : row;
  if ('json' in output) return `CAST(json(${whole}) AS VARCHAR) || ${literal(output.json.recordDelimiter)}`;
  return `fields_of(${whole}) || ${literal(output.csv.recordDelimiter)}`;
}

/** Functions of our own that statements use. */
function macros(output: SelectOutput): string[] {
  const time = [
    "WHEN regexp_full_match(x, '\\d{4}T?') THEN substring(x, 1, 4) || '-01-01'",
    "WHEN regexp_full_match(x, '\\d{4}-\\d\\dT?') THEN substring(x, 1, 7) || '-01'",
    "WHEN regexp_full_match(x, '\\d{4}-\\d\\d-\\d\\dT') THEN substring(x, 1, 10)",
    "ELSE regexp_replace(x, '^(\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d)(Z|[+-].*)?$', '\\1:00\\2')",
  ];
  const all = [`CREATE MACRO iso_time(x) AS CASE ${time.join(' ')} END`, 'CREATE MACRO whole(x) AS trunc(CAST(x AS DECIMAL(38, 10)))'];
  if ('json' in output) return all;
  const { quote, escape, always, fieldDelimiter, recordDelimiter } = output.csv;
  const special = [fieldDelimiter, recordDelimiter, quote, '\n', '\r']
    .filter((one) => one !== '')
    .map((one) => `contains(x, ${literal(one)})`);
  const quoted = `${literal(quote)} || replace(x, ${literal(quote)}, ${literal(escape + quote)}) || ${literal(quote)}`;
  const field = quote === '' ? 'x' : always ? quoted : `CASE WHEN ${special.join(' OR ')} THEN ${quoted} ELSE x END`;
  const key = "'/' || replace(replace(k, '~', '~0'), '/', '~1')";
  return [
    ...all,
    `CREATE MACRO as_field(x) AS ${field}`,
    `CREATE MACRO fields_of(r) AS CASE WHEN json_type(r) = 'OBJECT' THEN array_to_string(list_transform(json_keys(r), ` +
      `lambda k: as_field(coalesce(json_extract_string(r, ${key}), ''))), ${literal(fieldDelimiter)}) ` +
      "ELSE as_field(coalesce(r ->> '$', '')) END",
  ];
}
