import type { Sql } from '#seams/sql/sql.ts';
import type { Log } from '../contract/implement.ts';
import type { Keeper } from '../keys/client.ts';
import { checkpointMs, retryMs } from './limits.ts';
import type { Witnesses } from './witness.ts';
import { Rounds } from './notary-round.ts';

export type NotaryOptions = {
  /** `<data>/audit`. */
  readonly directory: string;
  readonly sql: Sql;
  readonly keeper: Pick<Keeper, 'signCheckpoints'>;
  readonly deployment: string;
  readonly log: Log;
  /** Who cosigns the root log. */
  readonly witnesses: Witnesses;
  readonly now: () => number;
};

/** Keeps the Merkle logs: takes what recorder stored into tiles, and signs and publishes checkpoints. */
export type Notary = {
  /** Says that these tenants have more records. */
  touch(tenants: Iterable<bigint>): void;
  /** Does a last round and ends. */
  stop(): Promise<void>;
};

/** Starts it: a round every second as long as there is something to take. */
export function startNotary(options: NotaryOptions): Notary {
  const rounds = new Rounds(options);
  let stopped = false;
  let wake: (() => void) | undefined;

  async function attempt(): Promise<boolean> {
    try {
      await rounds.round();
      return true;
    } catch (error) {
      rounds.forget();
      if (!stopped) options.log('error', 'the audit log could not be brought on; trying again', { error: String(error) });
      return false;
    }
  }

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(done, ms);
      function done() {
        clearTimeout(timer);
        resolve();
      }
      wake = done;
    });

  const looping = (async () => {
    while (!stopped) await pause((await attempt()) ? checkpointMs : retryMs);
  })();

  return {
    touch(tenants) {
      for (const tenant of tenants) rounds.touched.add(tenant);
    },
    async stop() {
      stopped = true;
      wake?.();
      await looping;
      await attempt();
    },
  };
}
