import { placesIn } from '#services/analytics/domain/context.ts';
import type { Plan } from '#services/analytics/domain/plan.ts';
import { planRows } from '#services/analytics/domain/planner.ts';
import { parseStatement } from '#services/analytics/domain/statement.ts';
import type { Column, Type } from '#services/analytics/domain/value.ts';

/** Relations by their names, with the types of their columns in order; rows of all of them only come. */
export type Tables = Readonly<Record<string, Readonly<Record<string, string>>>>;

export const columnsOf = (tables: Tables, name: string): Column[] =>
  Object.entries(tables[name] ?? {}).map(([column, type]) => ({ name: column, type: type as Type }));

/** The number under which a plan reads a relation. */
export const numberOf = (tables: Tables, name: string): bigint => BigInt(Object.keys(tables).indexOf(name));

/** A SELECT as views have it. */
export async function planOf(text: string, tables: Tables): Promise<Plan> {
  const statement = await parseStatement(text);
  if (statement?.kind !== 'select') throw new Error(`this is no SELECT: ${text}`);
  const relation = (name: string): Plan | undefined =>
    Object.hasOwn(tables, name)
      ? { kind: 'scan', relation: numberOf(tables, name), name, appends: true, columns: columnsOf(tables, name) }
      : undefined;
  return planRows(statement.select, { relation, named: new Map(), params: [], at: placesIn(text) });
}
