import { type Fields, fieldsOf, type Json, merged, type Thing } from './json.ts';

const emptyAddress: Fields = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };

/** An address with all its fields, or nothing where nothing was given. */
export const addressOf = (given: Json | undefined): Fields | null =>
  given === undefined || given === null ? null : { ...emptyAddress, ...fieldsOf(given) };

/** Name, address, e-mail and telephone of whoever pays. */
export function billingOf(given: Json | undefined): Fields {
  const { address, email = null, name = null, phone = null, tax_id = null } = fieldsOf(given);
  return { address: addressOf(address ?? null) ?? { ...emptyAddress }, email, name, phone, tax_id };
}

export function shippingOf(given: Json | undefined): Fields | null {
  if (given === undefined || given === null) return null;
  const { address, carrier = null, name = null, phone = null, tracking_number = null } = fieldsOf(given);
  return { address: addressOf(address ?? null), carrier, name, phone, tracking_number };
}

const plain = ['description', 'email', 'name', 'phone', 'tax_exempt'] as const;

/** A customer as it is made. */
export function newCustomer(given: Fields, own: { id: string; created: number; livemode: boolean; prefix: string }): Thing {
  const { id, created, livemode, prefix } = own;
  const made: Thing = {
    ...{ id, object: 'customer', address: null, balance: 0, created, currency: null, default_source: null, delinquent: false },
    ...{ description: null, discount: null, email: null, invoice_prefix: prefix },
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    ...{ livemode, metadata: {}, name: null, next_invoice_sequence: 1, phone: null, preferred_locales: [], shipping: null },
    ...{ tax_exempt: 'none', test_clock: given.test_clock ?? null },
  };
  return changedCustomer(made, given);
}

/** The customer with what was given in place of what was there. */
export function changedCustomer(before: Thing, given: Fields): Thing {
  const next: Thing = { ...before };
  for (const name of plain) if (given[name] !== undefined) next[name] = given[name];
  if (next.tax_exempt === null) next.tax_exempt = 'none';
  if (given.address !== undefined) next.address = addressOf(given.address);
  if (given.shipping !== undefined) next.shipping = shippingOf(given.shipping);
  if (given.preferred_locales !== undefined) next.preferred_locales = given.preferred_locales ?? [];
  if (given.invoice_prefix !== undefined) next.invoice_prefix = given.invoice_prefix;
  if (given.next_invoice_sequence !== undefined) next.next_invoice_sequence = given.next_invoice_sequence;
  if (given.invoice_settings !== undefined)
    next.invoice_settings = { ...fieldsOf(before.invoice_settings), ...fieldsOf(given.invoice_settings) };
  next.metadata = merged(before.metadata, given.metadata);
  return next;
}
