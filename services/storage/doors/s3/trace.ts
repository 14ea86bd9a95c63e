import type { HttpResponse } from '#engine/http1/response.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import { connectionOf } from '#kernel/listen/http.ts';
import type { AccessEntry } from '../../domain/access-log.ts';
import { principalArn } from '../../domain/policy/evaluate.ts';
import type { Identified } from './authenticate.ts';
import type { ReplyId } from './reply.ts';
import { header, type S3Request } from './request.ts';

/** What is learnt of a request on its way, for the log of its bucket. */
export type Trace = {
  readonly at: number;
  request?: S3Request;
  identified?: { readonly how: Identified['how']; readonly requester: string | undefined };
  code?: string;
};

/** Who asks, as logs name them. */
export function identityOf({ session: { caller }, how }: Identified): Trace['identified'] {
  const requester = caller.face === 'anonymous' ? undefined : principalArn({ account: formatId(caller.scope), name: caller.principal });
  return { how, requester };
}

/** The request as the log of its bucket tells it; undefined when it was about no bucket. */
export function entryOf(trace: Trace, id: ReplyId, response: HttpResponse, now: number): Omit<AccessEntry, 'owner'> | undefined {
  const { at, request, identified, code } = trace;
  if (!request || request.bucket === '') return undefined;
  const length = Number(header(request, 'x-amz-decoded-content-length') ?? header(request, 'content-length') ?? Number.NaN);
  const isRead = request.method === 'GET' && request.key !== '' && response.statusCode === 200;
  const objectBytes = request.method === 'PUT' && request.key !== '' ? length : isRead ? response.sentBytes : Number.NaN;
  const how = identified?.how ?? 'none';
  return {
    bucket: request.bucket,
    at,
    address: connectionOf(request.incoming).peerAddress.replace(/^::ffff:/, ''),
    ...(identified?.requester === undefined ? {} : { requester: identified.requester }),
    ...id,
    method: request.method,
    key: request.key,
    query: request.query,
    target: request.incoming.url ?? '/',
    status: response.statusCode,
    ...(code === undefined ? {} : { code }),
    sentBytes: response.sentBytes,
    ...(Number.isNaN(objectBytes) ? {} : { objectBytes }),
    totalMs: now - at,
    ...optional('referer', header(request, 'referer')),
    ...optional('userAgent', header(request, 'user-agent')),
    ...(how === 'none' ? {} : { signature: isLegacy(request) ? 'SigV2' : 'SigV4', authentication: authentications[how] }),
    ...optional('host', request.incoming.headers.host),
    website: request.website === true,
    copies: request.headers.has('x-amz-copy-source'),
  };
}

const authentications = { header: 'AuthHeader', query: 'QueryString', form: 'POST' } as const;

const isLegacy = (request: S3Request) => request.query.has('AWSAccessKeyId') || (header(request, 'authorization') ?? '').startsWith('AWS ');

const optional = (name: string, value: string | undefined) => (value === undefined ? {} : { [name]: value });
