import type { ErrorName } from '#wire/kafka/error.ts';
import { epochMax } from './limits.ts';

export type TransactionState = 'Empty' | 'Ongoing' | 'PrepareCommit' | 'PrepareAbort' | 'CompleteCommit' | 'CompleteAbort';
export type Outcome = 'commit' | 'abort';

/** A transactional producer: its identity, and the transaction it is in. Names of partitions are `topic partition`. */
export type Transaction = {
  readonly producerId: number;
  readonly epoch: number;
  readonly timeoutMs: number;
  readonly state: TransactionState;
  readonly partitions: readonly string[];
  readonly groups: readonly string[];
  /** When the open transaction began; -1 when none is open. */
  readonly startedAt: number;
  readonly updatedAt: number;
  /** The identity of the transaction that ended last, for a retry of its end: KIP-890. */
  readonly endedAs?: { readonly producerId: number; readonly epoch: number };
};

export type Step = { readonly error: ErrorName } | { readonly next: Transaction };

/** The identity behind this one: the next epoch, or a new producer when epochs are used up. */
export function bumped(at: Pick<Transaction, 'producerId' | 'epoch'>, newId: () => number): { producerId: number; epoch: number } {
  return at.epoch + 1 > epochMax ? { producerId: newId(), epoch: 0 } : { producerId: at.producerId, epoch: at.epoch + 1 };
}

/** Whether a producer is who it says: KIP-98. */
export function producerFault(known: Transaction | undefined, producerId: number, epoch: number): ErrorName | undefined {
  if (!known || known.producerId !== producerId) return 'INVALID_PRODUCER_ID_MAPPING';
  if (known.epoch !== epoch) return 'PRODUCER_FENCED';
  return undefined;
}

/** Takes partitions or groups into the transaction; the first begins it. */
export function added(known: Transaction, what: { partitions?: readonly string[]; groups?: readonly string[] }, now: number): Step {
  if (known.state === 'PrepareCommit' || known.state === 'PrepareAbort') return { error: 'CONCURRENT_TRANSACTIONS' };
  const open = known.state === 'Ongoing';
  const merged = (before: readonly string[], more: readonly string[] = []) => [...new Set([...(open ? before : []), ...more])];
  const next: Transaction = {
    ...known,
    state: 'Ongoing',
    partitions: merged(known.partitions, what.partitions),
    groups: merged(known.groups, what.groups),
    startedAt: open ? known.startedAt : now,
    updatedAt: now,
  };
  return { next };
}

/** What the end of a transaction asks: done already, refused, or the identity after it. */
export type Ending = { readonly error: ErrorName } | { readonly done: true } | { readonly next: Transaction; readonly markerEpoch: number };

const prepared = (outcome: Outcome): TransactionState => (outcome === 'commit' ? 'PrepareCommit' : 'PrepareAbort');
const complete = (outcome: Outcome): TransactionState => (outcome === 'commit' ? 'CompleteCommit' : 'CompleteAbort');

/** The end of a transaction as clients before KIP-890 ask for it: the epoch stays. */
export function endedByFirst(known: Transaction, outcome: Outcome, now: number): Ending {
  if (known.state === 'Ongoing') return { next: { ...known, state: prepared(outcome), updatedAt: now }, markerEpoch: known.epoch };
  if (known.state === complete(outcome)) return { done: true };
  return { error: known.state === 'PrepareCommit' || known.state === 'PrepareAbort' ? 'CONCURRENT_TRANSACTIONS' : 'INVALID_TXN_STATE' };
}

/**
 * The end of a transaction by KIP-890: the epoch goes up with every transaction, so that what comes late is fenced and a
 * repeated end is recognised.
 */
export function endedBySecond(
  known: Transaction,
  asked: { producerId: number; epoch: number },
  outcome: Outcome,
  now: number,
  newId: () => number,
): Ending {
  const isRetry = known.endedAs?.producerId === asked.producerId && known.endedAs.epoch === asked.epoch;
  if (isRetry) {
    if (known.state === complete(outcome)) return { done: true };
    return { error: known.state === prepared(outcome) ? 'CONCURRENT_TRANSACTIONS' : 'INVALID_TXN_STATE' };
  }
  const wrong = producerFault(known, asked.producerId, asked.epoch);
  if (wrong) return { error: wrong };
  if (known.state === 'PrepareCommit' || known.state === 'PrepareAbort') return { error: 'CONCURRENT_TRANSACTIONS' };
  // An abort where nothing was written still takes an epoch: the client has begun its next transaction.
  if (known.state !== 'Ongoing' && outcome === 'commit') return { error: 'INVALID_TXN_STATE' };
  const open = known.state === 'Ongoing';
  const identity = bumped(known, newId);
  const next: Transaction = {
    ...known,
    ...identity,
    state: prepared(outcome),
    partitions: open ? known.partitions : [],
    groups: open ? known.groups : [],
    updatedAt: now,
    endedAs: asked,
  };
  return { next, markerEpoch: known.epoch + 1 };
}

/** The transaction once all its partitions have their marker. */
export function completed(known: Transaction, now: number): Transaction {
  const state: TransactionState = known.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort';
  return { ...known, state, partitions: [], groups: [], startedAt: -1, updatedAt: now };
}
