import type { Catalog } from './catalog.ts';
import { newIdentity } from './identity.ts';

const row = (life: Uint8Array) => Buffer.concat([Buffer.from('remote-life '), life]);
const half = 8;

/**
 * Ids of blobs in the operator's store: eight bytes for this life of the process, eight that count. How far a life has counted
 * is in the index before the first byte of a blob is sent. So an id that was given out and that the index knows no more is
 * removed for good, in every copy of the data directory; what a copy gave out after it was made has a life or a number
 * that this index has not seen, and is somebody else's.
 */
export class RemoteLives {
  readonly #catalog: Catalog;
  readonly #life = newIdentity().subarray(0, half);
  #count = 0n;
  #noted = 0n;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  next(): string {
    const id = Buffer.alloc(2 * half);
    this.#life.copy(id);
    id.writeBigUInt64BE(++this.#count, half);
    return id.toString('hex');
  }

  /** Within a change: writes down that an id was given out. */
  note(id: string): void {
    const count = Buffer.from(id, 'hex').subarray(half);
    const number = count.readBigUInt64BE();
    if (number <= this.#noted) return;
    this.#noted = number;
    this.#catalog.table.counter.put(row(this.#life), count);
  }

  /** Whether this index, or the one that it is a copy of, gave out an id before they parted. */
  gaveOut(id: string): boolean {
    const bytes = Buffer.from(id, 'hex');
    const counted = this.#catalog.table.counter.get(row(bytes.subarray(0, half)));
    return counted !== undefined && bytes.readBigUInt64BE(half) <= Buffer.from(counted).readBigUInt64BE();
  }
}
