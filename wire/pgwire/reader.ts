import { messageBytesMax, startupBytesMax } from './limits.ts';
import { ProtocolViolation } from './violation.ts';

/**
 * Cuts a stream of chunks into messages. After `push(chunk)`, each `next()` that answers true leaves a message in
 * `type`, `buffer`, `start` and `end` (the body's), which stand only until the following push. A body that lies within
 * one chunk is not copied.
 */
export class MessageReader {
  type = 0;
  buffer: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  #chunk: Buffer = this.buffer;
  #offset = 0;
  #filled = 0;
  /** The chunk is the reader's own memory, and may be appended to. */
  #owned = false;
  #untyped: boolean;
  readonly #limitBytes: number;

  /** With `startup` the first message has no type byte, as a server reads it. */
  constructor(options: { startup?: boolean; limitBytes?: number } = {}) {
    this.#untyped = options.startup ?? false;
    this.#limitBytes = options.limitBytes ?? messageBytesMax;
  }

  /** Bytes pushed that belong to no finished message yet. */
  get pending(): number {
    return this.#filled - this.#offset;
  }

  /** The next message has no type byte: after an SSLRequest the client sends its startup packet again. */
  expectStartup(): void {
    this.#untyped = true;
  }

  push(chunk: Buffer): void {
    const kept = this.pending;
    if (kept === 0) {
      this.#chunk = chunk;
      this.#offset = 0;
      this.#filled = chunk.length;
      this.#owned = false;
      return;
    }
    const needed = kept + chunk.length;
    // Room grows with the bytes that have come, never with the length a message claims.
    if (!this.#owned || this.#filled + chunk.length > this.#chunk.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed * 2, 1024));
      this.#chunk.copy(grown, 0, this.#offset, this.#filled);
      this.#chunk = grown;
      this.#offset = 0;
      this.#filled = kept;
      this.#owned = true;
    }
    chunk.copy(this.#chunk, this.#filled);
    this.#filled += chunk.length;
  }

  next(): boolean {
    const head = this.#untyped ? 4 : 5;
    if (this.pending < head) return false;
    const at = this.#offset;
    const length = this.#chunk.readInt32BE(at + head - 4);
    const limit = this.#untyped ? startupBytesMax : this.#limitBytes;
    if (length < 4 || length > limit) throw new ProtocolViolation(`a message of ${length} bytes`);
    const end = at + head - 4 + length;
    if (end > this.#filled) return false;
    this.type = this.#untyped ? 0 : (this.#chunk[at] as number);
    this.#untyped = false;
    this.buffer = this.#chunk;
    this.start = at + head;
    this.end = end;
    this.#offset = end;
    return true;
  }
}
