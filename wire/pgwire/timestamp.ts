import { ProtocolViolation } from './violation.ts';

const form = /^(\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?)?( BC)?$/;

/**
 * Reads timestamptz in ISO style. Microseconds below the millisecond are cut off; the two infinities are the numbers,
 * since a Date has none.
 */
export function readTimestamp(text: string): Date | number {
  if (text === 'infinity') return Infinity;
  if (text === '-infinity') return -Infinity;
  const m = form.exec(text);
  if (!m) throw new ProtocolViolation(`a timestamp of ${text.slice(0, 40)}`);
  const year = m[12] ? 1 - Number(m[1]) : Number(m[1]);
  const fraction = Math.trunc(Number((m[7] ?? '').padEnd(3, '0').slice(0, 3)));
  const at = new Date(0);
  at.setUTCFullYear(year, Number(m[2]) - 1, Number(m[3]));
  at.setUTCHours(Number(m[4]), Number(m[5]), Number(m[6]), fraction);
  const offset = Number(m[9] ?? 0) * 3600 + Number(m[10] ?? 0) * 60 + Number(m[11] ?? 0);
  return offset === 0 ? at : new Date(at.getTime() - (m[8] === '-' ? -offset : offset) * 1000);
}

/** Writes a Date as PostgreSQL reads it in every DateStyle: ISO, with the era for years before 1. */
export function writeTimestamp(at: Date): string {
  if (Number.isNaN(at.getTime())) throw new TypeError('an invalid Date cannot be a parameter');
  const year = at.getUTCFullYear();
  const iso = at.toISOString();
  if (year >= 1 && year <= 9999) return iso;
  const shown = String(year < 1 ? 1 - year : year).padStart(4, '0');
  return `${shown}${iso.slice(iso.indexOf('-', 1))}${year < 1 ? ' BC' : ''}`;
}
