import type { CardFacts } from './card.ts';
import { brandNamed } from './payment-method.ts';
import { shippingOf } from './customer.ts';
import { type Fields, fieldsOf, type Thing } from './json.ts';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean };

/** A token of a card; `card` is the id of the card in it. */
export function newToken(facts: CardFacts, given: Fields, card: string, { id, created, livemode }: Own): Thing {
  const address = (name: string) => given[`address_${name}`] ?? null;
  return {
    ...{ id, object: 'token', client_ip: null, created, livemode, type: 'card', used: false },
    card: {
      ...{ id: card, object: 'card', address_city: address('city'), address_country: address('country'), address_line1: address('line1') },
      ...{ address_line1_check: null, address_line2: address('line2'), address_state: address('state'), address_zip: address('zip') },
      ...{ address_zip_check: null, brand: brandNamed(facts.brand), country: facts.country, cvc_check: facts.cvcCheck },
      ...{ dynamic_last4: null, exp_month: facts.expMonth, exp_year: facts.expYear, fingerprint: facts.fingerprint },
      ...{ funding: facts.funding, last4: facts.last4, metadata: {}, name: given.name ?? null, networks: { preferred: null } },
      ...{ regulated_status: null, tokenization_method: null },
    },
  };
}

/** What a buyer chose, with a preview of how they pay. */
export function newConfirmationToken(given: Fields, method: Thing, expires: number, { id, created, livemode }: Own): Thing {
  const { id: _, object: __, created: ___, livemode: ____, metadata: _____, ...preview } = method;
  return {
    ...{ id, object: 'confirmation_token', created, expires_at: expires, livemode, mandate_data: null, payment_intent: null },
    ...{ payment_method_options: null, payment_method_preview: preview, return_url: given.return_url ?? null },
    ...{ setup_future_usage: given.setup_future_usage ?? null, setup_intent: null, shipping: shippingOf(given.shipping) },
    use_stripe_sdk: true,
  };
}

/** What a customer agreed to, by an intent. */
export function newMandate(data: Fields, method: Thing, { id, created, livemode }: Own): Thing {
  const acceptance = fieldsOf(data.customer_acceptance);
  return {
    ...{ id, object: 'mandate', livemode, multi_use: {}, payment_method: method.id },
    payment_method_details: { [String(method.type)]: {}, type: String(method.type) },
    customer_acceptance: { accepted_at: created, ...acceptance },
    ...{ status: 'active', type: 'multi_use' },
  };
}
