import { OperationError } from '#kernel/contract/fault.ts';
import type { Cells, Field, Prepared } from '#engine/pgwire/application.ts';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import { block, none } from './answer.ts';

/** A statement that answers no rows, and whose effect stays. */
export const done = (tag: string, work: (signal: AbortSignal) => Promise<unknown>): Prepared => ({ ...undone(tag, work), alone: tag });

/** A statement that answers no rows, and is undone with its transaction. */
export const undone = (tag: string, work: (signal: AbortSignal) => Promise<unknown>): Prepared => ({
  params: [],
  async execute(_, signal) {
    await work(signal);
    return { rows: none, tag: () => tag };
  },
});

export function rows(
  word: string,
  fields: readonly Field[],
  work: (params: Cells, signal: AbortSignal) => Promise<readonly Cells[]>,
): Prepared {
  return {
    ...{ params: [], fields },
    async execute(params, signal) {
      const found = await work(params, signal);
      return { rows: block(found), tag: (count) => (word === 'SELECT' ? `SELECT ${count}` : word) };
    },
  };
}

/** What is wrong with a part of a text, at its place in the whole. */
export async function placed(before: number, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    const cause = error instanceof OperationError ? error.cause : undefined;
    if (!(cause instanceof StatementError) || cause.position === undefined) throw error;
    throw new StatementError(cause.sqlstate, cause.message, before + cause.position);
  }
}

/** IF EXISTS and IF NOT EXISTS: one error is none. */
export async function excused(isExcused: boolean, sqlstate: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    const told = error instanceof StatementError ? error.sqlstate : error instanceof OperationError ? error.path : undefined;
    if (!isExcused || told !== sqlstate) throw error;
  }
}
