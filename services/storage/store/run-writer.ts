import { frameBytes, frameTagBytes } from '../contract/limits.ts';
import { FrameSealer, sealFrame } from '../domain/frame.ts';
import { looksRandom } from '../domain/probe.ts';
import { compress } from './compressor.ts';
import type { KeptDictionary } from './dictionary.ts';
import { compressAheadMax, compressedShareMax, compressHereMaxBytes, frameListBytes, framesListedMax, inlineMaxBytes } from './limits.ts';
import type { Compressed } from './record.ts';

export type RunRules = {
  /** For runs of one small frame. */
  readonly dictionary?: KeptDictionary | undefined;
  /** Told of small runs that compression makes smaller. */
  readonly onSample?: (bytes: Uint8Array) => void;
};

type Waiting = { readonly bytes: Uint8Array; readonly smaller: Promise<Uint8Array> | Uint8Array };

/**
 * Makes of bytes that come in pieces of any size what lies on the drives: frames, compressed one by one where that pays with the
 * first, and sealed. A run with whose first frame it does not pay is sealed as it comes.
 */
export class RunWriter {
  readonly #key: Uint8Array;
  readonly #rules: RunRules;
  /** From the first frame on, when compression does not pay. */
  #plain: FrameSealer | undefined;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #waiting: Waiting[] = [];
  readonly #lengths: number[] = [];
  #stored = 0;
  #compressed: Compressed | undefined;

  constructor(key: Uint8Array, rules: RunRules) {
    this.#key = key;
    this.#rules = rules;
  }

  /** How the run was compressed; undefined when it was not. Known when it has ended. */
  get compressed(): Compressed | undefined {
    return this.#compressed;
  }

  /** What is there of the run after these bytes, in order. They may be written over afterwards. */
  take(bytes: Uint8Array): Promise<readonly Uint8Array[]> | readonly Uint8Array[] {
    return this.#plain ? this.#plain.seal(bytes) : this.#takeFrames(bytes);
  }

  async #takeFrames(bytes: Uint8Array): Promise<readonly Uint8Array[]> {
    const ready: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + frameBytes - this.#heldBytes);
      this.#held.push(new Uint8Array(piece));
      this.#heldBytes += piece.length;
      at += piece.length;
      if (this.#heldBytes < frameBytes) continue;
      ready.push(...(await this.#frame()));
      const plain = this.#decided();
      if (plain) return [...ready, ...plain.seal(bytes.subarray(at))];
    }
    return ready;
  }

  /** The rest of it. */
  async end(): Promise<readonly Uint8Array[]> {
    const ready: Uint8Array[] = [];
    if (this.#heldBytes > 0) ready.push(...(await this.#frame()));
    if (this.#plain) return [...ready, ...this.#plain.end()];
    while (this.#waiting.length > 0) ready.push(...(await this.#seal()));
    if (this.#lengths.length > framesListedMax) return [...ready, ...this.#list()];
    if (this.#lengths.length > 1) this.#compressed = { ...this.#compressed, lengths: lengthsOf(this.#lengths) };
    return ready;
  }

  #decided(): FrameSealer | undefined {
    return this.#plain;
  }

  /** Takes what is held as a frame. */
  async #frame(): Promise<readonly Uint8Array[]> {
    const bytes = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held, this.#heldBytes);
    this.#held = [];
    this.#heldBytes = 0;
    if (!this.#compressed) return this.#first(bytes);
    const smaller = compress(bytes);
    if (smaller instanceof Promise) smaller.catch(() => {});
    this.#waiting.push({ bytes, smaller });
    return this.#waiting.length < compressAheadMax ? [] : this.#seal();
  }

  /** The first frame says what becomes of the run. */
  async #first(bytes: Uint8Array): Promise<readonly Uint8Array[]> {
    const dictionary = bytes.length <= compressHereMaxBytes ? this.#rules.dictionary : undefined;
    const smaller = bytes.length <= inlineMaxBytes || looksRandom(bytes) ? bytes : await compress(bytes, dictionary);
    if (smaller.length > bytes.length * compressedShareMax) {
      this.#plain = new FrameSealer(this.#key);
      return this.#plain.seal(bytes);
    }
    if (bytes.length <= compressHereMaxBytes) this.#rules.onSample?.(bytes);
    this.#compressed = dictionary ? { dictionary: dictionary.key } : {};
    this.#waiting.push({ bytes, smaller });
    return this.#seal();
  }

  /** Seals the frame that waits longest. */
  async #seal(): Promise<readonly Uint8Array[]> {
    const { bytes, smaller } = this.#waiting.shift()!;
    const made = await smaller;
    const sealed = sealFrame(this.#key, this.#lengths.length, made.length < bytes.length ? made : bytes);
    const length = sealed[0].length + frameTagBytes;
    this.#lengths.push(length);
    this.#stored += length;
    return sealed;
  }

  /** Behind a long run: where each of its frames begins, sealed in frames of their own. */
  #list(): Uint8Array[] {
    this.#compressed = { ...this.#compressed, listAt: this.#stored };
    const list = Buffer.alloc(this.#lengths.length * 6);
    this.#lengths.reduce((at, length, frame) => {
      list.writeUIntBE(at, frame * 6, 6);
      return at + length;
    }, 0);
    const parts: Uint8Array[] = [];
    for (let at = 0; at < list.length; at += frameListBytes)
      parts.push(...sealFrame(this.#key, at / frameListBytes, list.subarray(at, at + frameListBytes), true));
    return parts;
  }
}

function lengthsOf(lengths: readonly number[]): Uint8Array {
  const all = Buffer.alloc(lengths.length * 3);
  for (const [frame, length] of lengths.entries()) all.writeUIntBE(length, frame * 3, 3);
  return all;
}
