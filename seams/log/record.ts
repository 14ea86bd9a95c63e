import { batchHeadBytes } from '#wire/kafka/limits.ts';
import { isControl, isTransactional, readHead } from '#wire/kafka/record/batch.ts';
import { murmur2 } from '#wire/kafka/record/murmur.ts';
import { type NewRecord, readRecords } from '#wire/kafka/record/record.ts';

/** A record to write. Without a partition its key decides, as with Kafka's clients; without a key any may get it. */
export type Outgoing = {
  readonly key?: Uint8Array | string | null;
  readonly value: Uint8Array | string | null;
  readonly headers?: Readonly<Record<string, Uint8Array | string | null>>;
  readonly partition?: number;
  readonly timestamp?: number;
};

/** A record that was read. */
export type Incoming = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[];
};

const bytesOf = (value: Uint8Array | string | null | undefined): Uint8Array | null =>
  value === null || value === undefined ? null : typeof value === 'string' ? Buffer.from(value) : value;

export function newRecord({ key, value, headers = {}, timestamp }: Outgoing): NewRecord {
  return {
    key: bytesOf(key),
    value: bytesOf(value),
    timestamp: timestamp ?? Date.now(),
    headers: Object.entries(headers).map(([name, told]) => ({ key: name, value: bytesOf(told) })),
  };
}

/** Records in portions that go as one batch each: as many as `mostBytes` hold, and one at least. */
export function* batched(records: readonly NewRecord[], mostBytes: number): Generator<readonly NewRecord[]> {
  let [from, bytes] = [0, 0];
  for (const [at, record] of records.entries()) {
    const own = sizeOf(record);
    if (at > from && bytes + own > mostBytes) {
      yield records.slice(from, at);
      [from, bytes] = [at, 0];
    }
    bytes += own;
  }
  if (from < records.length) yield records.slice(from);
}

/** About how many bytes a record takes: what it holds, and lengths and differences of at most 24 bytes. */
function sizeOf({ key, value, headers = [] }: NewRecord): number {
  const own = 24 + (key?.length ?? 0) + (value?.length ?? 0);
  return headers.reduce((sum, { key: name, value: told }) => sum + name.length + (told?.length ?? 0) + 8, own);
}

export function partitionOf({ partition, key }: Outgoing, count: number, spread: number): number {
  if (partition !== undefined) return partition;
  const bytes = bytesOf(key);
  return bytes === null ? spread % count : (murmur2(bytes) & 0x7fff_ffff) % count;
}

type Aborted = { readonly producerId: number; readonly firstOffset: number };

/** The records of a fetched partition from an offset on, those of aborted transactions left out; and where reading goes on. */
export function recordsIn(
  { topic, partition }: { readonly topic: string; readonly partition: number },
  bytes: Buffer,
  from: number,
  aborted: readonly Aborted[],
): { readonly records: readonly Incoming[]; readonly next: number } {
  const records: Incoming[] = [];
  const waiting = [...aborted].sort((left, right) => left.firstOffset - right.firstOffset);
  const dropping = new Set<number>();
  let next = from;
  for (let at = 0; at + batchHeadBytes <= bytes.length; ) {
    const head = readHead(bytes, at);
    // The last batch of an answer may be cut.
    if (at + head.sizeBytes > bytes.length) break;
    const batch = bytes.subarray(at, at + head.sizeBytes);
    at += head.sizeBytes;
    const last = head.baseOffset + head.lastOffsetDelta;
    while (waiting[0] && waiting[0].firstOffset <= last) dropping.add((waiting.shift() as Aborted).producerId);
    next = Math.max(next, last + 1);
    if (isControl(head.attributes)) {
      if (readRecords(batch, head)[0]?.key?.[3] === 0) dropping.delete(head.producerId);
      continue;
    }
    if (isTransactional(head.attributes) && dropping.has(head.producerId)) continue;
    for (const { offset, timestamp, key, value, headers } of readRecords(batch, head))
      if (offset >= from) records.push({ topic, partition, offset, timestamp, key, value, headers });
  }
  return { records, next };
}
