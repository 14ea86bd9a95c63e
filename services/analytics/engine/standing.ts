import type { Plan } from '../domain/plan.ts';
import { type Column, readValue, type Type } from '../domain/value.ts';
import { type Batch, BatchBuilder, emptyBatch } from './batch.ts';
import { noClocks } from './clock.ts';
import { Group } from './group.ts';
import { entriesMax, standingRows } from './limits.ts';
import type { Entry, Operator } from './operator.ts';

type Written = readonly [texts: readonly (string | null)[], weight: number];

/** Whether the rows that an operator has given out so far can be told from what it remembers. */
export function isTold(plan: Plan, operator: Operator): boolean {
  if ('closing' in plan && plan.closing) return false;
  if (operator instanceof Group) return true;
  return (plan.kind === 'join' || plan.kind === 'over') && (operator.state?.size ?? 0) <= entriesMax;
}

/** The rows that an operator has given out so far and not taken back; `make` makes another like it. */
export function* standingOf(plan: Plan, operator: Operator, make: () => Operator): Generator<Batch> {
  if (operator instanceof Group) yield* operator.standing();
  else if (plan.kind === 'join') {
    const other = make();
    const [left, right] = [plan.left.columns, plan.right.columns];
    const entries = (side: 'l' | 'r') => rowsIn(operator, side === 'l' ? left : right, (name) => name.startsWith(side));
    for (const batch of entries('l')) yield other.step([batch, emptyBatch(right)], [], false, noClocks);
    for (const batch of entries('r')) yield other.step([emptyBatch(left), batch], [], false, noClocks);
  } else if (plan.kind === 'over') {
    const other = make();
    for (const batch of rowsIn(operator, plan.input.columns, () => true)) yield other.step([batch], [], false, noClocks);
  }
}

/** Rows that an operator remembers of an input. */
function* rowsIn(operator: Operator, columns: readonly Column[], isOwn: (name: string) => boolean): Generator<Batch> {
  let builder = new BatchBuilder(columns);
  for (const [name, written] of (operator.state?.dump() ?? []) as Iterable<Entry>) {
    if (!isOwn(name) || written === null) continue;
    const [texts, weight] = written as Written;
    builder.add(
      texts.map((text, at) => (text === null ? null : readValue(columns[at]?.type as Type, text))),
      weight,
    );
    if (builder.size < standingRows) continue;
    yield builder.finish();
    builder = new BatchBuilder(columns);
  }
  if (builder.size > 0) yield builder.finish();
}
