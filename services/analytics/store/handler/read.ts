import type { SelectStmt } from 'libpg-query';
import type { Call } from '#kernel/contract/call.ts';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Format } from '../../domain/format.ts';
import { isWeighed, reordered } from '../../domain/join-order.ts';
import { begunAt } from '../../domain/start.ts';
import { keyAsked } from '../../domain/key.ts';
import { asksMoment } from '../../domain/moment.ts';
import type { Plan } from '../../domain/plan.ts';
import { withRecursions } from '../../domain/recursive.ts';
import { selectIn } from '../../domain/select-in.ts';
import { parseStatement } from '../../domain/statement.ts';
import { type Column, isKnownType, isPseudo, printRow, readValue, type Row, type Type, type Value } from '../../domain/value.ts';
import type { Query } from '../../domain/planner.ts';
import { readsOf } from '../../domain/wanted.ts';
import { answer, answerEach, repeated } from '../../engine/answer.ts';
import { answered as answeredBy } from '../../engine/asking.ts';
import { type Batch, BatchBuilder, concatenated, rowAt, weightAt } from '../../engine/batch.ts';
import { Intake } from '../../engine/intake.ts';
import { lookupsBy } from '../../engine/looked.ts';
import { answerRecursive } from '../../engine/recursion.ts';
import { callsOf } from '../../engine/routine/calls.ts';
import { Draft } from '../../engine/table.ts';
import { valuesIn } from '../../engine/write.ts';
import type { analytics } from '../../service.ts';
import { portionRecordsMax, rowsMax, sourceRowsMax } from '../limits.ts';
import type { Named } from '../named.ts';
import { type Pending, seenBy } from '../pending.ts';
import type { Point } from '../point.ts';
import { planAsked } from '../question.ts';
import { isRead, type Relation } from '../relation.ts';
import { statisticsOf } from '../statistic.ts';
import { contextOf } from '../view.ts';
import { carriedApart } from './apart.ts';
import { liveTable } from './live-table.ts';
import type { World } from './world.ts';

export type Asked = {
  readonly text: string;
  readonly types?: readonly Type[];
  readonly params?: readonly (string | null)[];
  /** Tables are as this transaction sees them. */
  readonly transaction?: string;
};

export const reading = { view: 'ReadView', source: 'ReadSource', table: 'ReadTable' } as const;

/** A query: of what the call was decided about, and of others that the caller may read too. */
export async function read(world: World, call: Call, asked: Asked) {
  const { plans } = world;
  const point = isMaking(world, call, asked) ? undefined : plans.points.find(call.caller, asked, plans.generation);
  return point ? await readPoint(world, point, asked.params ?? []) : await readAny(world, call, asked);
}

/** Rows of a view by values of its columns. */
async function readPoint({ live, changes }: World, point: Point, params: readonly (string | null)[]) {
  const { relation, query, places, values, types, shown } = point;
  const loaded = await live.get(relation.id);
  const given = params.map((value, place) => (value === null ? null : readValue(types[place] ?? 'text', value)));
  const [wanted = []] = valuesIn([values], given);
  const rows = await loaded.inTurn(() => loaded.view.matching(places, wanted, changes.ahead(relation.id)));
  return answered(
    query,
    answerEach(query, rows, (row) => shown(row, given), given),
  );
}

/** Rows of a view that have some values, written `column=value`, as of its last commit. */
export async function findRows({ live, changes }: World, { id, columns, name }: Relation, where: readonly string[]) {
  const wanted = where.map((text) => {
    const end = text.indexOf('=');
    const place = columns.findIndex((column) => column.name === text.slice(0, end));
    if (place < 0) throw new StatementError(sqlstates.columnMissing, `"${text}" is no column=value of ${name}`);
    return { place, value: readValue(columns[place]?.type ?? 'text', text.slice(end + 1)) };
  });
  const loaded = await live.get(id);
  const [places, values] = [wanted.map(({ place }) => place), wanted.map(({ value }) => value)];
  const { found, epoch } = await loaded.inTurn(async () => {
    const { epoch } = loaded;
    return { epoch, found: await loaded.view.matching(places, values, changes.ahead(id)) };
  });
  if (found.length > rowsMax) throw new StatementError(sqlstates.tooLarge, `an answer has at most ${rowsMax} rows`);
  const rows = repeated(found).map((row) => printRow(columns, row));
  return { epoch: String(epoch), fields: columns.map((column) => ({ name: column.name, type: column.type })), rows };
}

/** Columns of an answer; rows without names for their fields are told as texts. */
export const toldColumns = (columns: readonly Column[]): Column[] =>
  columns.map(({ name, type }) => ({ name, type: isPseudo(type) ? 'text' : type }));

/** The types of parameters as they are said. Throws StatementError (42704) for what is none. */
export function typesSaid(types: readonly Type[]): (Type | undefined)[] {
  if (!types.every(isKnownType)) throw new StatementError('42704', 'a type of a parameter is none');
  return [...types];
}

function answered(query: Query, rows: readonly Row[]) {
  if (rows.length > rowsMax) throw new StatementError(sqlstates.tooLarge, `an answer has at most ${rowsMax} rows; add LIMIT`);
  return { output: { fields: toldColumns(query.columns), rows: rows.map((row) => printRow(query.columns, row)) } };
}

/** Whether the question is part of a transaction for which names may stand for others. */
const isMaking = ({ pendings }: World, { caller }: Call, { transaction }: Asked): boolean =>
  transaction !== undefined && pendings.get(transaction, caller).isMaking;

async function readAny(world: World, call: Call, asked: Asked) {
  const { text, types = [], params = [], transaction } = asked;
  const { generation } = world.plans;
  const pending = transaction === undefined ? undefined : world.pendings.get(transaction, call.caller);
  const statement = await parseStatement(text, world.plans.types(seenBy(call.caller, pending)));
  const said = statement && selectIn(statement);
  if (!said) throw new StatementError(sqlstates.syntax, 'the text is no SELECT');
  const { tree: select } = await world.plans.functions.inlined(call.caller, said);
  const named = await world.plans.meant(seenBy(call.caller, pending), select);
  const { relations: read } = named;
  const own = read.find(({ name }) => name === call.ref.name);
  if (own?.kind !== call.ref.kind.toLowerCase())
    throw new StatementError(sqlstates.syntax, `the text is no SELECT from the ${call.ref.kind.toLowerCase()} "${call.ref.name}"`);
  for (const { name, kind } of read.filter(isRead)) if (name !== own.name) await (call as Call<typeof analytics>).also(reading[kind], name);
  const known = typesSaid(types);
  const query = planAsked(select, text, named, known, pending?.begun ?? call.now);
  if (said === select && named.isDirect && read.length === 1 && !pending?.isMaking && !asksMoment(select))
    world.plans.points.keep(call.caller, asked, { select, relation: own, query, types: known, generation });
  if (params.length !== known.length) throw new StatementError(sqlstates.parameterMissing, `the query has ${known.length} parameters`);
  const given: Value[] = params.map((value, place) => (value === null ? null : readValue(known[place] ?? 'text', value)));
  const key = (relation: Relation) => keyIn(world, { select, named }, relation, known, given);
  const apart =
    pending?.isMaking || query.recursions.length > 0
      ? undefined
      : await carriedApart(world, call, {
          ...{ query, params: given, isKeyed: async (relation: Relation) => (await key(relation)) !== undefined },
          relations: [...read, ...[...query.pasts].map(([id, { relation }]) => ({ ...relation, id }))],
          rowsOf(relation) {
            const past = query.pasts.get(relation.id);
            return past ? pastOf(world, call, past.relation, past.micros) : batchOf(world, call, { relation, pending });
          },
        });
  const plan = apart?.plan ?? query.plan;
  const relations = new Map<bigint, Batch>(apart?.rows);
  const used = readsOf(withRecursions(plan, query.recursions));
  for (const relation of read)
    if (used.has(relation.id))
      relations.set(
        relation.id,
        await batchOf(world, call, {
          relation,
          pending,
          used: used.get(relation.id),
          ...(query.recursions.length > 0 ? {} : { key: () => key(relation) }),
        }),
      );
  for (const [id, { relation, micros }] of query.pasts) if (used.has(id)) relations.set(id, await pastOf(world, call, relation, micros));
  const ordered = { ...query, plan: orderedBy(plan, relations) };
  const askings = () => [callsOf(world.routines.of(call.caller)), lookupsBy(world.lookups.of(call.caller, call.signal))];
  const rows =
    query.recursions.length > 0
      ? await answerRecursive(ordered, relations, { params: given, signal: call.signal, askings })
      : await answeredBy(askings(), () => answer(ordered, relations, given));
  return answered(query, rows);
}

/** The plan in the order that costs least for rows as they are. */
function orderedBy(plan: Plan, relations: ReadonlyMap<bigint, Batch>): Plan {
  if (!isWeighed(plan)) return plan;
  return reordered(plan, statisticsOf(new Map([...relations].map(([id, batch]) => [id, { rows: batch.size, batch }])))).plan;
}

type Wanted = {
  readonly relation: Relation;
  readonly pending: Pending | undefined;
  /** Of a source: the columns that are read. */
  readonly used?: ReadonlySet<number> | undefined;
  /** The key of the rows of a table that are asked for, if there is one. */
  readonly key?: () => Promise<{ readonly index: number; readonly values: Row } | undefined>;
};

type Saying = { readonly select: SelectStmt; readonly named: Named };

/** The key of the rows of a table that a question asks for, which a plain view may ask for others of. */
async function keyIn({ plans }: World, { select, named }: Saying, relation: Relation, types: (Type | undefined)[], params: Row) {
  const { fromClause = [], whereClause, withClause, op } = select;
  if (!named.isDirect || withClause || (op && op !== 'SETOP_NONE')) return undefined;
  const context = contextOf('', new Map(), types);
  const key = keyAsked({ from: fromClause, where: whereClause, whole: select }, await plans.table(relation), context);
  return key && { index: key.index, values: valuesIn([key.exprs], params)[0] ?? [] };
}

/** A relation as it is: a view as of its last commit, a table as a transaction sees it, a source with all its records. */
export async function batchOf(world: World, { caller, signal }: Call, { relation, pending, used, key }: Wanted): Promise<Batch> {
  const { live, logs, schemas, changes } = world;
  if (relation.kind === 'table') {
    const [table, at] = await Promise.all([liveTable(world, pending, relation.id), key?.()]);
    return table.inTurn(() => {
      const draft = pending?.draft(table) ?? new Draft(table.view);
      return at ? draft.batchAt(at) : draft.batch();
    });
  }
  if (relation.kind === 'view') {
    if (pending?.needsOf(relation.id)) throw notBuilt(`A question to the view "${relation.name}" before its transaction is committed`);
    const view = await live.get(relation.id);
    return view.inTurn(() => view.view.batch(changes.ahead(relation.id)));
  }
  if (relation.origin?.lookup) {
    const builder = new BatchBuilder(relation.columns);
    for (const row of await world.outside.all(caller, relation.id, sourceRowsMax, signal)) builder.add(row, 1);
    return builder.finish();
  }
  const format = relation.format as Format;
  const intake = new Intake(format, relation.columns, used);
  const batches: Batch[] = [];
  let [size, waiting]: [number, (Buffer | null)[]] = [0, []];
  // A record that does not fit is left out, as views leave it out.
  const take = async () => {
    const { batch } = intake.read(waiting, await schemas.of(caller, format, waiting));
    waiting = [];
    size += batch.size;
    batches.push(batch);
    if (size > sourceRowsMax) throw new StatementError(sqlstates.tooLarge, `a query reads at most ${sourceRowsMax} records of a source`);
  };
  await logs.as(caller, async (log) => {
    const at = begunAt(format.begun);
    for await (const records of log.read(relation.topic ?? '', signal, at))
      for (const { value } of records) if (waiting.push(value) === portionRecordsMax) await take();
    await take();
  });
  return concatenated(batches, relation.columns);
}

/** A view or table as it was at a moment: as it is, without what commits changed since. */
async function pastOf(
  { live, tables, plans, history, changes: followed }: World,
  { caller, now }: Call,
  relation: Relation,
  micros: number,
): Promise<Batch> {
  const { id, name, columns } = relation;
  const historyMs = await plans.historyMs(caller, relation);
  const wrong = (message: string) => new StatementError('22023', message);
  if (historyMs === undefined)
    throw new StatementError('0A000', `"${name}" does not remember what was: CREATE ... WITH (history = '1 hour')`);
  const ms = micros / 1000;
  const told = (at: number) => new Date(at).toISOString();
  if (ms > now) throw wrong(`the moment ${told(ms)} is still to come`);
  const { historyFrom } = relation;
  const isBefore = (from: number) => wrong(`"${name}" remembers what was since ${told(from)}, and not as of ${told(ms)}`);
  const viewNow = async () => {
    const loaded = await live.get(id);
    return loaded.inTurn(async () => ({ epoch: loaded.epoch, batch: await loaded.view.batch(followed.ahead(id)) }));
  };
  const tableNow = async () => {
    const table = await tables.get(id);
    return table.inTurn(() => ({ epoch: table.epoch, batch: table.view.batch() }));
  };
  const first = Math.max(now - historyMs, historyFrom ?? Number.NEGATIVE_INFINITY);
  if (ms < first) throw isBefore(first);
  const { batch, epoch } = await (relation.kind === 'table' ? tableNow() : viewNow());
  const { begun, changes } = await history.since(caller, id, ms, epoch, columns);
  if (begun !== undefined) throw isBefore(begun);
  const builder = new BatchBuilder(columns);
  for (let at = 0; at < batch.size; at += 1) builder.add(rowAt(batch, at), weightAt(batch, at));
  for (const { row, weight } of changes) builder.add(row, -weight);
  return builder.finish();
}
