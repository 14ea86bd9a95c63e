import { add, modulo, subtract } from '../long.ts';
import { type DatetimeValue, type DurationValue, type Failure, failure, isFailure } from '../value.ts';

const dayMs = 86_400_000;
const form = /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{3}))?(?:Z|([+-])([0-9]{2})([0-9]{2})))?$/;
const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Reads `2026-01-31`, or that with `T23:59:59`, optional `.999`, and `Z` or an offset such as `+0130`. */
export function datetime(text: string): DatetimeValue | Failure {
  const found = form.exec(text);
  const ms = found ? milliseconds(found) : undefined;
  if (ms === undefined) return failure(`error while evaluating \`datetime\` extension function: \`${text}\` is not a valid datetime`);
  return { kind: 'datetime', ms };
}

function milliseconds(found: RegExpExecArray): number | undefined {
  const part = (index: number): number => Number(found[index] ?? 0);
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59 || part(9) > 23 || part(10) > 59) return undefined;
  const offset = (part(9) * 60 + part(10)) * 60_000 * (found[8] === '-' ? -1 : 1);
  return daysSince1970(year, month, day) * dayMs + ((hour * 60 + minute) * 60 + second) * 1000 + part(7) - offset;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function daysIn(year: number, month: number): number {
  return month === 2 && isLeap(year) ? 29 : (monthDays[month - 1] as number);
}

// The proleptic Gregorian calendar, from the year 0. Date.UTC reads the years 0 to 99 as 1900 to 1999.
function daysSince1970(year: number, month: number, day: number): number {
  const before = year - 1;
  let days = year * 365 + (Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400)) - 719_527;
  for (let at = 1; at < month; at++) days += daysIn(year, at);
  return days + day - 1;
}

export function offset(at: DatetimeValue, by: DurationValue): DatetimeValue | Failure {
  const ms = add(at.ms, by.ms);
  if (isFailure(ms)) return failure('error while evaluating `offset` extension function: overflows when adding an offset');
  return { kind: 'datetime', ms };
}

export function durationSince(at: DatetimeValue, since: DatetimeValue): DurationValue | Failure {
  const ms = subtract(at.ms, since.ms);
  if (isFailure(ms)) return failure('error while evaluating `durationSince` extension function: overflows when computing the duration');
  return { kind: 'duration', ms };
}

/** Midnight before. */
export function toDate(at: DatetimeValue): DatetimeValue | Failure {
  const ms = subtract(at.ms, modulo(at.ms, dayMs));
  if (isFailure(ms)) return failure('error while evaluating `toDate` extension function: overflows when computing the date');
  return { kind: 'datetime', ms };
}

/** The time since midnight. */
export function toTime(at: DatetimeValue): DurationValue {
  return { kind: 'duration', ms: modulo(at.ms, dayMs) };
}
