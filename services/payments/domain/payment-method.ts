import { type CardFacts, methodCard } from './card.ts';
import { billingOf } from './customer.ts';
import { type Fields, fieldsOf, merged, type Thing } from './json.ts';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean };

/** A payment method from a bank account, or of who pays a voucher. */
export function newBankMethod(type: string, shown: Fields, given: Fields, { id, created, livemode }: Own): Thing {
  return {
    ...{ id, object: 'payment_method', allow_redisplay: given.allow_redisplay ?? 'unspecified' },
    ...{ billing_details: billingOf(given.billing_details), created, customer: null, customer_account: null, livemode },
    ...{ metadata: merged({}, given.metadata), type, [type]: shown },
  };
}

/** A payment method over a card. */
export function newPaymentMethod(card: CardFacts, given: Fields, { id, created, livemode }: Own): Thing {
  return {
    ...{ id, object: 'payment_method', allow_redisplay: given.allow_redisplay ?? 'unspecified' },
    ...{ billing_details: billingOf(given.billing_details), card: methodCard(card), created, customer: null, customer_account: null },
    ...{ livemode, metadata: merged({}, given.metadata), type: 'card' },
  };
}

const brands: Readonly<Record<string, string>> = {
  ...{ visa: 'Visa', mastercard: 'MasterCard', amex: 'American Express', discover: 'Discover', diners: 'Diners Club' },
  ...{ jcb: 'JCB', unionpay: 'UnionPay' },
};

/** A brand as integrations of old spell it. */
export const brandNamed = (brand: string): string => brands[brand] ?? 'Unknown';

/** The card of a payment method as integrations of old know it. */
export function cardOf(method: Thing): Fields {
  const card = fieldsOf(method.card);
  const { address, name = null } = fieldsOf(method.billing_details);
  const { city = null, country = null, line1 = null, line2 = null, state = null, postal_code: zip = null } = fieldsOf(address);
  return {
    ...{ id: method.id, object: 'card', address_city: city, address_country: country, address_line1: line1, address_line1_check: null },
    ...{ address_line2: line2, address_state: state, address_zip: zip, address_zip_check: null },
    ...{ brand: brandNamed(String(card.brand)), country: card.country ?? null, customer: method.customer ?? null },
    ...{ cvc_check: fieldsOf(card.checks).cvc_check ?? null, dynamic_last4: null, exp_month: card.exp_month ?? null },
    ...{ exp_year: card.exp_year ?? null, fingerprint: card.fingerprint ?? null, funding: card.funding ?? null, last4: card.last4 ?? null },
    ...{ metadata: method.metadata ?? {}, name, regulated_status: null, tokenization_method: null, wallet: null },
  };
}

/** The payment method with what was given in place of what was there. */
export function changedPaymentMethod(before: Thing, given: Fields): Thing {
  const next: Thing = { ...before, metadata: merged(before.metadata, given.metadata) };
  if (given.billing_details !== undefined)
    next.billing_details = billingOf({ ...(before.billing_details as Fields), ...((given.billing_details ?? {}) as Fields) });
  if (typeof given.allow_redisplay === 'string') next.allow_redisplay = given.allow_redisplay;
  const card = (given.card ?? {}) as Fields;
  const dates = Object.fromEntries(['exp_month', 'exp_year'].flatMap((name) => (card[name] === undefined ? [] : [[name, card[name]]])));
  if (before.type === 'card') next.card = { ...(before.card as Fields), ...(dates as Fields) };
  return next;
}
