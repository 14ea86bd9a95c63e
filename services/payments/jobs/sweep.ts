import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { sweepMs } from '../store/limits.ts';
import { settlePayouts } from '../store/handler/payout.ts';
import type { World } from '../store/world.ts';

type Options = { readonly world: World; readonly scopes: () => readonly Placed[]; readonly now: () => number; readonly log: Log };

/** Finishes what a process that died left open, at once and from time to time, until it is stopped. */
export function keepSweeping({ world, scopes, now, log }: Options): () => Promise<void> {
  const stop = new AbortController();
  const look = async (at: Placed) => {
    await world.steps.sweep(at);
    await settlePayouts(world, at, Math.floor(now() / 1000));
  };
  const running = (async () => {
    while (!stop.signal.aborted) {
      for (const at of scopes()) {
        if (stop.signal.aborted) return;
        await look(at).catch((error: unknown) => {
          if (!stop.signal.aborted) log('warn', 'a payment could not be finished yet; it is tried again', { error: String(error) });
        });
      }
      await pause(sweepMs, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
    }
  })();
  return async () => {
    stop.abort();
    await running;
  };
}
