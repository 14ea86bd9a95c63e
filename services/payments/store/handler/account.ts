import type { Statement } from '#seams/sql/sql.ts';
import { changedAccount, newAccount, rejectedAccount } from '../../domain/account.ts';
import { isCurrency } from '../../domain/currency.ts';
import { type Fields, fieldsOf, type Json, type Thing } from '../../domain/json.ts';
import { changed } from '../change.ts';
import { invalid, refuse } from '../fault.ts';
import { externalBank } from '../bank-account.ts';
import type { Kept } from '../object.ts';
import { found, keepNew, type World } from '../world.ts';
import { withSchedule } from './balance-settings.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

export const accountKind = 'account';
const kind = accountKind;

type Bank = { readonly bank: Thing; readonly number: Statement };

/** A bank account as it was given: its number lies sealed, and what is shown of it is its last digits and a keyed fingerprint. */
export async function bankGiven({ world, desk }: Request, account: string, asked: Json | undefined): Promise<Bank | undefined> {
  if (asked == null) return undefined;
  const given = fieldsOf(asked);
  const currency = String(given.currency).toLowerCase();
  if (!isCurrency(currency)) throw invalid('external_account[currency]', 'Invalid currency.');
  return externalBank(world, desk, account, { ...given, currency });
}

/** The rhythm of payouts that a request asks for, on the account as it is then. */
function paidOut(account: Thing, { settings }: Fields, hidden: Fields, now: number): { next: Thing; hidden: Fields } {
  const { payouts } = fieldsOf(settings);
  return payouts == null ? { next: account, hidden } : withSchedule(account, fieldsOf(payouts), hidden, now);
}

async function create(request: Request): Promise<Thing> {
  const { world, desk, input } = request;
  const id = desk.ids('acct');
  const bank = await bankGiven(request, id, input.external_account);
  const made = newAccount(input, { id, created: desk.created, livemode: desk.livemode });
  const { next, hidden } = paidOut(bank ? changedAccount(made, {}, bank.bank) : made, input, {}, desk.created);
  if (bank) await world.objects.commit(desk.at, [bank.number]);
  return keepNew(world, desk, next, undefined, { hidden });
}

async function update(request: Request): Promise<Thing> {
  const { world, desk, id, input } = request;
  const bank = await bankGiven(request, id, input.external_account);
  const change = ({ thing, hidden }: Kept) => ({
    ...paidOut(changedAccount(thing, input, bank?.bank), input, hidden, desk.created),
    also: bank ? [bank.number] : [],
  });
  return changed(world, desk, kind, id, change, 'account.updated');
}

async function remove({ world, desk, id }: Request): Promise<Thing> {
  const kept = await found(world, desk.at, kind, id);
  const left = await world.money.owned(desk.at, 'connected', id, await world.objects.currenciesTo(desk.at, id));
  if ([...left.values()].some((amount) => amount !== 0)) throw refuse('StateInvalid', 'An account is deleted when nothing is left on it.');
  await world.objects.commit(desk.at, [world.objects.deletion(kept)]);
  return { id, object: kind, deleted: true };
}

export const accountHandlers = (world: World) =>
  handlersOf(world, {
    CreateAccount: create,
    GetAccount: async ({ world, desk, id }) => (await found(world, desk.at, kind, id)).thing,
    ListAccounts: ({ world, desk, input }) => listed(world.objects, desk.at, kind, pageOf(input), '/v1/accounts'),
    UpdateAccount: update,
    DeleteAccount: remove,
    RejectAccount: ({ world, desk, id, input }) => {
      const change = ({ thing }: Kept) => ({ next: rejectedAccount(thing, String(input.reason)) });
      return changed(world, desk, kind, id, change, 'account.updated');
    },
  }) satisfies Partial<All>;
