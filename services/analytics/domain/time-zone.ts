import { StatementError } from '#engine/pgwire/statement-error.ts';
import { inTime, minuteMicros } from './datetime.ts';
import { zonesKeptMax } from './limits.ts';

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  let made: Intl.DateTimeFormat;
  try {
    made = new Intl.DateTimeFormat('en-US', {
      ...{ timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric', era: 'short' },
    });
  } catch {
    throw new StatementError('22023', `time zone "${zone.slice(0, 60)}" not recognized`);
  }
  if (formats.size >= zonesKeptMax) formats.clear();
  formats.set(zone, made);
  return made;
}

/** How far the clocks of a zone are before UTC at a moment, in microseconds. A sign in a zone's own text is that of POSIX. */
function ahead(zone: string, micros: number): number {
  const name = zone.trim();
  if (/^(utc|gmt|z|zulu|etc\/utc)$/i.test(name)) return 0;
  const [, , sign, hours, minutes = '0'] = /^(utc|gmt)?([+-])(\d{1,2})(?::?(\d{2}))?$/i.exec(name) ?? [];
  if (hours !== undefined) return (sign === '-' ? 1 : -1) * (Number(hours) * 60 + Number(minutes)) * minuteMicros;
  const second = Math.floor(micros / 1_000_000) * 1000;
  const parts = new Map(
    formatOf(name)
      .formatToParts(new Date(second))
      .map(({ type, value }) => [type, value]),
  );
  const number = (type: string) => Number(parts.get(type as 'year'));
  const local = Date.UTC(2000, number('month') - 1, number('day'), number('hour'), number('minute'), number('second'));
  const shifted = new Date(local).setUTCFullYear(
    parts.get('era') === 'BC' ? 1 - number('year') : number('year'),
    number('month') - 1,
    number('day'),
  );
  return (shifted - second) * 1000;
}

/** What clocks of a zone show at a moment. */
export const toZone = (zone: string, micros: number): number => inTime(micros + ahead(zone, micros));

/** The moment at which clocks of a zone show a time; of two the later offset, as PostgreSQL reads them. */
export function fromZone(zone: string, micros: number): number {
  const day = 86_400_000_000;
  const [before, behind] = [ahead(zone, micros - day), ahead(zone, micros + day)];
  const found = [behind, before].find((shift) => ahead(zone, micros - shift) === shift);
  return inTime(micros - (found ?? before));
}
