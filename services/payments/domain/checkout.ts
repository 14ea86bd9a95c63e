import { type Fields, fieldsOf, merged, textOf, type Thing } from './json.ts';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean };

/** How long a page is open, if nobody says. */
const openSeconds = 86_400;

const noTax: Fields = { enabled: false, liability: null, provider: null, status: null };
const noWords: Fields = { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null };

/** One thing that is bought, out of the line of an invoice that it would be. */
export const newLineItem = (line: Thing, price: Thing, name: string, id: string): Thing => {
  const sum = (all: unknown) => (all as Fields[]).reduce((total, { amount }) => total + Number(amount), 0);
  const [off, taxes] = [sum(line.discount_amounts), (line.taxes ?? []) as Fields[]];
  const added = sum(taxes.filter(({ tax_behavior }) => tax_behavior === 'exclusive'));
  return {
    ...{ id, object: 'item', adjustable_quantity: null, amount_discount: off, amount_subtotal: line.amount ?? 0, amount_tax: sum(taxes) },
    ...{ amount_total: Number(line.amount) - off + added, currency: line.currency ?? '', description: name, metadata: {}, price },
    quantity: line.quantity ?? 1,
  };
};

type Sums = { readonly subtotal: number; readonly total: number; readonly tax: number; readonly currency: string };

export function newSession(given: Fields, { subtotal, total, tax, currency }: Sums, url: string, { id, created, livemode }: Own): Thing {
  const isPayment = given.mode === 'payment';
  return {
    ...{ id, object: 'checkout.session', adaptive_pricing: null, after_expiration: null, allow_promotion_codes: null },
    ...{ allowed_payment_method_types: null, amount_subtotal: subtotal, amount_total: total, automatic_tax: noTax },
    ...{ billing_address_collection: null, cancel_url: given.cancel_url ?? null, client_reference_id: given.client_reference_id ?? null },
    ...{ client_secret: null, collected_information: null, consent: null, consent_collection: null, created, currency },
    ...{ currency_conversion: null, custom_fields: [], custom_text: noWords, customer: given.customer ?? null, customer_account: null },
    customer_creation: given.customer == null && isPayment ? (given.customer_creation ?? 'if_required') : null,
    ...{ customer_details: null, customer_email: given.customer_email ?? null, discounts: [] },
    ...{
      expires_at: given.expires_at ?? created + openSeconds,
      integration_identifier: null,
      invoice: null,
      invoice_creation: null,
      livemode,
    },
    ...{ locale: null, managed_payments: null, metadata: merged({}, given.metadata), mode: given.mode ?? 'payment', origin_context: null },
    ...{ payment_intent: null, payment_link: given.payment_link ?? null, payment_method_collection: 'always' },
    ...{ payment_method_configuration_details: null, payment_method_options: {}, payment_method_types: ['card'], payment_status: 'unpaid' },
    ...{ permissions: null, phone_number_collection: { enabled: false }, recovered_from: null, saved_payment_method_options: null },
    ...{ setup_intent: null, shipping_address_collection: null, shipping_cost: null, shipping_options: [], status: 'open' },
    ...{ submit_type: null, subscription: null, success_url: given.success_url ?? null },
    ...{ total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: tax }, ui_mode: 'hosted_page', url, wallet_options: null },
  };
}

type Bought = { readonly customer: string | null; readonly email: string | null; readonly name: string | null };

/** The session after somebody has bought. */
export const completedSession = (before: Thing, more: Fields, { customer, email, name }: Bought): Thing => ({
  ...before,
  ...more,
  ...{ status: 'complete', url: null, customer },
  customer_details: {
    ...{ address: null, business_name: null, email, individual_name: null, name, phone: null, tax_exempt: 'none', tax_ids: [] },
  },
});

/** Where the browser goes then, with the session's id where the address asks for it. */
export const successUrl = ({ success_url: url, id }: Thing): string | undefined => textOf(url)?.replaceAll('{CHECKOUT_SESSION_ID}', id);

export function newPaymentLink(given: Fields, currency: string, url: string, { id, livemode }: Own): Thing {
  return {
    ...{ id, object: 'payment_link', active: true, after_completion: afterOf(given), allow_promotion_codes: false, application: null },
    ...{ application_fee_amount: null, application_fee_percent: null, automatic_tax: { enabled: false, liability: null } },
    ...{ billing_address_collection: 'auto', consent_collection: null, currency, custom_fields: [], custom_text: noWords },
    ...{ customer_creation: given.customer_creation ?? 'if_required', inactive_message: null, invoice_creation: null, livemode },
    ...{ managed_payments: null, metadata: merged({}, given.metadata), on_behalf_of: null, optional_items: null },
    ...{ payment_intent_data: given.payment_intent_data ?? null, payment_method_collection: 'always', payment_method_options: null },
    ...{ payment_method_types: given.payment_method_types ?? null, phone_number_collection: { enabled: false }, restrictions: null },
    ...{ shipping_address_collection: null, shipping_options: [], submit_type: 'auto', subscription_data: given.subscription_data ?? null },
    ...{ tax_id_collection: { enabled: false, required: 'never' }, transfer_data: null, url },
  };
}

const afterOf = ({ after_completion: after }: Fields): Fields => {
  const { type = 'hosted_confirmation', redirect = null } = fieldsOf(after);
  return type === 'redirect' ? { redirect, type } : { hosted_confirmation: { custom_message: null }, type };
};

export const changedLink = (before: Thing, given: Fields): Thing => ({
  ...before,
  ...(given.active == null ? {} : { active: given.active }),
  ...(given.after_completion == null ? {} : { after_completion: afterOf(given) }),
  metadata: merged(before.metadata, given.metadata),
});
