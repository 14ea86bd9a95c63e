/** Smaller ones are left to the collector. */
const smallest = 1024;

/** Memory that one chunk has to itself and that nobody looks at after the chunk was used. */
const own = new WeakSet<ArrayBufferLike>();

const isWhole = (chunk: Uint8Array) => chunk.byteLength >= smallest && chunk.byteLength === chunk.buffer.byteLength;

/** Says of a chunk that it is used once: by whoever sends it, or takes it in. A part of a memory is not marked. */
export function useOnce<T extends Uint8Array>(chunk: T): T {
  if (isWhole(chunk)) own.add(chunk.buffer);
  return chunk;
}

/** Whether a chunk is all of a memory that is used once; after the use it may be handed over or freed. */
export function isUsedOnce(chunk: Uint8Array): chunk is Uint8Array<ArrayBuffer> {
  return isWhole(chunk) && own.has(chunk.buffer);
}

/**
 * Frees the memory of a chunk that was used. A body of many megabytes would otherwise lie there until the collector comes, and
 * bring it to mark the whole heap every few megabytes, on threads of its own, for more than the sending of the bytes costs.
 */
export function freeUsed(chunk: Uint8Array): void {
  if (isUsedOnce(chunk)) chunk.buffer.transfer(0);
}
