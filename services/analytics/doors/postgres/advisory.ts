import type { Prepared } from '#engine/pgwire/application.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { AdvisoryCall } from '../../domain/advisory-statement.ts';
import { oidOf } from '../../domain/value.ts';
import { advisoryLocksMax } from './limits.ts';

/** Who has a lock, how often for the session and for the transaction. */
type Holding = { session: number; transaction: number; isShared: boolean };
type Lock = { readonly holders: Map<object, Holding>; readonly waiting: (() => void)[] };

/** Advisory locks of all connections, by environment and number. The service is one process, so that they are all here. */
export class AdvisoryLocks {
  readonly #locks = new Map<string, Lock>();

  #isFree(lock: Lock, who: object, isShared: boolean): boolean {
    return [...lock.holders].every(([other, { isShared: theirs }]) => other === who || (isShared && theirs));
  }

  tryLock(key: string, who: object, isShared: boolean, isLocal: boolean): boolean {
    const lock = this.#locks.get(key) ?? { holders: new Map(), waiting: [] };
    if (!this.#isFree(lock, who, isShared)) return false;
    if (!this.#locks.has(key) && this.#locks.size >= advisoryLocksMax)
      throw new StatementError('53200', `at most ${advisoryLocksMax} advisory locks are held at once`);
    this.#locks.set(key, lock);
    const held = lock.holders.get(who) ?? { session: 0, transaction: 0, isShared };
    held[isLocal ? 'transaction' : 'session'] += 1;
    held.isShared &&= isShared;
    lock.holders.set(who, held);
    return true;
  }

  /** Waits until a lock is free; who is told to stop waits no more. */
  async lock(key: string, who: object, isShared: boolean, isLocal: boolean, signal: AbortSignal): Promise<void> {
    while (!this.tryLock(key, who, isShared, isLocal)) {
      const lock = this.#locks.get(key);
      const { promise, resolve } = Promise.withResolvers<void>();
      lock?.waiting.push(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
      await promise;
      signal.throwIfAborted();
    }
  }

  unlock(key: string, who: object): boolean {
    const held = this.#locks.get(key)?.holders.get(who);
    if (!held || held.session === 0) return false;
    held.session -= 1;
    this.#settle(key, who);
    return true;
  }

  /** Gives back what somebody holds: for the transaction that is over, or all. */
  release(who: object, all: boolean): void {
    for (const [key, { holders }] of this.#locks) {
      const held = holders.get(who);
      if (!held) continue;
      held.transaction = 0;
      if (all) held.session = 0;
      this.#settle(key, who);
    }
  }

  /** Gives back what somebody holds for the session. */
  unlockAll(who: object): void {
    for (const [key, { holders }] of this.#locks) {
      const held = holders.get(who);
      if (!held) continue;
      held.session = 0;
      this.#settle(key, who);
    }
  }

  #settle(key: string, who: object): void {
    const lock = this.#locks.get(key);
    const held = lock?.holders.get(who);
    if (!lock || !held || held.session + held.transaction > 0) return;
    lock.holders.delete(who);
    if (lock.holders.size === 0) this.#locks.delete(key);
    for (const wake of lock.waiting.splice(0)) wake();
  }
}

type Who = { readonly locks: AdvisoryLocks; readonly who: object; readonly scope: bigint; readonly isOpen: () => boolean };

/** A call of a function of advisory locks as a statement. */
export function advisory({ locks, who, scope, isOpen }: Who, { label, how, isShared, isLocal, key }: AdvisoryCall): Prepared {
  const isTold = how === 'try' || how === 'unlock';
  const params = key.flatMap((each) => (typeof each === 'object' ? [oidOf(key.length === 1 ? 'int8' : 'int4')] : []));
  return {
    params,
    fields: [{ name: label, oid: isTold ? oidOf('bool') : voidOid }],
    async execute(given, signal) {
      const numbers = key.map((each) => (typeof each === 'object' ? numberIn(given[each.param] ?? null) : each));
      const named = `${scope} ${numbers.join(' ')}`;
      const done = async (): Promise<string> => {
        if (how === 'unlockAll') locks.unlockAll(who);
        else if (how === 'unlock') return locks.unlock(named, who) ? 't' : 'f';
        else if (how === 'try') return locks.tryLock(named, who, isShared, isLocal) ? 't' : 'f';
        else await locks.lock(named, who, isShared, isLocal, signal);
        return '';
      };
      const answer = await done();
      // Outside of a transaction a lock of one ends with the statement.
      if (isLocal && !isOpen()) locks.release(who, false);
      return { rows: one(answer), tag: (count) => `SELECT ${count}` };
    },
  };
}

const voidOid = 2278;

async function* one(answer: string) {
  yield [[answer]];
}

function numberIn(text: string | null): bigint {
  if (text === null || !/^-?\d{1,19}$/.test(text)) throw new StatementError(sqlstates.valueWrong, 'a lock is a number');
  return BigInt(text);
}
