import { isCurrency } from '../../domain/currency.ts';
import { type Fields, merged, type Thing } from '../../domain/json.ts';
import { bankFor, bankId, bankNumber } from '../bank-account.ts';
import { changed } from '../change.ts';
import { invalid, refuse } from '../fault.ts';
import { gone, tooPoor } from '../mover/payout.ts';
import { payoutsOf, payoutWay } from '../payout.ts';
import { type Desk, found, type World, writtenDesk } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const kind = 'payout';

export async function availableOf(world: World, { at, created }: Desk, currency: string): Promise<number> {
  const waiting = (await world.objects.pending(at, created)).find((each) => each.currency === currency);
  return ((await world.money.balances(at, [currency])).get(currency) ?? 0) - Number(waiting?.pending ?? 0n);
}

type Going = {
  readonly id: string;
  readonly currency: string;
  readonly amount: number;
  readonly given: Fields;
  readonly isInstant: boolean;
};

/** The step that sends a payout, or takes one back. */
async function send(world: World, desk: Desk, step: string, { id, currency, amount, given, isInstant }: Going): Promise<void> {
  const bank = await bankFor(world, desk, currency);
  const { rail, arrival } = await payoutWay(world, desk, currency, isInstant, bank);
  const { content, name } = bankNumber(bank);
  const written = { payout: id, amount, currency, destination: bank.id, rail, arrival, account: content, name, given };
  await world.steps.take(desk.at, {
    ...{ id: step, kind: 'payout', subject: payoutsOf(currency), input: { ...written, desk: writtenDesk(desk) } },
  });
}

async function create({ world, desk, input }: Request): Promise<Thing> {
  const [id, step] = [desk.ids('po'), desk.ids('step')];
  const currency = String(input.currency).toLowerCase();
  if (!isCurrency(currency)) throw invalid('currency', `Invalid currency: ${currency}.`);
  const amount = Number(input.amount);
  if (amount < 1) throw invalid('amount', 'Invalid positive integer', 'parameter_invalid_integer');
  if (input.destination != null && input.destination !== (await bankId(world, desk.at, currency)))
    throw invalid('destination', `No such external account: '${String(input.destination)}'`, 'resource_missing');
  await world.steps.on(desk.at, payoutsOf(currency), async () => {
    if (desk.again && (await world.steps.wasTaken(desk.at, step))) return;
    if (amount > (await availableOf(world, desk, currency))) throw tooPoor();
    const { description = null, metadata = {}, method = null, statement_descriptor = null } = input;
    const given: Fields = { description, metadata, method, statement_descriptor };
    await send(world, desk, step, { id, currency, amount, given, isInstant: method === 'instant' });
  });
  return (await found(world, desk.at, kind, id)).thing;
}

/** Takes a payout back from the bank that has it, by a debit. Banks of the United States alone are debited so. */
async function reverse({ world, desk, id, input }: Request): Promise<Thing> {
  const [back, step] = [desk.ids('po'), desk.ids('step')];
  const currency = String((await found(world, desk.at, kind, id)).thing.currency);
  await world.steps.on(desk.at, payoutsOf(currency), async () => {
    if (desk.again && (await world.steps.wasTaken(desk.at, step))) return;
    const { thing } = await found(world, desk.at, kind, id);
    if (thing.status !== 'paid' || thing.reversed_by !== null || thing.original_payout !== null || currency !== 'usd')
      throw refuse('StateInvalid', 'Only a payout in usd that is paid, and was not reversed, can be reversed.', {
        code: 'payouts_not_allowed',
      });
    const given: Fields = { metadata: input.metadata ?? {}, original_payout: id };
    await send(world, desk, step, { id: back, currency, amount: Number(thing.amount), given, isInstant: false });
  });
  return (await found(world, desk.at, kind, back)).thing;
}

async function cancel({ world, desk, id }: Request): Promise<Thing> {
  const step = desk.ids('step');
  const subject = payoutsOf(String((await found(world, desk.at, kind, id)).thing.currency));
  await world.steps.on(desk.at, subject, async () => {
    if (desk.again && (await world.steps.wasTaken(desk.at, step))) return;
    const { thing } = await found(world, desk.at, kind, id);
    if (thing.status !== 'pending') throw gone(thing);
    await world.steps.take(desk.at, { id: step, kind: 'unpay', subject, input: { payout: id, desk: writtenDesk(desk) } });
  });
  return (await found(world, desk.at, kind, id)).thing;
}

export const payoutHandlers = (world: World) =>
  handlersOf(world, {
    CreatePayout: create,
    GetPayout: async ({ world, desk, id }) => (await found(world, desk.at, kind, id)).thing,
    ListPayouts: ({ world, desk, input }) => {
      const filters = { status: `body->>'status' = ?`, destination: `body->>'destination' = ?` };
      return listed(world.objects, desk.at, kind, pageOf(input, filters), '/v1/payouts');
    },
    UpdatePayout: ({ world, desk, id, input }) => {
      const change = ({ thing }: { thing: Thing }) => ({ next: { ...thing, metadata: merged(thing.metadata, input.metadata) } });
      return changed(world, desk, kind, id, change, 'payout.updated');
    },
    CancelPayout: cancel,
    ReversePayout: reverse,
  }) satisfies Partial<All>;
