import { ProtocolViolation } from './violation.ts';

/** Days and microseconds from 1970 to 2000-01-01, where PostgreSQL's binary dates and timestamps begin. */
const daysTo2000 = 10_957;
const microsPerDay = 86_400_000_000n;
const microsTo2000 = BigInt(daysTo2000) * microsPerDay;

const dateForm = /^(\d{4,6})-(\d\d)-(\d\d)$/;
const clockForm = /^([+-]?)(\d{2,}):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/;

const padded = (value: number | bigint, width = 2): string => String(value).padStart(width, '0');

function daysOf(text: string): number {
  const [, year, month, day] = dateForm.exec(text) ?? [];
  if (year === undefined) throw new ProtocolViolation(`a date of ${text.slice(0, 40)}`);
  const at = new Date(0);
  at.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  return at.getTime() / 86_400_000;
}

function dateOf(days: number): string {
  const at = new Date(days * 86_400_000);
  return `${padded(at.getUTCFullYear(), 4)}-${padded(at.getUTCMonth() + 1)}-${padded(at.getUTCDate())}`;
}

function clockMicros(text: string): bigint {
  const [, sign, hours, minutes, seconds, fraction = ''] = clockForm.exec(text) ?? [];
  if (hours === undefined) throw new ProtocolViolation(`a time of ${text.slice(0, 40)}`);
  const whole = BigInt(hours) * 3600n + BigInt(minutes ?? 0) * 60n + BigInt(seconds ?? 0);
  const micros = whole * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
  return sign === '-' ? -micros : micros;
}

function clockOf(micros: bigint): string {
  const seconds = micros / 1_000_000n;
  const fraction = micros % 1_000_000n;
  const behind = fraction === 0n ? '' : `.${padded(fraction, 6)}`;
  return `${padded(seconds / 3600n)}:${padded((seconds / 60n) % 60n)}:${padded(seconds % 60n)}${behind}`;
}

/** A date in the binary format, from its text in ISO style. */
export function writeDate(text: string): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(daysOf(text) - daysTo2000);
  return bytes;
}

export const readDate = (bytes: Buffer): string => dateOf(sized(bytes, 4).readInt32BE(0) + daysTo2000);

/** A timestamp in the binary format, from its text in ISO style; a zone in it is UTC. */
export function writeMoment(text: string): Buffer {
  const [date = '', clock = ''] = text.replace(/\+00$/, '').split(' ');
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(daysOf(date)) * microsPerDay + clockMicros(clock) - microsTo2000);
  return bytes;
}

export function readMoment(bytes: Buffer, zoned: boolean): string {
  const micros = sized(bytes, 8).readBigInt64BE(0) + microsTo2000;
  const days = micros / microsPerDay - (micros % microsPerDay < 0n ? 1n : 0n);
  return `${dateOf(Number(days))} ${clockOf(micros - days * microsPerDay)}${zoned ? '+00' : ''}`;
}

/** A time of the day in the binary format, from its text. */
export function writeClock(text: string): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(clockMicros(text));
  return bytes;
}

export const readClock = (bytes: Buffer): string => clockOf(sized(bytes, 8).readBigInt64BE(0));

/** An interval in the binary format, from its text in the style of PostgreSQL. */
export function writeInterval(text: string): Buffer {
  let [months, days, micros] = [0, 0, 0n];
  const words = text.split(' ');
  for (let at = 0; at < words.length; at += 1) {
    const [word = '', unit = ''] = [words[at], words[at + 1]];
    if (word.includes(':')) {
      micros = clockMicros(word);
      continue;
    }
    at += 1;
    if (unit.startsWith('year')) months += Number(word) * 12;
    else if (unit.startsWith('mon')) months += Number(word);
    else if (unit.startsWith('day')) days += Number(word);
    else throw new ProtocolViolation(`an interval of ${text.slice(0, 40)}`);
  }
  const bytes = Buffer.alloc(16);
  bytes.writeBigInt64BE(micros);
  bytes.writeInt32BE(days, 8);
  bytes.writeInt32BE(months, 12);
  return bytes;
}

export function readInterval(bytes: Buffer): string {
  const [micros, days, months] = [sized(bytes, 16).readBigInt64BE(0), bytes.readInt32BE(8), bytes.readInt32BE(12)];
  return `${months} mons ${days} days ${micros < 0n ? '-' : ''}${clockOf(micros < 0n ? -micros : micros)}`;
}

function sized(bytes: Buffer, size: number): Buffer {
  if (bytes.length !== size) throw new ProtocolViolation(`a binary value of ${bytes.length} bytes, not ${size}`);
  return bytes;
}
