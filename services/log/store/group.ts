import { randomUUID } from 'node:crypto';
import type { Log } from '#kernel/contract/implement.ts';
import { formatId, parseId } from '#kernel/tenancy/id.ts';
import { ClassicGroup } from '../domain/group/classic.ts';
import { ConsumerGroup } from '../domain/group/consumer.ts';
import type { Sized } from '../domain/group/target.ts';
import { type Committed, Offsets } from '../domain/group/offset.ts';
import type { Topics } from './topic.ts';
import { consumerSessionMs, groupsMax, offsetExpiryMs } from './limits.ts';
import type { StateKey, StateLog } from './state-log.ts';

/** A group of a scope: how its members divide their work, and its offsets. */
export type Group = {
  readonly scope: bigint;
  readonly name: string;
  readonly createdAt: number;
  readonly offsets: Offsets;
  machine: ClassicGroup | ConsumerGroup;
  /** When it last had members. */
  emptySince: number;
};

type StoredMember = {
  id: string;
  instanceId: string | null;
  clientId: string;
  host: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocols: { name: string; metadata: string }[];
  assignment: string;
};
type StoredGroup = {
  createdAt: number;
  generation: number;
  protocolType: string;
  protocol: string | null;
  leader: string;
  members: StoredMember[];
  emptySince: number;
};
/** How the state log tells a group of KIP-848 from one whose members call themselves consumers. */
const consumerMark = 'KIP-848';
type StoredOffset = [offset: number, leaderEpoch: number, metadata: string, at: number];

export type GroupOptions = {
  readonly now: () => number;
  /** Milliseconds of a clock that only goes on: by it members are silent too long. */
  readonly steady: () => number;
  readonly log: Log;
  readonly rebalanceDelayMs: number;
};

/** The groups of all scopes. What members and offsets are survives a restart, so that a restart is no rebalance. */
export class Groups {
  readonly #state: StateLog;
  readonly #now: () => number;
  readonly #steady: () => number;
  readonly #topics: Topics;
  readonly #log: Log;
  readonly #rebalanceDelayMs: number;
  readonly #groups = new Map<string, Group>();
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(state: StateLog, topics: Topics, { now, steady, log, rebalanceDelayMs }: GroupOptions) {
    this.#state = state;
    this.#topics = topics;
    this.#log = log;
    this.#now = now;
    this.#steady = steady;
    this.#rebalanceDelayMs = rebalanceDelayMs;
  }

  /** Takes one entry of the state log, while it is opened. */
  apply([kind, scopeText, name, topic, partition]: StateKey, value: unknown): void {
    const scope = parseId(String(scopeText));
    if (kind === 'group' && value === null) this.#groups.delete(`${scope} ${name}`);
    if (kind === 'group' && value !== null) this.#restore(this.at(scope, String(name)), value as StoredGroup);
    if (kind !== 'offset') return;
    if (value === null) this.find(scope, String(name))?.offsets.remove(String(topic), Number(partition));
    else this.at(scope, String(name)).offsets.put(committedOf(String(topic), Number(partition), value as StoredOffset));
  }

  #restore(group: Group, stored: StoredGroup): void {
    Object.assign(group, { createdAt: stored.createdAt, emptySince: stored.emptySince });
    if (stored.protocolType === consumerMark) {
      const consumer = this.#consumer(group);
      consumer.epoch = stored.generation;
      group.machine = consumer;
      return;
    }
    const machine = this.#classic(() => group);
    group.machine = machine;
    machine.generation = stored.generation;
    machine.protocolType = stored.protocolType;
    machine.protocol = stored.protocol;
    machine.leader = stored.leader;
    machine.state = stored.members.length > 0 ? 'Stable' : 'Empty';
    machine.members.clear();
    for (const member of stored.members)
      machine.members.set(member.id, {
        ...member,
        protocols: member.protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata, 'base64') })),
        assignment: Buffer.from(member.assignment, 'base64'),
        deadline: this.#steady() + member.sessionTimeoutMs,
        join: undefined,
        sync: undefined,
      });
  }

  /** Begins to watch deadlines, after everything was applied. */
  open(): void {
    this.watch();
  }

  find(scope: bigint, name: string): Group | undefined {
    return this.#groups.get(`${scope} ${name}`);
  }

  /** The group of a name, made when there is none. */
  at(scope: bigint, name: string): Group {
    const key = `${scope} ${name}`;
    let group = this.#groups.get(key);
    if (!group) {
      const now = this.#now();
      const made: Group = { scope, name, createdAt: now, emptySince: now, offsets: new Offsets(), machine: this.#classic(() => made) };
      this.#groups.set(key, (group = made));
    }
    return group;
  }

  #classic(group: () => Group): ClassicGroup {
    return new ClassicGroup(
      () => this.#keep(group()),
      (clientId) => `${clientId}-${randomUUID()}`,
      this.#rebalanceDelayMs,
    );
  }

  /** The machine of KIP-848 of a group; undefined while the group has members of the classic protocol. */
  consumer(group: Group): ConsumerGroup | undefined {
    if (group.machine.type === 'classic') {
      if (group.machine.members.size > 0 || group.machine.pending.size > 0) return undefined;
      const consumer = this.#consumer(group);
      consumer.epoch = group.machine.generation;
      group.machine = consumer;
    }
    return group.machine;
  }

  /** The machine of the classic protocol of a group; undefined while the group has members of KIP-848. */
  classic(group: Group): ClassicGroup | undefined {
    if (group.machine.type === 'consumer') {
      if (group.machine.members.size > 0) return undefined;
      const classic = this.#classic(() => group);
      classic.generation = group.machine.epoch;
      group.machine = classic;
    }
    return group.machine;
  }

  #consumer(group: Group): ConsumerGroup {
    return new ConsumerGroup(() => this.#keep(group), consumerSessionMs);
  }

  /** How many partitions the topics of a scope have. */
  sizes(scope: bigint): (topic: string) => Sized | undefined {
    return (name) => {
      const topic = this.#topics.find(scope, name);
      return topic && { name, partitions: topic.partitions.length };
    };
  }

  /** Whether a scope may have one more group. */
  hasRoom(scope: bigint): boolean {
    let count = 0;
    for (const group of this.#groups.values()) if (group.scope === scope) count += 1;
    return count < groupsMax;
  }

  list(scope: bigint): Group[] {
    return [...this.#groups.values()].filter((group) => group.scope === scope).sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  #keep(group: Group): void {
    const { machine, createdAt } = group;
    if (machine.state === 'Dead') return;
    if (machine.type === 'consumer') return this.#keepConsumer(group, machine);
    if (machine.members.size === 0) group.emptySince = this.#now();
    const value: StoredGroup = {
      createdAt,
      emptySince: group.emptySince,
      generation: machine.generation,
      protocolType: machine.protocolType,
      protocol: machine.protocol,
      leader: machine.leader,
      members: [...machine.members.values()].map(
        ({ id, instanceId, clientId, host, sessionTimeoutMs, rebalanceTimeoutMs, protocols, assignment }) => ({
          ...{ id, instanceId, clientId, host, sessionTimeoutMs, rebalanceTimeoutMs },
          protocols: protocols.map(({ name, metadata }) => ({ name, metadata: metadata.toString('base64') })),
          assignment: assignment.toString('base64'),
        }),
      ),
    };
    this.#write(group, value);
  }

  /** Members of KIP-848 are known by their heartbeats: after a restart they join again, and the epoch goes on. */
  #keepConsumer(group: Group, { epoch, assignor, members }: ConsumerGroup): void {
    if (members.size === 0) group.emptySince = this.#now();
    const { createdAt, emptySince } = group;
    const value: StoredGroup = {
      createdAt,
      emptySince,
      generation: epoch,
      protocolType: consumerMark,
      protocol: assignor,
      leader: '',
      members: [],
    };
    this.#write(group, value);
  }

  /** A group that cannot be written goes on: its members are here, and a restart would only make them join again. */
  #write(group: Group, value: StoredGroup): void {
    try {
      this.#state.put([[['group', formatId(group.scope), group.name], value]]);
    } catch (error) {
      this.#log('error', 'a group could not be written', { error: String(error) });
    }
  }

  /** Makes offsets count. */
  commit(group: Group, offsets: readonly Committed[]): void {
    if (offsets.length === 0) return;
    const scope = formatId(group.scope);
    this.#state.put(
      offsets.map(({ topic, partition, offset, leaderEpoch, metadata, at }) => [
        ['offset', scope, group.name, topic, partition],
        [offset, leaderEpoch, metadata, at] satisfies StoredOffset,
      ]),
    );
    for (const committed of offsets) group.offsets.put(committed);
  }

  /** Waits until the offsets that were committed survive a loss of power. */
  flushed(): Promise<void> {
    return this.#state.flushed();
  }

  /** Forgets offsets. */
  forget(group: Group, places: readonly { readonly topic: string; readonly partition: number }[]): void {
    if (places.length === 0) return;
    const scope = formatId(group.scope);
    this.#state.put(places.map(({ topic, partition }) => [['offset', scope, group.name, topic, partition], null]));
    for (const { topic, partition } of places) group.offsets.remove(topic, partition);
  }

  /** A topic that is gone has no offsets. */
  forgetTopic(scope: bigint, topic: string): void {
    for (const group of this.list(scope))
      this.forget(
        group,
        group.offsets.all().filter((committed) => committed.topic === topic),
      );
  }

  /** Takes former members of a client's name out of the files; who is a member now stays. */
  forgetClient(scope: bigint, clientId: string): Promise<void> {
    const place = formatId(scope);
    return this.#state.drop(([kind, of, name], value) => {
      if (kind !== 'group' || of !== place || !(value as StoredGroup).members.some((member) => member.clientId === clientId)) return false;
      return membersNamed(this.find(scope, String(name)), clientId).length === 0;
    });
  }

  delete(group: Group): void {
    const scope = formatId(group.scope);
    this.#state.put([
      [['group', scope, group.name], null],
      ...group.offsets.all().map(({ topic, partition }) => [['offset', scope, group.name, topic, partition], null] as const),
    ]);
    group.machine.end();
    this.#groups.delete(`${group.scope} ${group.name}`);
  }

  /** Groups that had no members for a week, as Apache Kafka forgets them. */
  expire(): void {
    const before = this.#now() - offsetExpiryMs;
    for (const group of [...this.#groups.values()]) {
      const latest = group.offsets.all().reduce((most, { at }) => Math.max(most, at), group.emptySince);
      if (group.machine.members.size === 0 && latest < before) this.delete(group);
    }
  }

  /** Sees to it that the next deadline of any group is kept; called after every change of a group. */
  watch(group?: Group): void {
    if (this.#closed) return;
    let next = group ? group.machine.deadline : Number.POSITIVE_INFINITY;
    if (!group) for (const one of this.#groups.values()) next = Math.min(next, one.machine.deadline);
    if (next >= this.#timerAt || next === Number.POSITIVE_INFINITY) return;
    clearTimeout(this.#timer);
    this.#timerAt = next;
    this.#timer = setTimeout(() => this.#tick(), Math.min(Math.max(1, next - this.#steady()), 2 ** 31 - 1));
  }

  #tick(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#steady();
    for (const { machine, scope } of this.#groups.values()) if (machine.deadline <= now) machine.tick(now, this.sizes(scope));
    this.watch();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }
}

const committedOf = (topic: string, partition: number, [offset, leaderEpoch, metadata, at]: StoredOffset): Committed => ({
  ...{ topic, partition, offset, leaderEpoch, metadata, at },
});

/** The members of a group whose client calls itself so. */
export const membersNamed = (group: Group | undefined, clientId: string) =>
  [...(group?.machine.members.values() ?? [])].filter((member) => member.clientId === clientId);
