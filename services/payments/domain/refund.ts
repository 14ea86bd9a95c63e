import { fieldsOf, merged, type Fields, type Thing } from './json.ts';

type Own = {
  readonly id: string;
  readonly created: number;
  readonly amount: number;
  readonly transaction: string | null;
  readonly charge: Thing;
};

/** A refund whose money has moved. */
export function newRefund(given: Fields, { id, created, amount, transaction, charge }: Own): Thing {
  return {
    ...{ id, object: 'refund', amount, balance_transaction: transaction, charge: charge.id, created, currency: charge.currency ?? '' },
    ...{ customer: charge.customer ?? null, customer_account: null },
    destination_details: {
      card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
      type: 'card',
    },
    ...{
      metadata: merged({}, given.metadata),
      payment_intent: charge.payment_intent ?? null,
      payment_method: charge.payment_method ?? null,
    },
    ...{ reason: given.reason ?? null, receipt_number: null, source_transfer_reversal: null, status: 'succeeded', transfer_reversal: null },
  };
}

/** The charge after a refund. */
export function refundedCharge(charge: Thing, { amount, reason }: Thing): Thing {
  const total = Number(charge.amount_refunded) + Number(amount);
  // A refund for that reason says so of the charge.
  const details = { ...fieldsOf(charge.fraud_details), ...(reason === 'fraudulent' ? { user_report: 'fraudulent' } : {}) };
  return { ...charge, amount_refunded: total, refunded: total >= Number(charge.amount), fraud_details: details };
}
