import { isCurrency } from '../../domain/currency.ts';
import { bankFor, bankKind, bankOf } from '../bank-account.ts';
import { invalid } from '../fault.ts';
import { found, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

async function put({ world, desk, input }: Request) {
  const currency = String(input.currency).toLowerCase();
  if (!isCurrency(currency)) throw invalid('currency', `Invalid currency: ${currency}.`);
  const { bank, number } = await bankOf(world, desk, currency, input);
  await bankFor(world, desk, currency);
  const kept = await found(world, desk.at, bankKind, bank.id);
  await world.objects.commit(desk.at, [await world.objects.change(desk.at, kept, { ...bank, created: kept.thing.created ?? 0 }), number]);
  return bank;
}

export const bankAccountHandlers = (world: World) =>
  handlersOf(world, {
    PutBankAccount: put,
    GetBankAccount: async ({ world, desk, id }) => (await found(world, desk.at, bankKind, id)).thing,
    ListBankAccounts: ({ world, desk, input }) => listed(world.objects, desk.at, bankKind, pageOf(input), '/v1/bank_accounts'),
  }) satisfies Partial<All>;
