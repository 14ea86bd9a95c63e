import type { Statement } from '#seams/sql/sql.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { type Fields, fieldsOf, numberOf, textOf, type Thing } from '../domain/json.ts';
import { isFiled, type PayoutRail } from '../domain/payout-rail.ts';
import { isWay, ways } from '../domain/way.ts';
import { achFile } from '../engine/bank/ach.ts';
import type { BankOrder, OrderFile } from '../engine/bank/order.ts';
import { sepaFile } from '../engine/bank/sepa.ts';
import { transferMessage } from '../engine/bank/transfer.ts';
import { accountNumber, entryKind } from './bank.ts';
import { numberUnder } from './bank-account.ts';
import type { Happening } from './due.ts';
import { fileEntriesMax } from './limits.ts';
import type { Condition, Kept } from './object.ts';
import { payoutHeard } from './payout.ts';
import { settle } from './settle.ts';
import { dueAt } from './subscription.ts';
import { type Desk, deskOfCause, eventsOf, found, type World } from './world.ts';

export const fileKind = 'clearing_file';

type About = {
  readonly way: 'debit' | 'credit';
  readonly type: string;
  readonly payment: string;
  readonly method: Kept;
  readonly charge: string;
  readonly amount: number;
  readonly mandate: string | null;
  readonly rate: Fields;
};

/** What is to go into the next file to a clearing house. */
export function entryOf(desk: Desk, { way, type, payment, method, charge, amount, mandate, rate }: About): Thing {
  const taken = isWay(type) ? ways[type] : undefined;
  if (!taken || !('rail' in taken)) throw new TypeError(`no clearing house takes ${type}`);
  const { rail } = taken;
  const [currency] = taken.currencies;
  const name = textOf(fieldsOf(method.thing.billing_details).name) ?? '';
  return {
    ...{ id: desk.ids('cle'), object: entryKind, created: desk.created, livemode: desk.livemode, rail, way, type, amount, currency },
    ...{ payment, payment_method: method.thing.id, charge, mandate, rate, name, state: 'waiting', file: null, reference: null, code: null },
  };
}

type Back = { readonly charge: Thing; readonly payment: string; readonly amount: number };

/** The statement that pays a part of a debit back to the account that it came from; none for what no clearing house took. */
export async function creditOf(world: World, desk: Desk, { charge, payment, amount }: Back): Promise<Statement[]> {
  const type = fieldsOf(charge.payment_method_details).type;
  if (!isWay(type) || ways[type].flow !== 'debit') return [];
  const method = await world.objects.get(desk.at, 'payment_method', String(charge.payment_method));
  if (!method) return [];
  const about = { way: 'credit', type, payment, method, charge: charge.id, amount, mandate: null, rate: {} } as const;
  return [await world.objects.insertion(desk.at, entryOf(desk, about), { due: desk.created })];
}

/** The statements that write down what became of an entry: `code` says why it came back. */
export async function settledEntry(world: World, at: Placed, id: string, code: string | undefined): Promise<Statement[]> {
  const kept = await found(world, at, entryKind, id);
  const next: Thing = { ...kept.thing, state: code === undefined ? 'settled' : 'returned', code: code ?? null };
  return [await world.objects.change(at, kept, next)];
}

export const entriesOf = async (world: World, at: Placed, file: string): Promise<Kept[]> =>
  (await world.objects.list(at, entryKind, { limit: fileEntriesMax, where: [[`body->>'file' = ?`, file]] })).items;

async function orderOf(world: World, at: Placed, { thing }: Kept): Promise<BankOrder | undefined> {
  const own = textOf(thing.account);
  const account = await (own === undefined ? accountNumber(world, at, String(thing.payment_method)) : numberUnder(world, at, own));
  if (!account) return undefined;
  const mandate = await world.objects.get(at, 'mandate', textOf(thing.mandate) ?? '');
  const accepted = numberOf(fieldsOf(mandate?.thing.customer_acceptance).accepted_at) ?? Number(thing.created);
  const signed = new Date(accepted * 1000).toISOString().slice(0, 10);
  const way = thing.way === 'credit' ? 'credit' : 'debit';
  const order = {
    id: thing.id,
    way,
    amount: Number(thing.amount),
    currency: String(thing.currency),
    name: textOf(thing.name) ?? '',
  } as const;
  const purpose = own === undefined ? 'payment' : 'payout';
  return { ...order, account, purpose, mandate: { id: mandate?.thing.id ?? 'NOTPROVIDED', signed } };
}

function fileOf(rail: PayoutRail, orders: readonly BankOrder[], now: number, id: string): OrderFile {
  const at = new Date(now * 1000);
  if (rail === 'ach') return achFile(orders, at, now);
  if (rail === 'sepa') return sepaFile(orders, at, id);
  const [order] = orders;
  if (!order || orders.length > 1) throw new TypeError(`${rail} takes one transfer at a time`);
  return transferMessage(order, rail, at, id);
}

/** What waits goes into one file with all that waits for the same clearing house. */
export const entryDue: Happening = async (world, at, { id }, now) => {
  const rail = String((await found(world, at, entryKind, id)).thing.rail) as PayoutRail;
  const subject = isFiled(rail) ? `clearing ${rail}` : `clearing ${id}`;
  const gone = await world.steps.on(at, subject, () => gathered(world, at, id, rail, now));
  // Whose number was erased cannot be debited any more, nor paid.
  for (const { thing } of gone)
    if (textOf(thing.payout) === undefined) await settle(world, at, now, thing, { outcome: 'failed', code: 'ERASED' });
    else await payoutHeard(world, at, now, thing, 'ERASED');
  world.steps.onDue(at, now);
};

/** Writes the file, in the transaction that takes its entries out of what waits; answers those that cannot go into any. */
async function gathered(world: World, at: Placed, id: string, rail: PayoutRail, now: number): Promise<Kept[]> {
  const first = await found(world, at, entryKind, id);
  if (first.thing.state !== 'waiting') return [];
  const clock = textOf(first.hidden.clock);
  // Orders of one file go one way, and by one clock.
  const where: Condition[] = [
    ...([[`body->>'rail' = ?`, rail], [`body->>'way' = ?`, String(first.thing.way)], [`body->>'state' = 'waiting'`]] as const),
    [`(hidden->>'due')::bigint <= ?`, now],
    clock === undefined ? [`hidden->>'clock' is null`] : [`hidden->>'clock' = ?`, clock],
  ];
  const together = isFiled(rail) ? (await world.objects.list(at, entryKind, { limit: fileEntriesMax, where })).items : [first];
  const pairs = await Promise.all(together.toReversed().map(async (kept) => ({ kept, order: await orderOf(world, at, kept) })));
  const sent = pairs.flatMap(({ kept, order }) => (order ? [{ kept, order }] : []));
  const gone = pairs.flatMap(({ kept, order }) => (order ? [] : [kept]));
  if (sent.length === 0) return gone;
  const desk = deskOfCause(at, `file ${String(sent[0]?.kept.thing.id)}`, now, first.thing.livemode === true);
  const file = desk.ids('clf');
  const orders = sent.map(({ order }) => order);
  const { format, text, references } = fileOf(rail, orders, now, file);
  const thing: Thing = {
    ...{ id: file, object: fileKind, created: now, livemode: desk.livemode, rail, direction: 'sent', format, entries: orders.length },
    ...{ amount: orders.reduce((sum, { amount }) => sum + amount, 0), currency: first.thing.currency ?? '', answer_to: null },
  };
  const statements: Statement[] = [
    await world.objects.insertion(at, thing, { due: now, turn: 'early', ...(clock === undefined ? {} : { clock }) }),
    await world.contents.insertion(at, file, Buffer.from(text)),
  ];
  for (const [index, { kept }] of sent.entries()) {
    const next: Thing = { ...kept.thing, state: 'sent', file, reference: references[index] ?? '' };
    statements.push(
      await world.objects.change(at, kept, next, dueAt(kept.hidden, undefined)),
      ...(await inTransit(world, desk, next, references[index] ?? '')),
    );
  }
  await world.objects.commit(at, statements);
  return gone;
}

/** A payout that goes cannot be called off any more, and has a name by which its bank finds it. */
async function inTransit(world: World, desk: Desk, { payout: id }: Thing, reference: string): Promise<Statement[]> {
  if (typeof id !== 'string') return [];
  const kept = await found(world, desk.at, 'payout', id);
  const next: Thing = { ...kept.thing, status: 'in_transit', trace_id: { status: 'supported', value: reference } };
  return [await world.objects.change(desk.at, kept, next), ...(await eventsOf(world, desk, [['payout.updated', next, kept.thing]]))];
}
