import { closeSync, copyFileSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { fault } from '#kernel/contract/fault.ts';
import { type BatchHead, buildBatch, compressionOf, isControl, isTransactional, readHead } from '#wire/kafka/record/batch.ts';
import { deflate } from '#wire/kafka/record/compression.ts';
import { type LogRecord, readRecords, writeRecord } from '#wire/kafka/record/record.ts';
import { Writer } from '#wire/kafka/writer.ts';
import { compactKeysMax } from './limits.ts';
import type { Partition } from './partition.ts';
import { scanBatches } from './scan.ts';
import { type BatchKey, generationOf, isSealed, openBatch, sealBatch } from './sealed-batch.ts';
import type { Segment } from './segment.ts';

/** `lagMs`: how long a record is left alone. */
export type CompactOptions = { readonly now: number; readonly tombstoneMs: number; readonly lagMs?: number };

/**
 * Keeps the last record of every key in the sealed segments, with its offset. Records of aborted transactions go; markers
 * stay, so that what producers and consumers know of them holds. A segment is replaced by a rename: a kill leaves the old
 * or the new one.
 */
export async function compact(partition: Partition, options: CompactOptions): Promise<void> {
  const open = openerOf(await partition.keys());
  const last = lastOffsets(partition, open);
  const stable = partition.stable;
  for (const segment of partition.segments.slice(0, -1)) {
    // What a transaction that is still open wrote may yet be aborted.
    if (segment.nextOffset > stable) break;
    if (options.lagMs && segment.maxTimestamp > options.now - options.lagMs) break;
    rewrite(partition, segment, (batch, head) =>
      isAborted(partition, head) ? undefined : withOnly(batch, open(batch, head), keepsOf(last, head, options)),
    );
    await new Promise((resolve) => setImmediate(resolve));
  }
}

type Opened = { readonly plain: Buffer; readonly head: BatchHead; reseal(kept: Buffer): Buffer };
type Opener = (batch: Buffer, head: BatchHead) => Opened;

/** A batch in the clear, and how another is put in its place. */
function openerOf(keys: ReadonlyMap<number, BatchKey>): Opener {
  return (batch, head) => {
    if (!isSealed(head.attributes)) return { plain: batch, head, reseal: (kept) => kept };
    const key = keys.get(generationOf(batch));
    if (!key) throw fault('KeyRefused', 'The key of a batch is not there any more.');
    const plain = openBatch(batch, head, key);
    return { plain, head: readHead(plain), reseal: (kept) => sealBatch(kept, key) };
  };
}

const isAborted = (partition: Partition, head: BatchHead) =>
  isTransactional(head.attributes) &&
  partition.producers.aborted.some(
    ({ producerId, first, last }) => producerId === head.producerId && head.baseOffset >= first && head.baseOffset <= last,
  );

function lastOffsets(partition: Partition, open: Opener): Map<string, number> {
  const last = new Map<string, number>();
  for (const { path, sizeBytes } of partition.segments) {
    if (sizeBytes === 0) continue;
    scanBatches(path, (head, batch) => {
      if (isControl(head.attributes) || isAborted(partition, head) || head.baseOffset >= partition.stable) return;
      for (const { key, offset } of readRecords(open(batch, head).plain))
        if (key && (last.size < compactKeysMax || last.has(key.toString('latin1')))) last.set(key.toString('latin1'), offset);
    });
  }
  return last;
}

/** Whether compaction keeps a record: the last of its key, and a tombstone for a while. */
const keepsOf =
  (last: ReadonlyMap<string, number>, head: BatchHead, { now, tombstoneMs }: CompactOptions) =>
  ({ key, value, offset }: LogRecord): boolean =>
    key !== null && (last.get(key.toString('latin1')) ?? offset) <= offset && (value !== null || tombstoneMs > now - head.maxTimestamp);

/**
 * Takes the records that a test names out of a partition, wherever they lie, so that no file keeps their bytes; the others stay
 * at their offsets. Answers how many there were.
 */
export async function dropRecords(partition: Partition, isDropped: (record: LogRecord) => boolean): Promise<number> {
  const open = openerOf(await partition.keys());
  let dropped = 0;
  const keeps = (record: LogRecord): boolean => {
    if (!isDropped(record)) return true;
    dropped += 1;
    return false;
  };
  if (partition.active.sizeBytes > 0) partition.roll();
  for (const segment of partition.segments.slice(0, -1)) {
    // With the mark goes the key of its copy, so that nobody can read that either.
    await partition.recall(segment);
    rewrite(partition, segment, (batch, head) => withOnly(batch, open(batch, head), keeps));
    await new Promise((resolve) => setImmediate(resolve));
  }
  return dropped;
}

type Rewritten = (batch: Buffer, head: BatchHead) => Buffer | undefined;

function rewrite(partition: Partition, segment: Segment, rewritten: Rewritten): void {
  const cleaned = segment.path.replace('.log', '.cleaned');
  // Nothing is written before something is to go: a log that rests is left alone.
  let fd: number | undefined;
  const fresh = partition.newSegment(segment.baseOffset, segment.createdAt);
  let position = 0;
  scanBatches(segment.path, (head, batch) => {
    const kept = isControl(head.attributes) ? batch : rewritten(batch, head);
    if (kept !== batch) fd ??= beginningOf(segment, cleaned, position);
    position += head.sizeBytes;
    if (!kept) return;
    if (fd !== undefined) for (let written = 0; written < kept.length; ) written += writeSync(fd, kept, written);
    fresh.note(head.baseOffset, head.baseOffset + head.lastOffsetDelta, head.maxTimestamp, kept.length);
  });
  if (fd === undefined) return;
  fsyncSync(fd);
  closeSync(fd);
  fresh.nextOffset = segment.nextOffset;
  const facts = segment.readIndex<unknown>();
  partition.disk.remove(segment.indexPath);
  partition.disk.replace(cleaned, segment.path);
  fresh.writeIndex(facts?.extra ?? partition.producers.snapshot());
  segment.close();
  partition.segments[partition.segments.indexOf(segment)] = fresh;
}

/** A copy of what a segment begins with, to write on behind it. */
function beginningOf({ path }: Segment, copy: string, bytes: number): number {
  copyFileSync(path, copy);
  const fd = openSync(copy, 'a', 0o600);
  ftruncateSync(fd, bytes);
  return fd;
}

/** The batch with the records that are kept, under its own offsets; itself when all are, undefined when none is. */
function withOnly(batch: Buffer, { plain, head, reseal }: Opened, keeps: (record: LogRecord) => boolean): Buffer | undefined {
  const records = readRecords(plain, head);
  const kept = records.filter(keeps);
  if (kept.length === records.length) return batch;
  if (kept.length === 0) return undefined;
  const writer = new Writer();
  for (const record of kept) writeRecord(writer, record, record.timestamp - head.baseTimestamp, record.offset - head.baseOffset);
  const packed = deflate(compressionOf(head.attributes) ?? 'none', writer.whole());
  return reseal(buildBatch({ ...head, records: packed, count: kept.length }));
}
