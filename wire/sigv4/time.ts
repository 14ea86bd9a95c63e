/** yyyymmddThhmmssZ of a moment in milliseconds since 1970. */
export function timestampOf(at: number): string {
  return new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** The time of a request as yyyymmddThhmmssZ, out of that form or of a Date header; undefined when it is neither. */
export function readTime(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const basic = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  const at = basic ? Date.parse(`${basic[1]}-${basic[2]}-${basic[3]}T${basic[4]}:${basic[5]}:${basic[6]}Z`) : readHttpDate(text);
  if (Number.isNaN(at)) return undefined;
  const timestamp = timestampOf(at);
  return basic && timestamp !== text ? undefined : timestamp;
}

/** RFC 9110 5.6.7 IMF-fixdate, or RFC 5322 with a numeric zone, as clients send it. */
function readHttpDate(text: string): number {
  return /^[A-Za-z]{3}, \d{1,2} [A-Za-z]{3} \d{4} \d\d:\d\d:\d\d (?:GMT|UTC|[+-]\d{4})$/.test(text) ? Date.parse(text) : Number.NaN;
}
