import type { Fields, Json } from './json.ts';

/** What is kept of a card: never its number nor its code. */
export type CardFacts = {
  readonly brand: string;
  readonly last4: string;
  readonly expMonth: number;
  readonly expYear: number;
  readonly funding: string;
  readonly country: string;
  readonly fingerprint: string;
  readonly cvcCheck: string | null;
};

/** What the vault tells of a number. */
type Told = Omit<CardFacts, 'expMonth' | 'expYear' | 'cvcCheck'> & { readonly cvcCheck: string; readonly hasCode: boolean };

export function factsOf({ brand, last4, funding, country, fingerprint, cvcCheck, hasCode }: Told, month: number, year: number): CardFacts {
  return { brand, last4, funding, country, fingerprint, expMonth: month, expYear: year, cvcCheck: hasCode ? cvcCheck : null };
}

const checksOf = (card: CardFacts): Fields => ({
  ...{ address_line1_check: null, address_postal_code_check: null, cvc_check: card.cvcCheck },
});

const common = (card: CardFacts): Fields => ({
  ...{ brand: card.brand, checks: checksOf(card), country: card.country, exp_month: card.expMonth, exp_year: card.expYear },
  ...{ fingerprint: card.fingerprint, funding: card.funding, last4: card.last4, regulated_status: null, wallet: null },
});

/** `card` of a payment method. */
export const methodCard = (card: CardFacts): Fields => ({
  ...common(card),
  ...{ display_brand: card.brand, generated_from: null, networks: { available: [card.brand], preferred: null } },
  three_d_secure_usage: { supported: true },
});

const unavailable: Fields = { status: 'unavailable' };

/** `payment_method_details.card` of a charge. */
export function chargeCard(card: CardFacts, authorized: number | null, secured: Json, mandate: string | null): Fields {
  return {
    ...common(card),
    ...{ amount_authorized: authorized, authorization_code: null, extended_authorization: { status: 'disabled' } },
    ...{ incremental_authorization: authorized === null ? unavailable : { status: 'available' }, installments: null, mandate },
    ...{ multicapture: unavailable, network: card.brand, network_token: { used: false }, network_transaction_id: null },
    ...{ overcapture: { maximum_amount_capturable: authorized ?? 0, status: 'unavailable' }, transaction_link_id: null },
    three_d_secure: secured,
  };
}

/** The facts of a payment method, read back from its object. */
export function factsFrom(card: Fields, cvcCheck: string | null): CardFacts {
  const text = (name: string) => String(card[name]);
  return {
    ...{ brand: text('brand'), last4: text('last4'), funding: text('funding'), country: text('country'), fingerprint: text('fingerprint') },
    ...{ expMonth: Number(card.exp_month), expYear: Number(card.exp_year), cvcCheck },
  };
}
