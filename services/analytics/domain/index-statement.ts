import type { IndexStmt, Node } from 'libpg-query';
import { notBuilt } from '#engine/pgwire/statement-error.ts';
import { checkedName, plainName, textIn } from './name.ts';

/** CREATE INDEX: columns by which rows of a table are found. */
export type IndexMaking = {
  readonly kind: 'createIndex';
  readonly table: string;
  readonly index: { readonly name: string; readonly columns: readonly string[]; readonly isUnique: boolean };
  readonly orIs: boolean;
};

/** Classes of operators whose equality is that of the type. */
const alike = new Set([
  'pg_catalog',
  'text_ops',
  'varchar_ops',
  'text_pattern_ops',
  'varchar_pattern_ops',
  'int4_ops',
  'int8_ops',
  'uuid_ops',
]);

const columnOf = (node: Node): string => {
  const { name, expr, collation, opclass, opclassopts } = 'IndexElem' in node ? node.IndexElem : {};
  const isOther = (opclass ?? []).some((part) => !alike.has(textIn(part)));
  if (name === undefined || expr || collation || isOther || opclassopts) throw notBuilt('An index of anything but columns');
  return name;
};

/** Understands CREATE INDEX. Rows are found by equal values, whatever the order that the statement says. */
export function indexMaking(node: IndexStmt): IndexMaking {
  const { idxname, relation, indexParams = [], unique = false, whereClause, accessMethod = 'btree', options } = node;
  if (whereClause) throw notBuilt('An index with a condition');
  if (node.indexIncludingParams || node.nulls_not_distinct || options || node.tableSpace) throw notBuilt('This form of CREATE INDEX');
  if (accessMethod !== 'btree' && accessMethod !== 'hash') throw notBuilt(`An index of the kind ${accessMethod}`);
  const table = plainName(relation);
  const columns = indexParams.map(columnOf);
  const name = checkedName(idxname ?? [table, ...columns, 'idx'].join('_'));
  return { kind: 'createIndex', table, index: { name, columns, isUnique: unique }, orIs: node.if_not_exists ?? false };
}
