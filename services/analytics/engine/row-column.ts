import { canonical, type Decimal } from '../domain/decimal.ts';
import { isAlike, isText, keyOf, type Type, type Value } from '../domain/value.ts';
import { isMasked, room, type Values, type Vector, valueAt, widened } from './batch.ts';
import { Decimals, nullScale, otherScale } from './cell.ts';
import { isShort, type Packed, packedDecimals } from './page-column.ts';
import { mixed, mixer, nothing } from './row-hash.ts';
import { longer } from './row-store.ts';
import { bytesOf } from './spill/size.ts';
import { TextColumn } from './text-column.ts';

/** A column of rows that come and go, by the numbers of the rows. Hashes are the same for values that are equal, alike or not. */
export interface RowColumn {
  /** Makes room for rows of so great a number. */
  reserve(most: number): void;
  set(id: number, value: Value): void;
  get(id: number): Value;
  /** Lets go of what a row had. */
  clear(id: number): void;
  hash(value: Value): number;
  /** Whether the value of a row looks like this one. */
  is(id: number, value: Value): boolean;
  /** Bytes of what a row has besides numbers of fixed size, about. */
  bytesOf(id: number): number;
  /** Bytes or characters of a text; 0 of what is none. */
  lengthOf(id: number): number;
  /** The values of some rows. */
  gather(ids: Int32Array): Vector;
  /** Takes the values of rows, all of them those of a vector in its order. */
  take(ids: Int32Array, vector: Vector): void;
  /** The hashes of the first values of a vector, each put behind what is there of its row. */
  mix(hashes: Int32Array, vector: Vector): void;
  /** The same with the hashes of the values of some rows. */
  mixOwn(hashes: Int32Array, ids: Int32Array): void;
}

const float = new Float64Array(1);
const halves = new Int32Array(float.buffer);


function hashOfNumber(value: number, secret: number): number {
  float[0] = value + 0;
  return Math.imul((halves[0] as number) ^ Math.imul(halves[1] as number, secret), secret);
}

function hashOfText(text: string, secret: number): number {
  let hash = text.length;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), secret);
  return hash ^ (hash >>> 15);
}

/** A column of a type; `secret` is an odd number that nobody knows who could choose values of one hash. */
export function rowColumn(type: Type, secret: number): RowColumn {
  if (type === 'numeric') return new DecimalColumn(secret);
  if (isText(type)) return new TextColumn();
  return isMasked(type) ? new NumberColumn(type, secret) : new PlainColumn(secret);
}

/** Numbers and times, and integers of any size once there is one that no number holds. */
class NumberColumn implements RowColumn {
  readonly #type: Type;
  readonly #secret: number;
  #values: Values;
  #nulls: Uint8Array | undefined;
  #room = 1;

  constructor(type: Type, secret: number) {
    this.#type = type;
    this.#secret = secret;
    this.#values = room(type, 1);
  }

  reserve(most: number): void {
    if (most < this.#room) return;
    this.#room = Math.max(this.#room * 2, most + 1);
    if (!Array.isArray(this.#values)) this.#values = longer(this.#values, room(this.#type, this.#room) as Float64Array);
    if (this.#nulls) this.#nulls = longer(this.#nulls, new Uint8Array(this.#room));
  }

  set(id: number, value: Value): void {
    if (value === null) this.#mask()[id] = 1;
    else {
      if (this.#nulls) this.#nulls[id] = 0;
      if (typeof value === 'bigint' && !Array.isArray(this.#values)) this.#values = widened(this.#values);
      (this.#values as Value[])[id] = value;
    }
  }

  #mask(): Uint8Array {
    this.#nulls ??= new Uint8Array(this.#room);
    return this.#nulls;
  }

  get(id: number): Value {
    return this.#nulls?.[id] === 1 ? null : (this.#values[id] as Value);
  }

  clear(): void {}

  is(id: number, value: Value): boolean {
    return this.get(id) === value;
  }

  bytesOf(): number {
    return 0;
  }

  lengthOf(): number {
    return 0;
  }

  hash(value: Value): number {
    if (value === null) return nothing;
    return typeof value === 'bigint' ? hashOfText(String(value), this.#secret) : hashOfNumber(value as number, this.#secret);
  }

  gather(ids: Int32Array): Vector {
    const [count, from, masked] = [ids.length, this.#values, this.#nulls];
    const nulls = masked && new Uint8Array(count);
    if (nulls) for (let at = 0; at < count; at += 1) nulls[at] = masked[ids[at] as number] as number;
    const values = Array.isArray(from) ? new Array<Value>(count) : room(this.#type, count);
    for (let at = 0; at < count; at += 1) values[at] = from[ids[at] as number] as never;
    return { values, nulls };
  }

  take(ids: Int32Array, vector: Vector): void {
    const { values, nulls } = vector;
    const into = this.#values;
    if (nulls || Array.isArray(values) || Array.isArray(into) || this.#nulls) {
      for (let at = 0; at < ids.length; at += 1) this.set(ids[at] as number, valueAt(vector, at));
      return;
    }
    for (let at = 0; at < ids.length; at += 1) into[ids[at] as number] = values[at] as number;
  }

  mixOwn(hashes: Int32Array, ids: Int32Array): void {
    this.mix(hashes, this.gather(ids));
  }

  mix(hashes: Int32Array, vector: Vector): void {
    const { values, nulls } = vector;
    if (nulls || Array.isArray(values)) mixAll(this, hashes, vector);
    else
      for (let at = 0; at < hashes.length; at += 1)
        hashes[at] = mixed(hashes[at] as number, hashOfNumber(values[at] as number, this.#secret));
  }
}

function mixAll(column: RowColumn, hashes: Int32Array, vector: Vector): void {
  for (let at = 0; at < hashes.length; at += 1) hashes[at] = mixed(hashes[at] as number, column.hash(valueAt(vector, at)));
}

/** Decimals, those of few digits as their digits and scale. */
class DecimalColumn implements RowColumn {
  readonly #secret: number;
  #units = new Float64Array(1);
  #scales = new Uint8Array(1);
  readonly #others = new Map<number, Decimal>();

  constructor(secret: number) {
    this.#secret = secret;
  }

  reserve(most: number): void {
    if (most < this.#units.length) return;
    const size = Math.max(this.#units.length * 2, most + 1);
    this.#units = longer(this.#units, new Float64Array(size));
    this.#scales = longer(this.#scales, new Uint8Array(size));
  }

  set(id: number, value: Value): void {
    const known = value as Decimal | null;
    const short = known !== null && isShort(known);
    this.#scales[id] = known === null ? nullScale : short ? known.scale : otherScale;
    this.#units[id] = short ? Number(known.units) : 0;
    if (known !== null && !short) this.#others.set(id, known);
    else if (this.#others.size > 0) this.#others.delete(id);
  }

  get(id: number): Value {
    const scale = this.#scales[id] as number;
    if (scale === nullScale) return null;
    return scale === otherScale ? (this.#others.get(id) as Decimal) : { units: BigInt(this.#units[id] as number), scale };
  }

  clear(id: number): void {
    if (this.#others.size > 0) this.#others.delete(id);
  }

  hash(value: Value): number {
    if (value === null) return nothing;
    const known = value as Decimal;
    return isShort(known) ? this.#hashOf(Number(known.units), known.scale) : this.#hashOfLong(known);
  }

  is(id: number, value: Value): boolean {
    return isAlike(this.get(id), value);
  }

  bytesOf(): number {
    return 0;
  }

  lengthOf(): number {
    return 0;
  }

  /** Of equal numbers the one without zeros behind its point. */
  #hashOf(units: number, scale: number): number {
    let [digits, places] = [units, scale];
    while (places > 0 && digits % 10 === 0) {
      digits /= 10;
      places -= 1;
    }
    return hashOfNumber(digits, this.#secret) ^ Math.imul(places, mixer);
  }

  #hashOfLong({ units, scale }: Decimal): number {
    let [digits, places] = [units, scale];
    while (places > 0 && digits % 10n === 0n) {
      digits /= 10n;
      places -= 1;
    }
    const least = { units: digits, scale: places };
    return isShort(least) ? this.#hashOf(Number(digits), places) : hashOfText(canonical(least), this.#secret);
  }

  gather(ids: Int32Array): Vector {
    const [units, scales] = [new Float64Array(ids.length), new Uint8Array(ids.length)];
    const others: Decimal[] = [];
    for (let at = 0; at < ids.length; at += 1) {
      const id = ids[at] as number;
      const scale = this.#scales[id] as number;
      scales[at] = scale;
      units[at] = scale === otherScale ? others.push(this.#others.get(id) as Decimal) - 1 : (this.#units[id] as number);
    }
    return new Decimals(units, scales, others);
  }

  take(ids: Int32Array, vector: Vector): void {
    const { units, scales, others }: Packed = packedDecimals(vector);
    for (let at = 0; at < ids.length; at += 1) {
      const id = ids[at] as number;
      if (scales[at] === otherScale) this.set(id, others[units[at] as number] as Decimal);
      else {
        this.clear(id);
        this.#units[id] = units[at] as number;
        this.#scales[id] = scales[at] as number;
      }
    }
  }

  mixOwn(hashes: Int32Array, ids: Int32Array): void {
    this.mix(hashes, this.gather(ids));
  }

  mix(hashes: Int32Array, vector: Vector): void {
    const { units, scales, others }: Packed = packedDecimals(vector);
    for (let at = 0; at < hashes.length; at += 1) {
      const [unit, scale] = [units[at] as number, scales[at] as number];
      const more = scale === nullScale ? nothing : scale === otherScale ? this.hash(others[unit] as Decimal) : this.#hashOf(unit, scale);
      hashes[at] = mixed(hashes[at] as number, more);
    }
  }
}

/** Values of all other types. */
class PlainColumn implements RowColumn {
  readonly #secret: number;
  readonly #values: Value[] = [null];

  constructor(secret: number) {
    this.#secret = secret;
  }

  // It grows by itself.
  reserve(): void {}

  set(id: number, value: Value): void {
    this.#values[id] = value;
  }

  get(id: number): Value {
    return this.#values[id] as Value;
  }

  clear(id: number): void {
    this.#values[id] = null;
  }

  hash(value: Value): number {
    if (value === null) return nothing;
    if (typeof value === 'boolean') return value ? this.#secret : -this.#secret;
    return hashOfText(keyOf(value), this.#secret);
  }

  is(id: number, value: Value): boolean {
    return isAlike(this.get(id), value);
  }

  bytesOf(id: number): number {
    return bytesOf([this.get(id)]);
  }

  lengthOf(): number {
    return 0;
  }

  gather(ids: Int32Array): Vector {
    const values = new Array<Value>(ids.length);
    for (let at = 0; at < ids.length; at += 1) values[at] = this.#values[ids[at] as number] as Value;
    return { values, nulls: undefined };
  }

  take(ids: Int32Array, vector: Vector): void {
    for (let at = 0; at < ids.length; at += 1) this.#values[ids[at] as number] = valueAt(vector, at);
  }

  mixOwn(hashes: Int32Array, ids: Int32Array): void {
    this.mix(hashes, this.gather(ids));
  }

  mix(hashes: Int32Array, vector: Vector): void {
    mixAll(this, hashes, vector);
  }
}

/** Whether a row has values that look like these in all columns. */
export function isRow(columns: readonly RowColumn[], id: number, valueOf: (place: number) => Value): boolean {
  for (let place = 0; place < columns.length; place += 1) if (!(columns[place] as RowColumn).is(id, valueOf(place))) return false;
  return true;
}
