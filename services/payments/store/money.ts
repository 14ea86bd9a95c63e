import type { Placed } from '#kernel/contract/provider.ts';
import type { Ledgers } from '#kernel/session/ledger-need.ts';
import type { Ledger } from '#seams/ledger/ledger.ts';
import { type Change, changeTogether, type Done, hold, type Step, transferId } from '#seams/ledger/step.ts';
import { accountFlag, type Transfer } from '#wire/tigerbeetle/record.ts';
import { ledgerOf } from '../domain/currency.ts';
import { holdSeconds } from './limits.ts';

/** What is held for a payment: by which step, which time of it, and how much. */
export type Hold = { readonly step: 'authorize' | 'increment'; readonly attempt: number; readonly amount: number };

/** What of a payment is passed on to a connected account by which transfer, and what comes back of that as a fee. */
export type Share = { readonly transfer: string; readonly destination: string; readonly amount: number; readonly fee: number };

type Payment = { readonly intent: string; readonly currency: string };

/**
 * The accounts of an environment. For each currency: what the networks owe (`clearing`), what the business has (`balance`,
 * which cannot be overdrawn), what disputes keep (`disputed`), what was taken for the service (`fees`), and what went to the
 * bank (`paid`). Beside them, in a ledger of its own, each payment has an
 * account of what may still be given back of it (`refundable`, out of `issued`): no race gives back more than was taken.
 * A connected account has one of each currency (`connected`), which cannot be overdrawn either, and each transfer to it one of
 * what may be taken back (`refundable`).
 * Beside those, in a third, each customer has an account of what stands to their credit (`credit`, out of `granted`).
 */
const codes = {
  clearing: 1,
  balance: 2,
  disputed: 3,
  issued: 4,
  refundable: 5,
  fees: 6,
  paid: 7,
  granted: 8,
  credit: 9,
  connected: 10,
} as const;
export type Account = keyof typeof codes;

/** Ledgers of what may be given back lie this far behind those of money. */
const apart = 100_000;

export const accountId = (account: Account, name: string): bigint => transferId({ intent: `account ${account}`, step: name });
const beside: Partial<Record<Account, number>> = { issued: apart, refundable: apart, granted: 2 * apart, credit: 2 * apart };
const ledgerFor = (account: Account, currency: string): number => ledgerOf(currency) + (beside[account] ?? 0);

/** Every movement of money, by the names of payments. Ids follow from the payment and the step: asked again, nothing happens twice. */
export class Money {
  readonly #ledgers: Ledgers;
  readonly #ready = new Set<string>();

  constructor(ledgers: Ledgers) {
    this.#ledgers = ledgers;
  }

  /** Holds an amount until it is captured or released. */
  authorize(at: Placed, { intent, currency }: Payment, { step, attempt, amount }: Hold): Promise<Done> {
    return this.#ledgers.use(at, async (ledger) => {
      const prepared = this.#prepare(ledger, at, currency, step === 'authorize' ? intent : undefined);
      // What a hold is between is there since the first payment in its currency; what may be given back is needed by a capture.
      if (!this.#ready.has(`${at.scope} ${currency}`)) await prepared;
      const between = { debit: accountId('clearing', currency), credit: accountId('balance', currency) };
      const held = hold(
        ledger,
        { intent, step, attempt },
        { ...between, amount: BigInt(amount), ledger: ledgerOf(currency), code: codes.clearing, timeoutSeconds: holdSeconds },
      );
      const [done] = await Promise.all([held, prepared]);
      return done;
    });
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
  refund(at: Placed, { intent, currency }: Payment, refund: string, amount: number, share?: Share): Promise<Done> {
    const changes: Change[] = [
      { move: { intent: refund, step: 'refundable' }, to: this.#between('refundable', intent, 'issued', currency, currency, amount) },
      ...(share && share.amount > 0 ? this.#back(currency, share, refund) : []),
      { move: { intent: refund, step: 'refund' }, to: this.#between('balance', currency, 'clearing', currency, currency, amount) },
    ];
    return this.#ledgers.use(at, (ledger) => changeTogether(ledger, changes));
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

  /** Sends an amount to the bank, or takes back what has not gone yet. Not done: it is more than the business has. */
  payout(at: Placed, currency: string, payout: string, amount: number, way: 'send' | 'return'): Promise<Done> {
    const to =
      way === 'send'
        ? this.#between('balance', currency, 'paid', currency, currency, amount)
        : this.#between('paid', currency, 'balance', currency, currency, amount);
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

  /** What a connected account has of each currency. */
  async connected(at: Placed, account: string, currencies: readonly string[]): Promise<Map<string, number>> {
    const ids = currencies.map((currency) => accountId('connected', `${account} ${currency}`));
    const accounts = ids.length === 0 ? [] : await this.#ledgers.use(at, (ledger) => ledger.lookupAccounts(ids));
    const known = new Map(accounts.map((each) => [each.id, Number(each.creditsPosted - each.debitsPosted)]));
    return new Map(currencies.map((currency, index) => [currency, known.get(ids[index] as bigint) ?? 0]));
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

  /** What may still be given back of a payment. */
  async refundable(at: Placed, intent: string): Promise<number> {
    const [account] = await this.#ledgers.use(at, (ledger) => ledger.lookupAccounts([accountId('refundable', intent)]));
    return account ? Number(account.creditsPosted - account.debitsPosted) : 0;
  }

  /** What the business has of each currency. */
  async balances(at: Placed, currencies: readonly string[]): Promise<Map<string, number>> {
    const ids = currencies.map((currency) => accountId('balance', currency));
    const accounts = await this.#ledgers.use(at, (ledger) => ledger.lookupAccounts(ids));
    const found = new Map(accounts.map((account) => [account.id, Number(account.creditsPosted - account.debitsPosted)]));
    return new Map(currencies.map((currency, index) => [currency, found.get(ids[index] as bigint) ?? 0]));
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
