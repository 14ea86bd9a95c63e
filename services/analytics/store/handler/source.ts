import { randomBytes } from 'node:crypto';
import type { Call, Handlers } from '#kernel/contract/call.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { checkColumns, type Format } from '../../domain/format.ts';
import { type Start, startOf } from '../../domain/start.ts';
import { checkOrigin, checkOriginFormat, type Origin, originFormat } from '../../domain/origin.ts';
import { prepareOrigin } from '../../jobs/postgres-intake.ts';
import type { analytics } from '../../service.ts';
import { intakeRecordMaxBytes } from '../limits.ts';
import { prepareLookup } from '../outside.ts';
import type { Relation } from '../relation.ts';
import { rowTypesOf } from '../row-type.ts';
import { asked as reached, told } from './connection.ts';
import { writable } from './sink.ts';
import { dropRelation, makeRelation, seenIn } from './transaction.ts';
import { alone, type World, worded } from './world.ts';

type Own = Pick<Handlers<typeof analytics>, 'CreateSource' | 'ListSources' | 'DeleteSource'>;
type Creating = Call<typeof analytics, 'CreateSource'>;

const sourceOf = ({ name, topic, columns, format, origin }: Relation) => {
  const { mark: _, ...shown } = origin ?? { connection: '' };
  const { begun: __, ...read } = format ?? { kind: 'json' };
  return {
    ...{ name, topic: topic ?? '', columns: [...columns] },
    ...(format ? { format: read } : {}),
    ...(origin ? { origin: shown } : {}),
  };
};

export function sourceHandlers(world: World): Own {
  const { relations, failures, feeds } = world;
  return {
    CreateSource: (call) =>
      worded(async () => {
        const { name, columns, format = { kind: 'json' } } = call.input;
        if ((await relations.find(seenIn(world, call), name)) !== undefined)
          throw new StatementError(sqlstates.relationThere, `relation "${name}" already exists`);
        const needs = await rowTypesOf(relations, seenIn(world, call), columns);
        const own = { name, kind: 'source', columns, text: null, target: null, needs } as const;
        const made = await world.loose.holding(call.caller, call.input.topic ?? '', async () =>
          makeRelation(world, call, { ...own, ...(await readySource(world, call, format)) }),
        );
        return { output: sourceOf(made) };
      }),
    ListSources: async (call) => ({
      output: {
        items: (await relations.list(call.caller, 'source')).map((source) => {
          const failure = failures.get(source.id);
          return { ...sourceOf(source), decoded: { ...feeds.decodedOf(source.id) }, ...(failure === undefined ? {} : { failure }) };
        }),
      },
    }),
    DeleteSource: (call) =>
      worded(async () => {
        await dropRelation(world, call, 'source');
        return { output: {} };
      }),
  };
}

/** Sees to it that what a source reads is there, with the caller's own rights: nobody gets to see by a view what they may not read. */
async function readySource(world: World, call: Creating, format: Format) {
  const { topic, origin, columns, start } = call.input;
  const from = startOf(start ?? 'earliest');
  if (origin && start !== undefined) throw new StatementError('22023', 'start is an option of a source that reads a topic');
  if ((topic === undefined) === (origin === undefined)) throw new StatementError('22023', 'a source reads a topic, or over a connection');
  checkColumns(format, columns);
  if (origin && call.input.transaction !== undefined) throw alone('CREATE SOURCE over a connection');
  if (origin) return overConnection(world, call, origin, format);
  const own = topic ?? '';
  await world.logs.as(call.caller, async (log) => {
    if (!(await log.hasTopic(own))) await log.createTopic(own);
    await log.assertReadable(own);
    for (const other of [format.deadLetters, format.watermark?.late]) if (other !== undefined) await writable(log, other);
  });
  if (start === undefined || from === 'earliest') return { topic: own, format };
  return { topic: own, format: { ...format, begun: { said: start, offsets: await beginning(world, call, own, from) } } };
}

/** The offsets that a source begins at, which are the same for all who read it. */
async function beginning({ logs }: World, { caller }: Creating, topic: string, from: Exclude<Start, 'earliest'>): Promise<number[]> {
  return logs.as(caller, async (log) => {
    if (typeof from === 'object' && 'offsets' in from) {
      const first = await log.offsets(topic, 'earliest');
      const missing = [...from.offsets.keys()].find((partition) => partition >= first.length);
      if (missing !== undefined) throw new StatementError('22023', `the topic ${topic} has no partition ${missing}`);
      return first.map((offset, partition) => from.offsets.get(partition) ?? offset);
    }
    return log.offsets(topic, from === 'latest' ? from : from.ms);
  });
}

async function overConnection(world: World, call: Creating, asked: Origin, format: Format) {
  const { name, columns } = call.input;
  checkOrigin(asked);
  checkOriginFormat(asked, format);
  await (call as unknown as Call<typeof analytics>).also('UseConnection', asked.connection);
  const { id, spec } = await world.connections.open(call.caller, asked.connection);
  if (spec.kind !== (asked.table === undefined ? 's3' : 'postgres'))
    throw new StatementError(
      '22023',
      `a source over a connection of the type ${spec.kind} has no ${asked.table === undefined ? 'files' : 'table'}`,
    );
  if (asked.lookup) {
    await told(() => prepareLookup(spec, asked, columns, { allow: world.allow, signal: call.signal }));
    return { topic: null, format: originFormat, origin: asked, connection: id };
  }
  const topic = `source.${name.replaceAll(/[^a-zA-Z0-9_-]/g, '_')}.${randomBytes(4).toString('hex')}`;
  await world.logs.as(call.caller, async (log) => {
    // Views that come later begin with the first record, so none may go.
    const config = { 'retention.ms': '-1', 'retention.bytes': '-1', 'max.message.bytes': String(intakeRecordMaxBytes) };
    await log.createTopic(topic, { config });
    await log.assertReadable(topic);
    await log.assertWritable(topic);
    for (const other of [format.deadLetters, format.watermark?.late]) if (other !== undefined) await writable(log, other);
  });
  const { allow } = world;
  if (asked.table === undefined) {
    await reached(spec, allow, call.signal);
    return { topic, format, origin: asked, connection: id };
  }
  const marked = { ...asked, mark: randomBytes(8).toString('hex') };
  const origin = await told(() => prepareOrigin(spec, marked, columns, { allow, signal: call.signal }));
  return { topic, format, origin, connection: id };
}
