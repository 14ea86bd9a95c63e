import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Logs } from '#kernel/session/log-need.ts';
import { looseTopicMaxMs, retryMs } from '../store/limits.ts';
import type { LooseTopicStore } from '../store/loose-topic.ts';
import { atStep } from '../store/step.ts';

type With = {
  readonly store: LooseTopicStore;
  readonly logs: Logs;
  readonly log: Log;
  readonly scopes: () => readonly Placed[];
  /** Whether a transaction that is open made something over a topic. */
  readonly isPending: (at: Placed, topic: string) => boolean;
};

const keyOf = ({ scope }: Placed, topic: string) => `${scope} ${topic}`;

/** Deletes the topics that were made for tables and are of none, whatever is away meanwhile. */
export class LooseTopics {
  readonly #with: With;
  readonly #stop = new AbortController();
  /** By environment: whether another look is wanted, and the end of what looks now. */
  readonly #looking = new Map<bigint, { again: boolean; readonly done: Promise<void> }>();
  /** How many statements are at work over a topic. */
  readonly #held = new Map<string, number>();
  readonly #deleting = new Map<string, Promise<void>>();

  constructor(known: With) {
    this.#with = known;
  }

  /** Takes up what was left by processes before. */
  begin(): void {
    for (const at of this.#with.scopes()) this.look(at);
  }

  /** Something of an environment was dropped, or did not come to be. */
  look({ tenant, scope }: Placed): void {
    const known = this.#looking.get(scope);
    if (known) known.again = true;
    else if (!this.#stop.signal.aborted) {
      const looking = { again: false, done: Promise.resolve().then(() => this.#look({ tenant, scope })) };
      this.#looking.set(scope, looking);
    }
  }

  /** Does something with a topic that is not deleted meanwhile; where it is being deleted, that comes first. */
  async holding<T>(at: Placed, topic: string, work: () => Promise<T>): Promise<T> {
    const key = keyOf(at, topic);
    this.#held.set(key, (this.#held.get(key) ?? 0) + 1);
    try {
      await this.#deleting.get(key);
      return await work();
    } catch (error) {
      this.look(at);
      throw error;
    } finally {
      const left = (this.#held.get(key) ?? 1) - 1;
      if (left > 0) this.#held.set(key, left);
      else this.#held.delete(key);
    }
  }

  /** Makes a topic for a table that is to be: where it does not come to be, the topic goes again. */
  async making<T>(at: Placed, topic: string, work: () => Promise<T>): Promise<T> {
    return this.holding(at, topic, async () => {
      await this.#with.store.note(at, topic);
      return work();
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#looking.values()].map(({ done }) => done));
  }

  async #look(at: Placed): Promise<void> {
    const { signal } = this.#stop;
    const looking = this.#looking.get(at.scope);
    for (let waitMs = retryMs; looking && !signal.aborted; ) {
      looking.again = false;
      try {
        for (const topic of await this.#with.store.list(at)) if (!signal.aborted) await this.#end(at, topic);
        waitMs = retryMs;
        if (!looking.again) break;
      } catch (error) {
        if (signal.aborted) break;
        this.#with.log('warn', 'the topic of a table that is gone could not be deleted; it is tried again', { error: String(error) });
        await pause(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
        waitMs = Math.min(waitMs * 2, looseTopicMaxMs);
      }
    }
    this.#looking.delete(at.scope);
  }

  async #end(at: Placed, topic: string): Promise<void> {
    const key = keyOf(at, topic);
    if (this.#held.has(key) || this.#with.isPending(at, topic)) return;
    const deleting = this.#delete(at, topic);
    this.#deleting.set(
      key,
      deleting.catch(() => undefined),
    );
    try {
      await deleting;
    } finally {
      this.#deleting.delete(key);
    }
  }

  async #delete(at: Placed, topic: string): Promise<void> {
    const { store, logs } = this.#with;
    if (!(await store.isOfNobody(at, topic))) return;
    atStep('topic-loose');
    await (await logs.own(at, 'loose')).deleteTopic(topic);
    atStep('topic-deleted');
    await store.forget(at, topic);
  }
}
