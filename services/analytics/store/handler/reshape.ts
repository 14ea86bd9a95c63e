import { randomBytes } from 'node:crypto';
import type { Node, SelectStmt } from 'libpg-query';
import type { Call } from '#kernel/contract/call.ts';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { checksOf } from '../../domain/check.ts';
import { checkAlike, keyReferred } from '../../domain/foreign-key.ts';
import { fittedRow } from '../../domain/fit.ts';
import { atMoment } from '../../domain/moment.ts';
import { planQuery } from '../../domain/planner.ts';
import { Reshape, type Reshaped, type Reshaping } from '../../domain/reshape.ts';
import { tableOf, type Table } from '../../domain/table.ts';
import { madeIn, withStatement } from '../../domain/table-statement.ts';
import type { Column, Row } from '../../domain/value.ts';
import { planWrite } from '../../domain/write.ts';
import { answer } from '../../engine/answer.ts';
import { drawn } from '../../engine/write.ts';
import { unkeptTable } from '../../jobs/keep.ts';
import type { analytics } from '../../service.ts';
import { type Seen, unkept } from '../making.ts';
import type { Pending } from '../pending.ts';
import type { Relation } from '../relation.ts';
import { keptTypes, rowTypesOf } from '../row-type.ts';
import { tableNamed } from '../table.ts';
import { contextOf, scanOf } from '../view.ts';
import { checkReferences } from './reference.ts';
import { writable } from './sink.ts';
import { liveTable } from './live-table.ts';
import type { World } from './world.ts';

/** A topic for the changes of a table. */
export const topicFor = (table: string): string => `table.${table.replaceAll(/[^a-zA-Z0-9_-]/g, '_')}.${randomBytes(4).toString('hex')}`;

/**
 * Makes a table otherwise within a transaction: another one takes its place, with its rows as they become and a topic of its own.
 * Refuses it of a table that views or sinks read, which would see rows of another form; plain views go on where their columns stay.
 */
export async function reshape(world: World, call: Call<typeof analytics>, statement: Reshaping, pending: Pending): Promise<void> {
  const { plans, relations } = world;
  const at: Seen = { ...call.caller, unsettled: pending };
  const relation = await tableNamed(plans, at, statement.name);
  const old = await liveTable(world, pending, relation.id);
  const shape = new Reshape(await madeIn(relation.text ?? '', keptTypes(relation)), tableOf);
  shape.take(statement.node);
  const { made, sources } = shape.reshaped;
  const name = made.relation?.relname ?? relation.name;
  const indexes = movedIndexes(relation, made, sources);
  const table = tableOf(made, indexes);
  await checkStanding(world, at, relation, table.columns);
  await checkNames(world, at, relation, name);
  checksOf(table, name);
  const fresh = { ...table, defaults: table.defaults.map((node) => node && atMoment(node, pending.begun * 1000)) };
  planWrite({ insert: { relation: { relname: name } } }, fresh, contextOf('', new Map(), []));
  await checkKeys(world, at, relation, table, name);
  const topic = topicFor(name);
  const text = await withStatement(relation.text ?? '', statement.text, name, plans.types(at));
  const format = { kind: 'json', envelope: 'debezium' } as const;
  const spec = {
    name,
    kind: 'table',
    columns: table.columns,
    topic,
    format,
    text,
    target: null,
    needs: await rowTypesOf(relations, at, table.columns),
    indexes,
    // What was before is of another form, and begins anew.
    historyMs: relation.historyMs,
  } as const;
  const rows = rowsBecome(relation, pending.draft(old).batch(), { made, sources }, pending.begun);
  const live = await world.loose.making(call.caller, topic, async () => {
    await world.logs.as(call.caller, (log) => writable(log, topic));
    const other = unkept(await relations.reserve(call.caller), spec);
    const its = unkeptTable(other, table);
    its.view.goOn(old.view);
    pending.replace({ ...relation, epoch: old.epoch }, { relation: other, spec, live: its });
    return its;
  });
  const draft = pending.draft(live);
  const counted = table.counters.flatMap((counter, place) => (counter ? [place] : []));
  const changes = rows.map((row) => {
    const missing = counted.filter((place) => row[place] === null);
    return { row: fittedRow(table.fits, drawn(row, missing, draft)), weight: 1 };
  });
  try {
    draft.take(changes);
    pending.note(live, changes);
    await checkReferences(
      { world, at, pending },
      live,
      changes.map(({ row }) => row),
      false,
    );
  } catch (error) {
    pending.spoil();
    throw error;
  }
}

/** Refuses other columns than those that plain views know, and any change below what is kept up. */
async function checkStanding({ relations }: World, at: Seen, relation: Relation, columns: readonly Column[]): Promise<void> {
  const standing = await relations.standing(at, relation);
  const isSame = relation.columns.every(({ name, type }, place) => columns[place]?.name === name && columns[place]?.type === type);
  if (standing.length === 0 || (isSame && standing.every(({ kind }) => kind === 'query'))) return;
  throw new StatementError(sqlstates.dependents, `cannot alter table ${relation.name} because views or sinks depend on it`);
}

/** The rows of a table as they become. */
function rowsBecome(
  relation: Relation,
  batch: Parameters<typeof answer>[1] extends ReadonlyMap<bigint, infer B> ? B : never,
  { sources }: Reshaped,
  begun: number,
): Row[] {
  const targetList = sources.map(({ definition, from, using }): Node => {
    const { colname = '', typeName, constraints = [] } = definition;
    const usual = constraints.flatMap((node) =>
      'Constraint' in node && node.Constraint.contype === 'CONSTR_DEFAULT' ? (node.Constraint.raw_expr ?? []) : [],
    )[0];
    const nothing: Node = { A_Const: { isnull: true } };
    const value: Node = from === undefined ? (usual ?? nothing) : (using ?? { ColumnRef: { fields: [{ String: { sval: from } }] } });
    const isSerial = /serial/.test(JSON.stringify(typeName?.names ?? []));
    const val: Node = isSerial || !typeName ? value : { TypeCast: { arg: value, typeName } };
    return { ResTarget: { name: colname, val } };
  });
  const select: SelectStmt = {
    targetList,
    fromClause: [{ RangeVar: { relname: relation.name, inh: true, relpersistence: 'p' } }],
    op: 'SETOP_NONE',
  };
  const context = contextOf('', new Map([[relation.name, scanOf(relation)]]), []);
  return answer(planQuery(atMoment(select, begun * 1000), context), new Map([[relation.id, batch]]), []);
}

/** Indexes that were made behind the table, by the places that their columns have now; those of columns that went are gone. */
function movedIndexes(relation: Relation, made: Reshaped['made'], sources: Reshaped['sources']) {
  const { columns } = tableOf(made);
  return (relation.indexes ?? []).flatMap((index) => {
    const places = index.places.map((place) => {
      const from = relation.columns[place]?.name;
      const source = sources.find((each) => each.from === from);
      return columns.findIndex((column) => column.name === source?.definition.colname);
    });
    return places.includes(-1) ? [] : [{ ...index, places }];
  });
}

async function checkNames({ plans, relations }: World, at: Seen, relation: Relation, name: string): Promise<void> {
  if (name === relation.name) return;
  if (await relations.find(at, name)) throw new StatementError(sqlstates.relationThere, `relation "${name}" already exists`);
  if ((await plans.referring(at, relation.name)).length > 0) throw notBuilt('RENAME of a table that foreign keys refer to');
}

/** Refuses references to what is no key, its own and those that others have to it. */
export async function checkKeys(
  { plans }: Pick<World, 'plans'>,
  at: Seen,
  own: Pick<Relation, 'id'> | undefined,
  table: Table,
  name: string,
): Promise<void> {
  for (const reference of table.references) {
    const parent = reference.table === name ? table : await plans.table(await tableNamed(plans, at, reference.table));
    checkAlike(reference, table, parent, keyReferred(reference, parent, reference.table));
  }
  for (const { relation, reference } of await plans.referring(at, name)) {
    if (relation.id === own?.id) continue;
    try {
      keyReferred(reference, table, name);
    } catch {
      throw new StatementError(
        sqlstates.dependents,
        `cannot alter table ${name} because foreign key ${reference.name} of table ${relation.name} depends on it`,
      );
    }
  }
}
