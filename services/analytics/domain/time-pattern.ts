import { StatementError } from '#engine/pgwire/statement-error.ts';
import { dayMicros, fieldOf, hourMicros, inTime, isoWeekOf, minuteMicros, secondMicros } from './datetime.ts';
import { patternsKeptMax } from './limits.ts';

const months = 'January February March April May June July August September October November December'.split(' ');
const weekdays = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
const romans = 'I II III IV V VI VII VIII IX X XI XII'.split(' ');

/** A part of a pattern: text, or a field with what stands in front of and behind it. */
type Part =
  | { readonly text: string }
  | { readonly field: string; readonly word: string; readonly isPlain: boolean; readonly ordinal: string };

const words = [
  ...['Y,YYY', 'YYYY', 'YYY', 'YY', 'Y', 'IYYY', 'IYY', 'IY', 'IDDD', 'ID', 'IW', 'I', 'CC', 'Q', 'J', 'MONTH', 'MON', 'MM', 'MI', 'MS'],
  ...['DAY', 'DY', 'DDD', 'DD', 'D', 'HH24', 'HH12', 'HH', 'SSSSS', 'SSSS', 'SS', 'US', 'WW', 'W', 'RM', 'TZH', 'TZM', 'TZ', 'OF'],
  ...['FF1', 'FF2', 'FF3', 'FF4', 'FF5', 'FF6', 'A.M.', 'P.M.', 'AM', 'PM', 'B.C.', 'A.D.', 'BC', 'AD'],
].sort((left, right) => right.length - left.length);

/** The parts of a pattern of PostgreSQL's; what is no field stands for itself. */
function partsOf(pattern: string): Part[] {
  const parts: Part[] = [];
  let [at, isPlain] = [0, false];
  while (at < pattern.length) {
    const rest = pattern.slice(at);
    const [quoted, inner = ''] = /^"((?:\\.|[^"\\])*)"?/.exec(rest) ?? [];
    if (quoted !== undefined) {
      parts.push({ text: inner.replaceAll(/\\(.)/g, '$1') });
      at += quoted.length;
      continue;
    }
    if (/^(FM|FX|TM)/i.test(rest)) {
      if (/^FM/i.test(rest)) isPlain = true;
      at += 2;
      continue;
    }
    const field = words.find((word) => rest.slice(0, word.length).toUpperCase() === word);
    if (field) {
      const word = rest.slice(0, field.length);
      const [ordinal = ''] = /^[A-Z,]*[DYWMSIQCJH\d]$/.test(field) ? (/^th/i.exec(rest.slice(field.length)) ?? []) : [];
      parts.push({ field, word, isPlain, ordinal });
      at += field.length + ordinal.length;
      isPlain = false;
      continue;
    }
    const sign = rest.startsWith('\\') && rest.length > 1 ? rest.slice(0, 2) : rest.slice(0, 1);
    parts.push({ text: sign.length === 2 ? sign.slice(1) : sign });
    at += sign.length;
  }
  return parts;
}

const kept = new Map<string, Part[]>();
function partsKept(pattern: string): Part[] {
  const known = kept.get(pattern);
  if (known) return known;
  if (kept.size >= patternsKeptMax) kept.clear();
  const made = partsOf(pattern);
  kept.set(pattern, made);
  return made;
}

const numberOf = (field: string, micros: number): number => Number(fieldOf(field, micros)?.units ?? 0);
const isoWeek = (micros: number) => isoWeekOf(Math.floor(micros / dayMicros));

/** A name in the case of the pattern's word, as wide as the longest unless it is plain. */
function named(name: string, word: string, isPlain: boolean, width: number): string {
  const [first = '', second = ''] = word;
  const cased = first === first.toLowerCase() ? name.toLowerCase() : second === second.toUpperCase() ? name.toUpperCase() : name;
  return isPlain ? cased : cased.padEnd(width);
}

function ordinal(text: string, word: string): string {
  const value = Number(text);
  const teen = value % 100 > 10 && value % 100 < 14;
  const ending = teen ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th');
  return text + (word === word.toUpperCase() ? ending.toUpperCase() : ending);
}

/** A field as text; `isZoned` of a time with a zone, which is UTC. */
function shown(field: string, word: string, micros: number, isPlain: boolean, isZoned: boolean): string {
  const padded = (value: number, width: number) => (isPlain ? String(value) : String(value).padStart(width, '0'));
  const year = numberOf('year', micros);
  switch (field) {
    case 'Y,YYY':
      return String(year)
        .padStart(4, '0')
        .replace(/(\d{3})$/, ',$1');
    case 'YYYY':
      return padded(year, 4);
    case 'YYY':
    case 'YY':
    case 'Y':
      return padded(year % 10 ** field.length, field.length);
    case 'IYYY':
      return padded(isoWeek(micros).year, 4);
    case 'IYY':
    case 'IY':
    case 'I':
      return padded(isoWeek(micros).year % 10 ** field.length, field.length);
    case 'CC':
      return padded(Math.floor((year + 99) / 100), 2);
    case 'Q':
      return String(numberOf('quarter', micros));
    case 'MONTH':
      return named(months[numberOf('month', micros) - 1] ?? '', word, isPlain, 9);
    case 'MON':
      return named((months[numberOf('month', micros) - 1] ?? '').slice(0, 3), word, true, 3);
    case 'RM':
      return named(romans[numberOf('month', micros) - 1] ?? '', word === 'rm' ? 'rm' : 'RM', isPlain, 4);
    case 'MM':
      return padded(numberOf('month', micros), 2);
    case 'DAY':
      return named(weekdays[numberOf('dow', micros)] ?? '', word, isPlain, 9);
    case 'DY':
      return named((weekdays[numberOf('dow', micros)] ?? '').slice(0, 3), word, true, 3);
    case 'DDD':
      return padded(numberOf('doy', micros), 3);
    case 'DD':
      return padded(numberOf('day', micros), 2);
    case 'D':
      return String(numberOf('dow', micros) + 1);
    case 'ID':
      return String(numberOf('isodow', micros));
    case 'IDDD':
      return padded((isoWeek(micros).week - 1) * 7 + numberOf('isodow', micros), 3);
    case 'W':
      return String(Math.floor((numberOf('day', micros) - 1) / 7) + 1);
    case 'WW':
      return padded(Math.floor((numberOf('doy', micros) - 1) / 7) + 1, 2);
    case 'IW':
      return padded(isoWeek(micros).week, 2);
    case 'J':
      return String(Math.floor(micros / dayMicros) + 2_440_588);
    default:
      return clock(field, word, micros, padded, isZoned);
  }
}

/** A field of the time of the day, of the era or of the zone. */
function clock(field: string, word: string, micros: number, padded: (value: number, width: number) => string, isZoned: boolean): string {
  const hour = numberOf('hour', micros);
  const inSecond = ((micros % secondMicros) + secondMicros) % secondMicros;
  const inDay = ((micros % dayMicros) + dayMicros) % dayMicros;
  switch (field) {
    case 'HH24':
      return padded(hour, 2);
    case 'HH':
    case 'HH12':
      return padded(hour % 12 || 12, 2);
    case 'MI':
      return padded(numberOf('minute', micros), 2);
    case 'SS':
      return padded(Math.floor((inDay % minuteMicros) / secondMicros), 2);
    case 'SSSS':
    case 'SSSSS':
      return String(Math.floor(inDay / secondMicros));
    case 'MS':
      return String(Math.floor(inSecond / 1000)).padStart(3, '0');
    case 'US':
      return String(inSecond).padStart(6, '0');
    case 'AM':
    case 'PM':
    case 'A.M.':
    case 'P.M.': {
      const half = hour < 12 ? 'AM' : 'PM';
      const text = field.includes('.') ? `${half[0]}.M.` : half;
      return word === word.toLowerCase() ? text.toLowerCase() : text;
    }
    case 'BC':
    case 'AD':
    case 'B.C.':
    case 'A.D.': {
      const text = field.includes('.') ? 'A.D.' : 'AD';
      return word === word.toLowerCase() ? text.toLowerCase() : text;
    }
    case 'TZ':
      return !isZoned ? '' : word === 'tz' ? 'utc' : 'UTC';
    case 'TZH':
    case 'OF':
      return '+00';
    case 'TZM':
      return '00';
    default:
      return String(inSecond)
        .padStart(6, '0')
        .slice(0, Number(field.slice(2)));
  }
}

type Last = { readonly pattern: string; readonly isZoned: boolean; readonly granule: number; at: number; text: string };
let last: Last | undefined;

const fine = /^(US|FF\d|MS)$/;
const granuleOf = (parts: readonly Part[]): number => {
  const fields = parts.flatMap((part) => ('field' in part ? [part.field] : []));
  if (fields.some((field) => fine.test(field))) return 1;
  if (fields.some((field) => field.startsWith('SS'))) return secondMicros;
  return fields.some((field) => /^(HH|MI|AM|PM|A\.M|P\.M)/.test(field)) ? minuteMicros : dayMicros;
};

/** to_char of a time. Times of rows mostly look like the one before. */
export function formatTime(micros: number, pattern: string, isZoned = false): string {
  const parts = partsKept(pattern);
  if (last?.pattern !== pattern || last.isZoned !== isZoned)
    last = { pattern, isZoned, granule: granuleOf(parts), at: Number.NaN, text: '' };
  const at = Math.floor(micros / last.granule);
  if (at === last.at) return last.text;
  const time = at * last.granule;
  last.text = parts
    .map((part) => {
      if ('text' in part) return part.text;
      const text = shown(part.field, part.word, time, part.isPlain, isZoned);
      return part.ordinal === '' ? text : ordinal(text, part.ordinal);
    })
    .join('');
  last.at = at;
  return last.text;
}

type Read = Map<string, number>;
const wrongValue = (value: string, field: string) => new StatementError('22007', `invalid value "${value.slice(0, 20)}" for "${field}"`);
const beyond = (text: string) => new StatementError('22008', `date/time field value out of range: "${text.slice(0, 60)}"`);
const most: Readonly<Record<string, number>> = {
  YYYY: 6,
  'Y,YYY': 5,
  YYY: 3,
  YY: 2,
  Y: 1,
  MM: 2,
  DD: 2,
  DDD: 3,
  MI: 2,
  SS: 2,
  MS: 3,
  US: 6,
  J: 7,
  SSSS: 5,
  SSSSS: 5,
};

/** What a text says by a pattern, to_date and to_timestamp: microseconds since 1970. */
export function parsedTime(text: string, pattern: string): number {
  const read: Read = new Map();
  const parts = partsKept(pattern);
  let at = 0;
  for (const [place, part] of parts.entries()) {
    if ('text' in part) {
      // A sign stands for any sign, and may be missing.
      if (/[A-Za-z0-9]/.test(part.text)) at += part.text.length;
      else if (at < text.length && /[^A-Za-z0-9+-]/.test(text[at] ?? '')) at += 1;
      else if (text[at] === '-' || text[at] === '+') at += 1;
      continue;
    }
    while (/\s/.test(text[at] ?? '')) at += 1;
    if (at >= text.length) break;
    const next = parts[place + 1];
    const isClose = next !== undefined && 'field' in next && /^\d/.test(text.slice(at));
    at += taken(read, part.field, text.slice(at), isClose);
    at += part.ordinal.length;
  }
  return timeOf(read, text);
}

function taken(read: Read, field: string, rest: string, isClose: boolean): number {
  const byName = (names: readonly string[], short: boolean, to: string): number => {
    const found = names.findIndex(
      (name) => rest.slice(0, short ? 3 : name.length).toLowerCase() === (short ? name.slice(0, 3) : name).toLowerCase(),
    );
    if (found < 0) throw wrongValue(rest.slice(0, short ? 3 : 9), field === 'MON' ? 'Mon' : field);
    read.set(to, found + 1);
    return short ? 3 : (names[found] ?? '').length;
  };
  if (field === 'MONTH')
    return months.some((name) => rest.toLowerCase().startsWith(name.toLowerCase()))
      ? byName(months, false, 'MM')
      : byName(months, true, 'MM');
  if (field === 'MON') return byName(months, true, 'MM');
  if (field === 'DAY') return byName(weekdays, false, 'weekday');
  if (field === 'DY') return byName(weekdays, true, 'weekday');
  if (/^[AP]\.?M/.test(field)) {
    const [half = ''] = /^[ap]\.?m\.?/i.exec(rest) ?? [];
    if (half === '') throw wrongValue(rest.slice(0, 2), field);
    read.set('PM', /^p/i.test(half) ? 1 : 0);
    return half.length;
  }
  if (field.startsWith('TZ') || field === 'OF') {
    const [zone = '', sign, hours = '0', minutes = '0'] = /^(?:([+-])(\d{1,2})(?::?(\d{2}))?|[A-Za-z]+)/.exec(rest) ?? [];
    read.set('zone', (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)));
    return zone.length;
  }
  const width = field.startsWith('FF') ? Number(field.slice(2)) : (most[field] ?? (field.startsWith('HH') ? 2 : 4));
  const isLong = (field === 'YYYY' || field === 'Y,YYY') && !isClose;
  const [digits = ''] =
    new RegExp(`^[+-]?[\\d${field === 'Y,YYY' ? ',' : ''}]{1,${isLong ? 6 : field === 'YYYY' ? 4 : width}}`).exec(rest) ?? [];
  if (digits === '') throw wrongValue(rest.slice(0, width), field);
  const plain = digits.replaceAll(',', '');
  if (field === 'MS') read.set('micros', Number(plain.padEnd(3, '0')) * 1000);
  else if (field === 'US' || field.startsWith('FF')) read.set('micros', Number(plain.padEnd(6, '0')));
  else if (/^Y{1,3}$/.test(field)) read.set('YYYY', Number(plain) + (Number(plain) < 70 ? 2000 : 1900));
  else
    read.set(
      field === 'Y,YYY' ? 'YYYY' : field.startsWith('HH1') || field === 'HH' ? 'HH12' : field.startsWith('SSSS') ? 'SSSS' : field,
      Number(plain),
    );
  return digits.length;
}

function timeOf(read: Read, text: string): number {
  const value = (name: string, usual: number) => read.get(name) ?? usual;
  const [year, month, day] = [value('YYYY', 1), value('MM', 1), value('DD', 1)];
  if (month < 1 || month > 12 || day < 1 || day > 31) throw beyond(text);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1) throw beyond(text);
  let days = date.getTime() / 86_400_000;
  if (read.has('DDD')) days = new Date(0).setUTCFullYear(year, 0, value('DDD', 1)) / 86_400_000;
  if (read.has('J')) days = value('J', 0) - 2_440_588;
  let hour = value('HH24', value('HH12', 0));
  if (read.has('HH12') && (hour < 1 || hour > 12)) throw new StatementError('22008', `hour "${hour}" is invalid for the 12-hour clock`);
  if (read.has('PM')) hour = (hour % 12) + (read.get('PM') === 1 ? 12 : 0);
  const [minute, second] = [value('MI', 0) - value('zone', 0), value('SS', 0)];
  if (hour > 24 || value('MI', 0) > 59 || second > 59) throw beyond(text);
  const inDay = read.has('SSSS') ? value('SSSS', 0) * secondMicros : hour * hourMicros + minute * minuteMicros + second * secondMicros;
  return inTime(days * dayMicros + inDay + value('micros', 0));
}
