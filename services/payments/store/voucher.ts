import { type Fields, fieldsOf, textOf } from '../domain/json.ts';
import { voucherText } from '../domain/voucher.ts';
import { paidAtTill, paysAt } from '../engine/bank/shop.ts';
import type { Happening } from './due.ts';
import { settleAs } from './settle.ts';
import { dueAt } from './subscription.ts';
import { found } from './world.ts';

/** A voucher is paid at the simulated till, or has expired; one that its payment does not wait for any more is nothing. */
export const voucherDue: Happening = async (world, at, { id, due }, now) => {
  const kept = await found(world, at, 'payment_intent', id);
  if (kept.hidden.due !== due) return;
  const shown = voucherText(fieldsOf(kept.thing.next_action));
  if (kept.thing.status !== 'requires_action' || !shown) {
    await world.objects.commit(at, [await world.objects.change(at, kept, kept.thing, dueAt(kept.hidden, undefined))]);
    return;
  }
  const { method = null, rate, risk = null, created, expires } = fieldsOf(kept.hidden.voucher);
  const payer = await world.objects.get(at, 'payment_method', textOf(method) ?? '');
  const pays = payer && paysAt(textOf(fieldsOf(payer.thing.billing_details).email) ?? '', Number(created));
  const isInTime = pays !== undefined && pays <= due && due <= Number(expires);
  // What the till reads must be the whole amount.
  const isPaid = isInTime && paidAtTill(shown.way, shown.text, Number(kept.thing.amount), new Date(due * 1000)) === kept.thing.amount;
  const input: Fields = { method, type: shown.way, rate: fieldsOf(rate), risk, outcome: isPaid ? 'paid' : 'failed' };
  await settleAs(world, at, now, id, `${id} voucher ${Number(kept.hidden.attempts ?? 0)}`, input, kept.thing.livemode === true);
};
