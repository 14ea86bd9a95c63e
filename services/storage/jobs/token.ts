import type { Log } from '#kernel/contract/implement.ts';
import { tokenRoundMs } from '../store/limits.ts';
import { forgetTokens } from '../store/rename.ts';
import type { Store } from '../store/store.ts';
import { keepRounds, type Rounds } from './round.ts';

/** Drops the tokens of renames that are older than they are kept. */
export function keepTokens(store: Store, log: Log, signal: AbortSignal): Rounds {
  const round = async (over: AbortSignal) => {
    for (const one of store.partitions.all) await forgetTokens(one, over);
  };
  return keepRounds(round, { of: 'tokens of renames', waitMs: tokenRoundMs, log, signal });
}
