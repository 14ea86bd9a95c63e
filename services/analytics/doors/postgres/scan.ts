import type { SelectStmt } from 'libpg-query';
import type { Cells, Prepared } from '#engine/pgwire/application.ts';
import { matchedColumns } from '../../domain/key.ts';
import { isPerRow } from '../../engine/answer.ts';
import type { Named } from '../../store/named.ts';
import type { planAsked } from '../../store/question.ts';
import { blocksOf } from './answer.ts';

/** Whether a question reads a view row by row, so that its answer may be of any size: not one that finds rows by their values. */
export function isScan({ relations, isDirect }: Named, query: ReturnType<typeof planAsked>, select: SelectStmt): boolean {
  const [view, ...more] = relations;
  if (!isDirect || view?.kind !== 'view' || more.length > 0 || query.pasts.size > 0 || !isPerRow(query)) return false;
  return matchedColumns({ from: select.fromClause ?? [], where: select.whereClause, whole: select }, view.columns).length === 0;
}

type Read = (params: Cells, signal: AbortSignal) => Promise<{ readonly body?: AsyncIterable<Uint8Array> }>;

/** The same statement, read in pieces; what a transaction made is not there to be read so. */
export const inPieces = (whole: Prepared, isMaking: () => boolean, read: Read): Prepared => ({
  ...whole,
  async execute(params, signal) {
    if (isMaking()) return whole.execute(params, signal);
    const { body } = await read(params, signal);
    return { rows: blocksOf(body), tag: (count) => `SELECT ${count}` };
  },
});
