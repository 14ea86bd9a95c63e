import { randomUUID } from 'node:crypto';
import type { Call, Handlers } from '#kernel/contract/call.ts';
import type { Caller } from '#kernel/contract/caller.ts';
import type { ScopedLog } from '#seams/log/log.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { checkPlace, checkTarget, isRegistered, schemasOf, type Target } from '../../domain/sink.ts';
import type { Column } from '../../domain/value.ts';
import { openTarget, prepareTable } from '../../jobs/postgres-carrier.ts';
import type { analytics } from '../../service.ts';
import type { Relation } from '../relation.ts';
import { asked, told } from './connection.ts';
import { behindOf } from './lag.ts';
import { dropRelation, makeRelation, seenIn } from './transaction.ts';
import { alone, type World, worded } from './world.ts';

type Creating = Call<typeof analytics, 'CreateSink'>;
type Ready = { readonly target: Target; readonly connection?: bigint };
type Sinks = Pick<Handlers<typeof analytics>, 'CreateSink' | 'ListSinks' | 'DeleteSink'>;

/** A sink is understood as the view that it would be. */
const made = (name: string): string => `create materialized view "${name.replaceAll('"', '""')}" as `;

const sinkOf = ({ id, name, needs, text, target, epoch, rejected, rejection }: Relation, world: World) => {
  const { keySchema: _, valueSchema: __, mark: ___, key, ...shown } = target as Target;
  return {
    ...{ name, source: needs.join(', '), text: (text ?? '').slice(made(name).length), target: { ...shown, key: [...key] } },
    ...{ epoch: String(epoch), rejected: String(rejected), ...(rejection === null ? {} : { rejection }) },
    ...behindOf(world, id),
  };
};

/** Sees to it that a topic is there, and that the login may write to it. */
export async function writable(log: ScopedLog, topic: string): Promise<void> {
  if (!(await log.hasTopic(topic))) await log.createTopic(topic);
  await log.assertWritable(topic);
}

export function sinkHandlers(world: World): Sinks {
  const { relations, plans } = world;
  return {
    CreateSink: (call) =>
      worded(async () => {
        const { name, text: select, target } = call.input;
        const text = `${made(name)}${select}`;
        const seen = seenIn(world, call);
        const { plan, needs: named, types, calls, orders } = await plans.view(seen, text);
        const needs = [...named, ...types];
        checkPlace(target);
        checkTarget(target, plan);
        const { columns } = plan;
        if ((await relations.find(seen, name)) !== undefined)
          throw new StatementError(sqlstates.relationThere, `relation "${name}" already exists`);
        const { target: whole, connection } = await ready(world, call, target, columns);
        const own = { name, kind: 'sink', topic: null, format: null, columns, text, needs, target: whole, connection, calls } as const;
        return { output: sinkOf(await makeRelation(world, call, { ...own, orders }), world) };
      }),
    ListSinks: async (call) => ({
      output: {
        items: (await relations.list(call.caller, 'sink')).map((sink) => {
          const failure = world.failures.get(sink.id);
          return { ...sinkOf(sink, world), ...(failure === undefined ? {} : { failure }) };
        }),
      },
    }),
    DeleteSink: (call) =>
      worded(async () => {
        await dropRelation(world, call, 'sink');
        return { output: {} };
      }),
  };
}

/** Sees to it that changes can go where they are to go, with the caller's rights. */
async function ready(world: World, call: Creating, target: Target, columns: readonly Column[]): Promise<Ready> {
  const { topic, connection } = target;
  if (topic !== undefined) await world.logs.as(call.caller, (log) => writable(log, topic));
  if (connection === undefined)
    return { target: isRegistered(target.format) ? { ...target, ...(await registered(world, call.caller, target, columns)) } : target };
  if (call.input.transaction !== undefined) throw alone('CREATE SINK over a connection');
  await (call as unknown as Call<typeof analytics>).also('UseConnection', connection);
  const { id, spec } = await world.connections.open(call.caller, connection);
  const whole = { ...target, mark: randomUUID() };
  const format = ({ postgres: 'rows', http: 'json', s3: 'parquet' } as const)[spec.kind];
  if (target.format !== format)
    throw new StatementError('22023', `over a connection of the type ${spec.kind} changes go in the format ${format}`);
  if (spec.kind === 's3') await asked(spec, world.allow, call.signal);
  if (spec.kind === 'postgres')
    await told(async () => {
      await using sql = openTarget(spec, world.allow);
      await prepareTable(sql, whole, columns);
    });
  return { target: whole, connection: id };
}

/** Registers what records are by schemas, with the caller's rights. */
async function registered({ logs }: World, caller: Caller, target: Target, columns: readonly Column[]) {
  const registry = await logs.registry(caller, caller);
  const { language, key, value } = schemasOf(target, columns);
  return {
    ...(key === undefined ? {} : { keySchema: await registry.register(`${target.topic}-key`, language, key) }),
    valueSchema: await registry.register(`${target.topic}-value`, language, value),
  };
}
