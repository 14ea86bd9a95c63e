import type { CircuitEntry } from '../engine/circuit.ts';
import { EntryStore } from '../engine/spill/entry-store.ts';
import { partBytes, partEntriesMax } from './limits.ts';

/** What a part begins with that holds pages; those that hold entries in JSON alone begin with its bracket. */
const mark = 1;
const headSize = 8;
/** In the place of an operator: what follows are entries in JSON. */
const inJson = -0x8000_0000;

/**
 * What is written down of views, in parts of some size. Pages, which are bytes, stand for what was there under the keys that are in
 * them; of all other entries the last one of each key counts.
 */
export function* packed(entries: Iterable<CircuitEntry>): Generator<Buffer> {
  let pieces: Buffer[] = [];
  let texts: string[] = [];
  let [size, count] = [0, 0];
  const add = (operator: number, bytes: Uint8Array) => {
    const head = Buffer.allocUnsafe(headSize);
    head.writeInt32LE(operator, 0);
    head.writeUInt32LE(bytes.length, 4);
    pieces.push(head, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  };
  const closed = () => {
    if (texts.length > 0) add(inJson, Buffer.from(`[${texts.join(',')}]`));
    const part = Buffer.concat([Buffer.of(mark), ...pieces]);
    [pieces, texts, size, count] = [[], [], 0, 0];
    return part;
  };
  for (const entry of entries) {
    const [operator, , written] = entry;
    count += 1;
    if (written instanceof Uint8Array) {
      add(operator, written);
      size += written.length;
    } else {
      const text = JSON.stringify(entry);
      texts.push(text);
      size += text.length;
    }
    if (size >= partBytes || count >= partEntriesMax) yield closed();
  }
  if (count > 0) yield closed();
}

/** What was written down of a view, part by part in the order in which it was. */
export class Unpacked {
  readonly #store: EntryStore;
  /** Operators of which there were pages. */
  readonly #paged = new Set<number>();

  constructor(store = new EntryStore()) {
    this.#store = store;
  }

  /** Takes a part; answers of it what can be loaded at once, behind what was answered before. */
  *take(part: Buffer): Generator<CircuitEntry> {
    if (part[0] !== mark) {
      this.#take(part);
      return;
    }
    for (let at = 1; at < part.length; ) {
      const operator = part.readInt32LE(at);
      const from = at + headSize;
      at = from + part.readUInt32LE(at + 4);
      const bytes = part.subarray(from, at);
      if (operator === inJson) this.#take(bytes);
      else yield* this.#page(operator, bytes);
    }
  }

  /** What has pages once had none. */
  *#page(operator: number, bytes: Buffer): Generator<CircuitEntry> {
    if (!this.#paged.has(operator)) yield* this.#store.take(operator);
    this.#paged.add(operator);
    yield [operator, '', bytes];
  }

  #take(json: Buffer): void {
    this.#store.put(JSON.parse(json.toString()) as CircuitEntry[], json.length);
  }

  /** What can be loaded when all parts were taken. */
  entries(): Iterable<CircuitEntry> {
    return this.#store.entries();
  }
}
