import type { ColumnDef, CompositeTypeStmt, Node, TypeName } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { columnsMax } from './limits.ts';
import { checkedName, plainName, textIn } from './name.ts';
import type { Token } from './parser.ts';
import { typeNamed } from './column.ts';
import { type Column, isType, recordOf, type Type } from './value.ts';

/** A name in a statement with the type of rows that it stands for, which no statement can write itself. */
export type RowTypeName = TypeName & { readonly rowType?: Type };
/** The types of rows that some names stand for, as far as there are such. */
export type TypesOf = (names: readonly string[]) => ReadonlyMap<string, Type> | Promise<ReadonlyMap<string, Type>>;
export const noTypes: TypesOf = () => new Map();

/** What stood in a statement as `ROW(name type, ...)`, by the name that stands there now. */
export type RowTypeText = { readonly mark: string; readonly text: string };

// What may stand behind the first word of an expression.
const operators = new Set(
  'and or is isnull notnull in not between like ilike similar collate at over filter within operator from as when then order'.split(' '),
);
const isWord = (token: Token | undefined): boolean => token !== undefined && /^[a-z_"\u0080-\uffff]/i.test(token.text);

/** Whether a `ROW(...)`, or `STRUCT<...>`, that begins at a token is a type: a name stands beside that of a type in it. */
function isRowType(tokens: readonly Token[], at: number): boolean {
  const [word, open, name, type] = tokens.slice(at, at + 4);
  const said = word?.text.toLowerCase();
  if (said !== 'row' && said !== 'struct') return false;
  if (open?.text !== '<' && (said !== 'row' || open?.text !== '(')) return false;
  return isWord(name) && isWord(type) && name?.text.toLowerCase() !== 'case' && !operators.has(type?.text.toLowerCase() ?? '');
}

/** The byte behind the bracket that closes the one of a token. */
function endOf(tokens: readonly Token[], at: number): number | undefined {
  const pair = tokens[at]?.text === '<' ? '<>' : '()';
  let depth = 0;
  for (const { text, start } of tokens.slice(at)) {
    // Two brackets that close are one word, as a shift of bits is.
    for (const [place, mark] of [...text].entries()) {
      if (!/^[<>()]+$/.test(text)) break;
      if (mark === pair[0]) depth += 1;
      else if (mark === pair[1] && --depth === 0) return start + place + 1;
    }
  }
  return undefined;
}

/** Puts names in the place of types of rows that are written out, at the same length. */
export function takeRowTypes(bytes: Buffer, tokens: readonly Token[]): RowTypeText[] {
  const found: RowTypeText[] = [];
  let from = 0;
  for (const [at, { start }] of tokens.entries()) {
    if (start < from || !isRowType(tokens, at)) continue;
    const [inner, end] = [tokens[at + 1]?.end ?? 0, endOf(tokens, at + 1)];
    if (end === undefined) throw new StatementError(sqlstates.syntax, 'a type of rows has no end');
    const mark = `\u0001${found.length}`;
    found.push({ mark, text: bytes.toString('utf8', inner, end - 1) });
    bytes.fill(' ', start, end);
    bytes.write(`"${mark}"`, start);
    from = end;
  }
  return found;
}

type Naming = { readonly tokens: (text: string) => readonly Token[]; readonly node: (text: string) => Node | undefined };

/** The fields of a type of rows that is written out, in which others may be. */
async function writtenOut(text: string, naming: Naming, types: TypesOf): Promise<Type> {
  const before = 'create type t as (';
  const whole = Buffer.from(`${before}${text})`);
  const taken = takeRowTypes(whole, naming.tokens(whole.toString()));
  const node = naming.node(whole.toString());
  if (!node || !('CompositeTypeStmt' in node)) throw new StatementError(sqlstates.syntax, 'a type of rows has fields: ROW(name type, ...)');
  await nameTypes(node, taken, naming, types);
  return recordOf(fieldsOf(node.CompositeTypeStmt.coldeflist ?? []));
}

/** CREATE TYPE of rows. */
export type TypeMaking = { readonly kind: 'createType'; readonly name: string; readonly fields: readonly Column[] };

export function typeMaking({ typevar, coldeflist = [] }: CompositeTypeStmt): TypeMaking {
  const fields = fieldsOf(coldeflist);
  if (fields.length === 0) throw notBuilt('A type of rows without fields');
  return { kind: 'createType', name: plainName(typevar), fields };
}

/** The fields that a type says. Throws StatementError (42701) for a name that is there twice. */
function fieldsOf(definitions: readonly Node[]): Column[] {
  const fields = definitions.flatMap((each) => ('ColumnDef' in each ? [fieldOf(each.ColumnDef)] : []));
  if (fields.length > columnsMax) throw new StatementError('54011', `a type of rows has at most ${columnsMax} fields`);
  const twice = fields.find(({ name }, at) => fields.findIndex((other) => other.name === name) !== at);
  if (twice) throw new StatementError('42701', `attribute "${twice.name}" specified more than once`);
  return fields;
}

function fieldOf({ colname = '', typeName, collClause, constraints }: ColumnDef): Column {
  if (collClause || constraints) throw notBuilt('A constraint on a field');
  return { name: checkedName(colname), type: typeNamed(typeName) };
}

/** The names of types in a tree. */
function typeNamesIn(node: unknown, found: TypeName[] = []): TypeName[] {
  if (typeof node !== 'object' || node === null) return found;
  if ('typemod' in node && 'names' in node) found.push(node as TypeName);
  for (const each of Object.values(node)) typeNamesIn(each, found);
  return found;
}

const nameIn = ({ names = [] }: TypeName): string | undefined => {
  const path = names.map(textIn);
  if (path.length === 2 && path[0] === 'public') path.shift();
  return path.length === 1 ? path[0] : undefined;
};

/** Notes at each name of a type of rows in a tree what it stands for. */
export async function nameTypes(node: unknown, taken: readonly RowTypeText[], naming: Naming, types: TypesOf): Promise<void> {
  const all = typeNamesIn(node);
  const names = new Set(all.map(nameIn).filter((name) => name !== undefined && !name.startsWith('\u0001') && !isType(name)));
  const known = new Map(names.size > 0 ? await types([...names] as string[]) : []);
  for (const { mark, text } of taken) known.set(mark, await writtenOut(text, naming, types));
  for (const each of all) {
    const found = known.get(nameIn(each) ?? '');
    if (found !== undefined) (each as { rowType?: Type }).rowType = found;
  }
}
