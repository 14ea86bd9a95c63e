import type { RequestContext } from '#kernel/contract/session.ts';
import { connectionOf } from '#kernel/listen/http.ts';
import { requesterPays } from '../../domain/action.ts';
import type { Identified } from './authenticate.ts';
import { header, type S3Request } from './request.ts';

const headers: Readonly<Record<string, string>> = {
  'aws:referer': 'referer',
  'aws:useragent': 'user-agent',
  's3:x-amz-metadata-directive': 'x-amz-metadata-directive',
  's3:x-amz-content-sha256': 'x-amz-content-sha256',
  's3:x-amz-website-redirect-location': 'x-amz-website-redirect-location',
  's3:x-amz-grant-read': 'x-amz-grant-read',
  's3:x-amz-grant-write': 'x-amz-grant-write',
  's3:x-amz-grant-read-acp': 'x-amz-grant-read-acp',
  's3:x-amz-grant-write-acp': 'x-amz-grant-write-acp',
  's3:x-amz-grant-full-control': 'x-amz-grant-full-control',
};

/** What a bucket's policy may look at of a request besides the operation's input, by the keys of conditions. */
export function contextOf(request: S3Request, { form, how }: Identified): RequestContext {
  const found: Record<string, string> = {};
  for (const [key, name] of Object.entries(headers)) {
    const value = header(request, name);
    if (value !== undefined) found[key] = value;
  }
  const payer = header(request, requesterPays) ?? request.query.get(requesterPays);
  if (payer !== undefined) found[requesterPays] = payer.toLowerCase();
  const { peerAddress, secure } = connectionOf(request.incoming);
  found['aws:sourceip'] = peerAddress.replace(/^::ffff:/, '');
  found['aws:securetransport'] = String(secure);
  if (how !== 'none') found['s3:authtype'] = how === 'query' ? 'REST-QUERY-STRING' : how === 'form' ? 'POST' : 'REST-HEADER';
  if (how !== 'none')
    found['s3:signatureversion'] = form.kind === 'unsigned' && request.query.has('AWSAccessKeyId') ? 'AWS' : 'AWS4-HMAC-SHA256';
  return found;
}
