import { type Account, accountFlag, type AccountFilter, type QueryFilter, type Transfer, transferFlag } from '#wire/tigerbeetle/record.ts';
import { accountStatus as A, transferStatus as T } from '#wire/tigerbeetle/status.ts';

const max = (1n << 128n) - 1n;
const timeMax = (1n << 63n) - 1n;
const second = 1_000_000_000n;

export type Outcome = { status: number; timestamp: bigint };
type Status = 'none' | 'pending' | 'posted' | 'voided' | 'expired';
type Balances = Pick<Account, 'debitsPending' | 'debitsPosted' | 'creditsPending' | 'creditsPosted' | 'flags'>;
export type Happened = { timestamp: bigint; transfer: Transfer; status: Status; debit: Balances; credit: Balances };

const passing = [
  T.debitAccountNotFound,
  T.creditAccountNotFound,
  T.pendingTransferNotFound,
  T.exceedsCredits,
  T.exceedsDebits,
  T.debitAccountAlreadyClosed,
  T.creditAccountAlreadyClosed,
] as number[];

/** The ledger as plainly as it can be said: maps of bigints. It shares nothing with the state machine but the codec. */
export class Model {
  readonly accounts = new Map<bigint, Account>();
  readonly transfers = new Map<bigint, Transfer>();
  readonly burnt = new Set<bigint>();
  readonly status = new Map<bigint, Status>();
  happened: Happened[] = [];
  #undo: (() => void)[] | undefined;

  create(kind: 'account' | 'transfer', events: readonly (Account | Transfer)[], timestamp: bigint): Outcome[] {
    const bit = kind === 'account' ? accountFlag.imported : transferFlag.imported;
    const S = kind === 'account' ? A : T;
    const batchImported = events.length > 0 && ((events[0] as Account).flags & bit) !== 0;
    const results: Outcome[] = [];
    let chain: number | undefined;
    let broken = false;
    events.forEach((event, index) => {
      const own = timestamp - BigInt(events.length) + BigInt(index) + 1n;
      const linked = (event.flags & 1) !== 0;
      const imported = (event.flags & bit) !== 0;
      if (linked && chain === undefined) {
        chain = index;
        this.#undo = [];
      }
      const decide = (): Outcome => {
        const fail = (status: number): Outcome => ({ status, timestamp: own });
        if (linked && index === events.length - 1) return fail(S.linkedEventChainOpen);
        if (broken) return fail(S.linkedEventFailed);
        if (imported !== batchImported) return fail(imported ? S.importedEventNotExpected : S.importedEventExpected);
        if (!imported && event.timestamp !== 0n) return fail(S.timestampMustBeZero);
        if (imported && (event.timestamp === 0n || event.timestamp > timeMax)) return fail(S.importedEventTimestampOutOfRange);
        if (imported && event.timestamp >= timestamp) return fail(S.importedEventTimestampMustNotAdvance);
        const made = kind === 'account' ? this.#account(event as Account, own) : this.#transfer(event as Transfer, own);
        return typeof made === 'number' ? fail(made) : made;
      };
      const outcome = decide();
      results[index] = outcome;
      if (outcome.status !== S.created) {
        if (chain !== undefined && !broken) {
          broken = true;
          for (const back of (this.#undo ?? []).reverse()) back();
          for (let each = chain; each < index; each += 1) (results[each] as Outcome).status = S.linkedEventFailed;
        }
        if (kind === 'transfer' && passing.includes(outcome.status)) this.burnt.add(event.id);
      }
      if (chain !== undefined && (!linked || outcome.status === S.linkedEventChainOpen)) {
        chain = undefined;
        broken = false;
        this.#undo = undefined;
      }
    });
    return results;
  }

  #set<K, V>(map: Map<K, V>, key: K, value: V): void {
    const before = map.get(key);
    const had = map.has(key);
    this.#undo?.push(() => (had ? map.set(key, before as V) : map.delete(key)));
    map.set(key, value);
  }

  #regresses(own: Map<bigint, { timestamp: bigint }>, other: Map<bigint, { timestamp: bigint }>, timestamp: bigint): boolean {
    for (const row of own.values()) if (row.timestamp >= timestamp) return true;
    for (const row of other.values()) if (row.timestamp === timestamp) return true;
    return false;
  }

  #account(a: Account, own: bigint): number | Outcome {
    if (a.reserved !== 0) return A.reservedField;
    if (a.flags >= 64) return A.reservedFlag;
    if (a.id === 0n) return A.idMustNotBeZero;
    if (a.id === max) return A.idMustNotBeIntMax;
    const e = this.accounts.get(a.id);
    if (e) {
      const flags = e.flags;
      if (a.flags !== flags) return A.existsWithDifferentFlags;
      if (a.userData128 !== e.userData128) return A.existsWithDifferentUserData128;
      if (a.userData64 !== e.userData64) return A.existsWithDifferentUserData64;
      if (a.userData32 !== e.userData32) return A.existsWithDifferentUserData32;
      if (a.ledger !== e.ledger) return A.existsWithDifferentLedger;
      if (a.code !== e.code) return A.existsWithDifferentCode;
      return { status: A.exists, timestamp: e.timestamp };
    }
    if ((a.flags & 2) !== 0 && (a.flags & 4) !== 0) return A.flagsAreMutuallyExclusive;
    if (a.debitsPending !== 0n) return A.debitsPendingMustBeZero;
    if (a.debitsPosted !== 0n) return A.debitsPostedMustBeZero;
    if (a.creditsPending !== 0n) return A.creditsPendingMustBeZero;
    if (a.creditsPosted !== 0n) return A.creditsPostedMustBeZero;
    if (a.ledger === 0) return A.ledgerMustNotBeZero;
    if (a.code === 0) return A.codeMustNotBeZero;
    const imported = (a.flags & accountFlag.imported) !== 0;
    if (imported && this.#regresses(this.accounts, this.transfers, a.timestamp)) return A.importedEventTimestampMustNotRegress;
    const timestamp = imported ? a.timestamp : own;
    this.#set(this.accounts, a.id, { ...a, timestamp });
    return { status: A.created, timestamp };
  }

  #transfer(t: Transfer, own: bigint): number | Outcome {
    const has = (flag: keyof typeof transferFlag) => (t.flags & transferFlag[flag]) !== 0;
    if (t.flags >= 512) return T.reservedFlag;
    if (t.id === 0n) return T.idMustNotBeZero;
    if (t.id === max) return T.idMustNotBeIntMax;
    const e = this.transfers.get(t.id);
    if (e) return this.#exists(t, e);
    if (this.burnt.has(t.id)) return T.idAlreadyFailed;
    if (has('post') || has('void')) return this.#resolve(t, own);
    if (t.debitAccountId === 0n) return T.debitAccountIdMustNotBeZero;
    if (t.debitAccountId === max) return T.debitAccountIdMustNotBeIntMax;
    if (t.creditAccountId === 0n) return T.creditAccountIdMustNotBeZero;
    if (t.creditAccountId === max) return T.creditAccountIdMustNotBeIntMax;
    if (t.debitAccountId === t.creditAccountId) return T.accountsMustBeDifferent;
    if (t.pendingId !== 0n) return T.pendingIdMustBeZero;
    if (!has('pending') && t.timeout !== 0) return T.timeoutReservedForPendingTransfer;
    if (!has('pending') && (has('closingDebit') || has('closingCredit'))) return T.closingTransferMustBePending;
    if (t.ledger === 0) return T.ledgerMustNotBeZero;
    if (t.code === 0) return T.codeMustNotBeZero;
    const dr = this.accounts.get(t.debitAccountId);
    if (!dr) return T.debitAccountNotFound;
    const cr = this.accounts.get(t.creditAccountId);
    if (!cr) return T.creditAccountNotFound;
    if (dr.ledger !== cr.ledger) return T.accountsMustHaveTheSameLedger;
    if (t.ledger !== dr.ledger) return T.transferMustHaveTheSameLedgerAsAccounts;
    if (has('imported')) {
      if (this.#regresses(this.transfers, this.accounts, t.timestamp)) return T.importedEventTimestampMustNotRegress;
      if (t.timestamp <= dr.timestamp) return T.importedEventTimestampMustPostdateDebitAccount;
      if (t.timestamp <= cr.timestamp) return T.importedEventTimestampMustPostdateCreditAccount;
      if (t.timeout !== 0) return T.importedEventTimeoutMustBeZero;
    }
    const timestamp = has('imported') ? t.timestamp : own;
    if ((dr.flags & accountFlag.closed) !== 0) return T.debitAccountAlreadyClosed;
    if ((cr.flags & accountFlag.closed) !== 0) return T.creditAccountAlreadyClosed;
    let amount = t.amount;
    const least = (room: bigint) => {
      amount = room < 0n ? 0n : room < amount ? room : amount;
    };
    if (has('balancingDebit')) least(dr.creditsPosted - dr.debitsPosted - dr.debitsPending);
    if (has('balancingCredit')) least(cr.debitsPosted - cr.creditsPosted - cr.creditsPending);
    if (has('pending') && amount + dr.debitsPending > max) return T.overflowsDebitsPending;
    if (has('pending') && amount + cr.creditsPending > max) return T.overflowsCreditsPending;
    if (amount + dr.debitsPosted > max) return T.overflowsDebitsPosted;
    if (amount + cr.creditsPosted > max) return T.overflowsCreditsPosted;
    if (amount + dr.debitsPending + dr.debitsPosted > max) return T.overflowsDebits;
    if (amount + cr.creditsPending + cr.creditsPosted > max) return T.overflowsCredits;
    if (timestamp + BigInt(t.timeout) * second > timeMax) return T.overflowsTimeout;
    if ((dr.flags & 2) !== 0 && dr.debitsPending + dr.debitsPosted + amount > dr.creditsPosted) return T.exceedsCredits;
    if ((cr.flags & 4) !== 0 && cr.creditsPending + cr.creditsPosted + amount > cr.debitsPosted) return T.exceedsDebits;
    const made = { ...t, amount, timestamp };
    this.#set(this.transfers, t.id, made);
    const [d, c] = [{ ...dr }, { ...cr }];
    if (has('pending')) {
      this.#set(this.status, t.id, 'pending');
      d.debitsPending += amount;
      c.creditsPending += amount;
    } else {
      d.debitsPosted += amount;
      c.creditsPosted += amount;
    }
    if (has('closingDebit')) d.flags |= accountFlag.closed;
    if (has('closingCredit')) c.flags |= accountFlag.closed;
    this.#happens(timestamp, made, has('pending') ? 'pending' : 'none', d, c);
    return { status: T.created, timestamp };
  }

  #happens(timestamp: bigint, transfer: Transfer, status: Status, debit: Account, credit: Account): void {
    this.#set(this.accounts, debit.id, debit);
    this.#set(this.accounts, credit.id, credit);
    this.happened.push({ timestamp, transfer, status, debit: { ...debit }, credit: { ...credit } });
    this.#undo?.push(() => this.happened.pop());
  }

  #exists(t: Transfer, e: Transfer): number | Outcome {
    if (t.flags !== e.flags) return T.existsWithDifferentFlags;
    if (t.pendingId !== e.pendingId) return T.existsWithDifferentPendingId;
    if (t.timeout !== e.timeout) return T.existsWithDifferentTimeout;
    const posts = (t.flags & transferFlag.post) !== 0;
    const voids = (t.flags & transferFlag.void) !== 0;
    const p = posts || voids ? this.transfers.get(t.pendingId) : undefined;
    const or = <V extends bigint | number>(value: V, other: V | undefined): V => (p && !value ? (other as V) : value);
    if (or(t.debitAccountId, p?.debitAccountId) !== e.debitAccountId) return T.existsWithDifferentDebitAccountId;
    if (or(t.creditAccountId, p?.creditAccountId) !== e.creditAccountId) return T.existsWithDifferentCreditAccountId;
    const balancing = (t.flags & (transferFlag.balancingDebit | transferFlag.balancingCredit)) !== 0;
    const whole = (voids && t.amount === 0n) || (posts && t.amount === max);
    const amount = p && whole ? p.amount : t.amount;
    if (balancing ? amount < e.amount : amount !== e.amount) return T.existsWithDifferentAmount;
    if (or(t.userData128, p?.userData128) !== e.userData128) return T.existsWithDifferentUserData128;
    if (or(t.userData64, p?.userData64) !== e.userData64) return T.existsWithDifferentUserData64;
    if (or(t.userData32, p?.userData32) !== e.userData32) return T.existsWithDifferentUserData32;
    if (or(t.ledger, p?.ledger) !== e.ledger) return T.existsWithDifferentLedger;
    if (or(t.code, p?.code) !== e.code) return T.existsWithDifferentCode;
    return { status: T.exists, timestamp: e.timestamp };
  }

  #resolve(t: Transfer, own: bigint): number | Outcome {
    const posts = (t.flags & transferFlag.post) !== 0;
    if ((t.flags & (2 | 16 | 32 | 64 | 128)) !== 0 || (posts && (t.flags & transferFlag.void) !== 0)) return T.flagsAreMutuallyExclusive;
    if (t.pendingId === 0n) return T.pendingIdMustNotBeZero;
    if (t.pendingId === max) return T.pendingIdMustNotBeIntMax;
    if (t.pendingId === t.id) return T.pendingIdMustBeDifferent;
    if (t.timeout !== 0) return T.timeoutReservedForPendingTransfer;
    const p = this.transfers.get(t.pendingId);
    if (!p) return T.pendingTransferNotFound;
    if ((p.flags & transferFlag.pending) === 0) return T.pendingTransferNotPending;
    const dr = this.accounts.get(p.debitAccountId) as Account;
    const cr = this.accounts.get(p.creditAccountId) as Account;
    if (t.debitAccountId && t.debitAccountId !== p.debitAccountId) return T.pendingTransferHasDifferentDebitAccountId;
    if (t.creditAccountId && t.creditAccountId !== p.creditAccountId) return T.pendingTransferHasDifferentCreditAccountId;
    if (t.ledger && t.ledger !== p.ledger) return T.pendingTransferHasDifferentLedger;
    if (t.code && t.code !== p.code) return T.pendingTransferHasDifferentCode;
    const amount = posts ? (t.amount === max ? p.amount : t.amount) : t.amount || p.amount;
    if (amount > p.amount) return T.exceedsPendingTransferAmount;
    if (!posts && amount < p.amount) return T.pendingTransferHasDifferentAmount;
    const status = this.status.get(p.id);
    if (status === 'posted') return T.pendingTransferAlreadyPosted;
    if (status === 'voided') return T.pendingTransferAlreadyVoided;
    if (status === 'expired' || (p.timeout !== 0 && p.timestamp + BigInt(p.timeout) * second <= own)) return T.pendingTransferExpired;
    const imported = (t.flags & transferFlag.imported) !== 0;
    if (imported && this.#regresses(this.transfers, this.accounts, t.timestamp)) return T.importedEventTimestampMustNotRegress;
    if (posts && (dr.flags & accountFlag.closed) !== 0) return T.debitAccountAlreadyClosed;
    if (posts && (cr.flags & accountFlag.closed) !== 0) return T.creditAccountAlreadyClosed;
    const timestamp = imported ? t.timestamp : own;
    const { debitAccountId, creditAccountId, ledger, code } = p;
    const userData128 = t.userData128 || p.userData128;
    const made = { ...t, debitAccountId, creditAccountId, ledger, code, amount, timestamp, userData128 };
    made.userData64 = t.userData64 || p.userData64;
    made.userData32 = t.userData32 || p.userData32;
    this.#set(this.transfers, t.id, made);
    this.#set(this.status, p.id, posts ? 'posted' : 'voided');
    const [d, c] = [{ ...dr }, { ...cr }];
    d.debitsPending -= p.amount;
    c.creditsPending -= p.amount;
    if (posts) {
      d.debitsPosted += amount;
      c.creditsPosted += amount;
    } else this.#reopen(p, d, c);
    this.#happens(timestamp, made, posts ? 'posted' : 'voided', d, c);
    return { status: T.created, timestamp };
  }

  #reopen(p: Transfer, d: Account, c: Account): void {
    if ((p.flags & transferFlag.closingDebit) !== 0) d.flags &= ~accountFlag.closed;
    if ((p.flags & transferFlag.closingCredit) !== 0) c.flags &= ~accountFlag.closed;
  }

  /** Expires what is over; events have the timestamps from `timestamp` on. Answers how many. */
  expire(timestamp: bigint): number {
    const over = [...this.transfers.values()]
      .filter((p) => this.status.get(p.id) === 'pending' && p.timeout !== 0 && p.timestamp + BigInt(p.timeout) * second <= timestamp)
      .sort(
        (p, q) =>
          Number(p.timestamp + BigInt(p.timeout) * second - (q.timestamp + BigInt(q.timeout) * second)) ||
          Number(p.timestamp - q.timestamp),
      );
    over.forEach((p, index) => {
      const [d, c] = [{ ...(this.accounts.get(p.debitAccountId) as Account) }, { ...(this.accounts.get(p.creditAccountId) as Account) }];
      d.debitsPending -= p.amount;
      c.creditsPending -= p.amount;
      this.#reopen(p, d, c);
      this.status.set(p.id, 'expired');
      this.#happens(timestamp + BigInt(index), p, 'expired', d, c);
    });
    return over.length;
  }

  query<R extends Account | Transfer>(rows: Iterable<R>, f: QueryFilter | AccountFilter, most: number): R[] {
    const ledger = 'ledger' in f ? f.ledger : 0;
    if (f.limit === 0 || f.timestampMin > timeMax || f.timestampMax > timeMax || (f.timestampMax !== 0n && f.timestampMin > f.timestampMax))
      return [];
    const fits = (row: R) =>
      (!f.userData128 || row.userData128 === f.userData128) &&
      (!f.userData64 || row.userData64 === f.userData64) &&
      (!f.userData32 || row.userData32 === f.userData32) &&
      (!ledger || row.ledger === ledger) &&
      (!f.code || row.code === f.code) &&
      row.timestamp >= f.timestampMin &&
      (f.timestampMax === 0n || row.timestamp <= f.timestampMax);
    const found = [...rows].filter(fits).sort((one, other) => (one.timestamp < other.timestamp ? -1 : 1));
    const reversed = 'accountId' in f ? (f.flags & 4) !== 0 : (f.flags & 1) !== 0;
    return (reversed ? found.reverse() : found).slice(0, Math.min(f.limit, most));
  }

  accountTransfers(f: AccountFilter, most: number): Transfer[] {
    if ((f.flags & 3) === 0 || f.flags >= 8) return [];
    const side = (t: Transfer) =>
      ((f.flags & 1) !== 0 && t.debitAccountId === f.accountId) || ((f.flags & 2) !== 0 && t.creditAccountId === f.accountId);
    return this.query([...this.transfers.values()].filter(side), f, most);
  }
}
