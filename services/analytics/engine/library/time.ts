import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { dayMicros, hourMicros, inTime, minuteMicros, secondMicros } from '../../domain/datetime.ts';
import { type Decimal, printDecimal, readDecimal } from '../../domain/decimal.ts';
import { type Interval, timesInterval } from '../../domain/interval.ts';
import { formatNumber } from '../../domain/number-pattern.ts';
import { parsedTime } from '../../domain/time-pattern.ts';
import { fromZone, toZone } from '../../domain/time-zone.ts';

const dateOf = (micros: number): Date => new Date(Math.floor(micros / dayMicros) * 86_400_000);
const daysIn = (year: number, month: number): number =>
  new Date(Date.UTC(2000, month + 1, 0)).getUTCDate() + (month === 1 && !isLeap(year) ? -1 : 0);
const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

/** Years, months, days and the rest between two times, by the calendar. */
function age(later: number, earlier: number): Interval {
  if (later < earlier) {
    const { months, days, micros } = age(earlier, later);
    return { months: -months, days: -days, micros: -micros };
  }
  const [to, from] = [dateOf(later), dateOf(earlier)];
  let micros = later - to.getTime() * 1000 - (earlier - from.getTime() * 1000);
  let days = to.getUTCDate() - from.getUTCDate();
  let months = (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth();
  if (micros < 0) {
    micros += dayMicros;
    days -= 1;
  }
  if (days < 0) {
    days += daysIn(from.getUTCFullYear(), from.getUTCMonth());
    months -= 1;
  }
  return { months, days, micros };
}

function daysOf(year: number, month: number, day: number): number {
  const at = new Date(0).setUTCFullYear(year, month - 1, day);
  const date = new Date(at);
  if (year < 0) throw new StatementError(sqlstates.notBuilt, 'years before Christ are not supported yet');
  if (year === 0 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day)
    throw new StatementError(
      '22008',
      `date field value out of range: ${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`,
    );
  return at / 86_400_000;
}

function clockOf(hour: number, minute: number, second: number): number {
  const micros = hour * hourMicros + minute * minuteMicros + Math.round(second * secondMicros);
  if (hour < 0 || minute < 0 || minute > 59 || second < 0 || second > 60 || micros > dayMicros)
    throw new StatementError('22008', `time field value out of range: ${hour}:${String(minute).padStart(2, '0')}:${second}`);
  return micros;
}

const timestampOf = (year: number, month: number, day: number, hour: number, minute: number, second: number): number =>
  inTime(daysOf(year, month, day) * dayMicros + clockOf(hour, minute, second));

/** Whole days out of hours, or months out of days, with the rest of one sign with what it is part of. */
function carried(rest: number, length: number, whole: number): { whole: number; rest: number } {
  let [made, left] = [whole + Math.trunc(rest / length), rest % length];
  if (made > 0 && left < 0) [made, left] = [made - 1, left + length];
  if (made < 0 && left > 0) [made, left] = [made + 1, left - length];
  return { whole: made, rest: left };
}

function justifyHours({ months, days, micros }: Interval): Interval {
  const { whole, rest } = carried(micros, dayMicros, days);
  return { months, days: whole, micros: rest };
}

function justifyDays({ months, days, micros }: Interval): Interval {
  const { whole, rest } = carried(days, 30, months);
  return { months: whole, days: rest, micros };
}

function justify(interval: Interval): Interval {
  const { months, days, micros } = justifyDays(justifyHours(interval));
  if (months > 0 && (days < 0 || (days === 0 && micros < 0))) return justify({ months: months - 1, days: days + 30, micros });
  if (months < 0 && (days > 0 || (days === 0 && micros > 0))) return justify({ months: months + 1, days: days - 30, micros });
  if (days > 0 && micros < 0) return { months, days: days - 1, micros: micros + dayMicros };
  if (days < 0 && micros > 0) return { months, days: days + 1, micros: micros - dayMicros };
  return { months, days, micros };
}

const unknown = (field: string) => new StatementError('22023', `unit "${field.slice(0, 60)}" not recognized for type interval`);
const singular = (field: string): string =>
  field.toLowerCase().replace(/^(year|month|day|hour|minute|second|decade|week|quarter|centurie)s$/, '$1');

function extractInterval(field: string, { months, days, micros }: Interval): Decimal {
  const plain = (value: number): Decimal => ({ units: BigInt(Math.trunc(value)), scale: 0 });
  switch (singular(field)) {
    case 'epoch': {
      const years = Math.trunc(months / 12);
      // A year has 365.25 days here, and a month 30.
      const seconds = BigInt(years) * 31_557_600n + BigInt(months % 12) * 2_592_000n + BigInt(days) * 86_400n;
      return { units: seconds * 1_000_000n + BigInt(micros), scale: 6 };
    }
    case 'year':
      return plain(months / 12);
    case 'decade':
      return plain(months / 120);
    case 'century':
      return plain(months / 1200);
    case 'month':
      return plain(months % 12);
    case 'quarter':
      return plain(Math.trunc((months % 12) / 3) + (months < 0 ? -1 : 1));
    case 'week':
      return plain(days / 7);
    case 'day':
      return plain(days);
    case 'hour':
      return plain(micros / hourMicros);
    case 'minute':
      return plain((micros % hourMicros) / minuteMicros);
    case 'second':
      return { units: BigInt(micros % minuteMicros), scale: 6 };
    case 'milliseconds':
      return { units: BigInt(micros % minuteMicros), scale: 3 };
    case 'microseconds':
      return plain(micros % minuteMicros);
    default:
      throw unknown(field);
  }
}

const monthsOf: Readonly<Record<string, number>> = { millennium: 12_000, century: 1200, decade: 120, year: 12, quarter: 3, month: 1 };
const microsOf: Readonly<Record<string, number>> = {
  hour: hourMicros,
  minute: minuteMicros,
  second: secondMicros,
  milliseconds: 1000,
  microseconds: 1,
};

function truncatedInterval(field: string, { months, days, micros }: Interval): Interval {
  const unit = singular(field);
  const [wide, narrow] = [monthsOf[unit], microsOf[unit]];
  if (wide !== undefined) return { months: Math.trunc(months / wide) * wide, days: 0, micros: 0 };
  if (unit === 'day') return { months, days, micros: 0 };
  if (narrow === undefined)
    throw unit === 'week' ? new StatementError(sqlstates.notBuilt, 'unit "week" not supported for type interval') : unknown(field);
  return { months, days, micros: Math.trunc(micros / narrow) * narrow };
}

/** Functions of times. */
export const moments = {
  age,
  isFinite: () => true,
  makeDate: daysOf,
  makeTime: clockOf,
  makeTimestamp: timestampOf,
  makeTimestampIn: (...parts: [number, number, number, number, number, number, string]) => {
    const [year, month, day, hour, minute, second, zone] = parts;
    return fromZone(zone, timestampOf(year, month, day, hour, minute, second));
  },
  toDate: (text: string, pattern: string) => Math.floor(parsedTime(text, pattern) / dayMicros),
  toTimestamp: parsedTime,
  formatNumber,
  formatWhole: (value: number | bigint, pattern: string) => formatNumber({ units: BigInt(value), scale: 0 }, pattern),
  formatFloat: (value: number, pattern: string) => formatNumber(readDecimal(String(Number(value.toPrecision(15)))) as Decimal, pattern),
  dividedInterval(interval: Interval, by: number): Interval {
    if (by === 0) throw new StatementError(sqlstates.divisionByZero, 'division by zero');
    return timesInterval(interval, 1 / by);
  },
  atClock: (days: number, micros: number) => inTime(days * dayMicros + micros),
  onDate: (micros: number, days: number) => inTime(days * dayMicros + micros),
  justifyDays,
  justifyHours,
  justify,
  extractInterval,
  partOfInterval: (field: string, interval: Interval) => Number(printDecimal(extractInterval(field, interval))),
  truncatedInterval,
  toZone,
  fromZone,
};
