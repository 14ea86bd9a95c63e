import { errorCode, type ErrorName } from '#wire/kafka/error.ts';
import { subscribedTopics } from './subscription.ts';
import { type Joined, type Joining, type Member, type Protocol, sameProtocols, type Synced } from './member.ts';

export type ClassicState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

const noAssignment = Buffer.alloc(0);

/**
 * A group whose leader divides the partitions: the state machine of Apache Kafka's group coordinator. It knows no clock: the
 * time comes with every call, and `deadline` says when `tick` is due.
 */
export class ClassicGroup {
  readonly type = 'classic';
  state: ClassicState = 'Empty';
  generation = 0;
  protocolType = '';
  protocol: string | null = null;
  leader = '';
  readonly members = new Map<string, Member>();
  /** Ids given out to members that must come again with them, and until when. */
  readonly pending = new Map<string, number>();
  #rebalanceDeadline = Number.POSITIVE_INFINITY;
  /** Until when the first generation waits for more members, and whether some have come since that was said. */
  #heldUntil = Number.POSITIVE_INFINITY;
  #hasGrown = false;
  readonly #initialDelayMs: number;
  readonly #changed: () => void;
  readonly #newId: (clientId: string) => string;

  /**
   * `changed` is called when what must survive a restart has changed. `initialDelayMs`: how long a group without members waits for
   * more than the first.
   */
  constructor(changed: () => void, newId: (clientId: string) => string, initialDelayMs = 0) {
    this.#initialDelayMs = initialDelayMs;
    this.#changed = changed;
    this.#newId = newId;
  }

  /** When something is due: a member's silence, the end of a rebalance. */
  get deadline(): number {
    let least = Math.min(this.#rebalanceDeadline, this.#heldUntil);
    for (const member of this.members.values()) if (!member.join && member.deadline < least) least = member.deadline;
    for (const until of this.pending.values()) if (until < least) least = until;
    return least;
  }

  tick(now: number, _sizes?: unknown): void {
    for (const [id, until] of this.pending) if (until <= now) this.pending.delete(id);
    for (const member of [...this.members.values()]) if (!member.join && member.deadline <= now) this.#remove(member, now);
    if (this.#heldUntil <= now) this.#hold(now);
    if (this.#rebalanceDeadline <= now) {
      if (this.state === 'PreparingRebalance') this.#complete(now);
      else this.#dropUnsynced(now);
    } else this.#completeIfAll(now);
  }

  /** Members that did not sync in time hold everybody up. */
  #dropUnsynced(now: number): void {
    this.#rebalanceDeadline = Number.POSITIVE_INFINITY;
    if (this.state !== 'CompletingRebalance') return;
    for (const member of [...this.members.values()]) if (!member.sync) this.#drop(member);
    this.#prepare(now);
  }

  join(joining: Joining, now: number): Promise<Joined> {
    const { memberId, instanceId, protocols, protocolType } = joining;
    const refuse = (name: ErrorName, id = memberId) => Promise.resolve(refused(name, id));
    if (this.state === 'Dead') return refuse('COORDINATOR_NOT_AVAILABLE');
    if (protocols.length === 0 || protocolType === '') return refuse('INCONSISTENT_GROUP_PROTOCOL');
    if (this.members.size > 0 && !this.#accepts(protocolType, protocols, memberId)) return refuse('INCONSISTENT_GROUP_PROTOCOL');
    const known = instanceId === null ? undefined : [...this.members.values()].find((member) => member.instanceId === instanceId);
    if (memberId === '') {
      if (known) return this.#replace(known, joining, now);
      const id = this.#newId(instanceId ?? joining.clientId);
      if (!joining.knownFirst || instanceId !== null) return this.#enter(id, joining, now);
      this.pending.set(id, now + joining.sessionTimeoutMs);
      return refuse('MEMBER_ID_REQUIRED', id);
    }
    if (instanceId !== null && known && known.id !== memberId) return refuse('FENCED_INSTANCE_ID');
    const member = this.members.get(memberId);
    if (member) return this.#rejoin(member, joining, now);
    if (!this.pending.delete(memberId)) return refuse('UNKNOWN_MEMBER_ID');
    return this.#enter(memberId, joining, now);
  }

  #accepts(protocolType: string, protocols: readonly Protocol[], memberId: string): boolean {
    const others = [...this.members.values()].filter(({ id }) => id !== memberId);
    if (others.length === 0) return true;
    return (
      protocolType === this.protocolType &&
      protocols.some(({ name }) => others.every((other) => other.protocols.some((one) => one.name === name)))
    );
  }

  #enter(id: string, joining: Joining, now: number): Promise<Joined> {
    if (this.members.size === 0) this.protocolType = joining.protocolType;
    const { instanceId, clientId, host, sessionTimeoutMs, rebalanceTimeoutMs, protocols } = joining;
    const member: Member = {
      id,
      instanceId,
      clientId,
      host,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      protocols,
      assignment: noAssignment,
      deadline: now + sessionTimeoutMs,
      join: undefined,
      sync: undefined,
    };
    this.members.set(id, member);
    if (this.#isHeld) this.#hasGrown = true;
    return this.#await(member, now);
  }

  /** A static member that was started again takes the place of the one it was: KIP-345. */
  #replace(known: Member, joining: Joining, now: number): Promise<Joined> {
    const before = known.id;
    const same = sameProtocols(known.protocols, joining.protocols);
    known.join?.(refused('FENCED_INSTANCE_ID', before));
    known.sync?.(unsynced('FENCED_INSTANCE_ID'));
    this.members.delete(before);
    Object.assign(known, this.#said(joining), {
      id: this.#newId(joining.instanceId ?? ''),
      join: undefined,
      sync: undefined,
      deadline: now + joining.sessionTimeoutMs,
    });
    this.members.set(known.id, known);
    const led = this.leader === before;
    if (led) this.leader = known.id;
    if (this.state !== 'Stable' || !same) return this.#await(known, now);
    this.#changed();
    const joined = this.#joinedOf(known);
    // A leader that cannot skip is told of its former self, so that it does not assign anew.
    if (!led) return Promise.resolve(joined);
    return Promise.resolve(joining.maySkip ? { ...joined, skipAssignment: true } : { ...joined, leader: before, members: [] });
  }

  #said({ clientId, host, sessionTimeoutMs, rebalanceTimeoutMs, protocols }: Joining) {
    return { clientId, host, sessionTimeoutMs, rebalanceTimeoutMs, protocols };
  }

  #rejoin(member: Member, joining: Joining, now: number): Promise<Joined> {
    const same = sameProtocols(member.protocols, joining.protocols);
    Object.assign(member, this.#said(joining), { deadline: now + joining.sessionTimeoutMs });
    if (same && this.state === 'CompletingRebalance') return Promise.resolve(this.#joinedOf(member));
    if (same && this.state === 'Stable' && member.id !== this.leader) return Promise.resolve(this.#joinedOf(member));
    return this.#await(member, now);
  }

  #await(member: Member, now: number): Promise<Joined> {
    return new Promise((resolve) => {
      member.join?.(refused('REBALANCE_IN_PROGRESS', member.id));
      member.join = resolve;
      if (this.state === 'PreparingRebalance') this.#completeIfAll(now);
      else this.#prepare(now);
    });
  }

  get #isHeld(): boolean {
    return this.#heldUntil !== Number.POSITIVE_INFINITY;
  }

  /** The wait is over, unless somebody came during it: then it begins anew, as long as members have patience. */
  #hold(now: number): void {
    this.#heldUntil = this.#hasGrown ? Math.min(now + this.#initialDelayMs, this.#rebalanceDeadline) : Number.POSITIVE_INFINITY;
    this.#hasGrown = false;
  }

  #prepare(now: number): void {
    const isFirst = this.state === 'Empty';
    for (const member of this.members.values()) {
      member.sync?.(unsynced('REBALANCE_IN_PROGRESS'));
      member.sync = undefined;
    }
    this.state = 'PreparingRebalance';
    this.#rebalanceDeadline = now + Math.max(0, ...[...this.members.values()].map(({ rebalanceTimeoutMs }) => rebalanceTimeoutMs));
    if (isFirst && this.#initialDelayMs > 0) this.#heldUntil = Math.min(now + this.#initialDelayMs, this.#rebalanceDeadline);
    this.#completeIfAll(now);
  }

  #completeIfAll(now: number): void {
    if (this.state !== 'PreparingRebalance' || this.#isHeld) return;
    for (const member of this.members.values()) if (!member.join) return;
    if (this.pending.size === 0) this.#complete(now);
  }

  /** Everybody who came belongs to the next generation; static members that are away keep their place. */
  #complete(now: number): void {
    for (const member of [...this.members.values()]) if (!member.join && member.instanceId === null) this.#drop(member);
    this.generation += 1;
    this.#rebalanceDeadline = Number.POSITIVE_INFINITY;
    this.#heldUntil = Number.POSITIVE_INFINITY;
    this.#hasGrown = false;
    if (this.members.size === 0) {
      this.state = 'Empty';
      this.protocol = null;
      this.leader = '';
      this.#changed();
      return;
    }
    const present = [...this.members.values()].filter((member) => member.join);
    if (!this.members.get(this.leader)?.join) this.leader = present[0]?.id ?? (this.members.keys().next().value as string);
    this.protocol = this.#elected();
    this.state = 'CompletingRebalance';
    this.#rebalanceDeadline = now + Math.max(...[...this.members.values()].map(({ rebalanceTimeoutMs }) => rebalanceTimeoutMs));
    for (const member of present) {
      const { join } = member;
      member.join = undefined;
      member.assignment = noAssignment;
      member.deadline = now + member.sessionTimeoutMs;
      join?.(this.#joinedOf(member));
    }
  }

  /** Each member votes for its first protocol that all can follow. */
  #elected(): string {
    const members = [...this.members.values()];
    const common = (name: string) => members.every(({ protocols }) => protocols.some((one) => one.name === name));
    const votes = new Map<string, number>();
    for (const { protocols } of members) {
      const vote = protocols.find(({ name }) => common(name))?.name;
      if (vote !== undefined) votes.set(vote, (votes.get(vote) ?? 0) + 1);
    }
    return [...votes].reduce((best, one) => (one[1] > best[1] ? one : best), ['', 0] as [string, number])[0];
  }

  #joinedOf(member: Member): Joined {
    const members =
      member.id === this.leader
        ? [...this.members.values()].map(({ id, instanceId, protocols }) => ({
            memberId: id,
            groupInstanceId: instanceId,
            metadata: protocols.find(({ name }) => name === this.protocol)?.metadata ?? noAssignment,
          }))
        : [];
    const { generation, protocolType, protocol, leader } = this;
    return { error: 0, generation, protocolType, protocol, leader, skipAssignment: false, memberId: member.id, members };
  }

  /** Why a member's call is refused, or undefined. */
  #fault(memberId: string, instanceId: string | null, generation: number): ErrorName | undefined {
    if (this.state === 'Dead') return 'COORDINATOR_NOT_AVAILABLE';
    const known = instanceId === null ? undefined : [...this.members.values()].find((member) => member.instanceId === instanceId);
    if (instanceId !== null && known && known.id !== memberId) return 'FENCED_INSTANCE_ID';
    if (!this.members.has(memberId)) return 'UNKNOWN_MEMBER_ID';
    return generation === this.generation ? undefined : 'ILLEGAL_GENERATION';
  }

  sync(
    call: { memberId: string; instanceId: string | null; generation: number; protocolType: string | null; protocol: string | null },
    assignments: ReadonlyMap<string, Buffer>,
    now: number,
  ): Promise<Synced> {
    const wrong = this.#fault(call.memberId, call.instanceId, call.generation);
    if (wrong) return Promise.resolve(unsynced(wrong));
    if (
      (call.protocolType !== null && call.protocolType !== this.protocolType) ||
      (call.protocol !== null && call.protocol !== this.protocol)
    )
      return Promise.resolve(unsynced('INCONSISTENT_GROUP_PROTOCOL'));
    const member = this.members.get(call.memberId) as Member;
    member.deadline = now + member.sessionTimeoutMs;
    if (this.state === 'PreparingRebalance') return Promise.resolve(unsynced('REBALANCE_IN_PROGRESS'));
    if (this.state === 'Stable') return Promise.resolve(this.#syncedOf(member));
    if (this.state !== 'CompletingRebalance') return Promise.resolve(unsynced('UNKNOWN_MEMBER_ID'));
    return new Promise((resolve) => {
      member.sync?.(unsynced('REBALANCE_IN_PROGRESS'));
      member.sync = resolve;
      if (member.id === this.leader) this.#settle(assignments, now);
    });
  }

  #settle(assignments: ReadonlyMap<string, Buffer>, now: number): void {
    for (const member of this.members.values()) member.assignment = assignments.get(member.id) ?? noAssignment;
    this.state = 'Stable';
    this.#rebalanceDeadline = Number.POSITIVE_INFINITY;
    this.#changed();
    for (const member of this.members.values()) {
      const { sync } = member;
      member.sync = undefined;
      if (sync) member.deadline = now + member.sessionTimeoutMs;
      sync?.(this.#syncedOf(member));
    }
  }

  #syncedOf({ assignment }: Member): Synced {
    return { error: 0, protocolType: this.protocolType, protocol: this.protocol, assignment };
  }

  heartbeat(memberId: string, instanceId: string | null, generation: number, now: number): ErrorName {
    const wrong = this.#fault(memberId, instanceId, generation);
    if (wrong) return wrong;
    const member = this.members.get(memberId) as Member;
    member.deadline = now + member.sessionTimeoutMs;
    return this.state === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : 'NONE';
  }

  leave(memberId: string, instanceId: string | null, now: number): ErrorName {
    if (memberId !== '' && this.pending.delete(memberId)) {
      this.#completeIfAll(now);
      return 'NONE';
    }
    const known =
      instanceId === null ? this.members.get(memberId) : [...this.members.values()].find((member) => member.instanceId === instanceId);
    if (!known) return 'UNKNOWN_MEMBER_ID';
    if (instanceId !== null && memberId !== '' && known.id !== memberId) return 'FENCED_INSTANCE_ID';
    this.#remove(known, now);
    return 'NONE';
  }

  /** Whether offsets may be committed by this caller. A negative generation is no member: a consumer that assigns itself. */
  commitFault(memberId: string, instanceId: string | null, generation: number, now: number): ErrorName | undefined {
    if (generation < 0 && memberId === '' && this.members.size === 0) return undefined;
    const wrong = this.#fault(memberId, instanceId, generation);
    if (wrong) return wrong;
    const member = this.members.get(memberId) as Member;
    member.deadline = now + member.sessionTimeoutMs;
    return this.state === 'CompletingRebalance' ? 'REBALANCE_IN_PROGRESS' : undefined;
  }

  /** Offsets of a classic group may be read by anybody who may read the group. */
  fetchFault(_memberId: string, _epoch: number): ErrorName | undefined {
    return undefined;
  }

  /** Whether a member consumes a topic, as far as members say. */
  subscribes(topic: string): boolean {
    if (this.protocolType !== 'consumer') return false;
    return [...this.members.values()].some(({ protocols }) => protocols.some(({ metadata }) => subscribedTopics(metadata).includes(topic)));
  }

  #drop(member: Member): void {
    member.join?.(refused('UNKNOWN_MEMBER_ID', member.id));
    member.sync?.(unsynced('UNKNOWN_MEMBER_ID'));
    this.members.delete(member.id);
  }

  #remove(member: Member, now: number): void {
    this.#drop(member);
    if (this.state === 'Stable' || this.state === 'CompletingRebalance') this.#prepare(now);
    else this.#completeIfAll(now);
  }

  /** Ends the group: whoever waits is told. */
  end(): void {
    this.state = 'Dead';
    for (const member of [...this.members.values()]) this.#drop(member);
  }
}

const refused = (name: ErrorName, memberId: string): Joined => ({
  error: errorCode[name],
  generation: -1,
  protocolType: null,
  protocol: null,
  leader: '',
  skipAssignment: false,
  memberId,
  members: [],
});

const unsynced = (name: ErrorName): Synced => ({ error: errorCode[name], protocolType: null, protocol: null, assignment: noAssignment });
