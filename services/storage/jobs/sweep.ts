import { OperationError } from '#kernel/contract/fault.ts';
import { remoteSweepMs, remoteWaitMs } from '../store/limits.ts';
import type { Partitions } from '../store/partition.ts';
import type { Store } from '../store/store.ts';

/** Searches the operator's store, where there is one, for what the index knows nothing of: after the start, and once in so long. */
export function keepSweeping({ all }: Partitions): { stop(): void } {
  const running = all.map(keepSweepingOne);
  return {
    stop() {
      for (const one of running) one.stop();
    },
  };
}

function keepSweepingOne({ blobs }: Store): { stop(): void } {
  const { remote, log } = blobs;
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const later = (ms: number) => {
    if (over) return;
    timer = setTimeout(() => void sweep(), ms);
    timer.unref();
  };
  const sweep = async (): Promise<void> => {
    try {
      await remote?.removal.sweep();
      later(remoteSweepMs);
    } catch (error) {
      // What the store says when it fails is in the log already.
      if (!over && !(error instanceof OperationError)) log('error', 'the search of the store of bytes failed', { error: String(error) });
      later(remoteWaitMs);
    }
  };
  if (remote) later(0);
  return {
    stop() {
      over = true;
      clearTimeout(timer);
    },
  };
}
