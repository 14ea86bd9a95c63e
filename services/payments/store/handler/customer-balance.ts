import { isCurrency } from '../../domain/currency.ts';
import { type Fields, type Json, merged, type Thing } from '../../domain/json.ts';
import { newPolicy } from '../../domain/collection.ts';
import { changed } from '../change.ts';
import { deskFor } from '../clock.ts';
import { invalid, missing } from '../fault.ts';
import { invoicesOf } from '../invoice.ts';
import { type Desk, deskOfStep, found, keepNew, type World, writtenDesk } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const kind = 'customer_balance_transaction';

/** Changes what a customer has with the business, in their turn; answers the line of it. */
export async function adjusted(world: World, asked: Desk, customer: string, by: (payer: Thing) => number, given: Fields): Promise<string> {
  const payer = (await found(world, asked.at, 'customer', customer, 'customer')).thing;
  const desk = await deskFor(world, asked, payer);
  const step = desk.ids('step');
  const currency = String(given.currency ?? payer.currency ?? 'usd').toLowerCase();
  if (!isCurrency(currency)) throw invalid('currency', `Invalid currency: ${currency}.`);
  if (payer.currency !== null && payer.currency !== currency)
    throw invalid('currency', `The balance of the customer is of the currency ${String(payer.currency)}.`);
  const { description = null, metadata = null } = given;
  await world.steps.on(desk.at, invoicesOf(customer), async () => {
    if (desk.again && (await world.steps.wasTaken(desk.at, step))) return;
    const amount = by((await found(world, desk.at, 'customer', customer, 'customer')).thing);
    const input = { customer, amount, currency, given: { description, metadata }, desk: writtenDesk(desk) };
    await world.steps.take(desk.at, { id: step, kind: 'balance', subject: invoicesOf(customer), input });
  });
  return deskOfStep(desk.at, step, writtenDesk(desk)).ids('cbtxn');
}

async function create({ world, desk, input }: Request): Promise<Thing> {
  if (input.amount === 0) throw invalid('amount', 'The amount of a change is not zero.');
  const line = await adjusted(world, desk, String(input.customer), () => Number(input.amount), input);
  return (await found(world, desk.at, kind, line)).thing;
}

async function put({ world, desk, input }: Request): Promise<Thing> {
  const id = 'collection_policy';
  await keepNew(world, desk, newPolicy(desk.created));
  const { retry_after_days, then } = input;
  return changed(world, desk, id, id, ({ thing }) => ({
    next: { ...thing, retry_after_days: retry_after_days as Json, then: then ?? 'cancel' },
  }));
}

export const customerBalanceHandlers = (world: World) =>
  handlersOf(world, {
    CreateCustomerBalanceTransaction: create,
    GetCustomerBalanceTransaction: async ({ world, desk, id, input }) => {
      const { thing } = await found(world, desk.at, kind, id);
      if (thing.customer !== input.customer) throw missing(kind, id);
      return thing;
    },
    UpdateCustomerBalanceTransaction: ({ world, desk, id, input }) =>
      changed(world, desk, kind, id, ({ thing }) => {
        if (thing.customer !== input.customer) throw missing(kind, id);
        const description = input.description === undefined ? (thing.description ?? null) : input.description;
        return { next: { ...thing, description, metadata: merged(thing.metadata, input.metadata) } };
      }),
    ListCustomerBalanceTransactions: ({ world, desk, input }) => {
      const page = pageOf(input, { customer: 'customer = ?', invoice: `body->>'invoice' = ?` });
      return listed(world.objects, desk.at, kind, page, `/v1/customers/${String(input.customer)}/balance_transactions`);
    },
    GetCollectionPolicy: async ({ world, desk }) =>
      (await world.objects.get(desk.at, 'collection_policy', 'collection_policy'))?.thing ?? newPolicy(0),
    PutCollectionPolicy: put,
  }) satisfies Partial<All>;
