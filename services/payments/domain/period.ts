import { type Fields, fieldsOf, type Json } from './json.ts';

/** A time from its beginning to its end, in seconds since 1970; the end is no part of it. */
export type Period = { readonly start: number; readonly end: number };

/** How often something is billed. */
export type Rhythm = { readonly interval: string; readonly count: number };

const day = 86_400;
/** Months and years differ; these are only where to begin to look. */
const about: Readonly<Record<string, number>> = { day, week: 7 * day, month: 30 * day, year: 365 * day };

export function rhythmOf(price: Json | undefined): Rhythm {
  const { interval, interval_count } = fieldsOf(fieldsOf(price).recurring);
  return { interval: String(interval ?? 'month'), count: Number(interval_count ?? 1) };
}

export const isSameRhythm = (a: Rhythm, b: Rhythm): boolean => a.interval === b.interval && a.count === b.count;

/** How long a rhythm takes, roughly. */
const aboutSeconds = ({ interval, count }: Rhythm): number => (about[interval] ?? day) * count;

/** The time that lies some intervals behind an anchor; a month that lacks its day has its last one. */
export function boundaryOf(anchor: number, { interval, count }: Rhythm, times: number): number {
  if (interval === 'day' || interval === 'week') return anchor + times * count * (about[interval] ?? day);
  const from = new Date(anchor * 1000);
  const months = from.getUTCMonth() + times * count * (interval === 'year' ? 12 : 1);
  const last = new Date(Date.UTC(from.getUTCFullYear(), months + 1, 0)).getUTCDate();
  const midnight = Date.UTC(from.getUTCFullYear(), months, Math.min(from.getUTCDate(), last)) / 1000;
  return midnight + (anchor % day);
}

/** The period of a rhythm that a time lies in. */
export function periodAt(anchor: number, rhythm: Rhythm, time: number): Period {
  let times = Math.floor((time - anchor) / aboutSeconds(rhythm));
  while (boundaryOf(anchor, rhythm, times) > time) times -= 1;
  while (boundaryOf(anchor, rhythm, times + 1) <= time) times += 1;
  return { start: boundaryOf(anchor, rhythm, times), end: boundaryOf(anchor, rhythm, times + 1) };
}

/** The part of an amount that falls to a part of a time, by the second; halves go away from zero. */
export function shareOf(amount: number, part: number, whole: number): number {
  if (whole <= 0) return 0;
  const size = (BigInt(Math.abs(amount)) * BigInt(part) * 2n + BigInt(whole)) / (BigInt(whole) * 2n);
  return amount < 0 ? -Number(size) : Number(size);
}

/** A day as invoices spell it. */
export const spelledDay = (time: number): string =>
  new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short', year: 'numeric', timeZone: 'UTC' }).format(time * 1000);

export const periodFields = ({ start, end }: Period): Fields => ({ start, end });
