import type { CreateTableAsStmt, SelectStmt } from 'libpg-query';
import { notBuilt } from '#engine/pgwire/statement-error.ts';
import { checkedName, plainName, textIn } from './name.ts';

/** A table of the rows of a question; `text` is that of the question, `names` are those of its first columns. */
export type TableAs = {
  readonly kind: 'createTableAs';
  readonly name: string;
  readonly select: SelectStmt;
  readonly names: readonly string[];
  readonly text: string;
  readonly isEmpty: boolean;
  readonly orIs: boolean;
};

/** CREATE TABLE ... AS, whose question begins behind the first AS that is in no parentheses. */
export function tableAs({ into, query, if_not_exists = false, is_select_into }: CreateTableAsStmt, text: string): TableAs {
  if (!query || !('SelectStmt' in query) || is_select_into) throw notBuilt('CREATE TABLE AS anything but a SELECT');
  if (into?.options || into?.accessMethod || into?.tableSpaceName || (into?.rel?.relpersistence ?? 'p') !== 'p')
    throw notBuilt('This form of CREATE TABLE AS');
  const [before = ''] = /^(?:[^()"']|"[^"]*"|\((?:[^()"]|"[^"]*")*\))*?\bas\b/i.exec(text) ?? [];
  const select = text
    .slice(before.length)
    .replace(/\bwith\s+(no\s+)?data\s*;?\s*$/i, '')
    .trim();
  const own = { name: checkedName(plainName(into?.rel)), select: query.SelectStmt, names: (into?.colNames ?? []).map(textIn) };
  return { kind: 'createTableAs', ...own, text: select, isEmpty: into?.skipData ?? false, orIs: if_not_exists };
}
