import type { HttpResponse } from '#engine/http1/response.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { Session } from '#kernel/contract/session.ts';
import type { Broker } from '../../store/broker.ts';
import { recordsFrom } from '../../store/offset.ts';
import type { Topic } from '../../store/topic.ts';
import type { log } from '../../service.ts';
import { admitted, pause } from '../kafka/exchange.ts';
import { followBytes, followPulseMs, followRetryMs } from './limits.ts';

export type Following = {
  readonly session: Session<typeof log>;
  readonly broker: Broker;
  readonly topic: Topic;
  /** The next offset of each partition. */
  readonly positions: number[];
  readonly signal: AbortSignal;
};

/** Where a stream begins: behind the last event that a browser saw, at the oldest records, or at the end. */
export function positionsOf(topic: Topic, lastEventId: string | undefined, from: string): number[] {
  const known = new Map<number, number>();
  for (const part of (lastEventId ?? '').split(',').filter(Boolean)) {
    const [, partition, offset] = /^(\d{1,5})-(\d{1,16})$/.exec(part) ?? [];
    if (partition === undefined) throw fault('BadInput', 'Last-Event-ID is none that this topic gave.');
    known.set(Number(partition), Number(offset));
  }
  return topic.partitions.map(({ index, logStart, stable }) => {
    const start = known.get(index) ?? (from === 'earliest' ? logStart : stable);
    return Math.min(Math.max(start, logStart), stable);
  });
}

/** Sends a topic's committed records as server-sent events until the browser, or its right to read, is gone. */
export async function follow(response: HttpResponse, following: Following): Promise<void> {
  const { signal } = following;
  response.write(`retry: ${followRetryMs}\n\n`);
  const pulse = setInterval(() => response.write(':\n\n'), followPulseMs);
  try {
    while (!signal.aborted && following.broker.topics.byId(following.topic.scope, following.topic.id)) {
      const waiting = moved(following);
      const text = await gathered(following);
      await following.broker.paired?.confirm();
      if (text !== '') await written(response, text, signal);
      else await waiting.come;
      waiting.stop();
    }
    if (!response.closed) response.end(`event: end\ndata: ${JSON.stringify({ reason: String(signal.reason ?? 'ended') })}\n\n`);
  } finally {
    clearInterval(pulse);
  }
}

/** Resolves when a partition has more, or the signal comes. */
function moved({ topic, signal }: Following): { come: Promise<void>; stop(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => resolve();
  const stops = topic.partitions.map((partition) => partition.onMore(done));
  signal.addEventListener('abort', done, { once: true });
  if (signal.aborted) done();
  return {
    come: promise,
    stop() {
      for (const stop of stops) stop();
      signal.removeEventListener('abort', done);
    },
  };
}

/** The next records of all partitions as events. An event's id says where all partitions stand behind it. */
async function gathered(following: Following): Promise<string> {
  const { topic, positions, session, signal } = following;
  let text = '';
  for (const partition of topic.partitions) {
    const { index } = partition;
    const from = Math.max(positions[index] ?? 0, partition.logStart);
    const below = partition.stable;
    if (from >= below) continue;
    const grant = session.grant('Fetch', topic.name);
    if (grant.denied) {
      await grant.recorded;
      throw grant.denied;
    }
    const before = text.length;
    const aborted = partition.producers.abortedWithin(from, below);
    let next = below;
    for await (const { head, record } of recordsFrom(partition, from, below)) {
      const { offset, timestamp, key, value, headers } = record;
      if (text.length - before > followBytes) {
        next = offset;
        break;
      }
      if (aborted.some(({ producerId, first, last }) => producerId === head.producerId && offset >= first && offset <= last)) continue;
      positions[index] = offset + 1;
      const told = { partition: index, offset, timestamp, key: textOf(key), value: textOf(value), headers: headersOf(headers) };
      text += `id: ${positions.map((at, of) => `${of}-${at}`).join(',')}\ndata: ${JSON.stringify(told)}\n\n`;
    }
    positions[index] = next;
    await admitted(grant, text.length - before, signal);
  }
  return text;
}

const textOf = (bytes: Buffer | null) => bytes?.toString('utf8') ?? null;
const headersOf = (headers: readonly { key: string; value: Buffer | null }[]) =>
  Object.fromEntries(headers.map(({ key, value }) => [key, textOf(value)]));

async function written(response: HttpResponse, text: string, signal: AbortSignal): Promise<void> {
  if (response.write(text) || response.closed) return;
  while (response.writableNeedDrain && !response.closed && !signal.aborted) {
    const drained = new AbortController();
    const done = () => drained.abort();
    response.once('drain', done).once('close', done);
    await pause(followPulseMs, AbortSignal.any([drained.signal, signal]));
    response.off('drain', done).off('close', done);
  }
}
