import { shippingOf } from './customer.ts';
import { waysIn } from './way.ts';
import { type Fields, fieldsOf, type Json, merged, type Thing } from './json.ts';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean; readonly secret: string };

const taken = [
  ...['description', 'customer', 'receipt_email', 'setup_future_usage', 'statement_descriptor', 'statement_descriptor_suffix'],
  ...['transfer_group', 'payment_method'],
] as const;

/** A payment intent as it is made. */
export function newPaymentIntent(given: Fields, { id, created, livemode, secret }: Own): Thing {
  const automatic = fieldsOf(given.automatic_payment_methods);
  const types = (given.payment_method_types ?? (automatic.enabled === true ? waysIn(String(given.currency)) : ['card'])) as Json;
  const made: Thing = {
    ...{ id, object: 'payment_intent', amount: given.amount ?? 0, amount_capturable: 0, amount_details: { tip: {} }, amount_received: 0 },
    ...{ application: null, application_fee_amount: given.application_fee_amount ?? null },
    automatic_payment_methods:
      given.payment_method_types !== undefined
        ? null
        : { allow_redirects: automatic.allow_redirects ?? 'always', enabled: automatic.enabled ?? true },
    ...{ canceled_at: null, cancellation_reason: null, capture_method: given.capture_method ?? 'automatic', client_secret: secret },
    ...{ confirmation_method: given.confirmation_method ?? 'automatic', created, currency: given.currency ?? '', customer: null },
    ...{ customer_account: null, description: null, excluded_payment_method_types: null, last_payment_error: null, latest_charge: null },
    ...{ livemode, managed_payments: null, metadata: {}, next_action: null, on_behalf_of: null, payment_method: null },
    payment_method_configuration_details: null,
    payment_method_options: given.payment_method_options ?? {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    },
    ...{ payment_method_types: types, processing: null, receipt_email: null, review: null, setup_future_usage: null, shipping: null },
    ...{ source: null, statement_descriptor: null, statement_descriptor_suffix: null, status: 'requires_payment_method' },
    ...{ transfer_data: transferOf(given), transfer_group: null },
  };
  return changedPaymentIntent(made, given);
}

/** Whom a payment is passed on to. */
function transferOf({ transfer_data: data }: Fields): Fields | null {
  const { destination, amount } = fieldsOf(data);
  if (destination == null) return null;
  return amount == null ? { destination } : { destination, amount };
}

/** The intent with what was given in place of what was there; its status follows from whether it has a payment method. */
export function changedPaymentIntent(before: Thing, given: Fields): Thing {
  const next: Thing = { ...before };
  for (const name of taken) if (given[name] !== undefined) next[name] = given[name];
  for (const name of ['amount', 'currency', 'capture_method'] as const) if (given[name] != null) next[name] = given[name];
  if (given.shipping !== undefined) next.shipping = shippingOf(given.shipping);
  if (given.payment_method_options != null)
    next.payment_method_options = { ...fieldsOf(before.payment_method_options), ...fieldsOf(given.payment_method_options) };
  next.metadata = merged(before.metadata, given.metadata);
  if (isOpen(next)) next.status = next.payment_method === null ? 'requires_payment_method' : 'requires_confirmation';
  return next;
}

/** Whether it has not been confirmed yet, or may be confirmed again. */
export const isOpen = ({ status }: Thing): boolean => status === 'requires_payment_method' || status === 'requires_confirmation';

export const isCancelable = (intent: Thing): boolean =>
  isOpen(intent) || ['requires_action', 'requires_capture'].includes(String(intent.status));
