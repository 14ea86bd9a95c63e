import { type Fields, fieldsOf, type Json } from './json.ts';

const day = 86_400;
const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
export const bankingDays: readonly string[] = weekdays.slice(1, 6);
const monthDays = 31;
/** A month and a weekend: in that many days each rhythm comes round. */
const lookDays = monthDays + 7;

const isBankingDay = (at: number): boolean => bankingDays.includes(weekdays[new Date(at * 1000).getUTCDay()] ?? '');

/** The first day on which banks work from a midnight on. Seconds since 1970. */
export function bankingDayFrom(midnight: number): number {
  let at = midnight;
  while (!isBankingDay(at)) at += day;
  return at;
}

const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);

/** Whether a rhythm names the day that begins at a midnight; the 31st is the last day of every month. */
function isNamed(schedule: Fields, midnight: number): boolean {
  const date = new Date(midnight * 1000);
  if (schedule.interval === 'daily') return true;
  if (schedule.interval === 'weekly') return listOf(schedule.weekly_payout_days).includes(weekdays[date.getUTCDay()] ?? '');
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  return listOf(schedule.monthly_payout_days).some((wanted) => Math.min(Number(wanted), last) === date.getUTCDate());
}

/** When a rhythm pays out next, at the beginning of a day on which banks work; never, where it is done by hand. Seconds since 1970. */
export function nextPayout(schedule: Fields, after: number): number | undefined {
  if (schedule.interval === 'manual') return undefined;
  const today = Math.floor(after / day) * day;
  // A day at a weekend is moved to the Monday after it, which may be ahead though the day is past.
  for (let at = today - 2 * day; at <= today + lookDays * day; at += day) {
    const paid = isNamed(schedule, at) ? bankingDayFrom(at) : 0;
    if (paid > after) return paid;
  }
  return undefined;
}

export const manual: Fields = { interval: 'manual' };

/** A rhythm as it was asked for: `monthly_anchor` and `weekly_anchor` are one day each, as accounts spell them. */
export function scheduleOf(before: Fields, given: Fields): Fields {
  const interval = given.interval ?? before.interval ?? 'manual';
  const weekly = given.weekly_payout_days ?? (given.weekly_anchor == null ? null : [given.weekly_anchor]);
  const monthly = given.monthly_payout_days ?? (given.monthly_anchor == null ? null : [given.monthly_anchor]);
  if (interval === 'weekly') return { interval, weekly_payout_days: weekly ?? before.weekly_payout_days ?? ['monday'] };
  if (interval === 'monthly') return { interval, monthly_payout_days: monthly ?? before.monthly_payout_days ?? [1] };
  return { interval };
}

/** The same in the words of accounts. */
export function anchored(schedule: Fields, delayDays: number): Fields {
  const [weekly] = listOf(schedule.weekly_payout_days);
  const [monthly] = listOf(schedule.monthly_payout_days);
  return {
    ...{ ...schedule, delay_days: delayDays },
    ...(weekly === undefined ? {} : { weekly_anchor: weekly }),
    ...(monthly === undefined ? {} : { monthly_anchor: monthly }),
  };
}

/** What of a currency stays behind when all else is paid out. */
export const minimumOf = (payouts: Fields, currency: string): number =>
  Number(fieldsOf(payouts.minimum_balance_by_currency)[currency] ?? 0);
