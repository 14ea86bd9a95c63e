import type { ErrorName } from '#wire/kafka/error.ts';
import type { TopicPattern } from './pattern.ts';
import { type AssignorName, assignors, type Sized } from './target.ts';

/** What a member says in a heartbeat; undefined is 'as before'. */
export type Beat = {
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly host: string;
  readonly rebalanceTimeoutMs: number;
  readonly topics: readonly string[] | undefined;
  /** Topics by a regular expression, which goes on beside those that are named; null is 'none any more'. */
  readonly pattern: TopicPattern | null | undefined;
  /** Which topics the pattern that counts now is of, as the caller may see them. */
  readonly matched: readonly string[];
  readonly assignor: string | null;
  /** The partitions that the member holds, named `topic index`. */
  readonly owned: readonly string[] | undefined;
};

export type ConsumerMember = {
  readonly id: string;
  readonly instanceId: string | null;
  clientId: string;
  host: string;
  epoch: number;
  previousEpoch: number;
  rebalanceTimeoutMs: number;
  named: readonly string[];
  pattern: TopicPattern | null;
  /** Those that it named and those of its pattern. */
  topics: readonly string[];
  /** What it may hold now. */
  assigned: Set<string>;
  /** What it was told to give up and has not yet. */
  revoking: Set<string>;
  deadline: number;
  revokeDeadline: number;
  told: string;
};

export type Beaten = { readonly error: ErrorName } | { readonly epoch: number; readonly assignment: readonly string[] | undefined };

/** Epochs with a meaning of their own: joining, leaving, and leaving for a moment as a static member. */
const leaving = -1;
const leavingStatic = -2;

/** A group whose partitions the broker divides: KIP-848. Times come with the calls. */
export class ConsumerGroup {
  readonly type = 'consumer';
  readonly protocolType = 'consumer';
  epoch = 0;
  assignor: AssignorName = 'uniform';
  readonly members = new Map<string, ConsumerMember>();
  #target: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  #topics = '';
  readonly #sessionMs: number;
  readonly #changed: () => void;

  constructor(changed: () => void, sessionMs: number) {
    this.#changed = changed;
    this.#sessionMs = sessionMs;
  }

  get generation(): number {
    return this.epoch;
  }

  get protocol(): string {
    return this.assignor;
  }

  get state(): 'Empty' | 'Stable' | 'Reconciling' {
    if (this.members.size === 0) return 'Empty';
    const settled = [...this.members.values()].every(
      ({ id, epoch, revoking, assigned }) =>
        epoch === this.epoch && revoking.size === 0 && assigned.size === (this.#target.get(id)?.size ?? 0),
    );
    return settled ? 'Stable' : 'Reconciling';
  }

  get deadline(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { deadline, revokeDeadline } of this.members.values()) least = Math.min(least, deadline, revokeDeadline);
    return least;
  }

  /** What a member should hold once everybody has followed. */
  targetOf(id: string): readonly string[] {
    return [...(this.#target.get(id) ?? [])];
  }

  /** Members that were silent for too long, or did not give up what they had to, are gone. */
  tick(now: number, sizes: (topic: string) => Sized | undefined): void {
    const before = this.members.size;
    for (const member of [...this.members.values()])
      if (member.deadline <= now || member.revokeDeadline <= now) this.members.delete(member.id);
    if (this.members.size < before) this.#advance(sizes);
  }

  heartbeat(beat: Beat, now: number, sizes: (topic: string) => Sized | undefined): Beaten {
    const { memberEpoch } = beat;
    if (memberEpoch === leaving || memberEpoch === leavingStatic) return this.#leave(beat, sizes);
    const known = this.members.get(beat.memberId);
    const wrong = memberEpoch === 0 ? this.#joinFault(beat) : this.#beatFault(known, beat);
    if (wrong) return { error: wrong };
    const member = known ?? this.#enter(beat);
    const isJoin = memberEpoch === 0;
    member.deadline = now + this.#sessionMs;
    const changed = this.#hear(member, beat, known === undefined);
    if (changed || this.#topics !== this.#sizesNow(sizes)) this.#advance(sizes);
    if (isJoin) Object.assign(member, { assigned: new Set(), revoking: new Set(), told: '?' });
    if (beat.owned) member.revoking = new Set([...member.revoking].filter((place) => beat.owned?.includes(place)));
    this.#reconcile(member, now);
    const assignment = [...member.assigned].sort();
    const text = assignment.join(',');
    const tells = isJoin || text !== member.told || beat.owned !== undefined;
    member.told = text;
    return { epoch: member.epoch, assignment: tells ? assignment : undefined };
  }

  #joinFault({ topics, pattern, instanceId, memberId, assignor }: Beat): ErrorName | undefined {
    if (assignor !== null && !Object.hasOwn(assignors, assignor)) return 'UNSUPPORTED_ASSIGNOR';
    if (!topics && !pattern) return 'INVALID_REQUEST';
    const other = instanceId === null ? undefined : [...this.members.values()].find((member) => member.instanceId === instanceId);
    if (!other || other.id === memberId) return undefined;
    if (other.epoch !== leavingStatic) return 'UNRELEASED_INSTANCE_ID';
    this.members.delete(other.id);
    return undefined;
  }

  #beatFault(known: ConsumerMember | undefined, { memberEpoch, instanceId, owned, assignor }: Beat): ErrorName | undefined {
    if (!known) return 'UNKNOWN_MEMBER_ID';
    if (assignor !== null && !Object.hasOwn(assignors, assignor)) return 'UNSUPPORTED_ASSIGNOR';
    if (instanceId !== null && known.instanceId !== instanceId) return 'FENCED_INSTANCE_ID';
    if (memberEpoch === known.epoch) return undefined;
    // The answer that raised the epoch may have been lost: then the member holds nothing that it may not hold.
    const isRetry = memberEpoch === known.previousEpoch && (owned ?? []).every((place) => known.assigned.has(place));
    return isRetry ? undefined : 'FENCED_MEMBER_EPOCH';
  }

  #enter({ memberId, instanceId, clientId, host, rebalanceTimeoutMs }: Beat): ConsumerMember {
    const member: ConsumerMember = {
      ...{ id: memberId, instanceId, clientId, host, rebalanceTimeoutMs },
      epoch: 0,
      previousEpoch: 0,
      named: [],
      pattern: null,
      topics: [],
      assigned: new Set(),
      revoking: new Set(),
      deadline: 0,
      revokeDeadline: Number.POSITIVE_INFINITY,
      told: '?',
    };
    this.members.set(memberId, member);
    return member;
  }

  /** Takes what the member says of itself; whether the partitions must be divided anew. */
  #hear(member: ConsumerMember, { topics, pattern, matched, assignor, rebalanceTimeoutMs, clientId, host }: Beat, isNew: boolean): boolean {
    Object.assign(member, { clientId, host });
    if (rebalanceTimeoutMs > 0) member.rebalanceTimeoutMs = rebalanceTimeoutMs;
    let changed = isNew;
    if (topics) member.named = [...topics];
    if (pattern !== undefined) member.pattern = pattern;
    const wants = member.pattern ? [...new Set([...member.named, ...matched])].sort() : member.named;
    if (wants.join(',') !== member.topics.join(',')) {
      member.topics = wants;
      changed = true;
    }
    if (assignor !== null && assignor !== this.assignor) {
      this.assignor = assignor as AssignorName;
      changed = true;
    }
    return changed;
  }

  #wanted(): string[] {
    return [...new Set([...this.members.values()].flatMap(({ topics }) => topics))].sort();
  }

  #sizesNow(sizes: (topic: string) => Sized | undefined): string {
    return this.#wanted()
      .map((name) => `${name} ${sizes(name)?.partitions ?? 0}`)
      .join(',');
  }

  /** The next epoch of the group, with a new target. */
  #advance(sizes: (topic: string) => Sized | undefined): void {
    this.epoch += 1;
    this.#topics = this.#sizesNow(sizes);
    const topics = this.#wanted().flatMap((name) => sizes(name) ?? []);
    const members = [...this.members.values()].map(({ id, topics: wants }) => ({ id, topics: wants }));
    this.#target = assignors[this.assignor](members, topics, this.#target);
    this.#changed();
  }

  /** Brings a member one step nearer to its target: first it gives up, then it takes what is free. */
  #reconcile(member: ConsumerMember, now: number): void {
    const target = this.#target.get(member.id) ?? new Set<string>();
    const given = [...member.assigned].filter((place) => !target.has(place));
    if (given.length > 0) {
      for (const place of given) {
        member.assigned.delete(place);
        member.revoking.add(place);
      }
      member.revokeDeadline = now + member.rebalanceTimeoutMs;
      return;
    }
    if (member.revoking.size > 0) return;
    member.revokeDeadline = Number.POSITIVE_INFINITY;
    if (member.epoch !== this.epoch) {
      member.previousEpoch = member.epoch;
      member.epoch = this.epoch;
    }
    for (const place of target) if (!this.#heldByOther(member, place)) member.assigned.add(place);
  }

  #heldByOther(member: ConsumerMember, place: string): boolean {
    for (const other of this.members.values())
      if (other !== member && (other.assigned.has(place) || other.revoking.has(place))) return true;
    return false;
  }

  #leave({ memberId, memberEpoch, instanceId }: Beat, sizes: (topic: string) => Sized | undefined): Beaten {
    const known = this.members.get(memberId);
    if (!known) return { error: 'UNKNOWN_MEMBER_ID' };
    if (memberEpoch === leavingStatic && instanceId !== null) known.epoch = leavingStatic;
    else {
      this.members.delete(memberId);
      this.#advance(sizes);
    }
    return { epoch: memberEpoch, assignment: undefined };
  }

  commitFault(memberId: string, _instanceId: string | null, epoch: number): ErrorName | undefined {
    if (epoch < 0 && memberId === '' && this.members.size === 0) return undefined;
    const member = this.members.get(memberId);
    if (!member) return 'UNKNOWN_MEMBER_ID';
    return member.epoch === epoch ? undefined : 'STALE_MEMBER_EPOCH';
  }

  fetchFault(memberId: string, epoch: number): ErrorName | undefined {
    return this.commitFault(memberId, null, epoch);
  }

  subscribes(topic: string): boolean {
    return [...this.members.values()].some(({ topics }) => topics.includes(topic));
  }

  end(): void {
    this.members.clear();
  }
}
