import type { Handlers } from '#kernel/contract/call.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { Envelope, Provider } from '#kernel/contract/provider.ts';
import { type Config, configValue, topicConfig } from '../../domain/config.ts';
import type { log } from '../../service.ts';
import type { Broker } from '../broker.ts';
import type { Topic } from '../topic.ts';
import { namedKey } from '../topic-key.ts';

type Spec = { partitions: number; config?: Record<string, string> };
type Status = { id: string; records: number; sizeBytes: number; localBytes: number; hanging: number };
type Names =
  | 'ListTopics'
  | 'GetTopic'
  | 'CreateTopic'
  | 'AlterTopicConfig'
  | 'DescribeTopicConfig'
  | 'CreatePartitions'
  | 'DeleteTopic'
  | 'DeleteRecords';

/** Transactions open in a topic's partitions that nobody will end. */
const hanging = ({ transactions }: Broker, { scope, partitions }: Topic): number =>
  partitions.reduce((sum, { producers }) => sum + producers.open().filter((id) => transactions.ownerOf(scope, id) === undefined).length, 0);

/** A topic in the platform's envelope. */
function topicEnvelope(
  broker: Broker,
  topic: Topic,
): Envelope<Spec, Status> & { labels: Record<string, string>; spec: Spec; status: Status } {
  const { id, name, labels, createdAt, generation, partitions, config } = topic;
  return {
    uid: id,
    name,
    generation,
    version: String(topic.version),
    labels: { ...labels },
    createdAt,
    spec: { partitions: partitions.length, ...(Object.keys(config).length > 0 ? { config: { ...config } } : {}) },
    status: {
      id,
      records: partitions.reduce((sum, partition) => sum + partition.next - partition.logStart, 0),
      sizeBytes: partitions.reduce((sum, partition) => sum + partition.sizeBytes, 0),
      localBytes: partitions.reduce((sum, partition) => sum + partition.localBytes, 0),
      hanging: hanging(broker, topic),
    },
  };
}

/** A page of named things that are in order. */
export function paged<T extends { readonly name: string }>(
  all: readonly T[],
  { after = '', limit = 100, prefix = '' }: { after?: string; limit?: number; prefix?: string },
) {
  const rest = all.filter(({ name }) => name > after && name.startsWith(prefix));
  const items = rest.slice(0, limit);
  const next = rest.length > limit ? items.at(-1)?.name : undefined;
  return { items, ...(next === undefined ? {} : { next }) };
}

/** The handlers of the operations on topics themselves. */
export function topicHandlers(broker: Broker): Pick<Handlers<typeof log>, Names> {
  const { topics, settings } = broker;
  const envelope = (topic: Topic) => topicEnvelope(broker, topic);
  const own = (scope: bigint, name: string): Topic => {
    const topic = topics.find(scope, name);
    if (!topic) throw fault('NoSuchTopic', `Topic '${name}' does not exist.`);
    return topic;
  };
  return {
    async ListTopics(call) {
      const { caller, input } = call;
      const filter = call.visible('ListTopics', 'GetTopic');
      const seen = topics.list(caller.scope).filter(({ name, labels }) => filter.admits({ name, labels: { ...labels }, spec: {} }));
      const { items, next } = paged(seen, input);
      return { output: { items: items.map(envelope), ...(next === undefined ? {} : { next }), version: String(topics.version) } };
    },
    GetTopic: async ({ caller, ref }) => ({ output: envelope(own(caller.scope, ref.name)) }),
    async CreateTopic(call) {
      const { name, partitions = settings.partitions, config = {}, labels = {} } = call.input;
      const named = namedKey(config);
      if (named !== undefined) await call.useKey(named);
      const topic = topics.create(call.caller, name, { partitions, config, labels });
      await topics.flushed(topic);
      call.emit('TopicCreated', { topic: name });
      return { output: envelope(topic) };
    },
    async AlterTopicConfig(call) {
      const { caller, ref, input } = call;
      const topic = own(caller.scope, ref.name);
      const kept: Config = input.replace ? {} : topic.config;
      const config: Record<string, string> = { ...kept, ...input.set };
      for (const name of input.unset ?? []) {
        if (!Object.hasOwn(topicConfig, name)) throw fault('ConfigInvalid', `Unknown topic config name: ${name}`);
        delete config[name];
      }
      const named = namedKey(config);
      if (named !== undefined && named !== namedKey(topic.config)) await call.useKey(named);
      topics.alter(topic, { config });
      await topics.flushed(topic);
      return { output: envelope(topic) };
    },
    async DescribeTopicConfig({ caller, ref }) {
      const { config } = own(caller.scope, ref.name);
      return { output: { config: Object.fromEntries(Object.keys(topicConfig).map((name) => [name, configValue(config, name)])) } };
    },
    async CreatePartitions({ caller, ref, input }) {
      const topic = own(caller.scope, ref.name);
      topics.alter(topic, { partitions: input.partitions });
      await topics.flushed(topic);
      return { output: envelope(topic) };
    },
    async DeleteTopic(call) {
      topics.delete(own(call.caller.scope, call.ref.name));
      call.emit('TopicDeleted', { topic: call.ref.name });
      return { output: {} };
    },
    async DeleteRecords({ caller, ref, input }) {
      const topic = own(caller.scope, ref.name);
      const partition = topic.partitions[input.partition];
      if (!partition) throw fault('NoSuchTopic', `Topic '${ref.name}' has no partition ${input.partition}.`);
      if (input.before > partition.next) throw fault('OffsetOutOfRange', `The partition ends at ${partition.next}.`);
      if (input.before > partition.logStart) topics.deleteBefore(topic, partition, input.before);
      return { output: { start: partition.logStart } };
    },
  };
}

/** Topics as resources of the platform. */
export function topicProvider(broker: Broker): Provider<Spec, Status> {
  const { topics } = broker;
  const envelope = (topic: Topic) => topicEnvelope(broker, topic);
  return {
    attributes(scope, name) {
      const topic = topics.find(scope, name);
      return topic && { labels: topic.labels, createdAt: topic.createdAt };
    },
    async get({ scope }, name) {
      const topic = topics.find(scope, name);
      return topic && envelope(topic);
    },
    async list({ scope }, page) {
      const { items, next } = paged(topics.list(scope), page);
      return { items: items.map(envelope), ...(next === undefined ? {} : { next }), version: String(topics.version) };
    },
    async put(owner, { name, spec, labels, ifVersion }) {
      const known = topics.find(owner.scope, name);
      if (ifVersion !== undefined && ifVersion !== (known ? String(known.version) : '0'))
        throw fault(known ? 'Conflict' : 'PreconditionFailed');
      const { partitions, config = {} } = spec;
      if (!known) return envelope(topics.create(owner, name, { partitions, config, ...(labels ? { labels } : {}) }));
      topics.alter(known, { partitions, config, ...(labels ? { labels } : {}) });
      return envelope(known);
    },
    async delete({ scope }, name, ifVersion) {
      const known = topics.find(scope, name);
      if (!known) throw fault('NoSuchTopic');
      if (ifVersion !== undefined && ifVersion !== String(known.version)) throw fault('PreconditionFailed');
      topics.delete(known);
    },
    async *watch({ scope }, _from, signal) {
      const waiting: { type: 'put' | 'deleted'; version: string; resource: Envelope<Spec, Status> }[] = [];
      let wake = () => {};
      const stop = topics.onChange(({ type, topic, version }) => {
        if (topic.scope !== scope) return;
        waiting.push({ type, version: String(version), resource: envelope(topic) });
        wake();
      });
      try {
        while (!signal.aborted) {
          const change = waiting.shift();
          if (change) yield change;
          else
            await new Promise<void>((resolve) => {
              wake = resolve;
              signal.addEventListener('abort', () => resolve(), { once: true });
            });
        }
      } finally {
        stop();
      }
    },
  };
}
