import { changedAccount, ownAccount, withBanks } from '../../domain/account.ts';
import { type Fields, fieldsOf, merged, textOf, type Thing } from '../../domain/json.ts';
import { changed } from '../change.ts';
import { invalid, missing, refuse } from '../fault.ts';
import type { Kept } from '../object.ts';
import { externalOf } from '../payout-send.ts';
import { found, type World } from '../world.ts';
import { accountKind, bankGiven } from './account.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { sliced } from './list.ts';

const ownIdLength = 16;

const accountOf = ({ world, desk, input }: Request): Promise<Kept> => found(world, desk.at, accountKind, String(input.account), 'account');
const bankOf = ({ thing }: Kept, id: string): Thing => {
  const bank = externalOf(thing).find((each) => each.id === id);
  if (!bank) throw missing('external account', id);
  return bank;
};

async function add(request: Request): Promise<Thing> {
  const { world, desk, input } = request;
  const account = await accountOf(request);
  const made = await bankGiven(request, account.thing.id, input.external_account);
  if (!made) throw invalid('external_account', 'Missing required param: external_account.', 'parameter_missing');
  const all = externalOf(account.thing);
  const isFirst = !all.some(({ currency }) => currency === made.bank.currency);
  const bank: Thing = { ...made.bank, default_for_currency: isFirst, metadata: merged({}, input.metadata) };
  const change = ({ thing }: Kept) => {
    const known = externalOf(thing).filter(({ id }) => id !== bank.id);
    const next = withBanks(thing, [...known, bank]);
    return { next: input.default_for_currency === true ? preferring(next, bank.id) : next, also: [made.number] };
  };
  const next = await changed(world, desk, accountKind, account.thing.id, change, 'account.updated');
  return externalOf(next).find(({ id }) => id === bank.id) ?? bank;
}

/** One account at a bank is the one of its currency. */
function preferring(account: Thing, id: string): Thing {
  const all = externalOf(account);
  const currency = all.find((each) => each.id === id)?.currency;
  return withBanks(
    account,
    all.map((each) => (each.currency === currency ? { ...each, default_for_currency: each.id === id } : each)),
  );
}

async function updateBank(request: Request): Promise<Thing> {
  const { world, desk, id, input } = request;
  const change = (kept: Kept) => {
    const bank = bankOf(kept, id);
    const name = input.account_holder_name === undefined ? bank.account_holder_name : input.account_holder_name;
    const next: Thing = { ...bank, account_holder_name: name ?? null, metadata: merged(bank.metadata, input.metadata) };
    const account = withBanks(
      kept.thing,
      externalOf(kept.thing).map((each) => (each.id === id ? next : each)),
    );
    return { next: input.default_for_currency === true ? preferring(account, id) : account };
  };
  const account = await changed(world, desk, accountKind, String(input.account), change, 'account.updated');
  return bankOf({ thing: account, hidden: {}, version: 1 }, id);
}

async function removeBank({ world, desk, id, input }: Request): Promise<Thing> {
  const change = (kept: Kept) => {
    const bank = bankOf(kept, id);
    const others = externalOf(kept.thing).filter((each) => each.id !== id);
    if (bank.default_for_currency === true && others.some(({ currency }) => currency === bank.currency))
      throw refuse(
        'StateInvalid',
        'You cannot delete the default external account for your default currency. Make another one the default.',
      );
    return { next: withBanks(kept.thing, others) };
  };
  await changed(world, desk, accountKind, String(input.account), change, 'account.updated');
  return { id, object: 'bank_account', deleted: true };
}

const capabilityOf = (account: Thing, id: string): Thing => ({
  ...{ id, object: 'capability', account: account.id, requested: Object.hasOwn(fieldsOf(account.capabilities), id) },
  ...{ requested_at: null, requirements: account.requirements ?? {}, future_requirements: account.future_requirements ?? {} },
  status: fieldsOf(account.capabilities)[id] ?? 'unrequested',
});

const capabilities = ['card_payments', 'transfers'];
function assertCapability(id: string): void {
  if (!capabilities.includes(id)) throw missing('capability', id);
}

async function updateCapability({ world, desk, id, input }: Request): Promise<Thing> {
  assertCapability(id);
  const asked: Fields = input.requested == null ? {} : { capabilities: { [id]: { requested: input.requested } } };
  const change = ({ thing }: Kept) => ({ next: changedAccount(thing, asked, undefined) });
  return capabilityOf(await changed(world, desk, accountKind, String(input.account), change, 'account.updated'), id);
}

export const accountPartHandlers = (world: World) =>
  handlersOf(world, {
    GetOwnAccount: async (request) => {
      if (textOf(request.input.account) !== undefined) return (await accountOf(request)).thing;
      const { world, desk } = request;
      return ownAccount(`acct_1${await world.secrets.hash(desk.at, 'bank account', 'account', ownIdLength)}`, desk);
    },
    CreateExternalAccount: add,
    GetExternalAccount: async (request) => bankOf(await accountOf(request), request.id),
    ListExternalAccounts: async (request) => {
      const { thing } = await accountOf(request);
      const all = request.input.object === 'card' ? [] : externalOf(thing);
      return sliced(all, request.input, `/v1/accounts/${thing.id}/external_accounts`);
    },
    UpdateExternalAccount: updateBank,
    DeleteExternalAccount: removeBank,
    ListCapabilities: async (request) => {
      const { thing } = await accountOf(request);
      const all = Object.keys(fieldsOf(thing.capabilities)).map((id) => capabilityOf(thing, id));
      return { object: 'list', data: all, has_more: false, url: `/v1/accounts/${thing.id}/capabilities` };
    },
    GetCapability: async (request) => {
      assertCapability(request.id);
      return capabilityOf((await accountOf(request)).thing, request.id);
    },
    UpdateCapability: updateCapability,
  }) satisfies Partial<All>;
