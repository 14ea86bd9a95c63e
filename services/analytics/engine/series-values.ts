import { StatementError } from '#engine/pgwire/statement-error.ts';
import { listOf } from '../domain/array.ts';
import { inTime } from '../domain/datetime.ts';
import { add, compareDecimal, type Decimal, decimal } from '../domain/decimal.ts';
import { compareInterval, type Interval, moved } from '../domain/interval.ts';
import { arrayItemsMax } from '../domain/limits.ts';
import { compareValues, type List, type Value, whole } from '../domain/value.ts';

type Known = Exclude<Value, null>;

/** A series as an array. */
export function seriesList(first: Known, last: Known, step: Known): List {
  const items: Value[] = [];
  for (const value of valuesIn(first, last, step)) if (items.push(value) > arrayItemsMax) break;
  return listOf(items);
}

const isDecimal = (value: Known): value is Decimal => typeof value === 'object' && 'units' in value;

function* decimalsIn(first: Decimal, last: Decimal, step: Decimal): Generator<Known> {
  const sign = compareDecimal(step, decimal(0n));
  if (sign === 0) throw new StatementError('22023', 'step size cannot equal zero');
  for (let at = first; compareDecimal(at, last) * sign <= 0; at = add(at, step)) yield at;
}

/** The values from the first to the last at most. */
export function* valuesIn(first: Known, last: Known, step: Known): Generator<Known> {
  if (isDecimal(step)) return yield* decimalsIn(first as Decimal, last as Decimal, step);
  const sign = typeof step === 'object' ? compareInterval(step as Interval, none) : compareValues(step, 0);
  if (sign === 0) throw new StatementError('22023', 'step size cannot equal zero');
  if (typeof step === 'object') {
    for (let at = first as number; (last as number) * sign >= at * sign; at = inTime(moved(at, step as Interval))) yield at;
    return;
  }
  const [to, by] = [BigInt(last as number), BigInt(step as number)];
  for (let at = BigInt(first as number); sign > 0 ? at <= to : at >= to; at += by) yield whole(at);
}

const none: Interval = { months: 0, days: 0, micros: 0 };
