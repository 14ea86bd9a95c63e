import { isText, keyOf, type Type, type Value } from '../../domain/value.ts';
import { type Vector, valueAt, vectorOf } from '../batch.ts';
import { Texts } from '../cell.ts';
import { TextTable } from './text-table.ts';

const integers: readonly Type[] = ['int2', 'int4', 'int8', 'date', 'time', 'timestamp', 'timestamptz'];
/** Whether the values of a type are integers, most of which a number says. */
export const isInteger = (type: Type): boolean => integers.includes(type);

/** Stands for NULL among integers: no integer is it. */
export const nullCell = 0.5;

/** One column of keys: in a slot, a number stands for each value, the same for equal ones as long as something holds it. */
export interface KeyColumn {
  readonly kind: 'integer' | 'text' | 'other';
  /** Bytes of what is kept of values besides those numbers, about. */
  readonly bytes: number;
  /** The number of a value; it is put in where it is not there. */
  cellOf(value: Value): number;
  /** The number of a value, or NaN where none of the keys has it. */
  find(value: Value): number;
  valueOf(cell: number): Value;
  /** The bytes of a text; 0 of what is none. */
  lengthOf(cell: number): number;
  /** A slot has it, */
  hold(cell: number): void;
  /** has it no more, */
  release(cell: number): void;
  /** or does not come to have it. */
  drop(cell: number): void;
  /** The values of some numbers. */
  column(cells: Float64Array): Vector;
  /** The numbers of values; `areNew`: no key has one of them, and none is there twice. */
  cells(vector: Vector, count: number, areNew: boolean): Float64Array;
  /** Makes room for so many values. */
  reserve(count: number): void;
}

/** A column of keys; `more`: the type of what is looked for as the same. */
export function keyColumn(type: Type, more: Type): KeyColumn {
  if (isInteger(type) && isInteger(more)) return new IntegerKeys(type);
  return isText(type) && isText(more) ? new TextKeys() : new OtherKeys(type);
}

const isNumber = (cell: number): boolean => cell === Math.floor(cell);

/** Integers and times, which are their own numbers. Behind NULL, halves stand for those that no number says. */
class IntegerKeys implements KeyColumn {
  readonly kind = 'integer';
  readonly #type: Type;
  readonly #others = new TextTable();

  constructor(type: Type) {
    this.#type = type;
  }

  get bytes(): number {
    return this.#others.bytes;
  }

  cellOf(value: Value): number {
    if (typeof value === 'number') return value;
    return value === null ? nullCell : this.#others.numberOf(String(value)) + nullCell;
  }

  find(value: Value): number {
    if (typeof value === 'number') return value;
    if (value === null) return nullCell;
    const known = this.#others.find(String(value));
    return known === 0 ? Number.NaN : known + nullCell;
  }

  valueOf(cell: number): Value {
    if (isNumber(cell)) return cell;
    return cell === nullCell ? null : BigInt(this.#others.text(cell - nullCell));
  }

  lengthOf(): number {
    return 0;
  }

  hold(cell: number): void {
    if (cell !== nullCell && !isNumber(cell)) this.#others.hold(cell - nullCell);
  }

  release(cell: number): void {
    if (cell !== nullCell && !isNumber(cell)) this.#others.release(cell - nullCell);
  }

  drop(cell: number): void {
    if (cell !== nullCell && !isNumber(cell)) this.#others.drop(cell - nullCell);
  }

  column(cells: Float64Array): Vector {
    if (cells.every(isNumber)) return { values: cells, nulls: undefined };
    const rows = Array.from(cells, (cell) => [this.valueOf(cell)]);
    return vectorOf(this.#type, rows, 0);
  }

  cells(vector: Vector, count: number): Float64Array {
    const { values, nulls } = vector;
    if (!nulls && !Array.isArray(values)) return values instanceof Float64Array ? values : new Float64Array(values);
    return Float64Array.from({ length: count }, (_, at) => this.cellOf(valueAt(vector, at)));
  }

  reserve(): void {}
}

/** Texts, for which their numbers in a table stand, and for NULL 0. */
class TextKeys implements KeyColumn {
  readonly kind = 'text';
  readonly #texts = new TextTable();

  get bytes(): number {
    return this.#texts.bytes;
  }

  cellOf(value: Value): number {
    return value === null ? 0 : this.#texts.numberOf(value as string);
  }

  find(value: Value): number {
    return value === null ? 0 : this.#texts.find(value as string) || Number.NaN;
  }

  valueOf(cell: number): Value {
    return cell === 0 ? null : this.#texts.text(cell);
  }

  lengthOf(cell: number): number {
    return Math.max(0, this.#texts.lengthOf(cell));
  }

  hold(cell: number): void {
    if (cell !== 0) this.#texts.hold(cell);
  }

  release(cell: number): void {
    if (cell !== 0) this.#texts.release(cell);
  }

  drop(cell: number): void {
    if (cell !== 0) this.#texts.drop(cell);
  }

  column(cells: Float64Array): Vector {
    return this.#texts.column(cells);
  }

  cells(vector: Vector, count: number, areNew: boolean): Float64Array {
    const texts = vector instanceof Texts ? vector : Texts.of(vector.values.slice(0, count) as string[]);
    return new Float64Array(areNew && !texts.hasNull ? this.#texts.fill(texts) : this.#texts.numbers(texts));
  }

  reserve(count: number): void {
    this.#texts.reserve(count);
  }
}

/** Values of other types, for each of which the text stands that equal ones have. Of equal ones the first is shown. */
class OtherKeys implements KeyColumn {
  readonly kind = 'other';
  readonly #type: Type;
  readonly #names = new TextTable();
  readonly #values: Value[] = [null];

  constructor(type: Type) {
    this.#type = type;
  }

  get bytes(): number {
    return this.#names.bytes * 2;
  }

  cellOf(value: Value): number {
    if (value === null) return 0;
    const known = this.#names.size;
    const number = this.#names.numberOf(keyOf(value));
    if (this.#names.size > known) this.#values[number] = value;
    return number;
  }

  find(value: Value): number {
    return value === null ? 0 : this.#names.find(keyOf(value)) || Number.NaN;
  }

  valueOf(cell: number): Value {
    return this.#values[cell] as Value;
  }

  lengthOf(cell: number): number {
    return Math.max(0, this.#names.lengthOf(cell));
  }

  hold(cell: number): void {
    if (cell !== 0) this.#names.hold(cell);
  }

  release(cell: number): void {
    if (cell === 0) return;
    this.#names.release(cell);
    this.#forget(cell);
  }

  drop(cell: number): void {
    if (cell === 0) return;
    this.#names.drop(cell);
    this.#forget(cell);
  }

  #forget(cell: number): void {
    if (!this.#names.has(cell)) this.#values[cell] = null;
  }

  column(cells: Float64Array): Vector {
    return vectorOf(
      this.#type,
      Array.from(cells, (cell) => [this.valueOf(cell)]),
      0,
    );
  }

  cells(vector: Vector, count: number): Float64Array {
    return Float64Array.from({ length: count }, (_, at) => this.cellOf(valueAt(vector, at)));
  }

  reserve(): void {}
}
