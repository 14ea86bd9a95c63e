import type { Node, TruncateStmt } from 'libpg-query';
import { notBuilt } from '#engine/pgwire/statement-error.ts';
import { plainName, type RangeVar } from './name.ts';
import type { Changing } from './write.ts';

/** TRUNCATE of several tables. */
export type Truncation = { readonly kind: 'truncate'; readonly names: readonly string[] };

/** What a statement changes of a table's rows, and the table. */
export function changing(node: Node): { readonly on: RangeVar | undefined; readonly of: Changing } | undefined {
  if ('InsertStmt' in node) return { on: node.InsertStmt.relation, of: { insert: node.InsertStmt } };
  if ('UpdateStmt' in node) return { on: node.UpdateStmt.relation, of: { update: node.UpdateStmt } };
  if ('DeleteStmt' in node) return { on: node.DeleteStmt.relation, of: { delete: node.DeleteStmt } };
  if ('TruncateStmt' in node) return truncated(node.TruncateStmt);
  return undefined;
}

/** TRUNCATE takes all rows, one by one for views that follow. */
function truncated({ relations = [], restart_seqs, behavior }: TruncateStmt): { readonly on: RangeVar; readonly of: Changing } {
  const [only] = relations;
  if (!only || !('RangeVar' in only)) throw notBuilt('TRUNCATE of anything but tables');
  if (restart_seqs || behavior === 'DROP_CASCADE') throw notBuilt('TRUNCATE with RESTART IDENTITY or CASCADE');
  return { on: only.RangeVar, of: { delete: { relation: only.RangeVar }, isTruncation: true } };
}

/** TRUNCATE of several tables, each as by itself. */
export function truncationOf(node: Node): Truncation | undefined {
  const all = 'TruncateStmt' in node ? (node.TruncateStmt.relations ?? []) : [];
  if (!('TruncateStmt' in node) || all.length < 2) return undefined;
  return { kind: 'truncate', names: all.map((each) => plainName(truncated({ ...node.TruncateStmt, relations: [each] }).on)) };
}
