const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

/** yyyymmddThhmmssZ of a moment in milliseconds since 1970. */
export function timestampOf(at: number): string {
  const time = new Date(at);
  const day = `${String(time.getUTCFullYear()).padStart(4, '0')}${two(time.getUTCMonth() + 1)}${two(time.getUTCDate())}`;
  return `${day}T${two(time.getUTCHours())}${two(time.getUTCMinutes())}${two(time.getUTCSeconds())}Z`;
}

/** The time that was read last: requests of one second come one after the other. */
let last = { timestamp: '', at: Number.NaN };

/** The moment of a yyyymmddThhmmssZ in milliseconds since 1970; NaN when the calendar does not have it. */
export function timeOf(timestamp: string): number {
  if (timestamp !== last.timestamp) last = { timestamp, at: momentOf(timestamp) };
  return last.at;
}

function momentOf(timestamp: string): number {
  if (!/^\d{8}T\d{6}Z$/.test(timestamp)) return Number.NaN;
  const part = (from: number, to: number) => Number(timestamp.slice(from, to));
  const at = Date.UTC(part(0, 4), part(4, 6) - 1, part(6, 8), part(9, 11), part(11, 13), part(13, 15));
  return timestampOf(at) === timestamp ? at : Number.NaN;
}

/** The time of a request as yyyymmddThhmmssZ, out of that form or of a Date header; undefined when it is neither. */
export function readTime(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (!Number.isNaN(timeOf(text))) return text;
  const at = readHttpDate(text);
  return Number.isNaN(at) ? undefined : timestampOf(at);
}

/** RFC 9110 5.6.7 IMF-fixdate, or RFC 5322 with a numeric zone, as clients send it. */
function readHttpDate(text: string): number {
  return /^[A-Za-z]{3}, \d{1,2} [A-Za-z]{3} \d{4} \d\d:\d\d:\d\d (?:GMT|UTC|[+-]\d{4})$/.test(text) ? Date.parse(text) : Number.NaN;
}
