import { type CardFacts, chargeCard } from './card.ts';
import { cardOf } from './payment-method.ts';
import { type Fields, fieldsOf, type Json, type Thing } from './json.ts';

/** One attempt to charge a card. */
export type Attempt = {
  readonly id: string;
  readonly created: number;
  readonly intent: Thing;
  readonly method: Thing;
  /** `payment_method_details`. */
  readonly details: Fields;
  readonly outcome: Fields;
  readonly receiptUrl: string | null;
};

/** How a charge of a card was authorized. */
type Authorized = {
  /** Whether the cardholder has proven to be it. */
  readonly authenticated: boolean;
  readonly mandate: string | null;
  /** What is held where the money is taken apart, later. */
  readonly held: number | null;
};

/** `payment_method_details` of a card. */
export function cardDetails(card: CardFacts, { authenticated, mandate, held }: Authorized): Fields {
  const secured: Json = authenticated
    ? {
        ...{ authentication_flow: 'challenge', electronic_commerce_indicator: '05', exemption_indicator: null, result: 'authenticated' },
        ...{ result_reason: null, transaction_id: null, version: '2.2.0' },
      }
    : null;
  return { card: chargeCard(card, held, secured, mandate), type: 'card' };
}

/** `payment_method_details` of a way beside cards. */
export function bankDetails(method: Thing, mandate: string | null): Fields {
  const type = String(method.type);
  const own = fieldsOf(method[type]);
  if (type === 'us_bank_account')
    return {
      type,
      [type]: { ...without(own, ['financial_connections_account', 'networks', 'status_details']), mandate, payment_reference: null },
    };
  if (type === 'sepa_debit') return { type, [type]: { ...without(own, ['generated_from']), mandate } };
  if (type === 'oxxo') return { type, [type]: { number: null } };
  return { type, [type]: type === 'pix' ? { bank_transaction_id: null } : own };
}

const without = (fields: Fields, names: readonly string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));

/** The charge of an attempt, before money has moved. */
export function newCharge({ id, created, intent, method, details, outcome, receiptUrl }: Attempt): Thing {
  const { amount = 0, currency = '', customer = null, description = null, livemode = false, metadata = {} } = intent;
  return {
    ...{ id, object: 'charge', amount, amount_captured: 0, amount_refunded: 0, application: null, application_fee: null },
    ...{ application_fee_amount: null, balance_transaction: null, billing_details: method.billing_details ?? {} },
    ...{ calculated_statement_descriptor: intent.statement_descriptor ?? null, captured: false, created, currency, customer, description },
    ...{ disputed: false, failure_balance_transaction: null, failure_code: null, failure_message: null, fraud_details: {} },
    ...{ livemode, metadata: fieldsOf(metadata), on_behalf_of: null, outcome, paid: true },
    payment_intent: intent.object === 'payment_intent' ? intent.id : null,
    payment_method: method.id,
    payment_method_details: details,
    ...{ receipt_email: intent.receipt_email ?? null, receipt_number: null, receipt_url: receiptUrl, refunded: false, review: null },
    ...{ shipping: intent.shipping ?? null, source: intent.object === 'payment_intent' ? null : cardOf(method), source_transfer: null },
    ...{
      statement_descriptor: intent.statement_descriptor ?? null,
      statement_descriptor_suffix: intent.statement_descriptor_suffix ?? null,
    },
    ...{ status: 'succeeded', transfer_data: null, transfer_group: intent.transfer_group ?? null },
  };
}

/** The outcome of an attempt that the issuer approved. */
export const approved: Fields = {
  ...{ advice_code: null, network_advice_code: null, network_decline_code: null, network_status: 'approved_by_network', reason: null },
  ...{ risk_level: 'normal', seller_message: 'Payment complete.', type: 'authorized' },
};

export const declinedBy = (reason: string): Fields => ({
  ...{ advice_code: 'try_again_later', network_advice_code: null, network_decline_code: null, network_status: 'declined_by_network' },
  ...{ reason, risk_level: 'normal', seller_message: 'The bank did not return any further details with this decline.' },
  type: 'issuer_declined',
});

/** The charge of a debit that is on its way. */
export const pendingCharge = (charge: Thing): Thing => ({ ...charge, status: 'pending', paid: false, captured: true, outcome: null });

/** The charge of a debit that came back. `network` is the code that it came back with. */
export const failedCharge = (charge: Thing, code: string, message: string, network: string | null): Thing => ({
  ...charge,
  ...{ status: 'failed', paid: false, captured: false, failure_code: code, failure_message: message },
  outcome: { ...declinedBy(code), network_decline_code: network, advice_code: null },
});

/** The charge after money was taken: what was not taken is given back to the cardholder. */
export function capturedCharge(charge: Thing, amount: number, transaction: string): Thing {
  const details = fieldsOf(charge.payment_method_details);
  const released = Number(charge.amount) - amount;
  return {
    ...charge,
    ...{ captured: true, amount_captured: amount, balance_transaction: transaction, payment_method_details: details },
    ...(released > 0 ? { amount_refunded: released } : {}),
  };
}
