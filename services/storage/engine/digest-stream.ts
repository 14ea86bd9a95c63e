import { createHash, type Hash } from 'node:crypto';
import { freeUsed } from '#engine/http1/chunk.ts';
import { type ChecksumAlgorithm, type RunningChecksum, startChecksum } from '#wire/checksum/checksum.ts';
import { type DigestKernel, md5Start } from './digest-kernel.ts';
import { laneBytes } from './limits.ts';

/** What is to be known of bytes beside their MD5. */
export type DigestWish = { readonly algorithm?: ChecksumAlgorithm; readonly sha256?: boolean };
export type Digests = { readonly md5: Uint8Array; readonly checksum?: Uint8Array; readonly sha256?: Uint8Array };

const block = 64;

/** A stream of bytes whose digests are made. MD5 goes by whole blocks, when a lane is free for them. */
export class DigestStream {
  readonly state: Uint32Array = Uint32Array.from(md5Start);
  readonly #sha256: Hash | undefined;
  readonly #checksum: RunningChecksum | undefined;
  #queue: Uint8Array[] = [];
  /** Bytes of the first piece that are done. */
  #from = 0;
  #size = 0;
  #ended = false;
  /** Bytes that wait for a lane. */
  waiting = 0;
  /** Bytes that are done and of which nobody was told. */
  untold = 0;

  constructor({ algorithm, sha256 }: DigestWish, kernel: DigestKernel) {
    this.#sha256 = sha256 ? createHash('sha256') : undefined;
    this.#checksum = algorithm === 'CRC64NVME' ? new KernelCrc64(kernel) : algorithm && startChecksum(algorithm);
  }

  get blocks(): number {
    return Math.floor(this.waiting / block);
  }

  /** Whether no more will come. */
  get isEnded(): boolean {
    return this.#ended;
  }

  get isDone(): boolean {
    return this.#ended && this.waiting === 0;
  }

  push(bytes: Uint8Array): void {
    this.#sha256?.update(bytes);
    this.#checksum?.update(bytes);
    this.#size += bytes.length;
    this.#add(bytes);
  }

  /** No more will come: what fills the last block (RFC 1321 3.1, 3.2). */
  end(): void {
    const rest = this.#size % block;
    const fill = new Uint8Array((rest + 9 > block ? 2 : 1) * block - rest);
    fill[0] = 0x80;
    new DataView(fill.buffer).setBigUint64(fill.length - 8, BigInt(this.#size) * 8n, true);
    this.#ended = true;
    this.#add(fill);
  }

  #add(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#queue.push(bytes);
    this.waiting += bytes.length;
  }

  /** Moves so many bytes into a lane. */
  fill(lane: Uint8Array, count: number): void {
    for (let at = 0; at < count; ) {
      const first = this.#queue[0]!;
      const piece = first.subarray(this.#from, this.#from + count - at);
      lane.set(piece, at);
      at += piece.length;
      this.#from += piece.length;
      if (this.#from < first.length) continue;
      this.#queue.shift();
      this.#from = 0;
      freeUsed(first);
    }
    this.waiting -= count;
    this.untold += count;
  }

  /** Bytes that were done since the last time this was asked. */
  tell(): number {
    const told = this.untold;
    this.untold = 0;
    return told;
  }

  digests(): Digests {
    const checksum = this.#checksum?.digest();
    const sha256 = this.#sha256?.digest();
    return {
      md5: new Uint8Array(this.state.buffer),
      ...(checksum ? { checksum } : {}),
      ...(sha256 ? { sha256 } : {}),
    };
  }
}

/** CRC-64/NVME by the kernel, which is faster than plain arithmetic once bytes are many. */
class KernelCrc64 implements RunningChecksum {
  readonly #kernel: DigestKernel;
  #register = 0xffff_ffff_ffff_ffffn;

  constructor(kernel: DigestKernel) {
    this.#kernel = kernel;
  }

  update(bytes: Uint8Array): void {
    const lane = this.#kernel.lane(0);
    for (let at = 0; at < bytes.length; at += laneBytes) {
      const piece = bytes.subarray(at, at + laneBytes);
      lane.set(piece);
      this.#register = this.#kernel.crc64(0, piece.length, this.#register);
    }
  }

  digest(): Buffer {
    const out = Buffer.allocUnsafe(8);
    out.writeBigUInt64BE(BigInt.asUintN(64, ~this.#register));
    return out;
  }
}
