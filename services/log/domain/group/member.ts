/** One way of dividing partitions that a member can follow, with what it tells the leader. */
export type Protocol = { readonly name: string; readonly metadata: Buffer };

/** What a member says when it joins. */
export type Joining = {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly host: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  readonly protocols: readonly Protocol[];
  /** Whether a new member must come again with the id it is given: KIP-394. */
  readonly knownFirst: boolean;
  /** Whether a leader can be told to leave the assignment as it is: KIP-814. */
  readonly maySkip: boolean;
};

export type Joined = {
  readonly error: number;
  readonly generation: number;
  readonly protocolType: string | null;
  readonly protocol: string | null;
  readonly leader: string;
  readonly skipAssignment: boolean;
  readonly memberId: string;
  readonly members: readonly { readonly memberId: string; readonly groupInstanceId: string | null; readonly metadata: Buffer }[];
};

export type Synced = {
  readonly error: number;
  readonly protocolType: string | null;
  readonly protocol: string | null;
  readonly assignment: Buffer;
};

/** A member as the group keeps it. */
export type Member = {
  id: string;
  readonly instanceId: string | null;
  clientId: string;
  host: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocols: readonly Protocol[];
  assignment: Buffer;
  /** When it is taken for gone. */
  deadline: number;
  join: ((joined: Joined) => void) | undefined;
  sync: ((synced: Synced) => void) | undefined;
};

export const sameProtocols = (left: readonly Protocol[], right: readonly Protocol[]): boolean =>
  left.length === right.length &&
  left.every(({ name, metadata }, at) => name === right[at]?.name && metadata.equals(right[at]?.metadata as Buffer));
