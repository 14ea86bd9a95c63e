import { column } from '../domain/expression.ts';
import type { Order } from '../domain/plan.ts';
import type { Column } from '../domain/value.ts';

/** Behind what is asked for, rows are in the order of all their columns, so that the answer never depends on how they came. */
export const fullOrder = (order: readonly Order[], columns: readonly Column[]): readonly Order[] => [
  ...order,
  ...columns.map(({ type }, place): Order => ({ expr: column(type, place), isDown: false, nullsFirst: false })),
];
