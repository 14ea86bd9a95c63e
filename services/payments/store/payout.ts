import type { Placed } from '#kernel/contract/provider.ts';
import { textOf, type Thing } from '../domain/json.ts';
import { nextBankDay } from '../domain/payout.ts';
import { type PayoutRail, payoutRailOf } from '../domain/payout-rail.ts';
import { entryKind } from './bank.ts';
import { type BankNumber, numberKept } from './bank-account.ts';
import { refuse } from './fault.ts';
import { type Desk, deskOfCause, type World, writtenDesk } from './world.ts';

/** Payouts of one currency go one after another: what may be paid out is what the one before has left. */
export const payoutsOf = (currency: string): string => `payouts ${currency}`;

/** How a payout goes, and when its bank has it; the environment may say how soon what goes the usual way leaves. */
export async function payoutWay(
  world: World,
  desk: Desk,
  currency: string,
  isInstant: boolean,
  bank: Thing,
): Promise<{ rail: PayoutRail; arrival: number }> {
  const rail = payoutRailOf(currency, isInstant, (await numberKept(world, desk.at, bank)) ?? {});
  if (!rail)
    throw refuse('StateInvalid', 'No instant network reaches the bank of this payout. Use the standard method.', {
      ...{ code: 'instant_payouts_unsupported', param: 'method' },
    });
  if (isInstant) return { rail, arrival: desk.created };
  const { payoutSeconds } = await world.networks.conditions(desk.at);
  return { rail, arrival: payoutSeconds === undefined ? nextBankDay(desk.created) : desk.created + payoutSeconds };
}

type Going = { readonly payout: Thing; readonly way: 'credit' | 'debit'; readonly rail: PayoutRail; readonly bank: BankNumber };

/** What of a payout goes to its bank. */
export const payoutEntry = (desk: Desk, { payout, way, rail, bank }: Going): Thing => ({
  ...{ id: desk.ids('cle'), object: entryKind, created: desk.created, livemode: desk.livemode, rail, way, type: 'payout' },
  ...{ amount: Math.abs(Number(payout.amount)), currency: payout.currency ?? '', payout: payout.id, account: bank.content },
  ...{ payment: null, charge: null, mandate: null, name: bank.name, state: 'waiting', file: null, reference: null, code: null },
});

/** What the bank says of a payout, told once: `code` is why it did not take it, or sent it back. */
export async function payoutHeard(world: World, at: Placed, now: number, entry: Thing, code: string | undefined): Promise<void> {
  const step = `${entry.id} ${code === undefined ? 'paid' : 'failed'}`;
  const subject = payoutsOf(String(entry.currency));
  await world.steps.on(at, subject, async () => {
    if (await world.steps.wasTaken(at, step)) return;
    const desk = deskOfCause(at, step, now, entry.livemode === true);
    const input = { entry: entry.id, payout: textOf(entry.payout) ?? '', code: code ?? null, desk: writtenDesk(desk) };
    await world.steps.take(at, { id: step, kind: 'payout_end', subject, input });
  });
}
