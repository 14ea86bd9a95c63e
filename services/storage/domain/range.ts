/** The bytes asked for: from `first` to `last`, from `first` on, or the last `suffix`. */
export type ByteRange = { readonly first?: number; readonly last?: number; readonly suffix?: number };

/** Both ends inclusive. */
export type Span = { readonly first: number; readonly last: number };

/** RFC 9110 14.1.2: the part of `size` bytes that a range selects; undefined when it selects nothing. */
export function resolveRange(range: ByteRange, size: number): Span | undefined {
  if (range.suffix !== undefined) {
    if (range.suffix === 0 || size === 0) return undefined;
    return { first: Math.max(0, size - range.suffix), last: size - 1 };
  }
  const first = range.first ?? 0;
  const last = Math.min(range.last ?? size - 1, size - 1);
  return first < size && first <= last ? { first, last } : undefined;
}

/**
 * Reads a Range header. Undefined when S3 ignores it: another unit, several ranges, or a range that is not one
 * (RFC 9110 14.2: a server may ignore the header).
 */
export function readRange(header: string): ByteRange | undefined {
  const match = /^bytes=\s*(\d{0,16})\s*-\s*(\d{0,16})\s*$/.exec(header);
  if (!match) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '') return last === '' ? undefined : { suffix: Number(last) };
  if (last === '') return { first: Number(first) };
  return Number(last) < Number(first) ? undefined : { first: Number(first), last: Number(last) };
}
