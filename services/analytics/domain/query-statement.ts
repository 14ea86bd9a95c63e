import type { SelectStmt, ViewStmt } from 'libpg-query';
import { notBuilt, StatementError } from '#engine/pgwire/statement-error.ts';
import { catalogueIn } from './catalogue.ts';
import { checkedName, placeOfName, plainName, textIn } from './name.ts';
import { type Parser, tokensOf } from './parser.ts';
import { quoted } from './table-text.ts';
import { type Column, nameOfType } from './value.ts';

/** CREATE VIEW: a SELECT under a name, which is expanded wherever it is named. */
export type QueryMaking = {
  readonly kind: 'createQuery';
  readonly name: string;
  /** The names of its first columns, where they are said. */
  readonly names: readonly string[];
  readonly select: SelectStmt;
  readonly text: string;
  /** Whether it may take the place of one. */
  readonly isAnew: boolean;
  /** How many characters were before the text. */
  readonly before: number;
};

/** Understands CREATE VIEW. Whoever asks a view needs the rights for what it reads, which is what `security_invoker` says. */
export function queryMaking(of: ViewStmt, text: string): QueryMaking {
  const { view, aliases = [], query, replace = false, options = [], withCheckOption = 'NO_CHECK_OPTION' } = of;
  if (!query || !('SelectStmt' in query)) throw notBuilt('A view of anything but a SELECT');
  if ((view?.relpersistence ?? 'p') !== 'p') throw notBuilt('A temporary view');
  if (withCheckOption !== 'NO_CHECK_OPTION') throw notBuilt('WITH CHECK OPTION of a view, which takes no rows,');
  for (const option of options) {
    const { defname = '', arg } = 'DefElem' in option ? option.DefElem : {};
    const isTrue = !arg || ('String' in arg && ['true', 'on', 'yes', '1'].includes(textIn(arg).toLowerCase()));
    if (defname !== 'security_invoker' || !isTrue) throw notBuilt(`A view WITH (${defname})`);
  }
  // Its own name within its text would not go with another name.
  if (query.SelectStmt.withClause?.recursive && /\brecursive\s+view\b/i.test(text))
    throw notBuilt('CREATE RECURSIVE VIEW, for which CREATE VIEW ... AS WITH RECURSIVE can be written,');
  if (['all', 'some'].includes(catalogueIn(query.SelectStmt))) throw notBuilt('A view of the catalogues');
  const before = [...text].length - [...text.trimStart()].length;
  const own = { name: checkedName(plainName(view)), names: aliases.map(textIn), select: query.SelectStmt };
  return { kind: 'createQuery', ...own, text: text.trim(), isAnew: replace, before };
}

/** The columns of a view under the names that its statement gives them. */
export function namedColumns(columns: readonly Column[], names: readonly string[]): Column[] {
  if (names.length > columns.length) throw new StatementError('42601', 'CREATE VIEW specifies more column names than columns');
  return columns.map((column, at) => ({ ...column, name: checkedName(names[at] ?? column.name) }));
}

/** Refuses a view in the place of another whose columns are not the same, but for others behind them. */
export function checkReplaces(before: readonly Column[], after: readonly Column[]): void {
  const wrong = (message: string) => new StatementError('42P16', message);
  if (after.length < before.length) throw wrong('cannot drop columns from view');
  for (const [at, { name, type }] of before.entries()) {
    const other = after[at] as Column;
    if (other.name !== name) throw wrong(`cannot change name of view column "${name}" to "${other.name}"`);
    if (other.type !== type)
      throw wrong(`cannot change data type of view column "${name}" from ${nameOfType(type)} to ${nameOfType(other.type)}`);
  }
}

/** The SELECT of a view, as the catalogues tell it: under the names of its columns where the statement gives them. */
export function queryDefinition(parser: Parser, text: string, columns: readonly Column[]): string {
  const tokens = tokensOf(parser, text) ?? [];
  const [from, hasNames] = selectAt(tokens);
  const last = tokens.at(-1);
  const end = last?.text === ';' ? last.start : undefined;
  const select = Buffer.from(text).toString('utf8', tokens[from]?.start, end).trim();
  return hasNames ? `SELECT * FROM (${select}) AS v(${columns.map(({ name }) => quoted(name)).join(', ')});` : `${select};`;
}

/** Where its SELECT begins: behind the first AS after its name and the list of columns. */
function selectAt(tokens: readonly { readonly text: string }[]): readonly [number, boolean] {
  const name = placeOfName(tokens);
  const hasNames = tokens[name + 1]?.text === '(';
  let at = name + 1;
  for (let depth = 0; at < tokens.length; at += 1) {
    const word = tokens[at]?.text.toLowerCase();
    if (word === '(') depth += 1;
    if (word === ')') depth -= 1;
    if (word === 'as' && depth === 0) break;
  }
  return [at + 1, hasNames];
}
