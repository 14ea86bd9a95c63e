import type { Statement } from '#seams/sql/sql.ts';
import { completedSession } from '../../domain/checkout.ts';
import { type Fields, fieldsOf, textOf, type Thing } from '../../domain/json.ts';
import type { Kept } from '../object.ts';
import { dueAt } from '../subscription.ts';
import { type Desk, eventsOf, type World } from '../world.ts';

/** The session of a payment that succeeded is complete, in the transaction of the payment. */
export async function sessionAfter(world: World, desk: Desk, intent: Kept, method: Thing): Promise<Statement[]> {
  const id = textOf(intent.hidden.session);
  const session = id === undefined ? undefined : await world.objects.get(desk.at, 'checkout.session', id);
  if (session?.thing.status !== 'open') return [];
  const more: Fields = { payment_status: 'paid', ...fieldsOf(intent.hidden.bought) };
  if (session.thing.mode === 'payment') more.payment_intent = intent.thing.id;
  return completing(world, desk, session, more, { customer: textOf(intent.thing.customer) ?? null, method });
}

type By = { readonly customer: string | null; readonly method: Thing };

export async function completing(world: World, desk: Desk, session: Kept, more: Fields, { customer, method }: By): Promise<Statement[]> {
  const { email, name } = fieldsOf(method.billing_details);
  const next = completedSession(session.thing, more, { customer, email: textOf(email) ?? null, name: textOf(name) ?? null });
  return [
    await world.objects.change(desk.at, session, next, dueAt(session.hidden, undefined)),
    ...(await eventsOf(world, desk, [['checkout.session.completed', next]])),
  ];
}
