import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Query } from '../domain/planner.ts';
import type { Order } from '../domain/plan.ts';
import { compareValues, type Row, rowKey, type Value } from '../domain/value.ts';
import { type Batch, rowAt, weightAt } from './batch.ts';
import { Circuit } from './circuit.ts';
import type { Changed } from './own-rows.ts';
import { valuesOf } from './pipeline.ts';

/** Answers a query over relations as they are: the circuit of a view, fed once with all of it. */
export const answer = (query: Query, relations: ReadonlyMap<bigint, Batch>, params: Row): Row[] =>
  arranged(query, standing(new Circuit(query.plan).step(relations, params)), params);

/** Answers a query that shows something of each row alone: `run` makes of one what is shown, or nothing where it is left out. */
export const answerEach = (query: Query, rows: readonly Changed[], run: (row: Row) => Row | undefined, params: Row): Row[] =>
  arranged(
    query,
    rows.flatMap(({ row, weight }) => {
      const shown = run(row);
      return shown ? new Array<Row>(weight).fill(shown) : [];
    }),
    params,
  );

/** Rows so often as they are there. */
export const repeated = (rows: readonly Changed[]): Row[] => rows.flatMap(({ row, weight }) => new Array<Row>(weight).fill(row));

/** Rows in the order of a query, as many as it shows. */
export function arranged(query: Query, rows: readonly Row[], params: Row): Row[] {
  const ordered = query.order.length === 0 ? rows : sorted(query.order, rows, params);
  const { offset, limit } = boundsOf(query, params);
  const width = query.columns.length;
  return ordered.slice(offset, offset + limit).map((row) => row.slice(0, width));
}

/** How many rows are passed over, and how many shown at most. */
export const boundsOf = (query: Query, params: Row): { readonly offset: number; readonly limit: number } => ({
  offset: bound(query.offset, params, 'OFFSET') ?? 0,
  limit: bound(query.limit, params, 'LIMIT') ?? Number.POSITIVE_INFINITY,
});

/** Whether a query of one relation shows something of each of its rows alone, in no order. */
export function isPerRow({ plan, order }: Query): boolean {
  if (order.length > 0) return false;
  let below = plan;
  while (below.kind === 'map') below = below.input;
  return below.kind === 'scan' && below.relation >= 0n;
}

/** The rows of a batch, each as often as it is there in the end. */
export function standing(batch: Batch): Row[] {
  const tally = new Tally();
  tally.take(batch);
  return tally.rows();
}

/** How often rows are there, after the changes of some steps. */
export class Tally {
  readonly #counted = new Map<string, { row: Row; weight: number }>();

  /** Takes changes: a step may take away what it, or one before it, made. */
  take(batch: Batch): void {
    for (let at = 0; at < batch.size; at += 1) {
      const row = rowAt(batch, at);
      const key = rowKey(row);
      const known = this.#counted.get(key);
      if (known) known.weight += weightAt(batch, at);
      else this.#counted.set(key, { row, weight: weightAt(batch, at) });
      if (known?.weight === 0) this.#counted.delete(key);
    }
  }

  /** Different rows. */
  get size(): number {
    return this.#counted.size;
  }

  rows(): Row[] {
    return repeated([...this.#counted.values()].filter(({ weight }) => weight > 0));
  }
}

export function sorted(order: readonly Order[], rows: readonly Row[], params: Row): Row[] {
  const { run } = valuesOf(order.map(({ expr }) => expr));
  const keyed = rows.map((row) => ({ row, keys: run(row, params) }));
  keyed.sort((left, right) => {
    for (const [at, by] of order.entries()) {
      const found = inOrder(left.keys[at] ?? null, right.keys[at] ?? null, by);
      if (found !== 0) return found;
    }
    return 0;
  });
  return keyed.map(({ row }) => row);
}

function inOrder(left: Value, right: Value, { isDown, nullsFirst }: Order): number {
  if (left === null || right === null) return left === right ? 0 : (left === null) === nullsFirst ? -1 : 1;
  const found = compareValues(left, right);
  return isDown ? -found : found;
}

function bound(expr: Query['limit'], params: Row, what: string): number | undefined {
  const [value = null] = expr ? valuesOf([expr]).run([], params) : [];
  if (value === null) return undefined;
  if (expr?.type !== 'int8' && expr?.type !== 'int4')
    throw new StatementError(sqlstates.typeWrong, `argument of ${what} must be type bigint, not type ${expr?.type}`);
  if ((value as number) < 0) throw new StatementError(what === 'LIMIT' ? '2201W' : '2201X', `${what} must not be negative`);
  return Number(value);
}
