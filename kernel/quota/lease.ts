import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import type { Bucket } from './bucket.ts';
import { leaseForgetMs, leaseMs, leaseShares, leaseStoreBytes } from './limits.ts';

/** What processes share of one bucket. `lent` is what each may still spend, and the time at which that ends. */
type Shared = { tokens: number; atMs: number; lent: Record<string, { amount: number; untilMs: number }> };

/** The buckets that the processes of one service share, on one machine. */
export type LeaseStore = {
  /**
   * Lends `wanted` or a slice, whichever is more, to a process that has `left` of what it was lent before. Answers what it
   * may spend on top of that and until when; 0 and the milliseconds until there is enough, when there is not.
   */
  lend(key: string, rate: Rate, process: string, left: number, wanted: number): { amount: number; untilMs: number; waitMs: number };
  close(): Promise<void>;
};

export type Rate = { readonly perSecond: number; readonly burst: number };

/** Milliseconds of the machine's steady clock, which is the same in every process. */
export const machineMs = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;

/** Opens the store in the directory of the platform's run: a machine that starts anew starts with full buckets. */
export function openLeases(run: string, service: string, nowMs: () => number = machineMs): LeaseStore {
  const path = join(run, 'quota', service);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const database: RootDatabase<Shared, string> = open({ path, mapSize: leaseStoreBytes, noSync: true, noMetaSync: true });
  return {
    lend: (key, rate, process, left, wanted) =>
      database.transactionSync(() => {
        const shared = refilled(database.get(key), rate, nowMs());
        delete shared.lent[process];
        const given = take(shared, rate, left, wanted);
        const untilMs = shared.atMs + leaseMs;
        if (left + given.amount > 0) shared.lent[process] = { amount: left + given.amount, untilMs: untilMs + leaseForgetMs };
        database.put(key, shared);
        return { ...given, untilMs };
      }),
    close: () => database.close(),
  };
}

/**
 * What is lent and not spent is part of the bucket: together they never hold more than the burst. So what all processes
 * spend in any time is at most the burst and what the rate gives in that time, as if there were one bucket.
 */
function refilled(known: Shared | undefined, { perSecond, burst }: Rate, nowMs: number): Shared {
  if (!known) return { tokens: burst, atMs: nowMs, lent: {} };
  const lent = Object.fromEntries(Object.entries(known.lent).filter(([, { untilMs }]) => untilMs > nowMs));
  const room = burst - Object.values(lent).reduce((sum, { amount }) => sum + amount, 0);
  const more = (Math.max(0, nowMs - known.atMs) * perSecond) / 1000;
  return { tokens: Math.min(known.tokens + more, room), atMs: Math.max(nowMs, known.atMs), lent };
}

function take(shared: Shared, { perSecond, burst }: Rate, left: number, wanted: number): { amount: number; waitMs: number } {
  const missing = wanted - left;
  const room = burst - left - Object.values(shared.lent).reduce((sum, { amount }) => sum + amount, 0);
  // More than the bucket can ever hold is let through when it is full, and paid for afterwards.
  const isFull = shared.tokens >= room && wanted > burst && Object.keys(shared.lent).length === 0;
  if (shared.tokens < missing && !isFull) return { amount: 0, waitMs: Math.max(1, ((missing - shared.tokens) * 1000) / perSecond) };
  const amount = isFull ? missing : Math.min(shared.tokens, Math.max(missing, burst / leaseShares));
  shared.tokens -= amount;
  return { amount, waitMs: 0 };
}

/** A bucket that processes share: spends what it was lent, and asks for more when that is used up or has ended. */
export class LeasedBucket implements Bucket {
  readonly #store: LeaseStore;
  readonly #key: string;
  readonly #process: string;
  readonly #nowMs: () => number;
  #rate: Rate;
  #left = 0;
  #untilMs = 0;
  #emptyUntilMs = 0;

  constructor(store: LeaseStore, key: string, process: string, rate: Rate, nowMs: () => number = machineMs) {
    this.#store = store;
    this.#key = key;
    this.#process = process;
    this.#rate = rate;
    this.#nowMs = nowMs;
  }

  take(amount: number): number {
    const nowMs = this.#nowMs();
    if (nowMs >= this.#untilMs) this.#left = 0;
    if (this.#left < amount) {
      // Who found it empty a moment ago need not ask again for everybody who waits.
      if (nowMs < this.#emptyUntilMs) return Math.ceil(this.#emptyUntilMs - nowMs);
      const lent = this.#store.lend(this.#key, this.#rate, this.#process, this.#left, amount);
      this.#left += lent.amount;
      this.#untilMs = lent.untilMs;
      if (lent.waitMs > 0) {
        this.#emptyUntilMs = nowMs + Math.min(lent.waitMs, leaseMs / leaseShares);
        return Math.ceil(lent.waitMs);
      }
    }
    this.#left -= amount;
    return 0;
  }

  give(amount: number): void {
    this.#left += amount;
  }

  adjust(rate: Rate): void {
    this.#rate = rate;
  }
}
