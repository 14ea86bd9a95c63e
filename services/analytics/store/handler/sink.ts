import type { Handlers } from '#kernel/contract/call.ts';
import type { Caller } from '#kernel/contract/caller.ts';
import type { ScopedLog } from '#seams/log/log.ts';
import { avroKey, avroValue, checkTarget, type Target } from '../../domain/sink.ts';
import type { Column } from '../../domain/value.ts';
import type { analytics } from '../../service.ts';
import type { Relation } from '../relation.ts';
import { type World, worded } from './world.ts';

type Sinks = Pick<Handlers<typeof analytics>, 'CreateSink' | 'ListSinks' | 'DeleteSink'>;

/** A sink is understood as the view that it would be. */
const made = (name: string): string => `create materialized view "${name.replaceAll('"', '""')}" as `;

const sinkOf = ({ name, needs, text, target, epoch, rejected, rejection }: Relation) => {
  const { topic, format, envelope, key } = target as Target;
  return {
    ...{ name, source: needs.join(', '), text: (text ?? '').slice(made(name).length), target: { topic, format, envelope, key: [...key] } },
    ...{ epoch: String(epoch), rejected: String(rejected), ...(rejection === null ? {} : { rejection }) },
  };
};

/** Sees to it that a topic is there, and that the login may write to it. */
export async function writable(log: ScopedLog, topic: string): Promise<void> {
  if (!(await log.hasTopic(topic))) await log.createTopic(topic);
  await log.assertWritable(topic);
}

export function sinkHandlers(world: World): Sinks {
  const { relations, plans, maintenance } = world;
  return {
    CreateSink: (call) =>
      worded(async () => {
        const { name, text: select, target } = call.input;
        const text = `${made(name)}${select}`;
        const { plan, needs } = await plans.view(call.caller, text);
        checkTarget(target, plan);
        await world.logs.as(call.caller, (log) => writable(log, target.topic));
        const schemas = target.format === 'avro' ? await registered(world, call.caller, target, plan.columns) : {};
        const { columns } = plan;
        const own = { name, kind: 'sink', topic: null, format: null, columns, text, needs, target: { ...target, ...schemas } } as const;
        const sink = await relations.create(call.caller, own);
        maintenance.start({ tenant: call.caller.tenant, scope: call.caller.scope }, sink);
        return { output: sinkOf(sink) };
      }),
    ListSinks: async (call) => ({ output: { items: (await relations.list(call.caller, 'sink')).map(sinkOf) } }),
    DeleteSink: (call) =>
      worded(async () => {
        await maintenance.forget(await relations.drop(call.caller, 'sink', call.ref.name));
        return { output: {} };
      }),
  };
}

/** Registers what records of Avro are, with the caller's rights. */
async function registered({ logs }: World, caller: Caller, target: Target, columns: readonly Column[]) {
  const registry = await logs.registry(caller, caller);
  const keyed = columns.filter(({ name }) => target.key.includes(name));
  const ordered = target.key.map((name) => keyed.find((column) => column.name === name) as Column);
  const value = avroValue(target, columns);
  return {
    ...(ordered.length > 0 ? { keySchema: await registry.register(`${target.topic}-key`, 'AVRO', avroKey(ordered)) } : {}),
    valueSchema: await registry.register(`${target.topic}-value`, 'AVRO', value),
  };
}
