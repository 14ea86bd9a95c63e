import { refuse } from './errors.ts';
import { entityTagsMax } from './limits.ts';
import { header, type S3Request } from './request.ts';

/** RFC 9110 13.1.1: a list of entity tags, as texts without quotes; weakness does not matter, as S3's tags are all strong. */
export function readTags(value: string | undefined): string[] | undefined {
  if (value === undefined) return undefined;
  const tags = value
    .split(',')
    .map((tag) =>
      tag
        .trim()
        .replace(/^W\//, '')
        .replace(/^"(.*)"$/, '$1'),
    )
    .filter((tag) => tag !== '');
  if (tags.length > entityTagsMax) throw refuse('InvalidArgument', `At most ${entityTagsMax} entity tags may be named.`);
  return tags;
}

/** RFC 9110 13.1.3: a date that cannot be read is as if it were not there. */
function readDate(value: string | undefined): number | undefined {
  const at = value === undefined ? Number.NaN : Date.parse(value);
  return Number.isNaN(at) || at < 0 ? undefined : at;
}

/** The conditions of a read, or of a copy's source under a prefix of the header names. */
export function readConditions(
  request: S3Request,
  prefix = '',
): { ifMatch?: string[]; ifNoneMatch?: string[]; ifModifiedSince?: number; ifUnmodifiedSince?: number } {
  const of = (name: string) => header(request, `${prefix}${name}`);
  return dropUndefined({
    ifMatch: readTags(of('if-match')),
    ifNoneMatch: readTags(of('if-none-match')),
    ifModifiedSince: readDate(of('if-modified-since')),
    ifUnmodifiedSince: readDate(of('if-unmodified-since')),
  });
}

/** The conditions of a write. S3 takes no tag but '*' in If-None-Match; others are taken here. */
export function writeConditions(request: S3Request): { ifMatch?: string[]; ifNoneMatch?: string[] } {
  const ifNoneMatch = readTags(header(request, 'if-none-match'));
  return dropUndefined({ ifMatch: readTags(header(request, 'if-match')), ifNoneMatch });
}

/** A copy without what is undefined: the contract's inputs have no such values. */
export function dropUndefined<T extends object>(value: T): T {
  const kept: Record<string, unknown> = {};
  for (const [name, one] of Object.entries(value)) if (one !== undefined) kept[name] = one;
  return kept as T;
}
