import type { SelectStmt } from 'libpg-query';
import { matchedColumns } from '../../domain/key.ts';
import { isPerRow } from '../../engine/answer.ts';
import type { Relation } from '../../store/relation.ts';
import type { planAsked } from '../../store/view.ts';

/** Whether a question reads a view row by row, so that its answer may be of any size: not one that finds rows by their values. */
export function isScan(named: readonly Relation[], query: ReturnType<typeof planAsked>, select: SelectStmt): boolean {
  const [view, ...more] = named;
  if (view?.kind !== 'view' || more.length > 0 || query.pasts.size > 0 || !isPerRow(query)) return false;
  return matchedColumns({ from: select.fromClause ?? [], where: select.whereClause, whole: select }, view.columns).length === 0;
}
