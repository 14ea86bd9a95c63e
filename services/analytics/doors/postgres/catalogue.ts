import type { SelectStmt } from 'libpg-query';
import type { Session } from '#kernel/contract/session.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import type { Prepared } from '#engine/pgwire/application.ts';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import { typeNamed } from '../../domain/column.ts';
import { parser } from '../../domain/parser.ts';
import { queryDefinition } from '../../domain/query-statement.ts';
import { parseStatement, splitStatements } from '../../domain/statement.ts';
import { type Column, rowTypeOf, type Type } from '../../domain/value.ts';
import { type CatalogueText, catalogueText } from '../../domain/catalogue.ts';
import type { analytics } from '../../service.ts';
import { type Catalogues, functionMark, isTellable, type Question, type Told } from '../../store/catalogue.ts';
import type { Pending } from '../../store/pending.ts';
import type { Relation } from '../../store/relation.ts';
import { typeOfRows } from '../../store/row-type.ts';
import type { Plans } from '../../store/view.ts';

/** Who asks; `making` is what an open transaction made and dropped. */
type Asking = {
  readonly session: Session<typeof analytics>;
  readonly catalogues: Catalogues;
  readonly plans: Plans;
  readonly making: () => Pending | undefined;
};
type Asked = { readonly select: SelectStmt; readonly text: string };
/** The pseudo-type of literals, which clients name where they leave the type to us. */
const unknownOid = 705;

/** A question to the catalogues: of the relations that the caller may list, answered by PostgreSQL itself. */
export async function askCatalogue(
  { session, catalogues, plans, making }: Asking,
  { select, text }: Asked,
  given: readonly number[],
): Promise<Prepared> {
  const written = catalogueText(select, alone(text));
  const oids = given.map((oid) => (oid === unknownOid ? 0 : oid));
  const question = async (signal: AbortSignal): Promise<Question> => {
    const [types, sources, tables, views, queries, functions] = await Promise.all([
      session.invoke('ListTypes', '', {}, { signal }),
      session.invoke('ListSources', '', {}, { signal }),
      session.invoke('ListTables', '', {}, { signal }),
      session.invoke('ListViews', '', {}, { signal }),
      session.invoke('ListQueries', '', {}, { signal }),
      session.invoke('ListFunctions', '', {}, { signal }),
    ]);
    const settled = [
      ...types.output.items.map(({ name, fields, type }) => toldType(name, fields, type)),
      ...sources.output.items.map(({ name, columns }) => ({ name, columns, text: null })),
      ...(await Promise.all((await plans.tablesOf(session.caller, tables.output.items)).map((relation) => toldOf(plans, relation)))),
      ...views.output.items.map(({ name, columns, text: made }) => ({ name, columns, text: made })),
      ...(await Promise.all(queries.output.items.map(toldQuery))),
    ];
    const relations = [...(await unsettled(plans, settled, making())), ...(await Promise.all(functions.output.items.map(signed)))];
    const { scope, credential } = session.caller;
    return { database: formatId(scope), user: formatId(credential), relations, text: written.text, types: oids };
  };
  const asked = await question(session.signal);
  const { params, fields } = await told(written, () => catalogues.describe(asked));
  return {
    params,
    fields,
    async execute(values, signal) {
      const found = await told(written, async () => catalogues.rows(await question(signal), values));
      return {
        rows: (async function* () {
          yield found;
        })(),
        tag: (count) => `SELECT ${count}`,
      };
    },
  };
}

/** Relations as a transaction sees them. */
async function unsettled(plans: Plans, relations: readonly Told[], pending: Pending | undefined): Promise<readonly Told[]> {
  if (!pending) return relations;
  const { made, gone } = pending.settling();
  const own = made.filter(({ relation }) => relation.kind !== 'sink').map(({ relation }) => toldOf(plans, relation));
  return [...relations.filter(({ name }) => !gone.some((each) => each.name === name)), ...(await Promise.all(own))];
}

const toldType = (name: string, columns: readonly Column[], type: Type): Told => ({
  ...{ name, columns, text: null, rows: { oid: rowTypeOf(type)?.named?.oid } },
});

/** A plain view with its SELECT as the catalogues tell it. */
async function toldQuery({ name, columns, text }: Pick<Relation, 'name' | 'columns' | 'text'>): Promise<Told> {
  return { name, columns, text: queryDefinition(await parser(), text ?? '', columns), isQuery: true };
}

async function toldOf(plans: Plans, relation: Relation): Promise<Told> {
  const { name, columns, kind, text } = relation;
  if (kind === 'type') return toldType(name, columns, typeOfRows(relation));
  if (kind === 'query') return toldQuery(relation);
  if (kind !== 'table') return { name, columns, text: kind === 'view' ? text : null };
  const { key, required, references, counters, indexes: all } = await plans.table(relation);
  const named = (places: readonly number[]) => places.map((place) => columns[place]?.name ?? '');
  const indexes = (relation.indexes ?? []).map(
    ({ name: index, places, isUnique }) =>
      `create ${isUnique ? 'unique ' : ''}index ${quoted(index)} on public.${quoted(name)} (${named(places).map(quoted).join(', ')})`,
  );
  return {
    ...{ name, columns, text: null, key: named(key), required: named(columns.flatMap((_, place) => (required[place] ? [place] : []))) },
    making: [...(await splitStatements(text ?? '')).map((each) => each.trim()), ...indexes],
    refersTo: references.map((each) => each.table),
    beside: [
      ...(key.length > 0 ? [`${name}_pkey`] : []),
      ...all.map((index) => index.name),
      ...counters.flatMap((counter, place) => (counter ? [`${name}_${columns[place]?.name}_seq`] : [])),
    ],
  };
}

/** A function as the catalogues tell it. */
async function signed({ name, text }: { readonly name: string; readonly text: string }): Promise<Told> {
  const statement = await parseStatement(text);
  if (statement?.kind !== 'createFunction') throw new TypeError(`the function ${name} is none`);
  const { params, returns } = statement.made;
  const args = params.map((param) => `${param.name === '' ? '' : `${quoted(param.name)} `}${typeNamed(param.type)}`);
  return { name: `${functionMark}${name}`, columns: [], text: null, signature: { params: args.join(', '), returns: typeNamed(returns) } };
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

async function told<T>({ placeOf }: CatalogueText, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isTellable(error)) throw error;
    throw new StatementError(error.sqlstate, error.message, error.position === undefined ? undefined : placeOf(error.position));
  }
}

/** The SELECT alone of a cursor or a COPY, where it stood in the text. */
function alone(text: string): string {
  const before = /^\s*declare\s[\s\S]*?\sfor\s+(?=select|with|values|table|\()/i.exec(text)?.[0] ?? /^\s*copy\s*\(/i.exec(text)?.[0];
  if (before === undefined) return text;
  const rest = text.slice(before.length);
  const end = /^\s*copy/i.test(before) ? rest.search(/\)\s*to\s+stdout(?![\s\S]*\)\s*to\s+stdout)/i) : rest.length;
  return ' '.repeat(Buffer.byteLength(before)) + rest.slice(0, end < 0 ? undefined : end);
}
