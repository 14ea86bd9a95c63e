import { printValue, readValue, type Row, type Type, type Value } from '../domain/value.ts';
import { isMasked, room, type Values, valueAt, widened } from './batch.ts';
import { batchReads, type Term } from './emit.ts';
import type { Entry } from './operator.ts';

const rowsFirst = 16;

/** A longer array with what was in another. */
export function longer<T extends Float64Array | Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Rows in columns, each under a number from 1 on. Numbers of rows that went are given again. */
export class RowStore {
  readonly columns: Values[];
  readonly masks: (Uint8Array | undefined)[];
  capacity = rowsFirst;
  /** One more than the greatest number so far. */
  next = 1;
  readonly types: readonly Type[];
  /** Under what numbers rows are written down, where these are not their places; and the greatest. */
  #names: Float64Array | undefined;
  #greatest = 0;
  readonly #stored: ReadonlySet<number>;
  #free: number[] = [];
  /** Names of entries that were written down otherwise than today. */
  #superseded: string[] = [];
  /** The number that the next row is to have. */
  #wanted = 0;
  #isLoading = false;

  /** `stored`: the columns that are kept; the others are NULL. */
  constructor(types: readonly Type[], stored: ReadonlySet<number>) {
    this.types = types;
    this.#stored = stored;
    this.columns = types.map((type) => room(type, rowsFirst));
    this.masks = types.map(() => undefined);
  }

  /** Makes room for so many rows more, so that arrays are the same until these have come; answers whether there is more room now. */
  reserve(count: number): boolean {
    const needed = this.next + count;
    if (needed <= this.capacity) return false;
    this.capacity = Math.max(this.capacity * 2, needed);
    if (this.#names) this.#names = longer(this.#names, new Float64Array(this.capacity));
    for (const place of this.#stored) {
      const values = this.columns[place] as Values;
      // Plain arrays grow by themselves.
      if (!Array.isArray(values)) this.columns[place] = longer(values, room(this.types[place] as Type, this.capacity) as Float64Array);
      const mask = this.masks[place];
      if (mask) this.masks[place] = longer(mask, new Uint8Array(this.capacity));
    }
    return true;
  }

  /** A column that holds integers of any size from now on. */
  widen(place: number): Value[] {
    const made = widened(this.columns[place] as Values);
    this.columns[place] = made;
    return made;
  }

  /** The mask of a column that has a NULL. */
  mask(place: number): Uint8Array {
    const made = this.masks[place] ?? new Uint8Array(this.capacity);
    this.masks[place] = made;
    return made;
  }

  /** The number of a new row. */
  begin(): number {
    const wanted = this.#wanted;
    if (this.#names) return this.#beginNamed(wanted);
    if (wanted === 0) return this.#free.length > 0 ? (this.#free.pop() as number) : this.next++;
    this.#wanted = 0;
    this.next = Math.max(this.next, wanted + 1);
    return wanted;
  }

  /** From now on rows have numbers besides their places, so that they may leave and come back elsewhere. There is none as yet. */
  separate(): void {
    this.#names = new Float64Array(this.capacity);
  }

  #beginNamed(wanted: number): number {
    const id = this.#free.pop() ?? this.next++;
    const number = wanted || this.#greatest + 1;
    (this.#names as Float64Array)[id] = number;
    this.#greatest = Math.max(this.#greatest, number);
    this.#wanted = 0;
    return id;
  }

  /** The number that a row is written down under. */
  numberOf(id: number): number {
    return this.#names ? (this.#names[id] as number) : id;
  }

  /** A place for a row that had a number already. */
  beginAs(number: number): number {
    this.#wanted = number;
    return this.begin();
  }

  end(id: number): void {
    for (const place of this.#stored) {
      const values = this.columns[place] as Values;
      if (Array.isArray(values)) values[id] = null;
    }
    this.#free.push(id);
  }

  /** A row as it is written down. */
  textsOf(id: number): (string | null)[] {
    return this.printed(this.rowOf(id));
  }

  printed(row: Row): (string | null)[] {
    return row.map((value, place) => printValue(this.types[place] as Type, value));
  }

  /** The values of a row; NULL in the columns that are not kept. */
  rowOf(id: number): Value[] {
    return this.types.map((_, place) => {
      if (!this.#stored.has(place)) return null;
      return valueAt({ values: this.columns[place] as Values, nulls: this.masks[place] }, id);
    });
  }

  /** Puts values into a row. */
  put(id: number, row: Row): void {
    for (const place of this.#stored) {
      const value = row[place] ?? null;
      let values = this.columns[place] as Values;
      if (!isMasked(this.types[place] as Type)) (values as Value[])[id] = value;
      else if (value === null) {
        this.mask(place)[id] = 1;
        values[id] = 0;
      } else {
        const mask = this.masks[place];
        if (mask) mask[id] = 0;
        if (typeof value === 'bigint' && !Array.isArray(values)) values = this.widen(place);
        (values as Value[])[id] = value;
      }
    }
  }

  read(texts: readonly (string | null)[]): Value[] {
    return texts.map((text, at) => (text === null || !this.#stored.has(at) ? null : readValue(this.types[at] as Type, text)));
  }

  /**
   * Gives the next row the number that it was written down under. Rows were once written down under their values: such a row
   * gets a new number, and its entry is to be written anew; answers whether it is one.
   */
  place(name: string): boolean {
    const isNumber = /^\d+$/.test(name);
    if (!isNumber) this.#superseded.push(name);
    if (this.#names) {
      this.#wanted = isNumber ? Number(name) : 0;
      this.reserve(1);
      return !isNumber;
    }
    this.#isLoading = true;
    this.#wanted = isNumber ? Number(name) : this.next;
    this.reserve(Math.max(0, this.#wanted + 1 - this.next));
    return !isNumber;
  }

  /** Ends what `place` began, where the row was none. */
  placed(): void {
    this.#wanted = 0;
  }

  /** Ends loading: numbers that no row has are free. */
  loaded(isTaken: (id: number) => boolean): void {
    if (!this.#isLoading) return;
    this.#isLoading = false;
    this.#free = [];
    for (let id = this.next - 1; id > 0; id -= 1) if (!isTaken(id)) this.#free.push(id);
  }

  /** Takes out entries that take away those that were written down otherwise than today. */
  superseded(): Entry[] {
    return this.#superseded.splice(0).map((name) => [name, null]);
  }
}

/** Code in front of the loop that `keepCode` stands on; `own.rows` is the store. */
export const keepBefore = (stored: Iterable<number>): string =>
  [...stored].map((place) => `let k${place} = own.rows.columns[${place}], z${place} = own.rows.masks[${place}];`).join('\n');

/** Code that keeps a value of row `i` of a batch in a column of row `id`. */
export function keepCode(type: Type, place: number): string {
  const { value, isNull } = batchReads(place, type);
  if (!isMasked(type)) return `k${place}[id] = ${value};`;
  const wide =
    type === 'int8' ? `if (typeof ${value} === 'bigint' && !Array.isArray(k${place})) k${place} = own.rows.widen(${place});\n` : '';
  return `if (${isNull}) { (z${place} ??= own.rows.mask(${place}))[id] = 1; k${place}[id] = 0; } else {
${wide}if (z${place} !== undefined) z${place}[id] = 0;
k${place}[id] = ${value};
}`;
}

/** A value of a row that is kept. */
export const keptTerm = (place: number, type: Type, id: string): Term => {
  const value = `k${place}[${id}]`;
  return { value, isNull: isMasked(type) ? `(z${place} !== undefined && z${place}[${id}] === 1)` : `(${value} === null)` };
};
