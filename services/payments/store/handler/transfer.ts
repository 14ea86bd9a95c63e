import { takesTransfers } from '../../domain/account.ts';
import { isCurrency } from '../../domain/currency.ts';
import { type Fields, merged, numberOf, textOf, type Thing } from '../../domain/json.ts';
import { changed } from '../change.ts';
import { invalid, missing, refuse } from '../fault.ts';
import { payoutsOf } from '../payout.ts';
import { availableOf } from '../payout-send.ts';
import { type Desk, found, type World, writtenDesk } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const kind = 'transfer';

/** The account that money goes to; one that is not ready is refused. */
export async function destinationOf(world: World, desk: Desk, id: string, param: string): Promise<Thing> {
  const { thing } = await found(world, desk.at, 'account', id, param);
  if (takesTransfers(thing)) return thing;
  throw refuse('StateInvalid', 'Your destination account needs to have at least one of the following capabilities enabled: transfers.', {
    ...{ code: 'insufficient_capabilities_for_transfer', param },
  });
}

async function create({ world, desk, input }: Request): Promise<Thing> {
  const [id, step] = [desk.ids('tr'), desk.ids('step')];
  const [currency, amount] = [String(input.currency).toLowerCase(), Number(input.amount)];
  if (!isCurrency(currency)) throw invalid('currency', `Invalid currency: ${currency}.`);
  if (amount < 1) throw invalid('amount', 'Invalid positive integer', 'parameter_invalid_integer');
  const destination = (await destinationOf(world, desk, String(input.destination), 'destination')).id;
  const source = textOf(input.source_transaction);
  const charge = source === undefined ? undefined : (await found(world, desk.at, 'charge', source, 'source_transaction')).thing;
  const line = charge && (await found(world, desk.at, 'balance_transaction', String(charge.balance_transaction))).thing;
  if (charge && charge.currency !== currency) throw invalid('currency', 'The currency of source_transaction is another.');
  if (charge && amount > Number(charge.amount_captured)) throw invalid('amount', 'The amount is more than that of source_transaction.');
  // What is passed on of a charge waits as long as the charge's own money does.
  await world.steps.on(desk.at, payoutsOf(currency), async () => {
    if (desk.again && (await world.steps.wasTaken(desk.at, step))) return;
    if (!charge && amount > (await availableOf(world, desk, currency)))
      throw refuse('BalanceInsufficient', 'You have insufficient available funds in your Stripe account.', {
        code: 'balance_insufficient',
      });
    const { description = null, metadata = {}, source_transaction = null, transfer_group = null } = input;
    const given: Fields = { description, metadata, source_transaction, transfer_group };
    const available = Math.max(desk.created, Number(line?.available_on ?? 0));
    const written = { transfer: id, amount, currency, destination, given, available_on: available, desk: writtenDesk(desk) };
    await world.steps.take(desk.at, { id: step, kind: 'transfer', subject: payoutsOf(currency), input: written });
  });
  return (await found(world, desk.at, kind, id)).thing;
}

async function reverse({ world, desk, input }: Request): Promise<Thing> {
  const [id, step, subject] = [desk.ids('trr'), desk.ids('step'), String(input.transfer)];
  await found(world, desk.at, kind, subject, 'id');
  await world.steps.on(desk.at, subject, async () => {
    if (desk.again && (await world.steps.wasTaken(desk.at, step))) return;
    const { thing } = await found(world, desk.at, kind, subject);
    const amount = numberOf(input.amount) ?? Number(thing.amount) - Number(thing.amount_reversed);
    if (amount < 1) throw invalid('amount', 'Nothing is left of the transfer that could be reversed.');
    const { metadata = {} } = input;
    const written = { reversal: id, amount, given: { metadata }, desk: writtenDesk(desk) };
    await world.steps.take(desk.at, { id: step, kind: 'reverse', subject, input: written });
  });
  return (await found(world, desk.at, 'transfer_reversal', id)).thing;
}

export const transferHandlers = (world: World) =>
  handlersOf(world, {
    CreateTransfer: create,
    GetTransfer: async ({ world, desk, id }) => (await found(world, desk.at, kind, id)).thing,
    ListTransfers: ({ world, desk, input }) => {
      const filters = { destination: `body->>'destination' = ?`, transfer_group: `body->>'transfer_group' = ?` };
      return listed(world.objects, desk.at, kind, pageOf(input, filters), '/v1/transfers');
    },
    UpdateTransfer: ({ world, desk, id, input }) => {
      const change = ({ thing }: { thing: Thing }) => ({
        next: {
          ...thing,
          ...{ metadata: merged(thing.metadata, input.metadata), description: input.description ?? thing.description ?? null },
        },
      });
      return changed(world, desk, kind, id, change, 'transfer.updated');
    },
    CreateTransferReversal: reverse,
    GetTransferReversal: async ({ world, desk, id, input }) => {
      const { thing } = await found(world, desk.at, 'transfer_reversal', id);
      if (thing.transfer !== input.transfer) throw missing('transfer_reversal', id);
      return thing;
    },
    UpdateTransferReversal: ({ world, desk, id, input }) => {
      const change = ({ thing }: { thing: Thing }) => {
        if (thing.transfer !== input.transfer) throw missing('transfer_reversal', id);
        return { next: { ...thing, metadata: merged(thing.metadata, input.metadata) } };
      };
      return changed(world, desk, 'transfer_reversal', id, change);
    },
    ListTransferReversals: ({ world, desk, input }) => {
      const page = pageOf(input, { transfer: `body->>'transfer' = ?` });
      return listed(world.objects, desk.at, 'transfer_reversal', page, `/v1/transfers/${String(input.transfer)}/reversals`);
    },
    GetApplicationFee: async ({ world, desk, id }) => (await found(world, desk.at, 'application_fee', id)).thing,
    ListApplicationFees: ({ world, desk, input }) =>
      listed(world.objects, desk.at, 'application_fee', pageOf(input, { charge: 'charge = ?' }), '/v1/application_fees'),
  }) satisfies Partial<All>;
