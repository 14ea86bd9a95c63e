import type { Placed } from '#kernel/contract/provider.ts';
import { type Fields, fieldsOf, type Thing } from '../domain/json.ts';
import { deskOfCause, type World, writtenDesk } from './world.ts';

type Outcome = { readonly outcome: 'paid' | 'failed'; readonly code?: string };

/** Ends a payment that waits, once: `entry` is the debit that was settled or came back. */
export async function settle(world: World, at: Placed, now: number, entry: Thing, outcome: Outcome): Promise<void> {
  const { id, payment, payment_method: method, type = null, charge = null, rate } = entry;
  const input: Fields = { method: method ?? null, type, charge, rate: fieldsOf(rate), entry: id, ...outcome };
  await settleAs(world, at, now, String(payment), `${id} settle`, input, entry.livemode === true);
}

/** The same for a payment without an entry; the same `step` happens once. */
export async function settleAs(world: World, at: Placed, now: number, payment: string, step: string, input: Fields, livemode: boolean) {
  await world.steps.on(at, payment, async () => {
    if (await world.steps.wasTaken(at, step)) return;
    const desk = deskOfCause(at, step, now, livemode);
    await world.steps.take(at, { id: step, kind: 'settle', subject: payment, input: { ...input, desk: writtenDesk(desk) } });
  });
}
