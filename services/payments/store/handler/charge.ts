import { shippingOf } from '../../domain/customer.ts';
import { type Fields, fieldsOf, merged, numberOf, textOf, type Thing } from '../../domain/json.ts';
import { changed } from '../change.ts';
import { invalid, refuse } from '../fault.ts';
import { feePartOf } from '../mover/fee-refund.ts';
import type { Kept } from '../object.ts';
import { paymentBehind } from '../payment.ts';
import { found, writtenDesk } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';
import { searched } from './search.ts';

function updateCharge({ world, desk, id, input }: Request): Promise<Thing> {
  const plain = ['description', 'receipt_email', 'transfer_group', 'customer'] as const;
  const change = ({ thing }: { thing: Thing }) => {
    const next: Thing = { ...thing, metadata: merged(thing.metadata, input.metadata) };
    for (const name of plain) if (input[name] !== undefined) next[name] = input[name] ?? null;
    if (input.shipping !== undefined) next.shipping = shippingOf(input.shipping);
    if (input.fraud_details != null) next.fraud_details = merged(thing.fraud_details, input.fraud_details);
    return { next };
  };
  return changed(world, desk, 'charge', id, change, 'charge.updated');
}

/** The charge that a refund is of, by its id or its payment's. */
async function chargeToRefund({ world, desk, input }: Request): Promise<Kept> {
  const [charge, intent] = [textOf(input.charge), textOf(input.payment_intent)];
  if ((charge === undefined) === (intent === undefined))
    throw invalid(
      'charge',
      'One of the following params should be provided for this request: payment_intent or charge.',
      'parameter_missing',
    );
  if (charge !== undefined) return found(world, desk.at, 'charge', charge, 'charge');
  const { thing } = await found(world, desk.at, 'payment_intent', intent ?? '', 'payment_intent');
  const latest = textOf(thing.latest_charge);
  if (latest === undefined) throw refuse('StateInvalid', `This PaymentIntent (${thing.id}) does not have a successful charge to refund.`);
  return found(world, desk.at, 'charge', latest);
}

async function refund(request: Request): Promise<Thing> {
  const { world, desk, input } = request;
  const [id, step] = [desk.ids('re'), desk.ids('step')];
  const kept = await chargeToRefund(request);
  const charge = kept.thing;
  const given: Fields = { metadata: input.metadata ?? {}, reason: input.reason ?? null };
  const intent = paymentBehind(kept);
  if (charge.captured !== true && charge.payment_intent === null && charge.paid === true) return released(request, kept, id, step, given);
  if (charge.captured !== true)
    throw refuse('StateInvalid', `Charge ${charge.id} has not been captured, so that it cannot be refunded; cancel its payment.`, {
      code: 'charge_not_refundable',
    });
  const way = fieldsOf(charge.payment_method_details).type;
  if (way === 'boleto' || way === 'oxxo')
    throw refuse('StateInvalid', `Charge ${charge.id} was paid by ${way}, which cannot be refunded.`, { code: 'charge_not_refundable' });
  await world.steps.on(desk.at, intent, async () => {
    if (desk.again && (await world.steps.wasTaken(desk.at, step))) return;
    const amount = numberOf(input.amount) ?? (await world.money.refundable(desk.at, intent));
    if (amount < 1)
      throw input.amount == null
        ? refuse('StateInvalid', `Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' })
        : invalid('amount', 'Invalid positive integer', 'parameter_invalid_integer');
    const reverse = input.reverse_transfer === true;
    if (reverse && charge.transfer == null)
      throw invalid('reverse_transfer', 'Cannot reverse the transfer of a charge that was passed on to nobody.');
    if (input.refund_application_fee === true && charge.application_fee == null)
      throw invalid('refund_application_fee', 'Cannot refund the application fee of a charge that has none.');
    const fee = input.refund_application_fee === true ? await feePartOf(world, desk.at, await fresh(request, charge), amount) : 0;
    const written = { refund: id, charge: charge.id, amount, given, reverse, fee, desk: writtenDesk(desk) };
    await world.steps.take(desk.at, { id: step, kind: 'refund', subject: intent, input: written });
  });
  return (await found(world, desk.at, 'refund', id)).thing;
}

const fresh = async ({ world, desk }: Request, { id }: Thing): Promise<Thing> => (await found(world, desk.at, 'charge', id)).thing;

/** What was held by a charge without an intent is free again; of that, all or nothing is given back. */
async function released({ world, desk, input }: Request, { thing, hidden }: Kept, id: string, step: string, given: Fields): Promise<Thing> {
  if (input.amount != null && input.amount !== thing.amount)
    throw invalid('amount', 'A charge that was not captured is refunded whole; capture a part of it instead.');
  const payment = paymentBehind({ thing, hidden, version: 0 });
  await world.steps.on(desk.at, payment, async () => {
    if (desk.again && (await world.steps.wasTaken(desk.at, step))) return;
    const { thing: now } = await found(world, desk.at, 'charge', thing.id);
    if (now.refunded === true || now.captured === true)
      throw refuse('StateInvalid', `Charge ${thing.id} has already been refunded.`, { code: 'charge_already_refunded' });
    const written = { reason: null, refund: id, given, desk: writtenDesk(desk) };
    await world.steps.take(desk.at, { id: step, kind: 'cancel', subject: payment, input: written });
  });
  return (await found(world, desk.at, 'refund', id)).thing;
}

export const chargeHandlers = (world: Request['world']) =>
  handlersOf(world, {
    GetCharge: async ({ world, desk, id }) => (await found(world, desk.at, 'charge', id)).thing,
    ListCharges: ({ world, desk, input }) => {
      const filters = { customer: 'customer = ?', payment_intent: 'payment_intent = ?', transfer_group: `body->>'transfer_group' = ?` };
      return listed(world.objects, desk.at, 'charge', pageOf(input, filters), '/v1/charges');
    },
    SearchCharges: (request) => searched(request, 'charge', '/v1/charges/search'),
    UpdateCharge: updateCharge,
    CreateRefund: refund,
    GetRefund: async ({ world, desk, id }) => (await found(world, desk.at, 'refund', id)).thing,
    ListRefunds: ({ world, desk, input }) => {
      const filters = { charge: 'charge = ?', payment_intent: 'payment_intent = ?' };
      return listed(world.objects, desk.at, 'refund', pageOf(input, filters), '/v1/refunds');
    },
    UpdateRefund: ({ world, desk, id, input }) => {
      const change = ({ thing }: { thing: Thing }) => ({ next: { ...thing, metadata: merged(thing.metadata, input.metadata) } });
      return changed(world, desk, 'refund', id, change, 'refund.updated');
    },
  }) satisfies Partial<All>;
