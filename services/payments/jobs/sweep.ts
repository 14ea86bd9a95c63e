import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { featureEnvironmentsMax, sweepMs } from '../store/limits.ts';
import type { World } from '../store/world.ts';

type Options = { readonly world: World; readonly scopes: () => readonly Placed[]; readonly log: Log };

/** Finishes what a process that died left open, at once and from time to time, until it is stopped. */
export function keepSweeping({ world, scopes, log }: Options): () => Promise<void> {
  const stop = new AbortController();
  let isPrepared = false;
  const running = (async () => {
    while (!stop.signal.aborted) {
      for (const at of scopes()) {
        if (stop.signal.aborted) return;
        await world.steps.sweep(at).catch((error: unknown) => {
          if (!stop.signal.aborted) log('warn', 'a payment could not be finished yet; it is tried again', { error: String(error) });
        });
      }
      // The first payment of an environment does not wait until its features are counted.
      if (!isPrepared)
        await world.risks.prepare(scopes().slice(0, featureEnvironmentsMax), stop.signal).catch((error: unknown) => {
          if (!stop.signal.aborted) log('warn', 'features are not counted ahead', { error: String(error) });
        });
      isPrepared = true;
      await pause(sweepMs, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
    }
  })();
  return async () => {
    stop.abort();
    await running;
  };
}
