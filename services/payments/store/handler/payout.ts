import type { Placed } from '#kernel/contract/provider.ts';
import { isCurrency } from '../../domain/currency.ts';
import { type Fields, merged, type Thing } from '../../domain/json.ts';
import { changed } from '../change.ts';
import { invalid } from '../fault.ts';
import { payoutsSettledMax } from '../limits.ts';
import { gone, tooPoor } from '../mover/payout.ts';
import { type Desk, deskOfCause, found, type World, writtenDesk } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const kind = 'payout';
const destinationLength = 24;

/** Payouts of one currency go one after another: what may be paid out is what the one before has left. */
export const subjectOf = (currency: string): string => `payouts ${currency}`;

export async function availableOf(world: World, { at, created }: Desk, currency: string): Promise<number> {
  const waiting = (await world.objects.pending(at, created)).find((each) => each.currency === currency);
  return ((await world.money.balances(at, [currency])).get(currency) ?? 0) - Number(waiting?.pending ?? 0n);
}

async function create({ world, desk, input }: Request): Promise<Thing> {
  const [id, step] = [desk.ids('po'), desk.ids('step')];
  const currency = String(input.currency).toLowerCase();
  if (!isCurrency(currency)) throw invalid('currency', `Invalid currency: ${currency}.`);
  const amount = Number(input.amount);
  if (amount < 1) throw invalid('amount', 'Invalid positive integer', 'parameter_invalid_integer');
  await world.steps.on(desk.at, subjectOf(currency), async () => {
    if (desk.again && (await world.steps.wasTaken(desk.at, step))) return;
    if (amount > (await availableOf(world, desk, currency))) throw tooPoor();
    const destination = `ba_1${await world.secrets.hash(desk.at, 'bank account', currency, destinationLength)}`;
    const { description = null, metadata = {}, method = null, statement_descriptor = null } = input;
    const given: Fields = { description, metadata, method, statement_descriptor };
    const written = { payout: id, amount, currency, destination, given, desk: writtenDesk(desk) };
    await world.steps.take(desk.at, { id: step, kind: 'payout', subject: subjectOf(currency), input: written });
  });
  return (await found(world, desk.at, kind, id)).thing;
}

async function cancel({ world, desk, id }: Request): Promise<Thing> {
  const step = desk.ids('step');
  const subject = subjectOf(String((await found(world, desk.at, kind, id)).thing.currency));
  await world.steps.on(desk.at, subject, async () => {
    if (desk.again && (await world.steps.wasTaken(desk.at, step))) return;
    const { thing } = await found(world, desk.at, kind, id);
    if (thing.status !== 'pending') throw gone(thing);
    await world.steps.take(desk.at, { id: step, kind: 'unpay', subject, input: { payout: id, desk: writtenDesk(desk) } });
  });
  return (await found(world, desk.at, kind, id)).thing;
}

/** The simulated bank has what has arrived by now. */
export async function settlePayouts(world: World, at: Placed, now: number): Promise<void> {
  const due = [[`body->>'status' = 'pending'`], [`(body->>'arrival_date')::bigint <= ?`, now]] as const;
  const { items } = await world.objects.list(at, kind, { limit: payoutsSettledMax, where: due });
  for (const { thing } of items) {
    const desk = deskOfCause(at, `${thing.id} paid`, now, thing.livemode === true);
    await world.steps.on(at, subjectOf(String(thing.currency)), () =>
      changed(...([world, desk, kind, thing.id] as const), (kept) => ({ next: paid(kept.thing) }), 'payout.paid'),
    );
  }
}

const paid = (payout: Thing): Thing => (payout.status === 'pending' ? { ...payout, status: 'paid' } : payout);

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
  }) satisfies Partial<All>;
