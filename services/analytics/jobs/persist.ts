import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '#kernel/contract/implement.ts';
import { reasonMax, retryMaxMs, retryMs } from '../store/limits.ts';

/** `failures`: why what relations give out or take in does not come on, as long as it does not. */
export type Persisting = { readonly log: Log; readonly failures: Map<bigint, string>; readonly signal: AbortSignal };

/** Does something for a relation until the signal, whatever is away meanwhile. `work` tells when it came on. */
export async function persist(
  { log, failures, signal }: Persisting,
  relation: bigint,
  what: string,
  work: (went: () => void) => Promise<void>,
): Promise<void> {
  for (let waitMs = retryMs; !signal.aborted; waitMs = Math.min(waitMs * 2, retryMaxMs)) {
    try {
      await work(() => {
        waitMs = retryMs;
        failures.delete(relation);
      });
    } catch (error) {
      if (signal.aborted) break;
      const reason = error instanceof Error ? error.message : String(error);
      failures.set(relation, reason.slice(0, reasonMax));
      log('warn', what, { error: String(error) });
      await pause(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
  failures.delete(relation);
}
