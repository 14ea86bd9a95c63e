import type { Statement } from '#seams/sql/sql.ts';
import { newBalanceTransaction } from '../../domain/balance-transaction.ts';
import { type Fields, fieldsOf, numberOf, textOf, type Thing } from '../../domain/json.ts';
import { newApplicationFee, newReversal, newTransfer, reversedTransfer } from '../../domain/transfer.ts';
import { refuse } from '../fault.ts';
import { shareOf } from '../../domain/period.ts';
import type { Share } from '../money.ts';
import type { Kept } from '../object.ts';
import type { Mover } from '../step.ts';
import { type Desk, deskOfStep, eventsOf, found, type Told, type World } from '../world.ts';

type Line = { readonly source: string; readonly amount: number; readonly currency: string; readonly availableOn: number };

const lineOf = (desk: Desk, type: 'transfer' | 'transfer_refund' | 'application_fee', line: Line): Thing =>
  newBalanceTransaction({
    ...{ ...line, id: desk.ids('txn'), created: desk.created, type, description: null },
    category: type === 'application_fee' ? 'platform_earning' : type === 'transfer' ? 'transfer' : 'transfer_reversal',
  });

const ownOf = (desk: Desk, id: string) => ({ id, created: desk.created, livemode: desk.livemode });

/** Passes money on to a connected account. That it is there, the ledger sees to. */
export const transferrer =
  (worlds: () => World): Mover =>
  async (at, { id: step, input }) => {
    const world = worlds();
    const desk = deskOfStep(at, step, fieldsOf(input.desk));
    const [id, currency, destination, amount] = [
      String(input.transfer),
      String(input.currency),
      String(input.destination),
      Number(input.amount),
    ];
    const done = await world.money.transfer(at, currency, { transfer: id, destination, amount });
    if (!done.done) return { statements: [], refusal: poor('available funds in your Stripe account') };
    const availableOn = numberOf(input.available_on) ?? desk.created;
    const line = lineOf(desk, 'transfer', { source: id, amount: -amount, currency, availableOn });
    const transfer = newTransfer(fieldsOf(input.given), { amount, currency, destination, transaction: line.id }, ownOf(desk, id));
    return {
      statements: [
        await world.objects.insertion(at, transfer),
        await world.objects.insertion(at, line),
        ...(await eventsOf(world, desk, [['transfer.created', transfer]])),
      ],
    };
  };

const poor = (what: string) => refuse('BalanceInsufficient', `You have insufficient ${what} for this.`, { code: 'balance_insufficient' });

/** Takes back what was passed on: never more than that, nor more than the account has. */
export const reverser =
  (worlds: () => World): Mover =>
  async (at, { id: step, subject, input }) => {
    const world = worlds();
    const desk = deskOfStep(at, step, fieldsOf(input.desk));
    const [id, amount] = [String(input.reversal), Number(input.amount)];
    const kept = await found(world, at, 'transfer', subject);
    const { destination, currency } = kept.thing;
    const done = await world.money.reverse(at, String(currency), { transfer: subject, destination: String(destination), amount }, id);
    if (!done.done && done.at === 0)
      return {
        statements: [],
        refusal: refuse('ParameterInvalid', 'More is to be reversed than is left of the transfer.', { param: 'amount' }),
      };
    if (!done.done) return { statements: [], refusal: poor('funds in the connected account') };
    const line = lineOf(desk, 'transfer_refund', { source: id, amount, currency: String(currency), availableOn: desk.created });
    const reversal = newReversal(fieldsOf(input.given), kept.thing, amount, line.id, ownOf(desk, id));
    const next = reversedTransfer(kept.thing, reversal);
    return {
      statements: [
        await world.objects.change(at, kept, next),
        await world.objects.insertion(at, reversal),
        await world.objects.insertion(at, line),
        ...(await eventsOf(world, desk, [['transfer.reversed', next]])),
      ],
    };
  };

/** What of a payment goes to a connected account, and what of that comes back as a fee; undefined where nothing does. */
export function shareFor(desk: Desk, intent: Thing, taken: number): Share | undefined {
  const { destination, amount } = fieldsOf(intent.transfer_data);
  if (typeof destination !== 'string') return undefined;
  const fee = Math.min(Number(intent.application_fee_amount ?? 0), taken);
  return { transfer: desk.ids('tr'), destination, amount: Math.min(numberOf(amount) ?? taken, taken), fee };
}

/** The fee of a payment is at most what the payment leaves to the business. */
export const feeLeft = (fee: number, taken: number, share: Share | undefined): number =>
  share === undefined ? fee : Math.min(fee, taken - share.amount + share.fee);

type Shared = { readonly charge: Thing; readonly statements: readonly Statement[]; readonly told: readonly Told[] };

/** What is written of a payment that was passed on in the chain of its capture. */
export async function shared(
  world: World,
  desk: Desk,
  intent: Thing,
  charge: Thing,
  share: Share | undefined,
  availableOn: number,
): Promise<Shared> {
  if (share === undefined) return { charge, statements: [], told: [] };
  const currency = String(intent.currency);
  const group = textOf(intent.transfer_group) ?? `group_${intent.id}`;
  const out = lineOf(desk, 'transfer', { source: share.transfer, amount: -share.amount, currency, availableOn });
  const given: Fields = { source_transaction: charge.id, transfer_group: group };
  const sent = { amount: share.amount, currency, destination: share.destination, transaction: out.id };
  const transfer = newTransfer(given, sent, ownOf(desk, share.transfer));
  const statements = [await world.objects.insertion(desk.at, transfer), await world.objects.insertion(desk.at, out)];
  const told: Told[] = [['transfer.created', transfer]];
  const more: Fields = { transfer: transfer.id, transfer_data: intent.transfer_data ?? null, transfer_group: group };
  if (share.fee > 0) {
    const id = desk.ids('fee');
    const line = lineOf(desk, 'application_fee', { source: id, amount: share.fee, currency, availableOn });
    const kept = { amount: share.fee, account: share.destination, charge, transaction: line.id };
    const fee = newApplicationFee(kept, ownOf(desk, id));
    statements.push(await world.objects.insertion(desk.at, fee), await world.objects.insertion(desk.at, line));
    told.push(['application_fee.created', fee]);
    Object.assign(more, { application_fee: id, application_fee_amount: share.fee });
  }
  return { charge: { ...charge, ...more }, statements, told };
}

/** What comes back from the connected account with a refund, in proportion; undefined where nothing does. */
export async function backFor(world: World, desk: Desk, charge: Thing, amount: number): Promise<{ kept: Kept; share: Share } | undefined> {
  const kept = await world.objects.get(desk.at, 'transfer', textOf(charge.transfer) ?? '');
  if (!kept) return undefined;
  const left = Number(kept.thing.amount) - Number(kept.thing.amount_reversed);
  const isLast = Number(charge.amount_refunded) + amount >= Number(charge.amount_captured);
  const part = isLast ? left : Math.min(left, shareOf(Number(kept.thing.amount), amount, Number(charge.amount_captured)));
  return { kept, share: { transfer: kept.thing.id, destination: String(kept.thing.destination), amount: part, fee: 0 } };
}

/** What is written of money that came back from a connected account with a refund. */
export async function sharedBack(world: World, desk: Desk, { kept, share }: { kept: Kept; share: Share }, refund: string): Promise<Shared> {
  const id = desk.ids('trr');
  const currency = String(kept.thing.currency);
  const line = lineOf(desk, 'transfer_refund', { source: id, amount: share.amount, currency, availableOn: desk.created });
  const reversal = newReversal({ source_refund: refund }, kept.thing, share.amount, line.id, ownOf(desk, id));
  const next = reversedTransfer(kept.thing, reversal);
  const statements = [
    await world.objects.change(desk.at, kept, next),
    await world.objects.insertion(desk.at, reversal),
    await world.objects.insertion(desk.at, line),
  ];
  return { charge: next, statements, told: [['transfer.reversed', next]] };
}
