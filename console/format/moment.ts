const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** `now`, `12 s ago`, `3 h ago`, `in 2 d`: relative to `now`, both in milliseconds since 1970. */
export function relative(at: number, now: number): string {
  const seconds = Math.round((now - at) / 1000);
  const size = Math.abs(seconds);
  if (size < 2) return 'now';
  const text =
    size < 90
      ? `${size} s`
      : size < 90 * minute
        ? `${Math.round(size / minute)} min`
        : size < 36 * hour
          ? `${Math.round(size / hour)} h`
          : size < 60 * day
            ? `${Math.round(size / day)} d`
            : size < 700 * day
              ? `${Math.round(size / (30 * day))} mo`
              : `${Math.round(size / (365 * day))} y`;
  return seconds >= 0 ? `${text} ago` : `in ${text}`;
}

/** How long a span lasts: `850 ms`, `12 s`, `3 min`, `5 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * minute) return `${Math.round(seconds / minute)} min`;
  if (seconds < 36 * hour) return `${Math.round(seconds / hour)} h`;
  return `${Math.round(seconds / day)} d`;
}

/** `2026-07-01 14:03:22.123 UTC+2`: exact, with the zone it is told in. */
export function exactMoment(at: number): string {
  const date = new Date(at);
  const two = (value: number, width = 2) => String(value).padStart(width, '0');
  const offset = -date.getTimezoneOffset();
  const zone =
    offset === 0
      ? 'UTC'
      : `UTC${offset > 0 ? '+' : '−'}${Math.floor(Math.abs(offset) / 60)}${offset % 60 === 0 ? '' : `:${two(Math.abs(offset) % 60)}`}`;
  return (
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${two(date.getMilliseconds(), 3)} ${zone}`
  );
}

/** `14:03:22`, for logs. */
export function clock(at: number): string {
  return exactMoment(at).slice(11, 19);
}

/** What a field of type `datetime-local` shows for milliseconds since 1970. */
export function localMoment(at: number | undefined): string {
  if (at === undefined) return '';
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** What such a field says; undefined while it is not filled in. */
export function momentFromLocal(text: string): number | undefined {
  const at = text === '' ? Number.NaN : new Date(text).getTime();
  return Number.isNaN(at) ? undefined : at;
}
