import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { patternsKeptMax } from './limits.ts';

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

function fieldsOf(text: string): { days: number; micros: number } | undefined {
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
    default:
      return undefined;
  }
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
    default:
      throw new StatementError('22023', `unit "${field.slice(0, 60)}" not recognized`);
  }
}

const patterns: ReadonlyMap<string, (micros: number) => string> = new Map([
  ['YYYY', (micros) => padded(new Date(micros / 1000).getUTCFullYear(), 4)],
  ['MM', (micros) => padded(new Date(Math.floor(micros / 1000)).getUTCMonth() + 1)],
  ['DD', (micros) => padded(new Date(Math.floor(micros / 1000)).getUTCDate())],
  ['HH24', (micros) => padded(Number(fieldOf('hour', micros)?.units))],
  ['HH12', (micros) => padded(Number(fieldOf('hour', micros)?.units) % 12 || 12)],
  ['HH', (micros) => padded(Number(fieldOf('hour', micros)?.units) % 12 || 12)],
  ['MI', (micros) => padded(Number(fieldOf('minute', micros)?.units))],
  ['SS', (micros) => padded(Math.floor(Number(fieldOf('microseconds', micros)?.units) / secondMicros))],
  ['MS', (micros) => padded(Math.floor((((micros % secondMicros) + secondMicros) % secondMicros) / 1000), 3)],
  ['US', (micros) => padded(((micros % secondMicros) + secondMicros) % secondMicros, 6)],
]);

type Printer = {
  readonly parts: readonly (string | ((micros: number) => string))[];
  /** Times of one of these, in microseconds, look the same. */
  readonly granule: number;
  /** The last that was printed. */
  at: number;
  text: string;
};
const printers = new Map<string, Printer>();

function printerOf(pattern: string): Printer {
  const parts: Printer['parts'][number][] = [];
  let granule = dayMicros;
  let from = 0;
  for (const found of pattern.matchAll(/YYYY|MM|DD|HH24|HH12|HH|MI|SS|MS|US|"([^"]*)"|[A-Za-z]+/g)) {
    const [word, quoted] = found;
    parts.push(pattern.slice(from, found.index));
    from = found.index + word.length;
    const print = patterns.get(word);
    if (quoted === undefined && !print)
      throw new StatementError(sqlstates.notBuilt, `The pattern ${word.slice(0, 60)} of to_char is not supported yet`);
    parts.push(quoted ?? (print as (micros: number) => string));
    if (quoted === undefined) granule = Math.min(granule, granules.find(([names]) => names.includes(word))?.[1] ?? granule);
  }
  return { parts: [...parts, pattern.slice(from)], granule, at: Number.NaN, text: '' };
}

const granules: readonly (readonly [readonly string[], number])[] = [
  [['MS', 'US'], 1],
  [['SS'], secondMicros],
  [['HH24', 'HH12', 'HH', 'MI'], minuteMicros],
];

/**
 * to_char of a time, with the patterns YYYY MM DD HH24 HH12 HH MI SS MS US; letters that are none of them must be quoted. Times
 * of rows mostly look like the one before.
 */
export function formatTime(micros: number, pattern: string): string {
  let printer = printers.get(pattern);
  if (!printer) {
    printer = printerOf(pattern);
    if (printers.size >= patternsKeptMax) printers.clear();
    printers.set(pattern, printer);
  }
  const at = Math.floor(micros / printer.granule);
  if (at !== printer.at) {
    const time = at * printer.granule;
    printer.text = printer.parts.map((part) => (typeof part === 'string' ? part : part(time))).join('');
    printer.at = at;
  }
  return printer.text;
}
