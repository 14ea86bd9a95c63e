import { StatementError } from '#engine/pgwire/statement-error.ts';

/** Microseconds of a day, an hour, a minute, a second. */
export const dayMicros = 86_400_000_000;
export const hourMicros = 3_600_000_000;
export const minuteMicros = 60_000_000;
export const secondMicros = 1_000_000;

/** Times are kept as numbers, which are exact to the microsecond up to here: 285 years to both sides of 1970. */
const farthest = Number.MAX_SAFE_INTEGER;

export function inTime(micros: number): number {
  if (!(Math.abs(micros) <= farthest)) throw new StatementError('22008', 'timestamp out of range');
  return micros;
}

const form =
  /^\s*(\d{4,6})-(\d{1,2})-(\d{1,2})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|UTC|[+-]\d{2}(?::?\d{2})?)?\s*$/i;

const monthNames = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const monthOf = (name: string): string => String(monthNames.indexOf(name.slice(0, 3).toLowerCase()) + 1).padStart(2, '0');
const names =
  'jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?';

/** Dates that people write otherwise, month before day, as ISO 8601 has them; PM as a time of 24 hours. */
function plainForm(text: string): string {
  return text
    .replace(/^\s*epoch\s*$/i, '1970-01-01 00:00:00')
    .replace(/^\s*(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+/i, '')
    .replace(/^\s*(\d{4})(\d{2})(\d{2})(?=$|[ T])/, '$1-$2-$3')
    .replace(/[T ](\d{2})(\d{2})(\d{2})(?=$|[.Z+ -])/, ' $1:$2:$3')
    .replace(/^\s*(\d{1,2})[/](\d{1,2})[/](\d{4})/, '$3-$1-$2')
    .replace(/^\s*(\d{4})[/.](\d{1,2})[/.](\d{1,2})/, '$1-$2-$3')
    .replace(
      new RegExp(`^\\s*(${names})\\.?[ -](\\d{1,2})(?:,\\s*|[ -])(\\d{4})`, 'i'),
      (_, month: string, day: string, year: string) => `${year}-${monthOf(month)}-${day}`,
    )
    .replace(
      new RegExp(`^\\s*(\\d{1,2})[ -](${names})[ -,]\\s*(\\d{4})`, 'i'),
      (_, day: string, month: string, year: string) => `${year}-${monthOf(month)}-${day}`,
    )
    .replace(
      new RegExp(`^\\s*(\\d{4})[ -](${names})[ -](\\d{1,2})`, 'i'),
      (_, year: string, month: string, day: string) => `${year}-${monthOf(month)}-${day}`,
    )
    .replace(
      /(\d{1,2})(:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*([AP])M\b/i,
      (_, hour: string, rest: string, half: string) => `${(Number(hour) % 12) + (/p/i.test(half) ? 12 : 0)}${rest}`,
    );
}

function fieldsOf(given: string): { days: number; micros: number } | undefined {
  const text = form.test(given) ? given : plainForm(given.slice(0, 100));
  const [, year = '', month = '', day = '', hour = '0', minute = '0', second = '0', fraction = '', zone = ''] = form.exec(text) ?? [];
  if (year === '') return undefined;
  const at = new Date(0);
  at.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (
    at.getUTCMonth() !== Number(month) - 1 ||
    at.getUTCDate() !== Number(day) ||
    Number(hour) > 24 ||
    Number(minute) > 59 ||
    Number(second) > 60
  )
    throw new StatementError('22008', `date/time field value out of range: "${text.trim().slice(0, 60)}"`);
  const part = Math.round(Number(`0.${fraction || '0'}`) * secondMicros);
  const shift = /^[+-]/.test(zone)
    ? (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', '') || 0)) * (zone[0] === '-' ? 1 : -1)
    : 0;
  return {
    days: at.getTime() / 86_400_000,
    micros: Number(hour) * hourMicros + (Number(minute) + shift) * minuteMicros + Number(second) * secondMicros + part,
  };
}

/** Reads a timestamp; a zone counts for those that have one and is passed over for the others, as in PostgreSQL. */
export function readTimestamp(text: string, zoned: boolean): number | undefined {
  const read = fieldsOf(
    zoned ? text : text.replace(/\s*(Z|UTC|[+-]\d{2}(?::?\d{2})?)\s*$/i, (zone) => (/\d:\d\d.*$/.test(text) ? '' : zone)),
  );
  return read && inTime(read.days * dayMicros + read.micros);
}

export const readDate = (text: string): number | undefined => {
  const read = fieldsOf(text);
  if (read) inTime(read.days * dayMicros);
  return read?.days;
};

/** Reads a time of the day in microseconds; 24:00 is the end of it. */
export function readClock(text: string): number | undefined {
  const [, hour = '', minute = '', second = '0', fraction = ''] =
    /^\s*(?:\d{4,6}-\d{1,2}-\d{1,2}[ T]+)?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s*$/.exec(text) ?? [];
  if (hour === '') return undefined;
  const part = Math.round(Number(`0.${fraction || '0'}`) * secondMicros);
  const micros = Number(hour) * hourMicros + Number(minute) * minuteMicros + Number(second) * secondMicros + part;
  if (Number(minute) > 59 || Number(second) > 60 || micros > dayMicros)
    throw new StatementError('22008', `date/time field value out of range: "${text.trim().slice(0, 60)}"`);
  return micros;
}

const padded = (value: number, width = 2): string => String(value).padStart(width, '0');

export function printDate(days: number): string {
  const at = new Date(days * 86_400_000);
  return `${padded(at.getUTCFullYear(), 4)}-${padded(at.getUTCMonth() + 1)}-${padded(at.getUTCDate())}`;
}

export function printTimestamp(micros: number, zoned: boolean): string {
  const days = Math.floor(micros / dayMicros);
  return `${printDate(days)} ${printTime(micros - days * dayMicros)}${zoned ? '+00' : ''}`;
}

/** Hours, minutes, seconds and what is behind the point without zeros at its end. */
export function printTime(micros: number): string {
  const fraction = micros % secondMicros;
  const shown = fraction === 0 ? '' : `.${padded(fraction, 6).replace(/0+$/, '')}`;
  const [hours, minutes, seconds] = [hourMicros, minuteMicros, secondMicros].map((unit) => Math.floor(micros / unit));
  return `${padded(hours ?? 0)}:${padded((minutes ?? 0) % 60)}:${padded((seconds ?? 0) % 60)}${shown}`;
}

/** A field of a time as EXTRACT answers it: units of 10^-scale. */
export function fieldOf(field: string, micros: number): { units: bigint; scale: number } | undefined {
  const days = Math.floor(micros / dayMicros);
  const inDay = micros - days * dayMicros;
  const at = new Date(days * 86_400_000);
  const plain = (value: number) => ({ units: BigInt(value), scale: 0 });
  switch (field) {
    case 'year':
      return plain(at.getUTCFullYear());
    case 'quarter':
      return plain(Math.floor(at.getUTCMonth() / 3) + 1);
    case 'month':
      return plain(at.getUTCMonth() + 1);
    case 'day':
      return plain(at.getUTCDate());
    case 'dow':
      return plain(at.getUTCDay());
    case 'isodow':
      return plain(at.getUTCDay() || 7);
    case 'doy':
      return plain(days - Date.UTC(at.getUTCFullYear(), 0, 1) / 86_400_000 + 1);
    case 'hour':
      return plain(Math.floor(inDay / hourMicros));
    case 'minute':
      return plain(Math.floor(inDay / minuteMicros) % 60);
    case 'second':
      return { units: BigInt(inDay % minuteMicros), scale: 6 };
    case 'milliseconds':
      return { units: BigInt(inDay % minuteMicros), scale: 3 };
    case 'microseconds':
      return plain(inDay % minuteMicros);
    case 'epoch':
      return { units: BigInt(micros), scale: 6 };
    case 'decade':
      return plain(Math.floor(at.getUTCFullYear() / 10));
    case 'century':
      return plain(Math.ceil(at.getUTCFullYear() / 100));
    case 'millennium':
      return plain(Math.ceil(at.getUTCFullYear() / 1000));
    case 'week':
      return plain(isoWeekOf(days).week);
    case 'isoyear':
      return plain(isoWeekOf(days).year);
    case 'julian':
      return { units: BigInt(days + 2_440_588) * 10n ** 20n + (BigInt(inDay) * 10n ** 20n) / BigInt(dayMicros), scale: 20 };
    case 'timezone':
    case 'timezone_hour':
    case 'timezone_minute':
      return plain(0);
    default:
      return undefined;
  }
}

/** The year and week of ISO 8601 that a day lies in. */
export function isoWeekOf(day: number): { year: number; week: number } {
  const thursday = day - ((((day + 3) % 7) + 7) % 7) + 3;
  const year = new Date(thursday * 86_400_000).getUTCFullYear();
  return { year, week: Math.floor((thursday - Date.UTC(year, 0, 1) / 86_400_000) / 7) + 1 };
}

const lengths: Readonly<Record<string, number>> = {
  microseconds: 1,
  milliseconds: 1000,
  second: secondMicros,
  minute: minuteMicros,
  hour: hourMicros,
  day: dayMicros,
};

/** The beginning of the unit that a time lies in. */
export function truncated(field: string, micros: number): number {
  const length = lengths[field];
  if (length !== undefined) return Math.floor(micros / length) * length;
  const at = new Date(Math.floor(micros / dayMicros) * 86_400_000);
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
  const start = (ofMonth: number) => Date.UTC(year, ofMonth, 1) * 1000;
  switch (field) {
    case 'week':
      return at.getTime() * 1000 - ((at.getUTCDay() + 6) % 7) * dayMicros;
    case 'month':
      return start(month);
    case 'quarter':
      return start(month - (month % 3));
    case 'year':
      return start(0);
    case 'decade':
      return Date.UTC(Math.floor(year / 10) * 10, 0, 1) * 1000;
    case 'century':
      return Date.UTC(Math.floor((year - 1) / 100) * 100 + 1, 0, 1) * 1000;
    case 'millennium':
      return Date.UTC(Math.floor((year - 1) / 1000) * 1000 + 1, 0, 1) * 1000;
    default:
      throw new StatementError('22023', `unit "${field.slice(0, 60)}" not recognized`);
  }
}
