import { StatementError } from '#engine/pgwire/statement-error.ts';
import type { Expr } from '../domain/expression.ts';
import { fittedRow } from '../domain/fit.ts';
import type { Query } from '../domain/planner.ts';
import { castValue } from '../domain/cast.ts';
import type { Row, Type, Value } from '../domain/value.ts';
import type { Conflict, Write } from '../domain/write.ts';
import { answer } from './answer.ts';
import type { Batch } from './batch.ts';
import { valuesOf } from './pipeline.ts';
import type { Draft } from './table.ts';
import type { Changed } from './view.ts';

/** What a statement did to a table: what changed in turn, and the rows that RETURNING is told over. */
export type Written = { readonly changes: readonly Changed[]; readonly rows: readonly Row[] };

type Inputs = { readonly relations: ReadonlyMap<bigint, Batch>; readonly params: Row };

/** Carries out a change on a draft of its table, which has taken it afterwards. */
export function write(of: Write, draft: Draft, { relations, params }: Inputs): Written {
  const rowsOf = (query: Query) => answer(query, relations, params);
  switch (of.kind) {
    case 'insert':
      return inserted(
        valuesIn(of.rows, params).map((row, at) => drawn(row, of.drawn[at] ?? [], draft)),
        of.conflict,
        draft,
        params,
      );
    case 'insertQuery': {
      const { columns } = draft.rows.table;
      const [rest = []] = valuesIn([[...of.rest.values()]], params);
      const others = [...of.rest.keys()];
      const made = rowsOf(of.query).map((found) => {
        const row = new Array<Value>(columns.length).fill(null);
        for (const [at, place] of others.entries()) row[place] = rest[at] ?? null;
        for (const [at, place] of of.places.entries())
          row[place] = cast(found[at] ?? null, of.query.columns[at]?.type as Type, columns[place]?.type as Type);
        return drawn(row, of.drawn, draft);
      });
      return inserted(made, of.conflict, draft, params);
    }
    case 'update':
      return updated(of, rowsOf(of.query), draft, params);
    case 'delete': {
      const rows = present(rowsOf(of.query), draft);
      const changes = rows.map((row) => ({ row, weight: -1 }));
      draft.take(changes);
      return { changes, rows };
    }
  }
}

/** A row with the next numbers of the columns that count by themselves. */
export function drawn(row: Row, places: readonly number[], { rows }: Draft): Row {
  if (places.length === 0) return row;
  const made = [...row];
  for (const place of places) made[place] = rows.draw(place);
  return made;
}

const cast = (value: Value, from: Type, to: Type): Value => (value === null ? null : castValue(value, from, to));

/** Rows of expressions over nothing; what is a constant needs no code. */
export function valuesIn(rows: readonly (readonly Expr[])[], params: Row = []): Row[] {
  const computed = rows.flatMap((row) => row.filter(({ kind }) => kind !== 'constant' && kind !== 'parameter'));
  const values = computed.length === 0 ? [] : valuesOf(computed).run([], params);
  let next = 0;
  return rows.map((row) =>
    row.map((expr) => {
      if (expr.kind === 'constant') return expr.value;
      if (expr.kind === 'parameter') return params[expr.place] ?? null;
      next += 1;
      return values[next - 1] ?? null;
    }),
  );
}

function inserted(given: readonly Row[], conflict: Conflict, draft: Draft, params: Row): Written {
  const { fits } = draft.rows.table;
  const rows = given.map((row) => fittedRow(fits, row));
  if (conflict === 'error') {
    const changes = rows.map((row) => ({ row, weight: 1 }));
    draft.take(changes);
    return { changes, rows };
  }
  const changes: Changed[] = [];
  const told: Row[] = [];
  const touched = new Set<string>();
  const run = conflict.update && conflicting(conflict.update, params);
  for (const row of rows) {
    const held = draft.clash(row, conflict.by);
    const name = draft.rows.nameOf(held?.row ?? row);
    const made = held ? fittedRow(fits, run?.(held.row, row)) : row;
    if (held && run && touched.has(name))
      throw new StatementError('21000', 'ON CONFLICT DO UPDATE command cannot affect row a second time');
    if (!made) continue;
    const own = [...(held ? [{ row: held.row, weight: -1 }] : []), { row: made, weight: 1 }];
    draft.take(own);
    changes.push(...own);
    told.push(made);
    touched.add(name).add(draft.rows.nameOf(made));
  }
  return { changes, rows: told };
}

/** What becomes of an old row where a new one has its key; undefined where it stays. */
function conflicting(
  { sets, where }: NonNullable<Exclude<Conflict, string>['update']>,
  params: Row,
): (old: Row, row: Row) => Row | undefined {
  const { run } = valuesOf([...sets.values(), ...(where ? [where] : [])]);
  const places = [...sets.keys()];
  return (old, row) => {
    const values = run([...old, ...row], params);
    if (where && values.at(-1) !== true) return undefined;
    const made = [...old];
    for (const [at, place] of places.entries()) made[place] = values[at] ?? null;
    return made;
  };
}

/** Each row once, however many partners it had in FROM. */
function present(rows: readonly Row[], draft: Draft): Row[] {
  const left = new Map<string, number>();
  const { columns } = draft.rows.table;
  return rows
    .map((row) => row.slice(0, columns.length))
    .filter((row) => {
      const name = draft.rows.nameOf(row);
      const count = left.get(name) ?? draft.find(name)?.weight ?? 0;
      left.set(name, count - 1);
      return count > 0;
    });
}

function updated(
  { query, places, defaults, drawn: counted }: Extract<Write, { kind: 'update' }>,
  found: readonly Row[],
  draft: Draft,
  params: Row,
): Written {
  const { columns } = draft.rows.table;
  const [rest = []] = valuesIn([[...defaults.values()]], params);
  const others = [...defaults.keys()];
  const left = new Map<string, number>();
  const olds: Row[] = [];
  const news: Row[] = [];
  for (const row of found) {
    const old = row.slice(0, columns.length);
    const name = draft.rows.nameOf(old);
    const count = left.get(name) ?? draft.find(name)?.weight ?? 0;
    left.set(name, count - 1);
    // Of several partners in FROM one counts.
    if (count < 1) continue;
    const made = [...old];
    for (const [at, place] of others.entries()) made[place] = rest[at] ?? null;
    for (const [at, place] of places.entries()) {
      const value = row[columns.length + at] ?? null;
      made[place] = cast(value, query.columns[columns.length + at]?.type as Type, columns[place]?.type as Type);
    }
    olds.push(old);
    news.push(fittedRow(draft.rows.table.fits, drawn(made, counted, draft)));
  }
  // What goes goes first, so that keys may be exchanged.
  const changes = [...olds.map((row) => ({ row, weight: -1 })), ...news.map((row) => ({ row, weight: 1 }))];
  draft.take(changes);
  return { changes, rows: news };
}

/** What RETURNING says of rows. */
export function returned({ outputs }: NonNullable<Write['returning']>, rows: readonly Row[], params: Row): Row[] {
  const { run } = valuesOf(outputs);
  return rows.map((row) => run(row, params));
}
