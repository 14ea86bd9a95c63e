import { numberOf, type Thing } from './json.ts';

const day = 86_400;

/** When a payment that failed is tried again, and what becomes of the subscription when none is left. */
export type Policy = { readonly retries: readonly number[]; readonly after: 'cancel' | 'unpaid' | 'past_due' };

const usual: Policy = { retries: [3, 5, 7], after: 'cancel' };

export const newPolicy = (created: number): Thing => ({
  ...{ id: 'collection_policy', object: 'collection_policy', created, retry_after_days: usual.retries, then: usual.after },
});

export const policyOf = (thing: Thing | undefined): Policy =>
  thing === undefined ? usual : { retries: thing.retry_after_days as number[], after: String(thing.then) as Policy['after'] };

/** When it is tried again after so many tries; undefined when no more. */
export function nextTry({ retries }: Policy, tries: number, now: number): number | undefined {
  const days = numberOf(retries[tries - 1]);
  return days === undefined ? undefined : now + days * day;
}
