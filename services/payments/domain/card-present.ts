import type { CardFacts } from './card.ts';
import { type Fields, fieldsOf, type Thing } from './json.ts';
import { billingOf } from './customer.ts';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean };

/** A payment method over a card that was put to a terminal: for one payment. `entry` is how it was read. */
export function newPresentMethod(card: CardFacts, entry: 'chip' | 'contactless', { id, created, livemode }: Own): Thing {
  const shown: Fields = {
    ...{ brand: card.brand, brand_product: null, cardholder_name: null, country: card.country, description: null },
    ...{ exp_month: card.expMonth, exp_year: card.expYear, fingerprint: card.fingerprint, funding: card.funding, issuer: null },
    ...{ last4: card.last4, networks: { available: [card.brand], preferred: null }, offline: null, preferred_locales: [] },
    ...{ read_method: entry === 'chip' ? 'contact_emv' : 'contactless_emv', wallet: null },
  };
  return {
    ...{
      id,
      object: 'payment_method',
      allow_redisplay: 'unspecified',
      billing_details: billingOf(undefined),
      card_present: shown,
      created,
    },
    ...{ customer: null, customer_account: null, livemode, metadata: {}, type: 'card_present' },
  };
}

type Authorized = {
  readonly receipt: Fields;
  readonly held: number | null;
  readonly code: string | null;
  readonly approval: string | null;
};

/** `payment_method_details` of a charge of such a card. */
export function presentDetails(method: Thing, { receipt, held, code, approval }: Authorized): Fields {
  const { networks: _, ...card } = fieldsOf(method.card_present);
  const told = { ...receipt, authorization_code: approval, authorization_response_code: code };
  return {
    type: 'card_present',
    card_present: {
      ...{ ...card, amount_authorized: held, capture_before: null, emv_auth_data: null, generated_card: null, network: card.brand ?? null },
      ...{ incremental_authorization_supported: held !== null, network_transaction_id: null, overcapture_supported: false, receipt: told },
    },
  };
}

/** What is known of the card of a payment method, wherever it was. */
export const cardFields = (method: Thing): Fields => fieldsOf(method.card ?? method.card_present);
export const isCard = ({ type }: Thing): boolean => type === 'card' || type === 'card_present';
