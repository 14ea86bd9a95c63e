import type { Placed } from '#kernel/contract/provider.ts';
import type { Statement } from '#seams/sql/sql.ts';
import { isCashCurrency, transferAction } from '../../domain/cash.ts';
import { depositAction } from '../../domain/deposit.ts';
import { bankDetails, newCharge, pendingCharge } from '../../domain/charge.ts';
import { type Fields, fieldsOf, textOf, type Thing } from '../../domain/json.ts';
import { type Assessment, assessmentIn, blockedOutcome, outcomeOf } from '../../domain/risk.ts';
import { type Voucher, voucherOf } from '../../domain/voucher.ts';
import { isWay, type Way, ways } from '../../domain/way.ts';
import { expiresAt, paysAt } from '../../engine/bank/shop.ts';
import { mandateBehind } from '../bank.ts';
import { cashLeft, virtualAccount } from '../cash.ts';
import { entryOf } from '../clearing.ts';
import { foundIn, hiddenOf, type Payment, paymentIn } from '../payment.ts';
import type { Kept } from '../object.ts';
import type { Ending, Mover } from '../step.ts';
import { type Desk, deskOfStep, eventsOf, type World } from '../world.ts';
import { attached, begun, declined } from './authorize.ts';
import { invoiceAfter } from './invoice.ts';

type Attempt = { readonly desk: Desk; readonly payment: Payment; readonly method: Kept; readonly way: Way; readonly input: Fields };

/** Letters of which a number is made, and how many numbers there are. */
const [serialLetters, serialRange] = [10, 10 ** 11];

/**
 * Begins a payment whose money comes later, or does not: an account is to be proven, a debit is on its way to its bank, or a voucher
 * waits for its payer. Nothing is on the ledger until the money is there.
 */
export const waiter =
  (worlds: () => World): Mover =>
  async (at, step) => {
    const world = worlds();
    const desk = deskOfStep(at, step.id, fieldsOf(step.input.desk));
    const payment = await paymentIn(world, at, step);
    const method = await foundIn(world, at, step, 'payment_method', String(step.input.method));
    const way = method.thing.type;
    if (!isWay(way)) throw new TypeError(`a payment by ${String(way)} does not wait`);
    const attempt = { desk, payment, method, way, input: step.input };
    const risk = assessmentIn(step.input);
    if (risk?.action === 'block') return blocked(world, attempt, risk);
    if (ways[way].flow === 'voucher') return given(world, at, attempt);
    if (ways[way].flow === 'transfer') return instructed(world, at, attempt);
    return way === 'us_bank_account' && method.hidden.verified !== true ? unverified(world, attempt) : collecting(world, at, attempt);
  };

/** Nothing is asked of a bank, and no voucher is shown. */
function blocked(world: World, attempt: Attempt, risk: Assessment): Promise<Ending> {
  const { desk, payment, method } = attempt;
  const own = { id: desk.ids('ch'), created: desk.created, intent: payment.thing, method: method.thing };
  const details = bankDetails(method.thing, textOf(attempt.input.mandate) ?? null);
  const charge = newCharge({ ...own, details, outcome: outcomeOf(blockedOutcome, risk), receiptUrl: null });
  const message = 'The payment was declined.';
  return declined(world, attempt, charge, { code: 'payment_intent_payment_attempt_failed', decline: 'fraudulent', message });
}

/** What a payment becomes; its card, customer and events are kept with it. */
async function become(world: World, attempt: Attempt, next: Thing, hidden: Fields, event: string, more: readonly Statement[] = []) {
  const { desk, payment } = attempt;
  return [
    ...(await begun(world, attempt)),
    await world.objects.change(desk.at, payment.kept, next, {
      ...hiddenOf(payment.kept, { attempts: Number(attempt.input.attempt) }),
      ...hidden,
    }),
    ...more,
    ...(await eventsOf(world, desk, [[event, next]])),
  ];
}

const waiting = ({ payment, method }: Attempt, status: string, action: Fields | null): Thing => ({
  ...payment.thing,
  ...{ status, payment_method: method.thing.id, next_action: action, last_payment_error: null },
});

/** Whoever knows what came to the account holds it. */
async function unverified(world: World, attempt: Attempt): Promise<Ending> {
  const next = waiting(attempt, 'requires_action', depositAction(attempt.desk.created));
  const { mandate = null, rate = {}, risk = null } = attempt.input;
  const hidden: Fields = { mandate, rate, risk, deposits: 0 };
  const { desk, payment, method } = attempt;
  const told = await invoiceAfter(world, desk, payment, { outcome: 'waiting', method: method.thing.id, automatic: false });
  return { after: next, statements: await become(world, attempt, next, hidden, 'payment_intent.requires_action', told) };
}

/** The debit goes into the next file to the clearing house. */
async function collecting(world: World, at: Placed, attempt: Attempt): Promise<Ending> {
  const { desk, payment, method, way, input } = attempt;
  const mandate = textOf(input.mandate) ?? (await mandateBehind(world, at, method.thing.id))?.id ?? null;
  const own = { id: desk.ids('ch'), created: desk.created, intent: payment.thing, method: method.thing };
  const charge = pendingCharge(newCharge({ ...own, details: bankDetails(method.thing, mandate), outcome: {}, receiptUrl: null }));
  const next: Thing = { ...waiting(attempt, 'processing', null), latest_charge: charge.id };
  const about = { way: 'debit', payment: payment.thing.id, method, charge: charge.id, mandate, rate: fieldsOf(input.rate) } as const;
  const entry = entryOf(desk, { ...about, amount: Number(payment.thing.amount), type: way });
  const more = [
    await world.objects.insertion(at, charge, { risk: input.risk ?? null }),
    await world.objects.insertion(at, entry, { due: desk.created }),
    ...(await attached(world, desk, next, method)),
    ...(await eventsOf(world, desk, [['charge.pending', charge]])),
    ...(await invoiceAfter(world, desk, payment, { outcome: 'processing', method: method.thing.id, automatic: false })),
  ];
  const statements = await become(world, attempt, next, {}, 'payment_intent.processing', more);
  return { after: next, statements, due: desk.created };
}

/** The payer is told where to send the money; what they have sent before counts. */
async function instructed(world: World, at: Placed, attempt: Attempt): Promise<Ending> {
  const { desk, payment, method, input } = attempt;
  const { currency, customer, amount, id } = payment.thing;
  if (!isCashCurrency(currency)) throw new TypeError(`no transfer is taken in ${String(currency)}`);
  const number = await virtualAccount(world, desk, String(customer), currency);
  const left = (await cashLeft(world, at, String(customer)))[currency] ?? 0;
  const remaining = Math.max(0, Number(amount) - left);
  const next = waiting(attempt, 'requires_action', transferAction(currency, number, remaining, id.slice(-10).toUpperCase()));
  const hidden: Fields = {
    due: desk.created,
    looked: null,
    transfer: currency,
    cash: { rate: input.rate ?? {}, risk: input.risk ?? null },
  };
  const told = await invoiceAfter(world, desk, payment, { outcome: 'processing', method: method.thing.id, automatic: false });
  return { after: next, statements: await become(world, attempt, next, hidden, 'payment_intent.requires_action', told), due: desk.created };
}

/** The payer is shown what to pay by. */
async function given(world: World, at: Placed, attempt: Attempt): Promise<Ending> {
  const { desk, payment, method, way, input } = attempt;
  const key = pixKey(await world.secrets.hash(at, 'pix key', String(at.scope), 16));
  const serial = Number.parseInt(
    await world.secrets.hash(at, 'voucher', `${payment.thing.id} ${String(input.attempt)}`, serialLetters),
    36,
  );
  const voucher = voucherOf(way, payment.thing, { created: desk.created, serial: serial % serialRange, key });
  const next = waiting(attempt, 'requires_action', voucher.action);
  const due = dueOf(voucher, textOf(fieldsOf(method.thing.billing_details).email) ?? '', desk.created);
  const hidden: Fields = {
    due,
    voucher: { method: method.thing.id, rate: input.rate ?? {}, risk: input.risk ?? null, created: desk.created, expires: voucher.expires },
  };
  const told = await invoiceAfter(world, desk, payment, { outcome: 'processing', method: method.thing.id, automatic: false });
  return { after: next, statements: await become(world, attempt, next, hidden, 'payment_intent.requires_action', told), due };
}

/** A random key of PIX has the form of a UUID. */
const pixKey = (letters: string): string =>
  Buffer.from(letters)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** When something happens to a voucher: it is paid at the simulated till, or has expired. */
const dueOf = ({ expires }: Voucher, email: string, created: number): number =>
  Math.min(expires, paysAt(email, created) ?? expires, expiresAt(email, created) ?? expires);
