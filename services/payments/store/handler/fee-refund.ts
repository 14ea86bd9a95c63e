import { type Fields, merged, numberOf, type Thing } from '../../domain/json.ts';
import { changed } from '../change.ts';
import { invalid, missing, refuse } from '../fault.ts';
import type { Kept } from '../object.ts';
import { type Desk, found, type World, writtenDesk } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const kind = 'fee_refund';

/** How much of a fee goes back, of what of it is left. */
type AmountOf = (left: number, whole: number) => number;

/** Gives a part of an application fee back, once. */
async function refundFee(world: World, desk: Desk, fee: string, given: Fields, amountOf: AmountOf): Promise<string> {
  const [id, step] = [desk.ids('fr'), desk.ids('step')];
  await found(world, desk.at, 'application_fee', fee, 'id');
  await world.steps.on(desk.at, fee, async () => {
    if (desk.again && (await world.steps.wasTaken(desk.at, step))) return;
    const { thing } = await found(world, desk.at, 'application_fee', fee);
    const left = Number(thing.amount) - Number(thing.amount_refunded);
    if (left < 1)
      throw refuse('StateInvalid', `Application fee ${fee} has already been refunded.`, { code: 'application_fee_already_refunded' });
    const amount = amountOf(left, Number(thing.amount));
    if (amount < 1) throw invalid('amount', 'Invalid positive integer', 'parameter_invalid_integer');
    const written = { refund: id, amount, given, desk: writtenDesk(desk) };
    await world.steps.take(desk.at, { id: step, kind: 'fee_refund', subject: fee, input: written });
  });
  return id;
}

async function create({ world, desk, input }: Request): Promise<Thing> {
  const asked = numberOf(input.amount);
  const id = await refundFee(world, desk, String(input.fee), { metadata: input.metadata ?? {} }, (left) => asked ?? left);
  return (await found(world, desk.at, kind, id)).thing;
}

const ofFee = ({ thing }: Kept, fee: unknown): Thing => {
  if (thing.fee !== fee) throw missing(kind, thing.id);
  return thing;
};

export const feeRefundHandlers = (world: World) =>
  handlersOf(world, {
    CreateFeeRefund: create,
    GetFeeRefund: async ({ world, desk, id, input }) => ofFee(await found(world, desk.at, kind, id), input.fee),
    UpdateFeeRefund: ({ world, desk, id, input }) => {
      const change = (kept: Kept) => ({ next: { ...ofFee(kept, input.fee), metadata: merged(kept.thing.metadata, input.metadata) } });
      return changed(world, desk, kind, id, change, 'application_fee.refund.updated');
    },
    ListFeeRefunds: ({ world, desk, input }) => {
      const page = pageOf(input, { fee: `body->>'fee' = ?` });
      return listed(world.objects, desk.at, kind, page, `/v1/application_fees/${String(input.fee)}/refunds`);
    },
  }) satisfies Partial<All>;
