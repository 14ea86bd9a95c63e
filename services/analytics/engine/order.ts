import { column } from '../domain/expression.ts';
import type { Order } from '../domain/plan.ts';
import { type Column, compareValues, type Value } from '../domain/value.ts';

/** Behind what is asked for, rows are in the order of all their columns, so that the answer never depends on how they came. */
export const fullOrder = (order: readonly Order[], columns: readonly Column[]): readonly Order[] => [
  ...order,
  ...columns.map(({ type }, place): Order => ({ expr: column(type, place), isDown: false, nullsFirst: false })),
];

type Direction = Pick<Order, 'isDown' | 'nullsFirst'>;

/** Rows by the values that they are ordered by. */
export function compareBy(order: readonly Direction[], left: readonly Value[], right: readonly Value[], most = order.length): number {
  for (let at = 0; at < most; at += 1) {
    const { isDown, nullsFirst } = order[at] as Direction;
    const [a, b] = [left[at] ?? null, right[at] ?? null];
    if (a === null || b === null) {
      if (a !== b) return (a === null) === nullsFirst ? -1 : 1;
      continue;
    }
    const found = compareValues(a, b);
    if (found !== 0) return isDown ? -found : found;
  }
  return 0;
}
