import type { Labels, Reading } from '#kernel/alert/state.ts';

/** What a rule asks of a value. */
export type Condition = { readonly condition: 'above' | 'below' | 'absent' | 'anomaly'; readonly threshold: number };

/** What was measured for one combination of labels; `odd` where it departs from what was expected. */
export type Measured = { readonly labels: Labels; readonly value: number | undefined; readonly odd?: boolean };

/** Measurements beside whether they are what a rule asks for. */
export const judged = (rule: Condition, measured: readonly Measured[]): Reading[] =>
  measured.map(({ labels, value, odd }) => ({ labels, value, holds: holds(rule, value, odd) }));

function holds({ condition, threshold }: Condition, value: number | undefined, odd: boolean | undefined): boolean {
  if (condition === 'absent') return value === undefined;
  if (condition === 'anomaly') return odd === true;
  return value !== undefined && (condition === 'above' ? value > threshold : value < threshold);
}
