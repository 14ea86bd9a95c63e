import { epochPollMs } from './limits.ts';
import type { Snapshot } from './reader.ts';

/** Called with the tenants that changed; undefined means that everything may have. */
export type EpochListener = (tenants: ReadonlySet<string> | undefined) => void;

/** Looks every 25 ms which tenants changed and tells the listeners; a change of the platform itself concerns everybody. */
export function watchEpochs(snapshot: Snapshot, listener: EpochListener): { check(): void; look(): void; stop(): void } {
  let seen = snapshot.applied();

  let hasLooked = false;
  const nextTurn = () => {
    hasLooked = false;
  };

  /** As new as this turn of the event loop, in which LMDB shows one state: what a change that was answered needs. */
  function look(): void {
    if (hasLooked) return;
    hasLooked = true;
    setImmediate(nextTurn);
    const last = snapshot.applied();
    if (last === seen) return;
    const changed = snapshot.changedSince(seen);
    seen = last;
    listener(changed?.has('') ? undefined : changed);
  }
  function check(): void {
    snapshot.refresh();
    hasLooked = false;
    look();
  }

  const timer = setInterval(check, epochPollMs);
  return { check, look, stop: () => clearInterval(timer) };
}
