import type { Operation } from '#kernel/contract/contract.ts';
import { Flag, Found, Id, input, List, may, nothing, page, read, write } from './field.ts';

const on = { on: 'Review' } as const;

/** Payments that a rule let in and that somebody is to look at. */
export const reviewOperations = {
  GetReview: { ...on, ...read, text: 'Read a review.', input: nothing, output: Found },
  ListReviews: {
    ...on,
    ...read,
    at: 'collection',
    text: 'List reviews, newest first.',
    input: input({ ...page, open: may(Flag), payment_intent: may(Id) }),
    output: List,
  },
  ApproveReview: { ...on, ...write, text: 'Close a review: the payment may stay.', input: nothing, output: Found },
} as const satisfies Record<string, Operation>;
