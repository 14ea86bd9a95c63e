/** Where the counts of bytes stand, each in a line of the processor's cache that it has for itself. */
const [writtenAt, readAt, headWords] = [0, 16, 32];

/** Bytes from one thread to another through shared memory, in their order: one thread writes, one reads. */
export class Ring {
  readonly #counts: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(memory: SharedArrayBuffer) {
    this.#counts = new Int32Array(memory, 0, headWords);
    this.#bytes = new Uint8Array(memory, headWords * 4);
  }

  /** Memory for a ring; `size` is a power of two. */
  static memory(size: number): SharedArrayBuffer {
    return new SharedArrayBuffer(headWords * 4 + size);
  }

  /** Most bytes that may wait. */
  get sizeBytes(): number {
    return this.#bytes.length;
  }

  /** Bytes that wait to be read. Counts go round at 2^32, so differences alone say something. */
  get waiting(): number {
    return (Atomics.load(this.#counts, writtenAt) - Atomics.load(this.#counts, readAt)) >>> 0;
  }

  /** Puts in as much of `from` as there is room for; answers how many bytes. */
  write(from: Uint8Array, start: number): number {
    const size = this.#bytes.length;
    const count = Math.min(size - this.waiting, from.length - start);
    const at = (Atomics.load(this.#counts, writtenAt) >>> 0) % size;
    const first = Math.min(count, size - at);
    this.#bytes.set(from.subarray(start, start + first), at);
    if (first < count) this.#bytes.set(from.subarray(start + first, start + count), 0);
    if (count > 0) Atomics.add(this.#counts, writtenAt, count);
    return count;
  }

  /** Takes out as much as `into` has room for; answers how many bytes. */
  read(into: Uint8Array, start: number): number {
    const size = this.#bytes.length;
    const count = Math.min(this.waiting, into.length - start);
    const at = (Atomics.load(this.#counts, readAt) >>> 0) % size;
    const first = Math.min(count, size - at);
    into.set(this.#bytes.subarray(at, at + first), start);
    if (first < count) into.set(this.#bytes.subarray(0, count - first), start + first);
    if (count > 0) Atomics.add(this.#counts, readAt, count);
    return count;
  }
}
