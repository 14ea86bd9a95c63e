import type { Operation } from '#kernel/contract/contract.ts';
import { Found, Id, input, List, may, nothing, page, read } from './field.ts';

const warning = { on: 'EarlyFraudWarning' } as const;

/** What Stripe's API has of Radar, beside rules and reviews. */
export const radarOperations = {
  GetEarlyFraudWarning: { ...warning, ...read, text: "Read an issuer's warning of a fraud.", input: nothing, output: Found },
  ListEarlyFraudWarnings: {
    ...warning,
    ...read,
    at: 'collection',
    text: "List issuers' warnings of frauds, newest first.",
    input: input({ ...page, charge: may(Id), payment_intent: may(Id) }),
    output: List,
  },
} as const satisfies Record<string, Operation>;
