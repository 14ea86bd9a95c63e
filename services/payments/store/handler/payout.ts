import { isCurrency } from '../../domain/currency.ts';
import { type Fields, merged, textOf, type Thing } from '../../domain/json.ts';
import { changed } from '../change.ts';
import { invalid, missing, refuse } from '../fault.ts';
import { gone } from '../mover/payout.ts';
import type { Condition } from '../object.ts';
import { payoutsOf } from '../payout.ts';
import { payOut, send } from '../payout-send.ts';
import { found, type World, writtenDesk } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const kind = 'payout';

/** What is kept of the business alone, or of a connected account. */
export const belongingTo = (account: string | undefined): Condition =>
  account === undefined ? [`hidden->>'account' is null`] : [`hidden->>'account' = ?`, account];

/** A payout of whoever asks: the business, or the connected account that it asks for. */
async function owned({ world, desk, id, input }: Request): Promise<Thing> {
  const { thing, hidden } = await found(world, desk.at, kind, id);
  if ((hidden.account ?? null) !== (input.account ?? null)) throw missing(kind, id, 'payout');
  return thing;
}

async function create({ world, desk, input }: Request): Promise<Thing> {
  const [id, step] = [desk.ids('po'), desk.ids('step')];
  const currency = String(input.currency).toLowerCase();
  if (!isCurrency(currency)) throw invalid('currency', `Invalid currency: ${currency}.`);
  const amount = Number(input.amount);
  if (amount < 1) throw invalid('amount', 'Invalid positive integer', 'parameter_invalid_integer');
  const { description = null, metadata = {}, method = null, statement_descriptor = null, destination = null } = input;
  const given: Fields = { description, metadata, method, statement_descriptor };
  const owner = textOf(input.account);
  await payOut(world, desk, { id, step, currency, given, owner, destination, amountOf: () => amount });
  return (await found(world, desk.at, kind, id)).thing;
}

/** Takes a payout back from the bank that has it, by a debit. Banks of the United States alone are debited so. */
async function reverse(request: Request): Promise<Thing> {
  const { world, desk, id, input } = request;
  const [back, step] = [desk.ids('po'), desk.ids('step')];
  const currency = String((await owned(request)).currency);
  await world.steps.on(desk.at, payoutsOf(currency), async () => {
    if (desk.again && (await world.steps.wasTaken(desk.at, step))) return;
    const { thing } = await found(world, desk.at, kind, id);
    if (thing.status !== 'paid' || thing.reversed_by !== null || thing.original_payout !== null || currency !== 'usd')
      throw refuse('StateInvalid', 'Only a payout in usd that is paid, and was not reversed, can be reversed.', {
        code: 'payouts_not_allowed',
      });
    const given: Fields = { metadata: input.metadata ?? {}, original_payout: id };
    const owner = textOf(input.account);
    await send(world, desk, {
      id: back,
      step,
      currency,
      amount: Number(thing.amount),
      given,
      owner,
      destination: thing.destination ?? null,
    });
  });
  return (await found(world, desk.at, kind, back)).thing;
}

async function cancel(request: Request): Promise<Thing> {
  const { world, desk, id } = request;
  const step = desk.ids('step');
  const subject = payoutsOf(String((await owned(request)).currency));
  await world.steps.on(desk.at, subject, async () => {
    if (desk.again && (await world.steps.wasTaken(desk.at, step))) return;
    const { thing } = await found(world, desk.at, kind, id);
    if (thing.status !== 'pending' || thing.automatic === true) throw gone(thing);
    await world.steps.take(desk.at, { id: step, kind: 'unpay', subject, input: { payout: id, desk: writtenDesk(desk) } });
  });
  return (await found(world, desk.at, kind, id)).thing;
}

export const payoutHandlers = (world: World) =>
  handlersOf(world, {
    CreatePayout: create,
    GetPayout: owned,
    ListPayouts: ({ world, desk, input }) => {
      const filters = { status: `body->>'status' = ?`, destination: `body->>'destination' = ?` };
      const page = pageOf(input, filters);
      const where = [...page.where, belongingTo(textOf(input.account))];
      return listed(world.objects, desk.at, kind, { ...page, where }, '/v1/payouts');
    },
    UpdatePayout: async (request) => {
      const { world, desk, id, input } = request;
      await owned(request);
      const change = ({ thing }: { thing: Thing }) => ({ next: { ...thing, metadata: merged(thing.metadata, input.metadata) } });
      return changed(world, desk, kind, id, change, 'payout.updated');
    },
    CancelPayout: cancel,
    ReversePayout: reverse,
  }) satisfies Partial<All>;
