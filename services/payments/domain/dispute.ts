import { type Fields, fieldsOf, type Thing } from './json.ts';

type Own = {
  readonly id: string;
  readonly created: number;
  readonly charge: Thing;
  readonly reason: string;
  readonly evidence: readonly string[];
};

/** Seconds that a business has to say something. */
const answerSeconds = 9 * 86_400;

/** The codes of networks for reasons. */
const codes: Readonly<Record<string, string>> = { fraudulent: '10.4', product_not_received: '13.1', inquiry: '10.4' };

/** A dispute as it comes in; an inquiry asks, and takes no money. */
export function newDispute({ id, created, charge, reason, evidence }: Own): Thing {
  const isInquiry = reason === 'inquiry';
  const details = fieldsOf(charge.payment_method_details);
  const card = fieldsOf(details.card);
  // What a bank takes back of a debit is not argued about.
  const isFinal = details.type !== 'card';
  return {
    ...{ id, object: 'dispute', amount: charge.amount_captured ?? 0, balance_transactions: [], charge: charge.id, created },
    ...{ currency: charge.currency ?? '', enhanced_eligibility_types: [] },
    evidence: { ...Object.fromEntries(evidence.map((name) => [name, null])), enhanced_evidence: {} },
    evidence_details: {
      due_by: created + answerSeconds,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
    },
    ...{ is_charge_refundable: isInquiry, livemode: charge.livemode ?? false, metadata: {}, payment_intent: charge.payment_intent ?? null },
    payment_method_details: isFinal
      ? { type: details.type ?? null }
      : {
          card: {
            ...{ brand: card.brand ?? '', case_type: isInquiry ? 'inquiry' : 'chargeback', network_reason_code: codes[reason] ?? '10.4' },
            network: card.network ?? '',
          },
          type: 'card',
        },
    ...{ reason: isInquiry ? 'fraudulent' : reason, status: isFinal ? 'lost' : isInquiry ? 'warning_needs_response' : 'needs_response' },
  };
}

/** The dispute with what was said against it. */
export function arguedDispute(before: Thing, evidence: Fields, submitted: boolean): Thing {
  const all = { ...fieldsOf(before.evidence), ...evidence };
  const details = fieldsOf(before.evidence_details);
  const has = Object.entries(all).some(([name, value]) => name !== 'enhanced_evidence' && value !== null);
  const count = Number(details.submission_count) + (submitted ? 1 : 0);
  return { ...before, evidence: all, evidence_details: { ...details, has_evidence: has, submission_count: count } };
}

export const isUndecided = ({ status }: Thing): boolean => /needs_response$/.test(String(status));

/** What the simulated network decides: in test mode the evidence itself says it. */
export function decided(evidence: Fields, isInquiry: boolean): 'won' | 'lost' | 'warning_closed' | undefined {
  const text = evidence.uncategorized_text;
  if (text === 'winning_evidence') return isInquiry ? 'warning_closed' : 'won';
  return text === 'losing_evidence' ? 'lost' : undefined;
}
