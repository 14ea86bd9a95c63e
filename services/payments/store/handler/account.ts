import { changedAccount, newAccount, newBankAccount } from '../../domain/account.ts';
import { isCurrency } from '../../domain/currency.ts';
import { fieldsOf, type Thing } from '../../domain/json.ts';
import { changed } from '../change.ts';
import { invalid, refuse } from '../fault.ts';
import { found, keepNew, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const kind = 'account';
const fingerprintLength = 16;

/** The bank account of a request, of whose number only the last digits and a keyed fingerprint are kept. */
async function bankOf({ world, desk, input }: Request, account: string): Promise<Thing | undefined> {
  if (input.external_account == null) return undefined;
  const given = fieldsOf(input.external_account);
  if (!/^[0-9A-Za-z]{4,34}$/.test(String(given.account_number)))
    throw invalid(
      'external_account[account_number]',
      'Invalid account number: it has 4 to 34 digits and letters.',
      'account_number_invalid',
    );
  if (!isCurrency(String(given.currency).toLowerCase())) throw invalid('external_account[currency]', 'Invalid currency.');
  const text = `${String(given.routing_number ?? '')} ${String(given.account_number)}`;
  return newBankAccount(given, account, desk.ids('ba'), await world.secrets.hash(desk.at, 'bank account', text, fingerprintLength));
}

async function create(request: Request): Promise<Thing> {
  const { world, desk, input } = request;
  const id = desk.ids('acct');
  const bank = await bankOf(request, id);
  const made = newAccount(input, { id, created: desk.created, livemode: desk.livemode });
  return keepNew(world, desk, bank ? changedAccount(made, {}, bank) : made);
}

async function remove({ world, desk, id }: Request): Promise<Thing> {
  const kept = await found(world, desk.at, kind, id);
  const left = await world.money.connected(desk.at, id, await world.objects.currenciesTo(desk.at, id));
  if ([...left.values()].some((amount) => amount !== 0)) throw refuse('StateInvalid', 'An account is deleted when nothing is left on it.');
  await world.objects.commit(desk.at, [world.objects.deletion(kept)]);
  return { id, object: kind, deleted: true };
}

export const accountHandlers = (world: World) =>
  handlersOf(world, {
    CreateAccount: create,
    GetAccount: async ({ world, desk, id }) => (await found(world, desk.at, kind, id)).thing,
    ListAccounts: ({ world, desk, input }) => listed(world.objects, desk.at, kind, pageOf(input), '/v1/accounts'),
    UpdateAccount: async (request) => {
      const { world, desk, id, input } = request;
      const bank = await bankOf(request, id);
      return changed(world, desk, kind, id, ({ thing }) => ({ next: changedAccount(thing, input, bank) }), 'account.updated');
    },
    DeleteAccount: remove,
  }) satisfies Partial<All>;
