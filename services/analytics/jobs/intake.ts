import type { Placed } from '#kernel/contract/provider.ts';
import type { Incoming } from '#seams/log/log.ts';
import { fault } from '#kernel/contract/fault.ts';
import { intakeOpenMs } from '../store/limits.ts';
import type { Relation } from '../store/relation.ts';
import { atStep } from '../store/step.ts';
import { followFiles } from './file-intake.ts';
import { persist } from './persist.ts';
import { followTable } from './postgres-intake.ts';
import type { Pumped } from './pumped.ts';

/** Adds records to the source's topic. */
export type Put = (values: readonly (Buffer | string)[]) => Promise<void>;

/** The way into a source's topic. */
export type Inlet = {
  /** How far the topic has what the other side tells; below nothing where it has none. */
  readonly done: bigint;
  /** Adds what `work` puts and notes up to where that goes, which it answers: both or neither. */
  take(work: (put: Put) => Promise<bigint>): Promise<void>;
  /** The other side answers, whether it has anything new or not. */
  came(): void;
  /** All records that the topic has. */
  read(): AsyncIterable<readonly Incoming[]>;
};

/**
 * Takes what another system has into the topic of a source, each once: a transaction of the log holds records and, as an offset
 * of a group of this source alone, how far they go. Whoever opens it again reads that first, and has fenced who was here before.
 */
export class Intake {
  readonly #with: Pumped;
  readonly #at: Placed;
  readonly #source: Relation;
  readonly #signal: AbortSignal;

  constructor(pumped: Pumped, at: Placed, source: Relation, signal: AbortSignal) {
    this.#with = pumped;
    this.#at = at;
    this.#source = source;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const what = 'what a source has over a connection could not be taken; it is tried again';
    await persist({ ...this.#with, signal: this.#signal }, this.#source.id, what, async (went) => {
      const stop = new AbortController();
      const signal = AbortSignal.any([stop.signal, this.#signal]);
      try {
        await this.#take(went, signal);
      } finally {
        stop.abort();
      }
    });
  }

  async #take(went: () => void, signal: AbortSignal): Promise<void> {
    const { logs, connections, files, allow } = this.#with;
    const { id, columns, origin } = this.#source;
    const topic = this.#source.topic ?? '';
    const name = `gamut.analytics.${id}.in`;
    const log = await logs.own(this.#at, name);
    const producer = await log.transactions(name, { openMs: intakeOpenMs });
    // Only now does nobody else move it.
    const [done = -1] = await log.committed(name, topic);
    const inlet: Inlet = {
      done: BigInt(done),
      async take(work) {
        await producer.transact(async (within) => {
          const upTo = await work(async (values) => {
            await within.produce(
              topic,
              values.map((value) => ({ key: null, value })),
            );
          });
          if (upTo > BigInt(Number.MAX_SAFE_INTEGER)) throw fault('Unavailable', 'The other side counts farther than can be noted.');
          atStep('intake-read');
          await within.sendOffsets(name, [{ topic, partition: 0, offset: Number(upTo) }]);
        });
        went();
        atStep('intake-taken');
      },
      came: went,
      read: () => log.read(topic, signal),
    };
    // Secrets are unsealed when they are used, and not kept.
    if (!origin) return;
    const { spec } = await connections.open(this.#at, origin.connection);
    if (origin.table !== undefined) return followTable({ spec, allow, origin, columns, inlet, signal });
    const format = this.#source.format ?? { kind: 'json' };
    return followFiles({ at: this.#at, source: id, origin, format, files, inlet, columns, bucket: { spec, allow, signal } });
  }
}
