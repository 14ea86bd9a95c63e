import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { routineStates } from '../../domain/routine.ts';
import { isList, type List, numberOf, ranged, readValue, type Type, type Value } from '../../domain/value.ts';
import { valueAt } from '../batch.ts';
import { putRows } from '../model.ts';
import type { Given } from '../score.ts';
import { countOf, type Fit, type Input } from './fit.ts';
import { numbersOf, type Tensor, type TensorType } from './order.ts';

/** Rows of one shape, by their places, as tensors. */
export type Portion = { readonly rows: readonly number[]; readonly tensors: readonly Tensor[] };

/**
 * Rows as tensors, those of one shape together. A row with a NULL where no number can be missing is none of them: its answer is
 * NULL. Of a row that does not fit `refused` is told why.
 */
export function portionsOf({ inputs }: Fit, { columns, size }: Given, refused: (row: number, why: StatementError) => void): Portion[] {
  // Numbers alone need no look at each row.
  if (size > 0 && inputs.every(({ type, isArray }) => type.startsWith('float') && !isArray))
    return [{ rows: Array.from({ length: size }, (_, row) => row), tensors: inputs.map((input) => floatsOf(input, columns, size)) }];
  const found = new Map<string, { rows: number[]; gathered: Gathered[] }>();
  const whole = inputs.map(({ shape }) => shape.slice(1));
  for (let row = 0; row < size; row += 1) {
    try {
      const values = inputs.map((input) => valuesOf(input, columns, row));
      if (values.some((own, at) => own === undefined || isMissing(inputs[at] as Input, own))) continue;
      const sizes = inputs.map((input, at) =>
        input.isArray || whole[at]?.includes(-1) ? sizesOf(input, values[at]?.length ?? 0) : (whole[at] ?? []),
      );
      const key = sizes.join(';');
      const own = found.get(key) ?? { rows: [], gathered: inputs.map((input, at) => new Gathered(input, sizes[at] ?? [])) };
      for (const [at, gathered] of own.gathered.entries()) gathered.take(values[at] ?? []);
      own.rows.push(row);
      found.set(key, own);
    } catch (error) {
      if (!(error instanceof StatementError)) throw error;
      refused(row, error);
    }
  }
  return [...found.values()].map(({ rows, gathered }) => ({ rows, tensors: gathered.map((own) => own.finish()) }));
}

function floatsOf(input: Input, columns: Given['columns'], size: number): Tensor {
  const { name, type, params } = input;
  const own = new Float64Array(size * params.length);
  putRows(columns, params, 0, size, own);
  const made = type === 'float32' ? new Float32Array(own) : own;
  return { name, type, sizes: sizesOf(input, params.length), bytes: new Uint8Array(made.buffer) };
}

/** What a row gives an input; undefined for an array that is NULL. */
function valuesOf({ params, isArray }: Input, columns: Given['columns'], row: number): readonly Value[] | undefined {
  if (!isArray) return params.map((place) => valueAt(columns[place] as Given['columns'][number], row));
  const list = valueAt(columns[params[0] as number] as Given['columns'][number], row);
  return typeof list === 'object' && list !== null && isList(list) ? list.items : undefined;
}

const isMissing = ({ type }: Input, values: readonly Value[]): boolean => !type.startsWith('float') && values.includes(null);

/** The sizes of one row of an input that has so many values. */
function sizesOf({ name, shape }: Input, count: number): number[] {
  const sizes = shape.slice(1);
  const known = countOf(sizes.filter((size) => size !== -1));
  const open = sizes.indexOf(-1);
  if (open >= 0) sizes[open] = known === 0 ? 0 : count / known;
  if (sizes.some((size) => !Number.isInteger(size)) || countOf(sizes) !== count)
    throw new StatementError(
      '22023',
      `${count} values are no row of the input ${name}, whose sizes are ${shape.slice(1).join(' x ') || '1'}`,
    );
  return sizes;
}

const ranges = { int32: [-2147483648, 2147483647], uint8: [0, 255] } as const;

function wholeOf({ name }: Input, value: Value): bigint {
  const number = typeof value === 'bigint' ? value : numberOf(value);
  if (typeof number === 'number' && !Number.isInteger(number))
    throw new StatementError('22023', `the input ${name} takes whole numbers, and ${number} is none`);
  return BigInt(number);
}

/** Gathers what rows give an input. */
class Gathered {
  readonly #input: Input;
  readonly #sizes: readonly number[];
  readonly #values: (number | bigint)[] = [];
  readonly #texts: string[] = [];

  constructor(input: Input, sizes: readonly number[]) {
    this.#input = input;
    this.#sizes = sizes;
  }

  take(values: readonly Value[]): void {
    const { type, name } = this.#input;
    if (type === 'string') for (const value of values) this.#texts.push(String(value));
    else if (type.startsWith('float')) for (const value of values) this.#values.push(numberOf(value));
    else
      for (const value of values) {
        const own = wholeOf(this.#input, value);
        const [least, most] = type === 'int32' || type === 'uint8' ? ranges[type] : [own, own];
        if (own < least || own > most) throw new StatementError(sqlstates.outOfRange, `${own} is out of range for the input ${name}`);
        this.#values.push(type === 'int64' ? own : type === 'bool' ? Number(own !== 0n) : Number(own));
      }
  }

  finish(): Tensor {
    const { name, type } = this.#input;
    const own = { name, type, sizes: this.#sizes };
    if (type === 'string') return { ...own, bytes: new Uint8Array(0), texts: this.#texts };
    const made = numbersOf(type, new Uint8Array(this.#values.length * (bytesOf[type] ?? 1)));
    for (const [at, value] of this.#values.entries()) made[at] = value as never;
    return { ...own, bytes: new Uint8Array(made.buffer) };
  }
}

const bytesOf: Readonly<Partial<Record<TensorType, number>>> = { float32: 4, float64: 8, int64: 8, int32: 4 };

/** What a network said of one row, as values. */
type Told = {
  readonly name: string;
  readonly type: TensorType;
  readonly sizes: readonly number[];
  readonly values: readonly (number | bigint | string | boolean)[];
};

/** The rows of what a network answered, one after the other. */
export function toldOf(tensors: readonly Tensor[], rows: number): Told[][] {
  const all = tensors.map(({ name, type, sizes, bytes, texts }) => {
    const values: readonly (number | bigint | string)[] = texts ?? Array.from(numbersOf(type, bytes) as ArrayLike<number | bigint>);
    return { name, type, sizes, width: countOf(sizes), values: type === 'bool' ? values.map((value) => value === 1) : values };
  });
  return Array.from({ length: rows }, (_, row) =>
    all.map(({ width, values, ...own }) => ({ ...own, values: values.slice(row * width, (row + 1) * width) })),
  );
}

/** The numbers that rows are answered, where those are one each, or two of which the second counts; undefined where they are others. */
export function floatsTold([tensor, ...more]: readonly Tensor[], rows: number): ArrayLike<number> | undefined {
  if (!tensor?.type.startsWith('float') || more.length > 0) return undefined;
  const numbers = numbersOf(tensor.type, tensor.bytes) as Float64Array;
  const width = numbers.length / rows;
  if (width === 1) return numbers;
  return width === 2 ? numbers.filter((_, at) => at % 2 === 1) : undefined;
}

const no = (value: unknown, returns: Type) =>
  new StatementError(routineStates.wrong, `the network answered ${String(value)}, which is no ${returns}`);

/** The value of a row. Throws StatementError for what is none of the type. */
export function valueOf(told: readonly Told[], returns: Type): Value {
  const [only] = told;
  if (returns === 'json' || returns === 'jsonb')
    return readValue(returns, JSON.stringify(Object.fromEntries(told.map((each) => [each.name, nested(each)]))));
  if (!only) throw no('nothing', returns);
  const { values } = only;
  if (returns === 'text') {
    if (values.length !== 1) throw no(`${values.length} texts`, returns);
    return String(values[0]);
  }
  if (values.some((value) => typeof value === 'number' && Number.isNaN(value))) return null;
  if (returns === 'float8[]')
    return { sizes: values.length === 0 ? [] : [values.length], items: values.map((value) => float(value, returns)) } satisfies List;
  if (returns === 'float8') {
    if (values.length !== 1 && values.length !== 2) throw no(`${values.length} numbers`, returns);
    return float(values.at(-1), returns);
  }
  if (returns !== 'int4' && returns !== 'int8') throw no(values[0], returns);
  if (values.length === 1 && only.type.startsWith('int')) return ranged(returns, BigInt(values[0] as number | bigint));
  const numbers = values.map(Number);
  return values.length === 1 ? Number((numbers[0] ?? 0) > 0.5) : numbers.indexOf(Math.max(...numbers));
}

function float(value: unknown, returns: Type): number {
  const number = Number(value);
  if (!Number.isFinite(number)) throw no(value, returns);
  return number;
}

/** What stands in JSON: one value by itself, others in lists as they are nested. */
function nested({ sizes, values }: Told): unknown {
  const plain = values.map((value) => (typeof value === 'bigint' ? Number(value) : value));
  if (sizes.length === 0 || plain.length === 1) return plain[0] ?? null;
  const level = (from: number, count: number, [size = 1, ...more]: readonly number[]): unknown[] =>
    more.length === 0
      ? plain.slice(from, from + count)
      : Array.from({ length: size }, (_, at) => level(from + (at * count) / size, count / size, more));
  return level(0, plain.length, sizes);
}
