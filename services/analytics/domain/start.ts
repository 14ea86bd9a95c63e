import { StatementError } from '#engine/pgwire/statement-error.ts';
import { readTimestamp } from './datetime.ts';
import { startPartitionsMax } from './limits.ts';

/** Where a source begins to read its topic: at an end, at a time in milliseconds since 1970, or at offsets by partition. */
export type Start = 'earliest' | 'latest' | { readonly ms: number } | { readonly offsets: ReadonlyMap<number, number> };

/** What a source that began elsewhere than at its oldest record knows of it; partitions that are added later are read as a whole. */
export type Begun = { readonly said: string; readonly offsets: readonly number[] };

/** Understands `start` of a source. */
export function startOf(text: string): Start {
  const word = text.trim().toLowerCase();
  if (word === 'earliest' || word === 'latest') return word;
  if (/^\d+:\d+(\s*,\s*\d+:\d+)*$/.test(word)) {
    const offsets = new Map(word.split(',').map((each) => each.split(':').map(Number) as [number, number]));
    if (offsets.size > startPartitionsMax || ![...offsets].flat().every(Number.isSafeInteger))
      throw new StatementError('22023', `start names offsets of at most ${startPartitionsMax} partitions`);
    return { offsets };
  }
  const micros = readTimestamp(text.trim(), true);
  if (micros === undefined)
    throw new StatementError('22023', `start is 'earliest', 'latest', a time, or offsets as '0:100, 1:250', and not '${text}'`);
  return { ms: Math.ceil(micros / 1000) };
}

/** Where the partitions of a source's topic are begun. */
export const begunAt = (begun: Begun | undefined): ReadonlyMap<number, number> => new Map(begun?.offsets.entries() ?? []);
