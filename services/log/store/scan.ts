import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { batchHeadBytes } from '#wire/kafka/limits.ts';
import { type BatchHead, isIntact, readHead } from '#wire/kafka/record/batch.ts';
import { batchMaxBytes, scanChunkBytes } from './limits.ts';

/** Tells every whole and intact batch of a file in order, from a batch's beginning on; answers where the first that is not begins. */
export function scanBatches(path: string, visit: (head: BatchHead, batch: Buffer) => void, begin = 0): number {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    let chunk: Buffer = Buffer.alloc(0);
    let from = begin;
    for (let at = begin; ; ) {
      if (at - from + batchHeadBytes > chunk.length) {
        if (at + batchHeadBytes > size) return at;
        [chunk, from] = [readAt(fd, at, Math.min(scanChunkBytes, size - at)), at];
      }
      const { sizeBytes } = readHead(chunk, at - from);
      if (sizeBytes < batchHeadBytes || sizeBytes > batchMaxBytes || at + sizeBytes > size) return at;
      if (at - from + sizeBytes > chunk.length)
        [chunk, from] = [readAt(fd, at, Math.max(sizeBytes, Math.min(scanChunkBytes, size - at))), at];
      const batch = chunk.subarray(at - from, at - from + sizeBytes);
      const head = readHead(batch);
      if (batch.length < sizeBytes || head.magic !== 2 || !isIntact(batch)) return at;
      visit(head, batch);
      at += sizeBytes;
    }
  } finally {
    closeSync(fd);
  }
}

function readAt(fd: number, position: number, bytes: number): Buffer {
  const into = Buffer.allocUnsafe(bytes);
  return into.subarray(0, readSync(fd, into, 0, bytes, position));
}
