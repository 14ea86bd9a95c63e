import type { Handlers } from '#kernel/contract/call.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { Envelope, Provider } from '#kernel/contract/provider.ts';
import type { log } from '../../service.ts';
import type { Broker } from '../broker.ts';
import type { Group } from '../group.ts';
import { paged } from './topic.ts';

type Status = {
  state: string;
  type: string;
  protocol: string;
  members: { id: string; clientId: string; host: string }[];
  offsets: { topic: string; partition: number; committed: number; end: number; lag: number }[];
};
type Names = 'ListGroups' | 'GetGroup' | 'DeleteGroup' | 'JoinGroup' | 'CommitOffsets' | 'DeleteOffsets';

/** A group in the platform's envelope, with its lag. */
function groupEnvelope(
  { topics }: Broker,
  group: Group,
): Envelope<Record<never, never>, Status> & { labels: Record<string, string>; status: Status } {
  const { machine, name, createdAt, scope } = group;
  const offsets = group.offsets.all().map(({ topic, partition, offset }) => {
    const end = topics.find(scope, topic)?.partitions[partition]?.next ?? offset;
    return { topic, partition, committed: offset, end, lag: Math.max(0, end - offset) };
  });
  const members = [...machine.members.values()].map(({ id, clientId, host }) => ({ id, clientId, host }));
  const version = String(machine.generation);
  return {
    uid: name,
    name,
    generation: machine.generation,
    version,
    labels: {},
    createdAt,
    spec: {},
    status: { state: machine.state, type: machine.type, protocol: machine.protocol ?? '', members, offsets },
  };
}

/** The handlers of the operations on groups. */
export function groupHandlers(broker: Broker): Pick<Handlers<typeof log>, Names> {
  const { groups } = broker;
  const own = (scope: bigint, name: string): Group => {
    const group = groups.find(scope, name);
    if (!group) throw fault('NoSuchGroup', `The group ${name} does not exist.`);
    return group;
  };
  const onlyInKafka = async (): Promise<never> => {
    throw fault('NotImplemented', 'This is a step of the Kafka protocol; connect to log.kafka.');
  };
  return {
    async ListGroups({ caller, input }) {
      const { items, next } = paged(groups.list(caller.scope), input);
      return {
        output: { items: items.map((group) => groupEnvelope(broker, group)), ...(next === undefined ? {} : { next }), version: '0' },
      };
    },
    GetGroup: async ({ caller, ref }) => ({ output: groupEnvelope(broker, own(caller.scope, ref.name)) }),
    async DeleteGroup({ caller, ref }) {
      const group = own(caller.scope, ref.name);
      if (group.machine.members.size > 0) throw fault('GroupNotEmpty');
      groups.delete(group);
      return { output: {} };
    },
    async DeleteOffsets({ caller, ref, input }) {
      const group = own(caller.scope, ref.name);
      groups.forget(
        group,
        input.topics.flatMap(({ name, partitions }) => partitions.map((partition) => ({ topic: name, partition }))),
      );
      return { output: {} };
    },
    JoinGroup: onlyInKafka,
    CommitOffsets: onlyInKafka,
  };
}

/** Groups as resources of the platform: they come and go with their members. */
export function groupProvider(broker: Broker): Provider<Record<never, never>, Status> {
  const { groups } = broker;
  return {
    attributes: (scope, name) => groups.find(scope, name) && { labels: {} },
    async get({ scope }, name) {
      const group = groups.find(scope, name);
      return group && groupEnvelope(broker, group);
    },
    async list({ scope }, page) {
      const { items, next } = paged(groups.list(scope), page);
      return { items: items.map((group) => groupEnvelope(broker, group)), ...(next === undefined ? {} : { next }), version: '0' };
    },
    async put() {
      throw fault('NotImplemented', 'Groups are made by their members.');
    },
    async delete({ scope }, name) {
      const group = groups.find(scope, name);
      if (!group) throw fault('NoSuchGroup');
      if (group.machine.members.size > 0) throw fault('GroupNotEmpty');
      groups.delete(group);
    },
    // Nothing keeps a history of groups: a watch of them would never have anything to tell.
    async *watch() {
      throw fault('NotImplemented', 'Groups are not watched; read them.');
    },
  };
}
