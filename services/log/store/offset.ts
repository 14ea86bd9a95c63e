import { batchHeadBytes } from '#wire/kafka/limits.ts';
import { isControl, readHead } from '#wire/kafka/record/batch.ts';
import { readRecords } from '#wire/kafka/record/record.ts';
import { scanChunkBytes } from './limits.ts';
import type { Partition } from './partition.ts';

export type Found = { readonly offset: number; readonly timestamp: number };

/** The first record whose time is not before `timestamp`, or undefined: KIP-79. */
export async function offsetOfTime(partition: Partition, timestamp: number): Promise<Found | undefined> {
  for (const segment of partition.segments) {
    if (segment.maxTimestamp < timestamp || segment.nextOffset <= partition.logStart) continue;
    const from = Math.max(partition.logStart, segment.baseOffset);
    for (let position = segment.positionOfTime(timestamp); position + batchHeadBytes <= segment.sizeBytes; ) {
      const head = readHead(await segment.read(position, batchHeadBytes));
      if (head.maxTimestamp >= timestamp && !isControl(head.attributes)) {
        const batch = await partition.opened(await segment.read(position, head.sizeBytes));
        const found = readRecords(batch).find((record) => record.timestamp >= timestamp && record.offset >= from);
        if (found) return { offset: found.offset, timestamp: found.timestamp };
      }
      position += head.sizeBytes;
    }
  }
  return undefined;
}

/** The record with the latest time: KIP-734. */
export async function latestRecord(partition: Partition): Promise<Found | undefined> {
  const latest = Math.max(...partition.segments.map((segment) => segment.maxTimestamp));
  return latest < 0 ? undefined : offsetOfTime(partition, latest);
}

/** Every record from an offset up to another, control records left out, decompressed. */
export async function* recordsFrom(partition: Partition, from: number, below: number) {
  for (let offset = from; offset < below; ) {
    const { records } = await partition.read(offset, scanChunkBytes, below);
    if (records.length === 0) return;
    for (let at = 0; at < records.length; ) {
      const head = readHead(records, at);
      if (!isControl(head.attributes))
        for (const record of readRecords(records.subarray(at, at + head.sizeBytes), head))
          if (record.offset >= offset) yield { head, record };
      at += head.sizeBytes;
      if (at >= records.length) offset = head.baseOffset + head.lastOffsetDelta + 1;
    }
  }
}
