import type { Fields } from './json.ts';

/** What is taken of a payment: hundredths of a percent of it, and a fixed amount in the smallest unit of its currency. */
export type Rate = { readonly basis_points: number; readonly fixed: number };

/** A row of the rate table: of which cards it is; what it does not name may be any. */
export type RateRow = Rate & {
  readonly currency?: string | null;
  readonly country?: string | null;
  readonly brand?: string | null;
};

export const noRate: Rate = { basis_points: 0, fixed: 0 };

/** Basis points of a whole. */
const whole = 10_000;

/** The fee of an amount, rounded half up; never more than the amount. */
export const feeOf = (amount: number, { basis_points, fixed }: Rate): number =>
  Math.min(amount, Math.floor((amount * basis_points + whole / 2) / whole) + fixed);

/** The first row that fits. */
export function rateOf(rows: readonly RateRow[], currency: string, card: Fields): Rate {
  const fits = (wanted: string | null | undefined, is: unknown) => wanted == null || wanted.toLowerCase() === String(is).toLowerCase();
  const row = rows.find((each) => fits(each.currency, currency) && fits(each.country, card.country) && fits(each.brand, card.brand));
  return row ? { basis_points: row.basis_points, fixed: row.fixed } : noRate;
}
