import type { Statement } from '#seams/sql/sql.ts';
import { failedInvoice, paidInvoice } from '../../domain/invoice.ts';
import { textOf } from '../../domain/json.ts';
import type { Payment } from '../payment.ts';
import { type Desk, eventsOf, type World } from '../world.ts';

/** What becomes of the invoice that a payment is of, in the transaction of what becomes of the payment. */
export async function invoiceAfter(world: World, desk: Desk, { kept, thing }: Payment, outcome: 'paid' | 'failed'): Promise<Statement[]> {
  const id = textOf(kept.hidden.invoice);
  const invoice = id === undefined ? undefined : await world.objects.get(desk.at, 'invoice', id);
  if (!invoice || (invoice.thing.status !== 'open' && invoice.thing.status !== 'uncollectible')) return [];
  const next = outcome === 'paid' ? paidInvoice(invoice.thing, desk.created, Number(thing.amount)) : failedInvoice(invoice.thing);
  const types = outcome === 'paid' ? ['invoice.paid', 'invoice.payment_succeeded'] : ['invoice.payment_failed'];
  return [
    await world.objects.change(desk.at, invoice, next),
    ...(await eventsOf(
      world,
      desk,
      types.map((type) => [type, next] as const),
    )),
  ];
}
