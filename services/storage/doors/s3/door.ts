import { randomBytes, randomFillSync } from 'node:crypto';
import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import type { DoorPlace, OpenDoor } from '#kernel/contract/implement.ts';
import { httpServer } from '#kernel/listen/http.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import type { storage } from '../../service.ts';
import { authenticate } from './authenticate.ts';
import { internalError, malformedS3, wordError } from './errors.ts';
import type { CorsRule } from '../../domain/cors.ts';
import type { AccessEntry } from '../../domain/access-log.ts';
import type { Website } from '../../domain/website.ts';
import { requesterPays } from '../../domain/action.ts';
import { contextOf } from './context.ts';
import { allowOrigin, preflight } from './cors.ts';
import { isForm, postForm } from './form.ts';
import { type ReplyId, replyError } from './reply.ts';
import { readHead, type S3Request, withoutTenant } from './request.ts';
import { route } from './route.ts';
import { entryOf, identityOf, type Trace } from './trace.ts';
import { serveWebsite } from './website.ts';
import { checkExpectedOwner, refuseHeaders } from './unimplemented.ts';

export type S3Options = {
  readonly region: string;
  /** Base names of hosts that the operator gave. */
  readonly domains: readonly string[];
  /** The account of a bucket's owner; undefined when there is no such bucket. */
  readonly ownerOf: (bucket: string) => string | undefined;
  /** The organization of a bucket's owner. */
  readonly tenantOf: (bucket: string) => string | undefined;
  /** Whether who asks pays, be it not the bucket's owner. */
  readonly isRequesterPays: (bucket: string) => boolean;
  /** Where requests of buckets are logged that ask for it. */
  readonly accessLog: { wants(bucket: string): boolean; note(entry: Omit<AccessEntry, 'owner'>): void };
  /** How a bucket is served as a website, if it is. */
  readonly websiteOf: (bucket: string) => Website | undefined;
  /** Passes a request on that another process of storage answers; false where this one does. */
  readonly passOn?: (bucket: string, incoming: HttpRequest, response: HttpResponse) => Promise<boolean>;
  /** What pages of other sites may do with a bucket. */
  readonly corsOf: (bucket: string) => readonly CorsRule[] | undefined;
};

/** Opens the S3 door: HTTP on which every request names its caller by its signature. */
export function openS3(place: DoorPlace<typeof storage>, options: S3Options): Promise<OpenDoor> {
  const hostId = randomBytes(24).toString('base64');
  return httpServer({ ...place.at, malformed: malformedS3, expect: 'handler', log: place.log }, async (incoming, response) => {
    const id = { requestId: newRequestId(), hostId };
    const signal = leaving(response);
    const trace: Trace = { at: Date.now() };
    const arrived = { place, ...options, id, signal, incoming, response, trace };
    try {
      await serve(arrived);
    } catch (error) {
      tell(error, arrived);
    }
    const entry = trace.request && options.accessLog.wants(trace.request.bucket) && entryOf(trace, id, response, Date.now());
    if (entry) options.accessLog.note(entry);
  });
}

/** Chance for request ids, of which each takes eight bytes: asking for so few costs as much as for many. */
const chance = Buffer.alloc(4096);
let spent = chance.length;

function newRequestId(): string {
  if (spent === chance.length) {
    randomFillSync(chance);
    spent = 0;
  }
  spent += 8;
  return chance.toString('hex', spent - 8, spent).toUpperCase();
}

type Arrived = S3Options & {
  readonly place: DoorPlace<typeof storage>;
  readonly id: ReplyId;
  readonly signal: AbortSignal;
  readonly incoming: HttpRequest;
  readonly response: HttpResponse;
  readonly trace: Trace;
};

/** The steps of a request, in S3's order. */
async function serve(arrived: Arrived): Promise<void> {
  const request: S3Request = withoutTenant(readHead(arrived.incoming, arrived.response, arrived.domains), arrived.tenantOf);
  if (arrived.passOn && (await arrived.passOn(request.bucket, arrived.incoming, arrived.response))) return;
  arrived.trace.request = request;
  if (await beforeCaller(arrived, request)) return;
  const identified = authenticate(request, arrived.place.gate, arrived.place.open);
  arrived.trace.identified = identityOf(identified);
  const release = cutWhenRevoked(identified.session.signal, arrived.response);
  try {
    const { session } = identified;
    const owner = session.caller.face === 'anonymous' ? '' : formatId(session.caller.scope);
    const context = contextOf(request, identified);
    const more = { signal: arrived.signal, requestId: arrived.id.requestId, context };
    refuseHeaders(request);
    const answer = route(request);
    checkExpectedOwner(request, arrived.ownerOf);
    if (context[requesterPays] === 'requester' && arrived.isRequesterPays(request.bucket))
      arrived.response.setHeader('x-amz-request-charged', 'requester');
    await answer({ request, identified, session, owner, id: arrived.id, region: arrived.region, tenantOf: arrived.tenantOf, more });
  } finally {
    release();
    identified.session.end();
  }
}

/** What is answered before a caller is looked for: preflights, websites, and forms, which name theirs in a field. */
async function beforeCaller(arrived: Arrived, request: S3Request): Promise<boolean> {
  const { place, corsOf, id, signal, response, trace } = arrived;
  const rules = request.bucket === '' || !request.headers.has('origin') ? undefined : corsOf(request.bucket);
  if (request.method === 'OPTIONS') {
    preflight(request, id, rules);
    return true;
  }
  if (rules) allowOrigin(request, response, rules);
  if (request.website) {
    await serveWebsite(request, { ...arrived, gate: place.gate });
    return true;
  }
  if (!isForm(request)) return false;
  await postForm(request, { gate: place.gate, open: place.open, id, signal, trace });
  return true;
}

/** Words what went wrong. Bugs are logged and told as InternalError; a client that left is told nothing. */
function tell(error: unknown, { place, region, id, signal, incoming, response, trace }: Arrived): void {
  const worded = wordError(error, region);
  trace.code = (worded ?? internalError).code;
  const left = signal.aborted || response.destroyed;
  if (!worded && !left)
    place.log('error', 'a request failed', {
      door: place.at.name,
      requestId: id.requestId,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  if (left || response.headersSent) {
    response.destroy();
    return;
  }
  const resource = (incoming.url ?? '/').split('?', 1)[0] ?? '/';
  replyError(response, id, incoming.method ?? 'GET', resource, worded ?? internalError);
}

/** Aborted when the connection closes before the reply is whole. */
function leaving(response: HttpResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(new Error('the client went away'));
  });
  return controller.signal;
}

/** A caller who lost the right to be here loses the connection, however slowly it moves. A drain lets requests end. */
function cutWhenRevoked(signal: AbortSignal, response: HttpResponse): () => void {
  const cut = () => {
    if (signal.reason !== 'drain') response.socket?.destroy();
  };
  signal.addEventListener('abort', cut, { once: true });
  return () => signal.removeEventListener('abort', cut);
}
