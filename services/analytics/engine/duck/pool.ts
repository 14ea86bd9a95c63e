import { Pool } from '#engine/confined/pool.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { fault } from '#kernel/contract/fault.ts';
import { duckBesideMs, duckIdleMs, duckProcessesMax, duckWaitMs } from './limits.ts';
import { DuckFailure } from './process.ts';
import { Seat } from './seat.ts';

/**
 * The processes of DuckDB, one for an environment: it does one thing at a time, and goes when nothing is asked for a while. A
 * second one answers what would wait for a question that takes long.
 */
export class DuckPool {
  readonly #pool = new Pool({
    ...{ make: () => new Seat(), most: duckProcessesMax, idleMs: duckIdleMs },
    ...{ besideMs: duckBesideMs, wait: { ms: duckWaitMs, late: () => new DuckFailure('it was at work too long') } },
    stopped: () => fault('Unavailable', 'Questions are not answered any more.'),
  });

  /** Does something with what an environment has, when it is its turn. */
  inTurn<T>({ tenant, scope }: Placed, work: (seat: Seat) => Promise<T>): Promise<T> {
    return this.#pool.inTurn(`${tenant}/${scope}`, async (seat, room) => {
      await room();
      void seat.process;
      return await work(seat);
    });
  }

  stop(): void {
    this.#pool.stop();
  }
}
