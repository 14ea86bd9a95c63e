import { readAddress } from '#seams/log/address.ts';
import { LogError } from '#seams/log/error.ts';
import { openLog } from '#seams/log/log.ts';
import { fault, OperationError } from '../contract/fault.ts';
import { assertReachable, reachableAddress } from '../outbound/outbound.ts';
import type { Outcome } from './deliver.ts';
import { deliveryErrorMax, topicMs } from './limits.ts';
import { messageOf, type StoredEvent } from './message.ts';

/** A topic of a Kafka that is not ours, as the address of a webhook names it: `kafkas://host:9093,host:9093/topic`. */
export type TopicAddress = { readonly brokers: string; readonly topic: string };

/** Who comes to its brokers. */
export type TopicLogin = { readonly username: string; readonly password: string };

export const isTopicUrl = (url: string): boolean => /^kafkas?:/.test(url);

/** Reads such an address; refuses one that can never be gone to. What proves who comes is kept apart from it, sealed. */
export function readTopic(url: string, allow: readonly string[]): TopicAddress {
  const [, brokers = '', topic = ''] = /^(kafkas?:\/\/[^/?#@]+)\/([A-Za-z0-9._-]{1,249})$/.exec(url) ?? [];
  if (topic === '')
    throw fault('BadInput', { path: '/url', detail: 'A topic has an address like kafkas://host:9093/topic, without a user in it.' });
  try {
    for (const { host, port } of readAddress(brokers).brokers) assertReachable(host, port, allow);
  } catch (error) {
    if (error instanceof LogError) throw fault('BadInput', { path: '/url', detail: error.message });
    throw error;
  }
  return { brokers, topic };
}

export type TopicTarget = {
  readonly url: string;
  readonly login: TopicLogin | undefined;
  readonly allow: readonly string[];
  readonly signal: AbortSignal;
};

/** Errors that are the topic's word on one record: all others hold what comes after it up as well, so that its order is kept. */
const refusals: ReadonlySet<string> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'POLICY_VIOLATION']);

/**
 * Writes events into a topic in their order, those of one subject under one key; each once or more. Answers what came of each;
 * where the topic cannot be written to, nothing came of any, and it throws why.
 */
export async function sendToTopic(events: readonly StoredEvent[], target: TopicTarget): Promise<Outcome[]> {
  const { brokers, topic } = readTopic(target.url, target.allow);
  const late = AbortSignal.any([target.signal, AbortSignal.timeout(topicMs)]);
  await using log = openLog(brokers, {
    clientId: 'gamut webhooks',
    loginOf: async () => target.login,
    locate: ({ host, port }) => reachableAddress(host, port, { allow: target.allow }, late),
  });
  const began = performance.now();
  const done = (): Outcome => ({ ok: true, gone: false, tookMs: Math.round(performance.now() - began) });
  const scoped = log.at('topic');
  const send = (some: readonly StoredEvent[]) => withinTime(scoped.produce(topic, some.map(recordOf)), late);
  try {
    await send(events);
    return events.map(done);
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  const outcomes: Outcome[] = [];
  for (const event of events) {
    try {
      await send([event]);
      outcomes.push(done());
    } catch (error) {
      if (!isRefusal(error)) throw error;
      outcomes.push({ ...done(), ok: false, error: error.message.slice(0, deliveryErrorMax) });
    }
  }
  return outcomes;
}

const isRefusal = (error: unknown): error is LogError => error instanceof LogError && refusals.has(error.code);

/** Who leads a topic may be somewhere that nobody answers from. */
async function withinTime<T>(work: Promise<T>, late: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const end = () => reject(new LogError('Unreachable', 'The topic was not written to in time.'));
  late.addEventListener('abort', end, { once: true });
  work.catch(() => {});
  try {
    return await Promise.race([work, promise]);
  } finally {
    late.removeEventListener('abort', end);
  }
}

/** CloudEvents' Kafka binding, structured mode; events of one subject stay in order. */
export const recordOf = (event: StoredEvent) => ({
  key: event.subject,
  value: messageOf(event),
  headers: { 'content-type': 'application/cloudevents+json; charset=UTF-8' },
  timestamp: event.time.getTime(),
});

/** Why a topic could not be written to, for whoever named it. Undefined: it is a fault of ours. */
export function whyNot(error: unknown): string | undefined {
  if (error instanceof OperationError) return (error.detail ?? error.message).slice(0, deliveryErrorMax);
  return error instanceof LogError ? error.message.slice(0, deliveryErrorMax) : undefined;
}
