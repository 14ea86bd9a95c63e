import { printRow, readValue, type Type, type Value } from '../../domain/value.ts';
import type { Kept, KeptValue } from '../accumulator.ts';
import type { Bag, Tally } from '../bag.ts';
import { keysAt, type Places, stampAt } from '../place.ts';

/** Groups as records are made of them. */
export type Groups = {
  readonly places: Places;
  readonly values: unknown[];
  readonly depth: number;
};
type Written = readonly [keys: readonly (string | null)[] | null, beside: readonly unknown[]];
type Counts = readonly (readonly [text: string | null, count: number])[];

/** A group as one record: its numbers as they are, then, where there is more, keys that are not all numbers, and values, in JSON. */
export class SlotRecords {
  readonly #groups: Groups;
  readonly #types: readonly Type[];
  readonly #beside: readonly KeptValue[];

  constructor(groups: Groups, types: readonly Type[], kinds: readonly Kept[]) {
    this.#groups = groups;
    this.#types = types;
    this.#beside = kinds.filter((kind) => kind.cells === undefined);
  }

  get #numbersLength(): number {
    return this.#groups.places.width * 8;
  }

  #numbers(slot: number): Uint8Array {
    return new Uint8Array(this.#groups.places.cells.buffer, slot * this.#numbersLength, this.#numbersLength);
  }

  record(slot: number): Uint8Array {
    const { places, depth, values } = this.#groups;
    const keys = places.keysOf(slot);
    const numbers = this.#numbers(slot);
    const areNumbers = places.columns.every(({ kind }, at) => kind === 'integer' && typeof keys[at] === 'number');
    if (areNumbers && depth === 0) return numbers;
    const texts = areNumbers ? null : printRow(this.#columns, keys);
    const beside = this.#beside.map((kind, at) => {
      const value = values[slot * depth + at];
      return kind.bag === undefined ? kind.write(value as never) : countsOf(value as Bag, kind.bag);
    });
    return Buffer.concat([numbers, Buffer.from(JSON.stringify([texts, beside] satisfies Written))]);
  }

  get #columns() {
    return this.#types.map((type) => ({ type }));
  }

  #more(record: Buffer): Written | undefined {
    return record.length > this.#numbersLength ? (JSON.parse(record.toString('utf8', this.#numbersLength)) as Written) : undefined;
  }

  /** The keys of a record. */
  keysIn(record: Buffer): Value[] {
    const [texts] = this.#more(record) ?? [null];
    if (texts) return texts.map((text, at) => (text === null ? null : readValue(this.#types[at] as Type, text)));
    return this.#types.map((_, at) => record.readDoubleLE((keysAt + at) * 8));
  }

  /** Puts a record into a slot, which has its keys already. */
  restore(slot: number, record: Buffer, tally: Tally): void {
    const numbers = this.#numbers(slot);
    const [from, to] = [keysAt * 8, (keysAt + this.#types.length) * 8];
    numbers.set(record.subarray(0, from));
    numbers.set(record.subarray(to, this.#numbersLength), to);
    const { places } = this.#groups;
    places.cells[slot * places.width + stampAt] = 0;
    const more = this.#more(record);
    if (!more) return;
    const { values, depth } = this.#groups;
    for (const [at, kind] of this.#beside.entries()) {
      const written = more[1][at];
      const value = kind.read((kind.bag === undefined ? written : null) as never, tally);
      if (kind.bag !== undefined)
        for (const [text, count] of written as Counts) (value as Bag).load(readValue(kind.bag, text as string) as never, count);
      values[slot * depth + at] = value;
    }
  }
}

const countsOf = (bag: Bag, type: Type): Counts =>
  Array.from(bag.counts(), ([, [value, count]]) => [printRow([{ type }], [value])[0] ?? null, count] as const);
