import type { Log } from '#kernel/contract/implement.ts';

export type Rounds = { stop(): Promise<void> };
export type RoundOptions = {
  /** What a round is of, for the log. */
  readonly of: string;
  readonly waitMs: number;
  readonly log: Log;
  readonly signal: AbortSignal;
};

/** Does a piece of work again and again, with a wait before each, until the signal or until it is stopped. */
export function keepRounds(round: (signal: AbortSignal) => Promise<void>, { of, waitMs, log, signal }: RoundOptions): Rounds {
  const stopping = new AbortController();
  const over = AbortSignal.any([signal, stopping.signal]);
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const again = () => {
    if (over.aborted) return;
    timer = setTimeout(() => {
      running = round(over)
        .catch((error: unknown) => {
          if (!over.aborted) log('warn', `a round of ${of} failed; the next one goes on`, { error: String(error) });
        })
        .then(again);
    }, waitMs);
    timer.unref();
  };
  again();
  return {
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
