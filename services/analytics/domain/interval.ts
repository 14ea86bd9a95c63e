import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { dayMicros, hourMicros, inTime, minuteMicros, printTime, secondMicros } from './datetime.ts';

/** A length of time as PostgreSQL keeps it: months and days have no length of their own. */
export type Interval = { readonly months: number; readonly days: number; readonly micros: number };

export const isInterval = (value: object): value is Interval => 'micros' in value;

const units: readonly (readonly [RegExp, keyof Interval, number])[] = [
  [/^(?:mil|mils|millenniums?|millennia)$/, 'months', 12_000],
  [/^(?:c|cent|centur(?:y|ies))$/, 'months', 1200],
  [/^(?:decs?|decades?)$/, 'months', 120],
  [/^(?:y|yrs?|years?)$/, 'months', 12],
  [/^(?:mons?|months?)$/, 'months', 1],
  [/^(?:w|weeks?)$/, 'days', 7],
  [/^(?:d|days?)$/, 'days', 1],
  [/^(?:h|hrs?|hours?)$/, 'micros', hourMicros],
  [/^(?:m|mins?|minutes?)$/, 'micros', minuteMicros],
  [/^(?:s|secs?|seconds?)$/, 'micros', secondMicros],
  [/^(?:ms|msecs?|milliseconds?)$/, 'micros', 1000],
  [/^(?:us|usecs?|microseconds?)$/, 'micros', 1],
];

function checked(interval: Interval): Interval {
  inTime(interval.micros);
  if (Math.abs(interval.months) >= 2 ** 31 || Math.abs(interval.days) >= 2 ** 31)
    throw new StatementError('22008', 'interval out of range');
  return interval;
}

/** Reads `1 day 02:03:04.5`, `10 seconds`, `-1 mon`; `usual` is the unit of a number without one. */
export function readInterval(text: string, usual?: string): Interval | undefined {
  const total = { months: 0, days: 0, micros: 0 };
  const isAgo = /\sago\s*$/i.test(text);
  let rest = text
    .replace(/^\s*@/, '')
    .replace(/\sago\s*$/i, '')
    .trim()
    .toLowerCase();
  if (rest === '') return undefined;
  const iso = /^-?p/.test(rest) ? readIso(rest) : undefined;
  if (iso) return checked(iso);
  // A day of its own stands in front of a time: `-1 02:03`.
  rest = rest.replace(/^([+-]?\d+)\s+(?=[+-]?\d+:)/, '$1 day ');
  while (rest !== '') {
    const clock = /^([+-]?)(\d{1,9}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(?:\s+|$)/.exec(rest);
    if (clock) {
      const [all, sign, hours = '0', minutes = '0', seconds = '0', fraction = ''] = clock;
      const micros = Number(hours) * hourMicros + Number(minutes) * minuteMicros + Number(seconds) * secondMicros;
      total.micros += (sign === '-' ? -1 : 1) * (micros + Number(fraction.padEnd(6, '0')));
      rest = rest.slice(all.length);
      continue;
    }
    const [all, amount, named = ''] = /^([+-]?\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)(?:\s+|$)/.exec(rest) ?? [];
    const unit = units.find(([form]) => form.test(named === '' ? (usual ?? 'second') : named));
    if (all === undefined || !unit) return undefined;
    const [, field, factor] = unit;
    const value = Number(amount) * factor;
    const { months, days, micros } = partsOf(field, value);
    total.months += months;
    total.days += days;
    total.micros += micros;
    rest = rest.slice(all.length);
  }
  return checked(isAgo ? { months: -total.months, days: -total.days, micros: -total.micros } : total);
}

/** What is no whole month becomes days, thirty of them a month, and what is no whole day hours. */
function partsOf(field: keyof Interval, value: number): Interval {
  if (field === 'micros') return { months: 0, days: 0, micros: Math.round(value) };
  const months = field === 'months' ? Math.trunc(value) : 0;
  const allDays = field === 'months' ? Math.round((value - months) * 30 * 1e6) / 1e6 : value;
  const days = Math.trunc(allDays);
  return { months, days, micros: Math.round((allDays - days) * dayMicros) };
}

/** `P1Y2M3DT4H5M6S` of ISO 8601. */
function readIso(text: string): Interval | undefined {
  const number = '(-?\\d+(?:\\.\\d+)?)';
  const form = new RegExp(
    `^(-?)p(?:${number}y)?(?:${number}m)?(?:${number}w)?(?:${number}d)?(?:t(?:${number}h)?(?:${number}m)?(?:${number}s)?)?$`,
  );
  const [, minus, ...found] = form.exec(text) ?? [];
  if (found.every((each) => each === undefined)) return undefined;
  const fields = [
    ['months', 12],
    ['months', 1],
    ['days', 7],
    ['days', 1],
    ['micros', hourMicros],
    ['micros', minuteMicros],
    ['micros', secondMicros],
  ] as const;
  const sign = minus === '-' ? -1 : 1;
  const parts = fields.map(([field, factor], at) => partsOf(field, sign * Number(found[at] ?? 0) * factor));
  const sum = (field: keyof Interval) => parts.reduce((all, part) => all + part[field], 0);
  return { months: sum('months'), days: sum('days'), micros: sum('micros') };
}

export function printInterval({ months, days, micros }: Interval): string {
  const [years, rest] = [Math.trunc(months / 12), months % 12];
  const parts: string[] = [];
  const part = (value: number, name: string) => value !== 0 && parts.push(`${value} ${name}${value === 1 ? '' : 's'}`);
  part(years, 'year');
  part(rest, 'mon');
  part(days, 'day');
  const sign = micros < 0 ? '-' : parts.at(-1)?.startsWith('-') ? '+' : '';
  if (micros !== 0 || parts.length === 0) parts.push(`${sign}${printTime(Math.abs(micros))}`);
  return parts.join(' ');
}

const lengthOf = ({ months, days, micros }: Interval): bigint => BigInt(months * 30 + days) * BigInt(dayMicros) + BigInt(micros);

/** Intervals in order, a month being thirty days, as in PostgreSQL; `key` is the same for equal ones. */
export const compareInterval = Object.assign(
  (left: Interval, right: Interval): number => {
    const [a, b] = [lengthOf(left), lengthOf(right)];
    return a < b ? -1 : a > b ? 1 : 0;
  },
  { key: (interval: Interval): string => String(lengthOf(interval)) },
);

export const negateInterval = ({ months, days, micros }: Interval): Interval => ({ months: -months, days: -days, micros: -micros });

export const addIntervals = (left: Interval, right: Interval): Interval =>
  checked({ months: left.months + right.months, days: left.days + right.days, micros: left.micros + right.micros });

/** An interval so many times: what is no whole month or day becomes days of thirty a month, and hours of twenty-four a day. */
export function timesInterval({ months, days, micros }: Interval, factor: number): Interval {
  const [allMonths, allDays] = [months * factor, days * factor];
  const [wholeMonths, wholeDays] = [Math.trunc(allMonths), Math.trunc(allDays)];
  const restDays = Math.round((allMonths - wholeMonths) * 30 * 1e6) / 1e6;
  const more = Math.trunc(restDays);
  const parts = Math.round((allDays - wholeDays + restDays - more) * dayMicros);
  return checked({ months: wholeMonths, days: wholeDays + more, micros: Math.round(micros * factor) + parts });
}

/** A time of the day moved by an interval, round the clock; days and months do not count. */
export function clockMoved(micros: number, by: Interval): number {
  const at = (micros + by.micros) % dayMicros;
  return at < 0 ? at + dayMicros : at;
}

/** A time moved by months, then days, then the rest; a day that a month lacks becomes its last one. */
export function moved(micros: number, { months, days, micros: rest }: Interval): number {
  let at = micros;
  if (months !== 0) {
    const day = Math.floor(at / dayMicros);
    const date = new Date(day * 86_400_000);
    const index = date.getUTCFullYear() * 12 + date.getUTCMonth() + months;
    const [year, month] = [Math.floor(index / 12), ((index % 12) + 12) % 12];
    const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
    at += Date.UTC(year, month, Math.min(date.getUTCDate(), last)) * 1000 - day * dayMicros;
  }
  return inTime(at + days * dayMicros + rest);
}

/** What lies between two times: days and the rest. */
export function between(later: number, earlier: number): Interval {
  const micros = later - earlier;
  const days = Math.trunc(micros / dayMicros);
  return { months: 0, days, micros: micros - days * dayMicros };
}

/** Microseconds of an interval that has a length, as windows need. */
export function fixedLength(interval: Interval, what: string): number {
  const micros = interval.days * dayMicros + interval.micros;
  if (interval.months !== 0 || micros <= 0)
    throw new StatementError(sqlstates.valueWrong, `${what} must be a positive interval without months`);
  return inTime(micros);
}
