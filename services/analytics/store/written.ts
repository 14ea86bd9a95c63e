import type { CircuitEntry } from '../engine/circuit.ts';
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
  readonly #last = new Map<string, CircuitEntry>();
  readonly #pages: CircuitEntry[] = [];

  take(part: Buffer): void {
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
      else this.#pages.push([operator, '', bytes]);
    }
  }

  #take(json: Buffer): void {
    for (const entry of JSON.parse(json.toString()) as CircuitEntry[]) {
      const key = `${entry[0]} ${entry[1]}`;
      // Taken out first, so that what is in a group comes behind the group.
      this.#last.delete(key);
      if (entry[2] !== null) this.#last.set(key, entry);
    }
  }

  /** All of it in an order in which it can be taken; pages come last, since what has pages today once had none. */
  entries(): CircuitEntry[] {
    return [...inOrder([...this.#last.values()]), ...this.#pages];
  }
}

/** Groups before what is in their bags: the key of a bag's value begins with its group's. */
function inOrder(all: readonly CircuitEntry[]): CircuitEntry[] {
  const isGroup = ([, , written]: CircuitEntry) => Array.isArray(written) && Array.isArray(written[0]) && written.length === 3;
  return [...all.filter(isGroup), ...all.filter((entry) => !isGroup(entry))];
}
