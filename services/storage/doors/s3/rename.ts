import { decode } from '#wire/sigv4/canonical.ts';
import { dropUndefined, readConditions } from './condition.ts';
import { refuse } from './errors.ts';
import type { Answer } from './exchange.ts';
import { replyEmpty } from './reply.ts';
import { header, type S3Request } from './request.ts';

/** RenameObject, as S3 has it for its directory buckets. */
export const renameObject: Answer = async ({ request, session, id, more }) => {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = readConditions(request, 'x-amz-rename-source-');
  const input = dropUndefined({
    key: request.key,
    sourceKey: sourceKey(request),
    ...readConditions(request),
    sourceIfMatch: ifMatch,
    sourceIfNoneMatch: ifNoneMatch,
    sourceIfModifiedSince: ifModifiedSince,
    sourceIfUnmodifiedSince: ifUnmodifiedSince,
    clientToken: clientToken(request),
  });
  await session.invoke('RenameObject', request.bucket, input, more);
  replyEmpty(request.response, id, 200);
};

/** The key that the object has: percent-encoded, with or without a slash before it. */
function sourceKey(request: S3Request): string {
  const value = header(request, 'x-amz-rename-source');
  if (value === undefined) throw refuse('InvalidRequest', 'Missing required header for this request: x-amz-rename-source');
  const key = decode(value)?.replace(/^\//, '');
  if (key === undefined || key === '')
    throw refuse('InvalidArgument', 'Rename Source must mention the source key', {
      ArgumentName: 'x-amz-rename-source',
      ArgumentValue: value,
    });
  return key;
}

function clientToken(request: S3Request): string | undefined {
  const token = header(request, 'x-amz-client-token');
  if (token !== undefined && !/^[!-~]{1,64}$/.test(token))
    throw refuse('InvalidArgument', 'A client token is of 1 to 64 visible characters of ASCII.', { ArgumentName: 'x-amz-client-token' });
  return token;
}
