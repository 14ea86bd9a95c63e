import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Context } from '../domain/context.ts';
import { type KeyAsked, keyAsked } from '../domain/key.ts';
import { atMoment } from '../domain/moment.ts';
import type { Plan } from '../domain/plan.ts';
import type { Statement } from '../domain/statement.ts';
import type { Table } from '../domain/table.ts';
import type { Type } from '../domain/value.ts';
import { type Changing, planWrite, type Write } from '../domain/write.ts';
import type { Seen } from './making.ts';
import { isRead, type Relation } from './relation.ts';
import { contextOf, type Plans, scanOf } from './view.ts';

/** A change that is understood: of which table, and what else it reads. */
export type Change = {
  readonly relation: Relation;
  readonly table: Table;
  readonly write: Write;
  /** The key of the rows that it can be about, where its condition says so. */
  readonly key: KeyAsked | undefined;
  /** What it names, its table too where its rows are read. */
  readonly reads: readonly Relation[];
};

type Asked = {
  readonly statement: Extract<Statement, { kind: 'write' }>;
  /** The types of the parameters; what is open is set where the statement says it. */
  readonly params: (Type | undefined)[];
  /** What `now()` is, in milliseconds since 1970. */
  readonly now: number;
};

/** The table of a name. */
export async function tableNamed(plans: Plans, at: Seen, name: string): Promise<Relation> {
  const found = await plans.relation(at, name);
  if (!found || !isRead(found)) throw new StatementError(sqlstates.relationMissing, `relation "${name}" does not exist`);
  if (found.kind !== 'table') throw new StatementError(sqlstates.kindWrong, `cannot change ${found.kind} "${name}"`);
  return found;
}

/** Understands a statement that changes a table. */
export async function changeAsked(plans: Plans, at: Seen, { statement, params, now }: Asked): Promise<Change> {
  const { name, text } = statement;
  const { tree: of } = await plans.functions.inlined(at, statement.of);
  const relation = await tableNamed(plans, at, name);
  const table = await plans.table(relation);
  const named = await plans.named(at, of);
  const micros = now * 1000;
  const scans = new Map<string, Plan>([relation, ...named.values()].map((each) => [each.name, scanOf(each)]));
  const defaults = table.defaults.map((node) => node && atMoment(node, micros));
  const context = contextOf(text, scans, params);
  const write = planWrite(atMoment(of, micros), { ...table, defaults }, context);
  const key = keyOf(of, table, context);
  const isBlind = 'insert' in of && !write.returning && (write.kind !== 'insert' || write.conflict === 'error');
  const others = [...named.values()].filter((each) => each.name !== name);
  return { relation, table, write, key, reads: isBlind ? others : [relation, ...others] };
}

function keyOf(of: Changing, table: Table, context: Context): KeyAsked | undefined {
  if ('insert' in of) return undefined;
  const { relation = {}, whereClause, withClause } = 'update' in of ? of.update : of.delete;
  const others = 'update' in of ? of.update.fromClause : of.delete.usingClause;
  return withClause
    ? undefined
    : keyAsked({ from: [{ RangeVar: relation }, ...(others ?? [])], where: whereClause, whole: of }, table, context);
}
