import type { Placed } from '#kernel/contract/provider.ts';
import type { Ledgers } from '#kernel/session/ledger-need.ts';
import type { Ledger } from '#seams/ledger/ledger.ts';
import { type Change, changeTogether, type Done, hold, type Step, transferId } from '#seams/ledger/step.ts';
import { accountFlag, type Transfer } from '#wire/tigerbeetle/record.ts';
import { ledgerOf } from '../domain/currency.ts';
import { type Account, accountId, codes, ledgerFor } from './book.ts';
import { holdSeconds, transfersAtOnceMax } from './limits.ts';

/** What is held for a payment: by which step, which time of it, and how much. */
export type Hold = { readonly step: 'authorize' | 'increment'; readonly attempt: number; readonly amount: number };

/** What of a payment is passed on to a connected account by which transfer, and what comes back of that as a fee. */
export type Share = { readonly transfer: string; readonly destination: string; readonly amount: number; readonly fee: number };

/** A part of an application fee that goes back to the connected account it was taken from; `whole` is all of the fee. */
export type FeeBack = {
  readonly fee: string;
  readonly account: string;
  readonly whole: number;
  readonly refund: string;
  readonly amount: number;
};

/** `opened` tells when what the capture of what is held needs beside it is there. */
type Held = { readonly done: Done; readonly opened: Promise<void> };

type Payment = { readonly intent: string; readonly currency: string };

/** A part of what a bank moved: more than nothing came. */
export type Part = { readonly to: Account; readonly amount: number };

/** Every movement of money, by the names of payments. Ids follow from the payment and the step: asked again, nothing happens twice. */
export class Money {
  readonly #ledgers: Ledgers;
  readonly #ready = new Set<string>();

  constructor(ledgers: Ledgers) {
    this.#ledgers = ledgers;
  }

  /** Holds an amount until it is captured or released. */
  async authorize(at: Placed, { intent, currency }: Payment, { step, attempt, amount }: Hold): Promise<Held> {
    const done = await this.#ledgers.use(at, async (ledger) => {
      // What a hold is between is there since the first payment in its currency.
      await this.#prepare(ledger, at, currency, undefined);
      const between = { debit: accountId('clearing', currency), credit: accountId('balance', currency) };
      return hold(
        ledger,
        { intent, step, attempt },
        { ...between, amount: BigInt(amount), ledger: ledgerOf(currency), code: codes.clearing, timeoutSeconds: holdSeconds },
      );
    });
    const isFirst = step === 'authorize' && done.done;
    const opened = isFirst ? this.#ledgers.use(at, (ledger) => this.#prepare(ledger, at, currency, intent)) : Promise.resolve();
    // Who asks for no capture does not wait for it.
    opened.catch(() => undefined);
    return { done, opened };
  }

  /** Takes an amount out of what is held, releases the rest, and pays the fee of it out of the business' balance. */
  capture(at: Placed, { intent, currency }: Payment, holds: readonly Hold[], amount: number, fee: number, share?: Share): Promise<Done> {
    let left = amount;
    const changes = holds.map(({ step, attempt, amount: held }, index): Change => {
      const taken = Math.min(left, held);
      left -= taken;
      const of = { intent, step, attempt };
      return taken > 0
        ? { post: { intent, step: 'capture', attempt: index }, held: of, amount: BigInt(taken) }
        : { release: { intent, step: 'capture', attempt: index }, held: of };
    });
    const refundable: Change = {
      move: { intent, step: 'refundable' },
      to: this.#between('issued', currency, 'refundable', intent, currency, amount),
    };
    const paid: Change = { move: { intent, step: 'fee' }, to: this.#between('balance', currency, 'fees', currency, currency, fee) };
    return this.#ledgers.use(at, async (ledger) => {
      await this.#prepare(ledger, at, currency, undefined);
      const passed = share ? await this.#passed(ledger, currency, intent, share) : [];
      return changeTogether(ledger, [...changes, refundable, ...passed, ...(fee > 0 ? [paid] : [])]);
    });
  }

  /** Whether a hold was given back because it was declined. */
  async wasDeclined(at: Placed, { intent }: Payment, { step, attempt }: Hold): Promise<boolean> {
    const id = transferId({ intent, step: `decline ${step}`, attempt });
    return (await this.#ledgers.use(at, (ledger) => ledger.lookupTransfers([id]))).length > 0;
  }

  /** Releases all that is held; `step` tells a cancelled payment from a declined one. */
  release(at: Placed, { intent }: Payment, holds: readonly Hold[], step: 'cancel' | 'decline'): Promise<Done> {
    const changes = holds.map(
      (held): Change => ({
        release: { intent, step: `${step} ${held.step}`, attempt: held.attempt },
        held: { intent, step: held.step, attempt: held.attempt },
      }),
    );
    if (changes.length === 0) return Promise.resolve({ done: true, timestamp: 0n });
    return this.#ledgers.use(at, (ledger) => changeTogether(ledger, changes));
  }

  /** Gives an amount back, with what was passed on of it. Not done `at` 0: it is more than is left of the payment; else: than there is. */
  refund(at: Placed, { intent, currency }: Payment, refund: string, amount: number, share?: Share, fee?: FeeBack): Promise<Done> {
    const changes: Change[] = [
      { move: { intent: refund, step: 'refundable' }, to: this.#between('refundable', intent, 'issued', currency, currency, amount) },
      ...(fee ? this.#feeBack(currency, fee) : []),
      ...(share && share.amount > 0 ? this.#back(currency, share, refund) : []),
      { move: { intent: refund, step: 'refund' }, to: this.#between('balance', currency, 'clearing', currency, currency, amount) },
    ];
    return this.#ledgers.use(at, async (ledger) => {
      if (fee) await this.#issueFee(ledger, currency, fee);
      return changeTogether(ledger, changes);
    });
  }

  /** Puts an amount that is contested aside, or back again when the dispute was won: nothing of it can be given back meanwhile. */
  dispute(at: Placed, { intent, currency }: Payment, dispute: string, amount: number, way: 'withdraw' | 'reinstate'): Promise<Done> {
    const aside = way === 'withdraw';
    const between = (from: Account, debit: string, to: Account, credit: string) =>
      aside ? this.#between(from, debit, to, credit, currency, amount) : this.#between(to, credit, from, debit, currency, amount);
    const changes: Change[] = [
      { move: { intent: dispute, step: `${way} refundable` }, to: between('refundable', intent, 'issued', currency) },
      { move: { intent: dispute, step: way }, to: between('balance', currency, 'disputed', currency) },
    ];
    return this.#ledgers.use(at, (ledger) => changeTogether(ledger, changes));
  }

  /** The same as a refund where the balance lacks what the fee of the payment took before: the business owes that from now on. */
  refundOwed(at: Placed, { intent, currency }: Payment, refund: string, amount: number, fee: number): Promise<Done> {
    const lent: Change = { move: { intent, step: 'fee owed' }, to: this.#between('owed', currency, 'balance', currency, currency, fee) };
    const changes: Change[] = [
      { move: { intent: refund, step: 'owed refundable' }, to: this.#between('refundable', intent, 'issued', currency, currency, amount) },
      { move: { intent: refund, step: 'owed refund' }, to: this.#between('balance', currency, 'clearing', currency, currency, amount) },
    ];
    return this.#ledgers.use(at, async (ledger) => {
      await this.#make(ledger, [{ id: accountId('owed', currency), ledger: ledgerFor('owed', currency), code: codes.owed }]);
      // Once for each payment: the same step again does nothing.
      await changeTogether(ledger, [lent]);
      return changeTogether(ledger, changes);
    });
  }

  /**
   * Sends an amount of the business, or of a connected account, to the bank, or takes it back. Not done: it is more than there is.
   */
  payout(at: Placed, currency: string, payout: string, amount: number, way: 'send' | 'return', account?: string): Promise<Done> {
    const [from, name] = account === undefined ? (['balance', currency] as const) : (['connected', `${account} ${currency}`] as const);
    const to =
      way === 'send'
        ? this.#between(from, name, 'paid', currency, currency, amount)
        : this.#between('paid', currency, from, name, currency, amount);
    return this.#ledgers.use(at, async (ledger) => {
      await this.#prepare(ledger, at, currency, undefined);
      return changeTogether(ledger, [{ move: { intent: payout, step: way }, to }]);
    });
  }

  /** Passes an amount on to a connected account. Not done: it is more than the business has. */
  transfer(at: Placed, currency: string, share: Omit<Share, 'fee'>): Promise<Done> {
    return this.#ledgers.use(at, async (ledger) => {
      await this.#prepare(ledger, at, currency, undefined);
      return changeTogether(ledger, await this.#passed(ledger, currency, '', { ...share, fee: 0 }));
    });
  }

  /** Takes back what was passed on. Not done `at` 0: it is more than is left of the transfer; at 1: more than the account has. */
  reverse(at: Placed, currency: string, share: Omit<Share, 'fee'>, reversal: string): Promise<Done> {
    return this.#ledgers.use(at, (ledger) => changeTogether(ledger, this.#back(currency, { ...share, fee: 0 }, reversal)));
  }

  /** What a connected account has of each currency, or what a customer has sent and not used (`cash`). */
  async owned(at: Placed, kind: 'connected' | 'cash', name: string, currencies: readonly string[]): Promise<Map<string, number>> {
    const ids = currencies.map((currency) => accountId(kind, `${name} ${currency}`));
    const accounts = ids.length === 0 ? [] : await this.#ledgers.use(at, (ledger) => ledger.lookupAccounts(ids));
    const known = new Map(accounts.map((each) => [each.id, Number(each.creditsPosted - each.debitsPosted)]));
    return new Map(currencies.map((currency, index) => [currency, known.get(ids[index] as bigint) ?? 0]));
  }

  /** Books what a bank says that came, or went where it is less than nothing; it stands in suspense until it is known what it was. */
  bankMoved(at: Placed, currency: string, entry: string, amount: number): Promise<Done> {
    return this.#ledgers.use(at, async (ledger) => {
      await this.#settling(ledger, at, currency);
      return changeTogether(ledger, [this.#signed({ intent: entry, step: 'bank' }, 'bank', 'suspense', currency, amount)]);
    });
  }

  /** Says what something in suspense was, or writes off what never came (`from` is `written`): each part, signed as the bank counts. */
  explained(at: Placed, currency: string, cause: string, from: 'suspense' | 'written', parts: readonly Part[]): Promise<Done> {
    const changes = parts
      .filter(({ amount }) => amount !== 0)
      .map(({ to, amount }, index) => this.#signed({ intent: cause, step: 'explained', attempt: index }, from, to, currency, amount));
    if (changes.length === 0) return Promise.resolve({ done: true, timestamp: 0n });
    return this.#ledgers.use(at, async (ledger) => {
      await this.#settling(ledger, at, currency);
      return changeTogether(ledger, changes);
    });
  }

  async #settling(ledger: Ledger, at: Placed, currency: string): Promise<void> {
    await this.#prepare(ledger, at, currency, undefined);
    const of = (account: Account) => ({ id: accountId(account, currency), ledger: ledgerFor(account, currency), code: codes[account] });
    await this.#make(ledger, [of('bank'), of('suspense'), of('written')]);
  }

  #signed(move: Step, debit: Account, credit: Account, currency: string, amount: number): Change {
    const [from, to] = amount < 0 ? [credit, debit] : [debit, credit];
    return { move, to: this.#between(from, currency, to, currency, currency, Math.abs(amount)) };
  }

  /** What the books say of a currency: debits less credits of each account. */
  async books(at: Placed, currency: string, names: readonly Account[]): Promise<Map<Account, number>> {
    const ids = names.map((name) => accountId(name, currency));
    const known = await this.#ledgers.use(at, (ledger) => ledger.lookupAccounts(ids));
    const found = new Map(known.map((each) => [each.id, Number(each.debitsPosted - each.creditsPosted)]));
    return new Map(names.map((name, index) => [name, found.get(ids[index] as bigint) ?? 0]));
  }

  /** What accounts of these names are called in the ledger. */
  named(names: readonly (readonly [account: Account, name: string])[]): Map<bigint, readonly [Account, string]> {
    return new Map(names.map((each) => [accountId(...each), each]));
  }

  /** Transfers of money of a currency in a time, oldest first; `from` and `until` are in nanoseconds, the last is no part of it. */
  async *transfers(at: Placed, currency: string, from: bigint, until: bigint): AsyncGenerator<Transfer> {
    for (let timestampMin = from; timestampMin < until; ) {
      const query = { ledger: ledgerOf(currency), timestampMin, timestampMax: until - 1n, limit: transfersAtOnceMax };
      const rows = await this.#ledgers.use(at, (ledger) => ledger.queryTransfers(query));
      yield* rows;
      const last = rows.at(-1);
      if (!last || rows.length < transfersAtOnceMax) return;
      timestampMin = last.timestamp + 1n;
    }
  }

  /** Gives a part of an application fee back to the connected account. Not done `at` 0: it is more than is left of the fee. */
  refundFee(at: Placed, currency: string, fee: FeeBack): Promise<Done> {
    return this.#ledgers.use(at, async (ledger) => {
      await this.#issueFee(ledger, currency, fee);
      return changeTogether(ledger, this.#feeBack(currency, fee));
    });
  }

  /** What may be given back of a fee is issued once: it is the same step each time. */
  async #issueFee(ledger: Ledger, currency: string, { fee, whole }: FeeBack): Promise<void> {
    const flags = accountFlag.debitsMustNotExceedCredits;
    await this.#make(ledger, [
      { id: accountId('refundable', fee), ledger: ledgerFor('refundable', currency), code: codes.refundable, flags },
    ]);
    const issued = this.#between('issued', currency, 'refundable', fee, currency, whole);
    await changeTogether(ledger, [{ move: { intent: fee, step: 'refundable' }, to: issued }]);
  }

  #feeBack(currency: string, { fee, account, refund, amount }: FeeBack): Change[] {
    const name = `${account} ${currency}`;
    return [
      { move: { intent: refund, step: 'refundable' }, to: this.#between('refundable', fee, 'issued', currency, currency, amount) },
      { move: { intent: refund, step: 'fee refund' }, to: this.#between('balance', currency, 'connected', name, currency, amount) },
    ];
  }

  async #passed(ledger: Ledger, currency: string, payment: string, { transfer, destination, amount, fee }: Share): Promise<Change[]> {
    const name = `${destination} ${currency}`;
    const flags = accountFlag.debitsMustNotExceedCredits;
    await this.#make(ledger, [
      { id: accountId('connected', name), ledger: ledgerFor('connected', currency), code: codes.connected, flags },
      { id: accountId('refundable', transfer), ledger: ledgerFor('refundable', currency), code: codes.refundable, flags },
    ]);
    const changes: Change[] = [
      { move: { intent: transfer, step: 'transfer' }, to: this.#between('balance', currency, 'connected', name, currency, amount) },
      { move: { intent: transfer, step: 'reversible' }, to: this.#between('issued', currency, 'refundable', transfer, currency, amount) },
    ];
    if (fee > 0)
      changes.push({
        move: { intent: payment, step: 'application fee' },
        to: this.#between('connected', name, 'balance', currency, currency, fee),
      });
    return changes;
  }

  #back(currency: string, { transfer, destination, amount }: Share, cause: string): Change[] {
    const name = `${destination} ${currency}`;
    return [
      { move: { intent: cause, step: 'reversible' }, to: this.#between('refundable', transfer, 'issued', currency, currency, amount) },
      { move: { intent: cause, step: 'reverse' }, to: this.#between('connected', name, 'balance', currency, currency, amount) },
    ];
  }

  /** Gives a customer credit, or takes of it; what a customer owes beyond it stands on the same account. */
  credit(at: Placed, currency: string, customer: string, of: Step, amount: number): Promise<Done> {
    const name = `${customer} ${currency}`;
    const to =
      amount > 0
        ? this.#between('granted', currency, 'credit', name, currency, amount)
        : this.#between('credit', name, 'granted', currency, currency, -amount);
    return this.#ledgers.use(at, async (ledger) => {
      await this.#prepare(ledger, at, currency, undefined);
      await this.#make(ledger, [{ id: accountId('credit', name), ledger: ledgerFor('credit', currency), code: codes.credit }]);
      return changeTogether(ledger, [{ move: of, to }]);
    });
  }

  /** What the ledger has of these steps, in the order in which it was done. */
  async made(at: Placed, steps: readonly Step[]): Promise<Transfer[]> {
    if (steps.length === 0) return [];
    const found = await this.#ledgers.use(at, (ledger) => ledger.lookupTransfers(steps.map(transferId)));
    return found.toSorted((one, other) => Number(one.timestamp - other.timestamp));
  }

  /** Puts what a customer sent to what they have not used, or takes of that. Not done: it is more than is there. */
  cash(at: Placed, currency: string, customer: string, of: Step, amount: number): Promise<Done> {
    const name = `${customer} ${currency}`;
    const to =
      amount > 0
        ? this.#between('clearing', currency, 'cash', name, currency, amount)
        : this.#between('cash', name, 'clearing', currency, currency, -amount);
    return this.#ledgers.use(at, async (ledger) => {
      await this.#prepare(ledger, at, currency, undefined);
      const flags = accountFlag.debitsMustNotExceedCredits;
      await this.#make(ledger, [{ id: accountId('cash', name), ledger: ledgerFor('cash', currency), code: codes.cash, flags }]);
      return changeTogether(ledger, [{ move: of, to }]);
    });
  }

  /** What may still be given back of a payment. */
  async refundable(at: Placed, intent: string): Promise<number> {
    const [account] = await this.#ledgers.use(at, (ledger) => ledger.lookupAccounts([accountId('refundable', intent)]));
    return account ? Number(account.creditsPosted - account.debitsPosted) : 0;
  }

  /** What the business has of each currency; less than nothing where it owes more than that. */
  async balances(at: Placed, currencies: readonly string[]): Promise<Map<string, number>> {
    const ids = currencies.flatMap((currency) => [accountId('balance', currency), accountId('owed', currency)]);
    const accounts = ids.length === 0 ? [] : await this.#ledgers.use(at, (ledger) => ledger.lookupAccounts(ids));
    const found = new Map(accounts.map((account) => [account.id, Number(account.creditsPosted - account.debitsPosted)]));
    const of = (id: bigint | undefined) => found.get(id ?? 0n) ?? 0;
    return new Map(currencies.map((currency, index) => [currency, of(ids[2 * index]) + of(ids[2 * index + 1])]));
  }

  #between(from: Account, debit: string, to: Account, credit: string, currency: string, amount: number) {
    return {
      ...{ debit: accountId(from, debit), credit: accountId(to, credit), amount: BigInt(amount) },
      ...{ ledger: ledgerFor(to, currency), code: codes[to] },
    };
  }

  /** Makes the accounts that a payment needs; those that are there stay as they are. */
  async #prepare(ledger: Ledger, at: Placed, currency: string, intent: string | undefined): Promise<void> {
    const flags = accountFlag.debitsMustNotExceedCredits;
    const of = (account: Account, name: string, more: { flags?: number } = {}) => ({
      ...{ id: accountId(account, name), ledger: ledgerFor(account, currency), code: codes[account] },
      ...more,
    });
    const wanted = intent === undefined ? [] : [of('refundable', intent, { flags })];
    const known = `${at.scope} ${currency}`;
    if (!this.#ready.has(known)) {
      wanted.push(of('balance', currency, { flags }));
      for (const each of ['clearing', 'disputed', 'issued', 'fees', 'paid', 'granted'] as const) wanted.push(of(each, currency));
    }
    if (wanted.length === 0) return;
    await this.#make(ledger, wanted);
    this.#ready.add(known);
  }

  async #make(ledger: Ledger, wanted: Parameters<Ledger['createAccounts']>[0]): Promise<void> {
    const results = await ledger.createAccounts(wanted);
    const failed = results.find(({ status }) => status !== 'created' && status !== 'exists');
    if (failed) throw new TypeError(`the ledger made no account: ${failed.status}`);
  }
}
