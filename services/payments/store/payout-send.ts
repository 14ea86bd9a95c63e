import type { Placed } from '#kernel/contract/provider.ts';
import { settingsKind } from '../domain/balance-settings.ts';
import { type Fields, fieldsOf, type Json, type Thing } from '../domain/json.ts';
import { bankFor, bankNumber } from './bank-account.ts';
import { invalid, refuse } from './fault.ts';
import { tooPoor } from './mover/payout.ts';
import type { Kept } from './object.ts';
import { payoutsOf, payoutWay } from './payout.ts';
import { type Desk, found, type World, writtenDesk } from './world.ts';

/** What may be paid out: of the business less what waits, of a connected account all that it has. */
export async function availableOf(world: World, { at, created }: Desk, currency: string, owner?: string): Promise<number> {
  if (owner !== undefined) return (await world.money.owned(at, 'connected', owner, [currency])).get(currency) ?? 0;
  const waiting = (await world.objects.pending(at, created)).find((each) => each.currency === currency);
  return ((await world.money.balances(at, [currency])).get(currency) ?? 0) - Number(waiting?.pending ?? 0n);
}

export const externalOf = (account: Thing): Thing[] => (fieldsOf(account.external_accounts).data ?? []) as Thing[];

const noAccount = (wanted: Json) => invalid('destination', `No such external account: '${String(wanted)}'`, 'resource_missing');

/** The account at a bank that money goes to: the business' own, or one of a connected account. */
async function bankOfOwner(world: World, desk: Desk, currency: string, owner: string | undefined, wanted: Json): Promise<Thing> {
  if (owner === undefined) {
    const bank = await bankFor(world, desk, currency);
    if (wanted !== null && wanted !== bank.id) throw noAccount(wanted);
    return bank;
  }
  const { thing } = await found(world, desk.at, 'account', owner);
  if (thing.payouts_enabled !== true)
    throw refuse('StateInvalid', 'Cannot create payouts: this account has requirements that need to be collected.', {
      code: 'payouts_not_allowed',
    });
  const all = externalOf(thing).filter((each) => each.currency === currency);
  const bank = wanted === null ? all.find((each) => each.default_for_currency === true) : all.find(({ id }) => id === wanted);
  if (bank) return bank;
  throw wanted === null
    ? refuse('StateInvalid', `Sorry, you don't have any external accounts in that currency (${currency}).`)
    : noAccount(wanted);
}

type Sent = {
  readonly id: string;
  readonly step: string;
  readonly currency: string;
  readonly amount: number;
  readonly given: Fields;
  /** The connected account whose money it is. */
  readonly owner?: string | undefined;
  readonly destination: Json;
  /** Whether the schedule asks for it, and by which test clock. */
  readonly automatic?: boolean;
  readonly clock?: string | undefined;
};

/** The step that sends a payout, or takes one back. */
export async function send(world: World, desk: Desk, sent: Sent): Promise<void> {
  const { id, step, currency, amount, given, owner, destination, automatic = false, clock } = sent;
  const bank = await bankOfOwner(world, desk, currency, owner, destination);
  const { rail, arrival } = await payoutWay(world, desk, currency, given.method === 'instant', bank);
  const { content, name } = bankNumber(bank);
  const own: Fields = { owner: owner ?? null, automatic, clock: clock ?? null };
  const written = { ...own, payout: id, amount, currency, destination: bank.id, rail, arrival, account: content, name, given };
  const input = { ...written, desk: writtenDesk(desk) };
  await world.steps.take(desk.at, { id: step, kind: 'payout', subject: payoutsOf(currency), input });
}

/** Pays out how much of what may be is asked for, once; nothing where that is nothing. Refused: it is more than may be paid out. */
export async function payOut(world: World, desk: Desk, asked: Omit<Sent, 'amount'> & { amountOf(available: number): number }) {
  const { amountOf, ...sent } = asked;
  await world.steps.on(desk.at, payoutsOf(sent.currency), async () => {
    if (desk.again && (await world.steps.wasTaken(desk.at, sent.step))) return;
    const available = await availableOf(world, desk, sent.currency, sent.owner);
    const amount = amountOf(available);
    if (amount < 1) return;
    if (amount > available) throw tooPoor();
    await send(world, desk, { ...sent, amount });
  });
}

/** How the business is paid out, as it has said. */
export const settingsOf = (world: World, at: Placed): Promise<Kept | undefined> => world.objects.get(at, settingsKind, settingsKind);
