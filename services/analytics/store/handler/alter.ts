import type { Call, Handlers } from '#kernel/contract/call.ts';
import type { Caller } from '#kernel/contract/caller.ts';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { checkColumns, type Format } from '../../domain/format.ts';
import { checkedColumns } from '../../domain/column.ts';
import { withColumn, withName } from '../../domain/alter-statement.ts';
import type { Column } from '../../domain/value.ts';
import type { analytics } from '../../service.ts';
import type { Altering } from '../alter.ts';
import { missing, type Relation } from '../relation.ts';
import { rowTypesOf } from '../row-type.ts';
import { parseStatement } from '../../domain/statement.ts';
import { renameWithin } from './query.ts';
import { reshape } from './reshape.ts';
import { writable } from './sink.ts';
import { type World, worded } from './world.ts';

type Own = Pick<Handlers<typeof analytics>, 'UpdateSource' | 'UpdateTable' | 'UpdateView' | 'UpdateQuery' | 'UpdateSink'>;
type Kind = Relation['kind'];

export function alterHandlers(world: World): Own {
  const { relations, plans, maintenance } = world;
  /** Finds a relation, changes it, and lets it go on as it is now. */
  const altered = (call: Call, kind: Kind, of: (relation: Relation) => Promise<Altering>) =>
    worded(async () => {
      const relation = await relations.find(call.caller, call.ref.name);
      if (relation?.kind !== kind) throw missing(kind, call.ref.name);
      await relations.alter(call.caller, relation, await of(relation));
      plans.forget(relation.id);
      const now = await relations.byId(call.caller, relation.id);
      if (now) await maintenance.again({ tenant: call.caller.tenant, scope: call.caller.scope }, now);
      return { output: {} };
    });
  const needing = async ({ caller }: { readonly caller: Caller }, add: Column | undefined): Promise<Altering> =>
    add ? { needs: await rowTypesOf(relations, caller, [add]) } : {};
  const named = async ({ text }: Relation, name: string | undefined): Promise<Altering> =>
    name === undefined ? {} : { name, ...(text === null ? {} : { text: await withName(text, name) }) };
  const renamedOrAdded = (call: Call<typeof analytics, 'UpdateTable'>) =>
    altered(call as unknown as Call, 'table', async (relation) => {
      const { name, add, historyMs } = call.input;
      if (name !== undefined && (await plans.referring(call.caller, relation.name)).length > 0)
        throw notBuilt('RENAME of a table that foreign keys refer to');
      const text = add ? await withColumn(relation.text ?? '', add) : relation.text;
      return {
        ...(await named({ ...relation, text }, name)),
        ...(add && name === undefined ? { text } : {}),
        ...added(relation, add, relation.format),
        ...(await needing(call, add)),
        ...(historyMs === undefined ? {} : { historyMs }),
      };
    });
  return {
    UpdateSource: (call) =>
      altered(call as unknown as Call, 'source', async (relation) => {
        const { name, add, idleMs, late, deadLetters } = call.input;
        const format = formatWith(relation, { idleMs, late, deadLetters });
        const topics = [late, deadLetters].filter((topic) => topic !== undefined);
        if (topics.length > 0)
          await world.logs.as(call.caller, async (log) => {
            for (const topic of topics) await writable(log, topic);
          });
        return {
          ...(await named(relation, name)),
          ...added(relation, add, format),
          ...(format ? { format } : {}),
          ...(await needing(call, add)),
        };
      }),
    UpdateTable: (call) =>
      call.input.statement === undefined
        ? renamedOrAdded(call as unknown as Call<typeof analytics, 'UpdateTable'>)
        : reshaped(world, call as unknown as Call<typeof analytics, 'UpdateTable'>),
    UpdateView: (call) =>
      altered(call as unknown as Call, 'view', async (relation) => {
        const { name, historyMs } = call.input;
        return { ...(await named(relation, name)), ...(historyMs === undefined ? {} : { historyMs }) };
      }),
    UpdateQuery: (call) => {
      const { name, transaction } = call.input;
      if (transaction === undefined) return altered(call as unknown as Call, 'query', (relation) => named(relation, name));
      return worded(async () => {
        await renameWithin(world, call, world.pendings.get(transaction, call.caller));
        return { output: {} };
      });
    },
    UpdateSink: (call) => altered(call as unknown as Call, 'sink', (relation) => named(relation, call.input.name)),
  };
}

/** Carries out an ALTER TABLE, within the transaction that it is a part of. */
const reshaped = (world: World, call: Call<typeof analytics, 'UpdateTable'>) =>
  worded(async () => {
    const { statement: text = '', transaction } = call.input;
    const pending = transaction === undefined ? undefined : world.pendings.get(transaction, call.caller);
    const statement = await parseStatement(text, world.plans.types({ ...call.caller, unsettled: pending }));
    if (statement?.kind !== 'reshape' || statement.name !== call.ref.name || pending === undefined)
      throw new StatementError(sqlstates.syntax, `the text does not alter the table "${call.ref.name}" within a transaction`);
    await reshape(world, call as unknown as Call<typeof analytics>, statement, pending);
    return { output: {} };
  });

/** The columns with another behind them, which the values of the relation can have. */
function added({ kind, name, columns, origin }: Relation, add: Column | undefined, format: Format | null | undefined): Altering {
  if (!add) return {};
  if (columns.some((column) => column.name === add.name))
    throw new StatementError('42701', `column "${add.name}" of relation "${name}" already exists`);
  const all = checkedColumns([...columns, add], kind);
  if (format && format.kind !== 'json' && format.kind !== 'avro' && format.kind !== 'protobuf')
    throw new StatementError(
      sqlstates.notBuilt,
      `values of the format ${format.kind} have no columns by name, to which one could be added`,
    );
  if (origin?.table !== undefined)
    throw new StatementError(sqlstates.notBuilt, 'a source of a table of PostgreSQL has to be made anew with other columns');
  if (format) checkColumns(format, all);
  return { columns: all };
}

type Set = { readonly idleMs?: number | undefined; readonly late?: string | undefined; readonly deadLetters?: string | undefined };

/** The format with other options; undefined where none is set. */
function formatWith({ format, name, topic, origin }: Relation, { idleMs, late, deadLetters }: Set): Format | undefined {
  if (idleMs === undefined && late === undefined && deadLetters === undefined) return undefined;
  if (origin?.lookup) throw new StatementError('22023', `"${name}" is looked up, and has no records`);
  const { watermark } = format ?? {};
  if (!watermark && (idleMs !== undefined || late !== undefined))
    throw new StatementError('22023', `"${name}" has no watermark, of which idle and late are options`);
  if (topic === late || topic === deadLetters) throw new StatementError('22023', 'late and dead_letters name other topics');
  const marked = watermark && { ...watermark, ...(idleMs === undefined ? {} : { idleMs }), ...(late === undefined ? {} : { late }) };
  return {
    ...(format ?? { kind: 'json' }),
    ...(marked ? { watermark: marked } : {}),
    ...(deadLetters === undefined ? {} : { deadLetters }),
  };
}
