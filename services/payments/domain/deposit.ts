import { type Fields, type Json, textOf } from './json.ts';

/** The next business days, on one of which small amounts arrive. */
const depositSeconds = 2 * 86_400;
/** What came to test accounts, as is published: two amounts, or a code. */
const [deposits, descriptor] = [[32, 45], 'SM11AA'] as const;

export const depositType = 'verify_with_microdeposits';

/** What the holder of an account is to do: say what comes to it. */
export const depositAction = (created: number): Fields => ({
  type: depositType,
  [depositType]: { arrival_date: created + depositSeconds, hosted_verification_url: null, microdeposit_type: 'amounts' },
});

/** Whether somebody knows what came to an account. */
export function knowsDeposits(amounts: Json | undefined, code: Json | undefined): boolean {
  if (code != null) return textOf(code)?.toUpperCase() === descriptor;
  const said = [...((amounts ?? []) as readonly number[])].toSorted((a, b) => a - b);
  return said.length === deposits.length && deposits.every((each, index) => said[index] === each);
}
