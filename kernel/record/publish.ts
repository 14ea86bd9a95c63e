import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { LogError } from '#seams/log/error.ts';
import type { ScopedLog } from '#seams/log/log.ts';
import type { Sql } from '#seams/sql/sql.ts';
import type { Log } from '../contract/implement.ts';
import type { Logs } from '../session/log-need.ts';
import { OperationError } from '../contract/fault.ts';
import { writeDurably } from '../volume/write.ts';
import type { StoredEvent } from '../webhook/message.ts';
import { Round } from '../webhook/round.ts';
import { recordOf } from '../webhook/topic.ts';
import { publishAbsentMax, publishEventsMax, publishPollMs, publishTopicMs } from './limits.ts';

/** An environment that has a topic of this name gets its events there, each once or more, in their order. */
const eventTopic = 'gamut.events';

/** An event of this name, of whatever service, is a message for the topic that its data names, and is written there as it is. */
const messageEvent = '.TopicMessage';
const isMessage = ({ type }: StoredEvent) => type.endsWith(messageEvent);
const topicIn = ({ data }: StoredEvent) => String((data as { topic?: unknown }).topic);

/** Errors that are a topic's word on a message, and no fault on the way: trying again would hold up all other events. */
const forGood: ReadonlySet<string> = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'POLICY_VIOLATION',
]);

export type PublishOptions = {
  readonly sql: Sql;
  /** Where it is kept how far each tenant's events were published. */
  readonly path: string;
  readonly logs: Pick<Logs, 'own' | 'close'>;
  readonly log: Log;
};

/** Publishes the platform's events to the log. Its own writes make no events and no audit records: an idle platform writes nothing. */
export class Publisher {
  readonly #options: PublishOptions;
  readonly #stop = new AbortController();
  readonly #positions = new Map<string, bigint>();
  /** When it was last seen that an environment has no topic of a name. */
  readonly #without = new Map<string, number>();
  readonly #round: Round;

  constructor(options: PublishOptions) {
    this.#options = options;
    const failed = (error: unknown) => {
      if (!this.#stop.signal.aborted) options.log('warn', 'events could not be published; trying again', { error: String(error) });
    };
    this.#round = new Round(() => this.#look(), { pauseMs: publishPollMs, failed });
  }

  start(): this {
    mkdirSync(dirname(this.#options.path), { recursive: true, mode: 0o700 });
    for (const [tenant, position] of Object.entries(readPositions(this.#options.path))) this.#positions.set(tenant, BigInt(position));
    this.#round.start();
    return this;
  }

  /** Events were stored. */
  wake(): void {
    this.#round.wake();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    const ended = this.#round.stop();
    await this.#options.logs.close();
    await ended;
  }

  async #look(): Promise<void> {
    const { rows } = await this.#options.sql.platform().query('select tenant, sequence from platform.event_head', []);
    for (const { tenant, sequence } of rows as { tenant: bigint; sequence: bigint }[])
      while (!this.#stop.signal.aborted && (this.#positions.get(`${tenant}`) ?? 0n) < sequence) if (!(await this.#publish(tenant))) return;
  }

  /** Publishes the next events of a tenant; answers whether there is a log at all. */
  async #publish(tenant: bigint): Promise<boolean> {
    const after = this.#positions.get(`${tenant}`) ?? 0n;
    const { rows } = await this.#options.sql.platform().query(
      `select sequence, scope, id, source, type, time, subject, data from platform.event
       where tenant = $1 and sequence > $2 order by sequence limit $3`,
      [tenant, after, publishEventsMax],
    );
    const events = rows as StoredEvent[];
    const last = events.at(-1)?.sequence;
    if (last === undefined) return false;
    for (const [scope, own] of Map.groupBy(events, (event) => event.scope)) {
      if (scope === 0n) continue;
      const log = await this.#log({ tenant, scope });
      if (!log) return false;
      // The topic was made just now: what was remembered of its absence is over.
      for (const event of own) if (event.type === 'log.TopicCreated') this.#without.delete(`${scope} ${topicIn(event)}`);
      const told = own.filter((event) => !isMessage(event));
      if (told.length > 0 && (await this.#hasTopic(log, scope, eventTopic))) await log.produce(eventTopic, told.map(recordOf));
      for (const [topic, messages] of Map.groupBy(own.filter(isMessage), topicIn))
        if (await this.#hasTopic(log, scope, topic)) await this.#send(log, topic, messages);
    }
    this.#positions.set(`${tenant}`, last);
    writeDurably(this.#options.path, JSON.stringify(Object.fromEntries([...this.#positions].map(([id, at]) => [id, `${at}`]))), 0o600);
    return true;
  }

  async #hasTopic(log: ScopedLog, scope: bigint, topic: string): Promise<boolean> {
    const place = `${scope} ${topic}`;
    if (Date.now() - (this.#without.get(place) ?? 0) < publishTopicMs) return false;
    if (await log.hasTopic(topic)) return true;
    if (this.#without.size >= publishAbsentMax) this.#without.clear();
    this.#without.set(place, Date.now());
    return false;
  }

  /** Writes messages into a topic. What it refuses for good is given up, so that it holds up nothing else. */
  async #send(log: ScopedLog, topic: string, messages: readonly StoredEvent[]): Promise<void> {
    const records = messages.map(({ subject, data, time }) => ({
      key: subject,
      value: JSON.stringify((data as { message?: unknown }).message),
      timestamp: time.getTime(),
    }));
    try {
      await log.produce(topic, records);
    } catch (error) {
      if (!(error instanceof LogError && forGood.has(error.code))) throw error;
      this.#options.log('warn', 'a topic refused messages; they are given up', { topic, count: records.length, error: error.code });
    }
  }

  /** The log of an environment; undefined while there is none. */
  async #log(at: { tenant: bigint; scope: bigint }): Promise<ScopedLog | undefined> {
    try {
      return await this.#options.logs.own(at, 'events');
    } catch (error) {
      if (error instanceof OperationError && error.code === 'Unavailable') return undefined;
      throw error;
    }
  }
}

function readPositions(path: string): Record<string, string> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
