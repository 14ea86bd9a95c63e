import { fieldsOf, type Thing } from './json.ts';

/** How a review ends. */
export type ReviewEnd = 'approved' | 'canceled' | 'disputed' | 'refunded' | 'refunded_as_fraud';

/** What somebody is to look at: a payment that a rule let in with that. */
export function newReview({ id, created, charge }: { id: string; created: number; charge: Thing }): Thing {
  const address = fieldsOf(fieldsOf(charge.billing_details).address);
  return {
    ...{ id, object: 'review', billing_zip: address.postal_code ?? null, charge: charge.id, closed_reason: null, created },
    ...{ ip_address: fieldsOf(charge.metadata).ip_address ?? null, ip_address_location: null, livemode: charge.livemode ?? false },
    ...{ open: true, opened_reason: 'rule', payment_intent: charge.payment_intent ?? null, reason: 'rule', session: null },
  };
}

export const endedReview = (review: Thing, end: ReviewEnd): Thing => ({ ...review, open: false, closed_reason: end, reason: end });
