import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DoorPlace, OpenDoor } from '#kernel/contract/implement.ts';
import { httpServer } from '#kernel/listen/http.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import type { storage } from '../../service.ts';
import { authenticate } from './authenticate.ts';
import { internalError, malformedS3, wordError } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { type ReplyId, replyError } from './reply.ts';
import { readHead, type S3Request } from './request.ts';
import { route } from './route.ts';
import { checkExpectedOwner, refuseHeaders } from './unimplemented.ts';

export type S3Options = { readonly region: string };

/** Opens the S3 door: HTTP on which every request names its caller by its signature. */
export function openS3(place: DoorPlace<typeof storage>, { region }: S3Options): Promise<OpenDoor> {
  const hostId = randomBytes(24).toString('base64');
  return httpServer({ ...place.at, malformed: malformedS3, expect: 'handler', log: place.log }, async (incoming, response) => {
    const id = { requestId: randomBytes(8).toString('hex').toUpperCase(), hostId };
    const signal = leaving(response);
    try {
      await serve({ place, region, id, signal, incoming, response });
    } catch (error) {
      tell(error, { place, region, id, signal, incoming, response });
    }
  });
}

type Arrived = {
  readonly place: DoorPlace<typeof storage>;
  readonly region: string;
  readonly id: ReplyId;
  readonly signal: AbortSignal;
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
};

/** The steps of a request, in S3's order. */
async function serve(arrived: Arrived): Promise<void> {
  const request: S3Request = readHead(arrived.incoming, arrived.response);
  const identified = authenticate(request, arrived.place.gate, arrived.place.open);
  const release = cutWhenRevoked(identified.session.signal, arrived.response);
  try {
    const { session } = identified;
    const owner = formatId(session.caller.scope);
    const exchange: Exchange = { request, identified, session, owner, id: arrived.id, region: arrived.region, signal: arrived.signal };
    refuseHeaders(request);
    checkExpectedOwner(request, owner);
    const answer = route(request);
    await answer(exchange);
  } finally {
    release();
    identified.session.end();
  }
}

/** Words what went wrong. Bugs are logged and told as InternalError; a client that left is told nothing. */
function tell(error: unknown, { place, region, id, signal, incoming, response }: Arrived): void {
  const worded = wordError(error, region);
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
function leaving(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(new Error('the client went away'));
  });
  return controller.signal;
}

/** A caller who lost the right to be here loses the connection, however slowly it moves. A drain lets requests end. */
function cutWhenRevoked(signal: AbortSignal, response: ServerResponse): () => void {
  const cut = () => {
    if (signal.reason !== 'drain') response.socket?.destroy();
  };
  signal.addEventListener('abort', cut, { once: true });
  return () => signal.removeEventListener('abort', cut);
}
