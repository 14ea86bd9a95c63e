import type { FuncCall, SelectStmt } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { catalogueFunctions, catalogueRelations, replacedFunctions, replacedRelations, replacedSchemaRelations } from './catalogue-list.ts';
import { placesIn } from './context.ts';
import { textIn } from './name.ts';

type Relation = { readonly relname?: string; readonly schemaname?: string; readonly catalogname?: string; readonly location?: number };
/** Bytes of the text that others take the place of. */
type Edit = { readonly from: number; readonly to: number; readonly text: string };

/** A question to the catalogues, as PostgreSQL is asked it, and where a character of that stands in what was written. */
export type CatalogueText = { readonly text: string; readonly placeOf: (position: number) => number };

/** The schema with what answers in place of PostgreSQL's own. */
export const shadowSchema = 'pg_gamut';

const isCatalogue = ({ relname = '', schemaname }: Relation): boolean =>
  schemaname === 'pg_catalog' ||
  schemaname === 'information_schema' ||
  (schemaname === undefined && (catalogueRelations.has(relname) || replacedRelations.has(relname)));

function* nodesIn(node: unknown): Generator<readonly [kind: string, of: Record<string, unknown>]> {
  if (typeof node !== 'object' || node === null) return;
  for (const [kind, of] of Object.entries(node)) {
    if (typeof of !== 'object' || of === null) continue;
    if (!Array.isArray(node)) yield [kind, of as Record<string, unknown>];
    yield* nodesIn(of);
  }
}

/** Whether a SELECT asks the catalogues (`all`), relations of ours (`none`), both (`some`), or names no relation at all. */
export function catalogueIn(select: SelectStmt): 'all' | 'some' | 'none' | 'nothing' {
  const all = [...nodesIn(select)];
  const given = new Set(all.flatMap(([kind, of]) => (kind === 'CommonTableExpr' ? [String(of.ctename)] : [])));
  const named = all
    .flatMap(([kind, of]): Relation[] => (kind === 'RangeVar' ? [of] : []))
    .filter(({ relname = '', schemaname }) => schemaname !== undefined || !given.has(relname));
  // TUMBLE(t, ...) names its relation as if it were a column.
  const windows = all.some(
    ([kind, of]) => kind === 'RangeFunction' && /"sval":"(tumble|hop|cumulate|session)"/.test(JSON.stringify(of.functions)),
  );
  const count = named.filter(isCatalogue).length;
  if (named.length === 0) return windows ? 'none' : 'nothing';
  return count === 0 ? 'none' : count === named.length && !windows ? 'all' : 'some';
}

const clauses = ['intoClause', 'lockingClause'];

/** The question as PostgreSQL may be asked it. Throws where it is more than a question, or asks what is not answered. */
export function catalogueText(select: SelectStmt, text: string): CatalogueText {
  const bytes = Buffer.from(text);
  const at = placesIn(text);
  const edits = new Map<number, Edit>();
  const edit = (found: Edit | undefined) => found && edits.set(found.from, found);
  const given = new Set<string>();
  for (const [kind, of] of nodesIn(select)) if (kind === 'CommonTableExpr') given.add(String(of.ctename));
  for (const [kind, of] of [['SelectStmt', select as Record<string, unknown>] as const, ...nodesIn(select)]) {
    if (/Stmt$/.test(kind) && kind !== 'SelectStmt') throw notBuilt('A change within a question to the catalogues');
    const clause = clauses.find((each) => of[each] !== undefined);
    if (clause) throw notBuilt(`A question to the catalogues with ${clause.replace('Clause', '').toUpperCase()}`);
    if (kind === 'RangeVar') edit(relationEdit(of, given, bytes, at));
    if (kind === 'ColumnRef') edit(columnEdit(of, bytes));
    if (kind === 'FuncCall') edit(functionEdit(of, bytes, at));
    if (kind === 'SQLValueFunction') edit(userEdit(of, bytes));
  }
  return written(
    bytes,
    [...edits.values()].sort((left, right) => left.from - right.from),
  );
}

function relationEdit(relation: Relation, given: ReadonlySet<string>, bytes: Buffer, at: ReturnType<typeof placesIn>): Edit | undefined {
  const { relname = '', schemaname, catalogname, location = -1 } = relation;
  if (schemaname === undefined && given.has(relname)) return undefined;
  const denied = () => new StatementError(sqlstates.denied, `permission denied for table ${relname}`, at(location));
  const path = [catalogname, schemaname, relname].filter((part) => part !== undefined);
  if (schemaname === 'information_schema')
    return replacedSchemaRelations.has(relname) ? replaced(bytes, location, relname, path) : undefined;
  if (replacedRelations.has(relname)) return replaced(bytes, location, relname, path);
  if (!catalogueRelations.has(relname)) throw denied();
  return undefined;
}

/** Columns by schema and relation are those of what answers in their place. */
function columnEdit({ fields, location }: Record<string, unknown>, bytes: Buffer): Edit | undefined {
  const [schema, relation, ...rest] = (fields as Parameters<typeof textIn>[0][]).map((each) => ('String' in each ? textIn(each) : '*'));
  if (rest.length === 0 || schema === undefined || relation === undefined) return undefined;
  const isReplaced =
    (schema === 'pg_catalog' && replacedRelations.has(relation)) ||
    (schema === 'information_schema' && replacedSchemaRelations.has(relation));
  return isReplaced ? replaced(bytes, Number(location ?? 0), relation, [schema, relation]) : undefined;
}

function functionEdit(call: FuncCall, bytes: Buffer, at: ReturnType<typeof placesIn>): Edit | undefined {
  const path = (call.funcname ?? []).map(textIn);
  const name = path.at(-1) ?? '';
  const isOurs = path.length === 1 || (path.length === 2 && (path[0] === 'pg_catalog' || path[0] === 'information_schema'));
  if (!isOurs || !catalogueFunctions.has(name))
    throw new StatementError(sqlstates.functionMissing, `function ${path.join('.')} does not exist`, at(call.location));
  return replacedFunctions.has(name) ? replaced(bytes, call.location ?? -1, name, path) : undefined;
}

const users = new Set(['SVFOP_CURRENT_USER', 'SVFOP_SESSION_USER', 'SVFOP_USER', 'SVFOP_CURRENT_ROLE']);

/** Who asks is told as who came in. */
function userEdit({ op, location }: Record<string, unknown>, bytes: Buffer): Edit | undefined {
  if (!users.has(String(op))) return undefined;
  const from = Number(location ?? 0);
  const [word = ''] = /^\w+/.exec(bytes.toString('latin1', from, from + 20)) ?? [];
  return { from, to: from + word.length, text: `${shadowSchema}."${word.toLowerCase()}"()` };
}

/** A name where it stands, by whatever quotes and spaces; what cannot be found again is refused. */
function replaced(bytes: Buffer, from: number, name: string, path: readonly string[]): Edit {
  const part = (word: string) => `(?:"${word}"|${word})`;
  const found =
    from < 0 ? null : new RegExp(`^${path.map(part).join('\\s*\\.\\s*')}`, 'i').exec(bytes.toString('latin1', from, from + 200));
  if (!found) throw notBuilt(`The name ${name} in this form`);
  return { from, to: from + found[0].length, text: `${shadowSchema}.${name}` };
}

function written(bytes: Buffer, edits: readonly Edit[]): CatalogueText {
  let [text, from] = ['', 0];
  const shifts: { readonly at: number; readonly by: number }[] = [];
  for (const each of edits) {
    text += bytes.toString('utf8', from, each.from);
    const by = each.text.length - (each.to - each.from);
    text += each.text;
    shifts.push({ at: [...text].length, by });
    from = each.to;
  }
  text += bytes.toString('utf8', from);
  const placeOf = (position: number) => position - shifts.reduce((sum, { at, by }) => (position > at ? sum + by : sum), 0);
  return { text, placeOf };
}
