import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { fault } from '#kernel/contract/fault.ts';
import type { Body } from '#seams/blobs/blobs.ts';
import { blockBytes } from '../limits.ts';
import { indexBlock, objectBytes, sealBlock } from './block.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A segment's index as an object of one block. */
export function bytesBody(bytes: Uint8Array, key: Uint8Array): Body {
  const sealed = sealBlock(bytes, indexBlock, key);
  return {
    sizeBytes: sealed.length,
    sha256: sha256(sealed),
    async *pieces() {
      yield sealed;
    },
  };
}

/**
 * A segment's file as an object, read twice: for its hash, then for its bytes. Both times from the same descriptor, because the
 * file of that name may be written anew in between.
 */
export async function fileBody(path: string, sizeBytes: number, key: Uint8Array): Promise<Body & { close(): Promise<void> }> {
  const file = await open(path, 'r');
  try {
    const hash = createHash('sha256');
    for await (const piece of blocks(file, sizeBytes, key)) hash.update(piece);
    const told = { sizeBytes: objectBytes(sizeBytes), sha256: hash.digest('hex') };
    return { ...told, pieces: () => blocks(file, sizeBytes, key), close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function* blocks(file: FileHandle, sizeBytes: number, key: Uint8Array): AsyncGenerator<Buffer> {
  for (let block = 0; block * blockBytes < sizeBytes; block++) {
    const plain = Buffer.allocUnsafe(Math.min(blockBytes, sizeBytes - block * blockBytes));
    const { bytesRead } = await file.read(plain, 0, plain.length, block * blockBytes);
    if (bytesRead < plain.length) throw fault('LogFailed', 'A sealed segment is shorter than it was.');
    yield sealBlock(plain, block, key);
  }
}
