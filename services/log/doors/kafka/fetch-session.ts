import { randomInt } from 'node:crypto';
import type { RequestOf } from '#wire/kafka/api.ts';
import type { ErrorName } from '#wire/kafka/error.ts';
import type { fetch } from '#wire/kafka/message/record-access.ts';
import { fetchPartitionsMax } from './limits.ts';

type Message = RequestOf<typeof fetch>;
type WantedTopic = Message['topics'][number];
type Wanted = WantedTopic['partitions'][number];
type Answer = {
  readonly partitionIndex: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly records: Buffer | null;
};

/** A partition that is fetched again and again, and what its client knows of it. */
type Kept = { wanted: Wanted; told: Pick<Answer, 'highWatermark' | 'lastStableOffset' | 'logStartOffset'> | undefined };
type KeptTopic = Pick<WantedTopic, 'topic' | 'topicId'> & { readonly partitions: Map<number, Kept> };

/** `begun`: all partitions are answered; `goes on`: those of which there is something new. */
export type Entered = { readonly topics: WantedTopic[]; readonly sessionId: number; readonly kind: 'none' | 'begun' | 'goes on' };

const [finalEpoch, firstEpoch, lastEpoch] = [-1, 0, 2 ** 31 - 1];

/**
 * What one connection fetches again and again, so that the client says and is told only what is new (KIP-227). It lives as long as
 * its connection; whoever comes with a session of another begins anew.
 */
export class FetchSession {
  #id = 0;
  /** What the next request must have. */
  #epoch = 0;
  #byId = false;
  #count = 0;
  /** Topics and partitions that gave something go to the end, so that all have their turn. */
  readonly #topics = new Map<string, KeptTopic>();

  /** All that a request asks for, what it leaves unsaid included. */
  enter(message: Message, version: number): Entered | { readonly error: ErrorName } {
    const { sessionId, sessionEpoch, topics } = message;
    if (sessionEpoch === finalEpoch || sessionEpoch === firstEpoch) {
      this.#end();
      const isKept = sessionEpoch === firstEpoch && topics.length > 0 && this.#begin(message, version);
      return { topics, sessionId: this.#id, kind: isKept ? 'begun' : 'none' };
    }
    if (this.#id === 0 || sessionId !== this.#id) return { error: 'FETCH_SESSION_ID_NOT_FOUND' };
    if (sessionEpoch !== this.#epoch) return { error: 'INVALID_FETCH_SESSION_EPOCH' };
    if (this.#byId !== version >= 13) return { error: 'FETCH_SESSION_TOPIC_ID_ERROR' };
    this.#forget(message);
    if (!this.#keep(topics)) {
      this.#end();
      return { error: 'FETCH_SESSION_ID_NOT_FOUND' };
    }
    this.#epoch = sessionEpoch === lastEpoch ? 1 : sessionEpoch + 1;
    const all = [...this.#topics.values()].map(({ topic, topicId, partitions }) => ({
      topic,
      topicId,
      partitions: Array.from(partitions.values(), ({ wanted }) => wanted),
    }));
    return { topics: all, sessionId, kind: 'goes on' };
  }

  #begin({ topics }: Message, version: number): boolean {
    this.#byId = version >= 13;
    if (!this.#keep(topics)) {
      this.#end();
      return false;
    }
    this.#id = randomInt(1, lastEpoch);
    this.#epoch = 1;
    return true;
  }

  #end(): void {
    this.#topics.clear();
    this.#count = 0;
    this.#id = 0;
  }

  #nameOf({ topic, topicId }: { readonly topic: string; readonly topicId: string }): string {
    return this.#byId ? topicId : topic;
  }

  /** Takes partitions in, or their new offsets; false when they are more than one connection may have. */
  #keep(topics: readonly WantedTopic[]): boolean {
    for (const asked of topics) {
      const name = this.#nameOf(asked);
      let topic = this.#topics.get(name);
      if (!topic) this.#topics.set(name, (topic = { topic: asked.topic, topicId: asked.topicId, partitions: new Map() }));
      for (const wanted of asked.partitions) {
        const kept = topic.partitions.get(wanted.partition);
        if (kept) kept.wanted = wanted;
        else if ((this.#count += 1) > fetchPartitionsMax) return false;
        else topic.partitions.set(wanted.partition, { wanted, told: undefined });
      }
    }
    return true;
  }

  #forget({ forgottenTopicsData }: Message): void {
    for (const forgotten of forgottenTopicsData) {
      const name = this.#nameOf(forgotten);
      const topic = this.#topics.get(name);
      for (const partition of forgotten.partitions) if (topic?.partitions.delete(partition)) this.#count -= 1;
      if (topic?.partitions.size === 0) this.#topics.delete(name);
    }
  }

  /** Of the answers for one topic those that the client is to be told; call it once for each topic that was entered. */
  told<A extends Answer>(entered: Entered, asked: WantedTopic, answers: readonly A[]): readonly A[] {
    const name = this.#nameOf(asked);
    const topic = entered.kind === 'none' ? undefined : this.#topics.get(name);
    if (!topic) return answers;
    let gave = false;
    const news = answers.filter((answer) => {
      const kept = topic.partitions.get(answer.partitionIndex);
      if (!kept) return true;
      const isNew = entered.kind === 'begun' || isNews(answer, kept.told);
      kept.told = answer.errorCode === 0 ? knownOf(answer) : undefined;
      if (answer.records === null || answer.records.length === 0) return isNew;
      gave = true;
      topic.partitions.delete(answer.partitionIndex);
      topic.partitions.set(answer.partitionIndex, kept);
      return true;
    });
    if (gave) {
      this.#topics.delete(name);
      this.#topics.set(name, topic);
    }
    return news;
  }
}

const knownOf = ({ highWatermark, lastStableOffset, logStartOffset }: Answer) => ({ highWatermark, lastStableOffset, logStartOffset });

const isNews = (answer: Answer, told: Kept['told']): boolean =>
  answer.errorCode !== 0 ||
  told === undefined ||
  answer.highWatermark !== told.highWatermark ||
  answer.lastStableOffset !== told.lastStableOffset ||
  answer.logStartOffset !== told.logStartOffset;
