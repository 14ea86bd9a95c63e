import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Context } from '../domain/context.ts';
import { type KeyAsked, keyAsked } from '../domain/key.ts';
import { atMoment } from '../domain/moment.ts';
import type { Statement } from '../domain/statement.ts';
import type { Table } from '../domain/table.ts';
import type { Type } from '../domain/value.ts';
import { type Changing, planWrite, type Write } from '../domain/write.ts';
import type { Seen } from './making.ts';
import { direct } from './named.ts';
import { readingOf } from './question.ts';
import { isNamed, type Relation } from './relation.ts';
import { contextOf, type Plans } from './view.ts';

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
  if (!found || !isNamed(found)) throw new StatementError(sqlstates.relationMissing, `relation "${name}" does not exist`);
  if (found.kind === 'query') throw new StatementError(sqlstates.kindWrong, `"${name}" is not a table`);
  if (found.kind !== 'table') throw new StatementError(sqlstates.kindWrong, `cannot change ${found.kind} "${name}"`);
  return found;
}

/** Refuses rows of a view, which takes none, in PostgreSQL's words. */
async function checkNoView(plans: Plans, at: Seen, { name, of }: Asked['statement']): Promise<void> {
  const found = await plans.relation(at, name);
  if (found?.kind !== 'query' || 'isTruncation' in of) return;
  const how = 'insert' in of ? 'insert into' : 'update' in of ? 'update' : 'delete from';
  throw new StatementError('55000', `cannot ${how} view "${name}"`);
}

/** Understands a statement that changes a table. */
export async function changeAsked(plans: Plans, at: Seen, { statement, params, now }: Asked): Promise<Change> {
  const { name, text } = statement;
  const { tree: of } = await plans.functions.inlined(at, statement.of);
  await checkNoView(plans, at, statement);
  const relation = await tableNamed(plans, at, name);
  const table = await plans.table(relation);
  const named = await plans.meant(at, of);
  const micros = now * 1000;
  const defaults = table.defaults.map((node) => node && atMoment(node, micros));
  const own = direct([relation]).meanings;
  const context = { ...contextOf(text, new Map(), params), relation: readingOf(new Map([...own, ...named.meanings]), micros).relation };
  const write = planWrite(atMoment(of, micros), { ...table, defaults }, context);
  // Plain views may read other rows of the table.
  const key = named.isDirect ? keyOf(of, table, context) : undefined;
  const isBlind = 'insert' in of && !write.returning && (write.kind !== 'insert' || write.conflict === 'error');
  const others = named.relations.filter((each) => each.name !== name);
  return { relation, table, write, key, reads: isBlind ? named.relations : [relation, ...others] };
}

function keyOf(of: Changing, table: Table, context: Context): KeyAsked | undefined {
  if ('insert' in of) return undefined;
  const { relation = {}, whereClause, withClause } = 'update' in of ? of.update : of.delete;
  const others = 'update' in of ? of.update.fromClause : of.delete.usingClause;
  return withClause
    ? undefined
    : keyAsked({ from: [{ RangeVar: relation }, ...(others ?? [])], where: whereClause, whole: of }, table, context);
}
