import { decode } from '#wire/sigv4/canonical.ts';
import { readConditions } from './condition.ts';
import { refuse } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { header, untenanted } from './request.ts';
import { customerKeyHeader } from './trait.ts';

/** The source of a copy: `[/]bucket/key[?versionId=null]`, percent-encoded, and the conditions on it. */
export function copySource({ request, tenantOf }: Pick<Exchange, 'request' | 'tenantOf'>) {
  const value = header(request, 'x-amz-copy-source') ?? '';
  const mark = value.indexOf('?versionId=');
  const sourceVersionId = mark < 0 ? undefined : value.slice(mark + 11);
  if (sourceVersionId !== undefined && !/^[\w.-]{1,64}$/.test(sourceVersionId))
    throw refuse('InvalidArgument', 'Invalid version id specified');
  const path = decode(mark < 0 ? value : value.slice(0, mark))?.replace(/^\//, '');
  const slash = path?.indexOf('/') ?? -1;
  if (path === undefined || slash < 1 || slash === path.length - 1) {
    throw refuse('InvalidArgument', 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey', {
      ArgumentName: 'x-amz-copy-source',
      ArgumentValue: value,
    });
  }
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = readConditions(request, 'x-amz-copy-source-');
  return {
    sourceBucket: untenanted(path.slice(0, slash), tenantOf),
    sourceVersionId,
    sourceCustomerKey: customerKeyHeader(request, 'x-amz-copy-source-server-side-encryption-customer'),
    sourceKey: path.slice(slash + 1),
    sourceIfMatch: ifMatch,
    sourceIfNoneMatch: ifNoneMatch,
    sourceIfModifiedSince: ifModifiedSince,
    sourceIfUnmodifiedSince: ifUnmodifiedSince,
  };
}
