import { setImmediate as turn } from 'node:timers/promises';

/** A function to be awaited within long work: after so much of it, others have their turn. */
export function breathing(everyMs: number): () => Promise<void> {
  let until = performance.now() + everyMs;
  return async () => {
    if (performance.now() < until) return;
    await turn();
    until = performance.now() + everyMs;
  };
}
