/** What is kept of the reply to a keyed request: bytes of its output as JSON, and what a door needs to send it again. */
export type StoredReply = { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly bytes: Uint8Array };

export type RepeatOutcome =
  | { readonly kind: 'fresh' | 'replay'; readonly reply: StoredReply }
  | { readonly kind: 'conflict' | 'in-flight' };

/** Which request: the scope it acts in, its operation, its key and the SHA-256 of what was asked. */
export type RepeatEntry = {
  readonly tenant: bigint;
  readonly scope: bigint;
  readonly operation: string;
  readonly key: string;
  readonly hash: Uint8Array;
};

/** Keeps replies to keyed requests; `work` runs in the transaction that the reply is stored in, so both commit or neither. */
export interface RepeatStore {
  run(entry: RepeatEntry, work: (transaction: unknown) => Promise<StoredReply>): Promise<RepeatOutcome>;
  /** For operations whose repeat is refused: takes the key for good, or answers false when it was taken before. */
  claim(entry: RepeatEntry): Promise<boolean>;
  /** Gives a claimed key back, because the request it was taken for failed. */
  release(entry: RepeatEntry): Promise<void>;
}
