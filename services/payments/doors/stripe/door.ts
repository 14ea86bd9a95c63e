import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import { fault, OperationError } from '#kernel/contract/fault.ts';
import type { DoorPlace, OpenDoor } from '#kernel/contract/implement.ts';
import type { Session } from '#kernel/contract/session.ts';
import { readBody } from '#kernel/listen/body.ts';
import { httpServer } from '#kernel/listen/http.ts';
import { connectionsMax } from '#kernel/listen/limits.ts';
import { currentVersion, isVersion, plainVersion } from '../../domain/version.ts';
import { innerKeepAliveMs, innerRequestsMax } from '../../engine/card/limits.ts';
import { payments } from '../../service.ts';
import type { Vault } from '../../store/vault.ts';
import { inputOf } from './coerce.ts';
import { datedAnswer, versionOf } from './dated.ts';
import { malformedStripe, wordError } from './error.ts';
import { expanded, takeExpand } from './expand.ts';
import { type Branch, decoded, FormError, readForm } from './form.ts';
import { formBytesMax } from './limits.ts';
import { isPage, isPageHost, originOf, pagesOf, servePage } from './host.ts';
import { routeOf } from './route.ts';
import { isUpload, readUpload } from './upload.ts';

type Place = DoorPlace<typeof payments>;
type Shown = { readonly key: string; readonly session: Session<typeof payments> };

/**
 * Opens the Stripe API: one request is one operation, whose input is a form and whose output is JSON. Pages for buyers stand
 * on a host name of their own where the operator gave a base name, so that no browser mixes them up with anything else. The vault
 * has the public door; it stands behind.
 */
export async function openStripe(place: Place, domains: readonly string[], vault: Vault): Promise<OpenDoor> {
  const sessions = new WeakMap<Socket, Shown>();
  const secret = randomBytes(32).toString('hex');
  const limits = { keepAliveMs: innerKeepAliveMs, connectionRequestsMax: innerRequestsMax, addressConnectionsMax: connectionsMax };
  const within = { name: place.at.name, host: '127.0.0.1', port: 0, fallback: 'any', plain: 'loopback' } as const;
  const door = await httpServer({ ...within, malformed: malformedStripe, log: place.log, limits }, async (request, response) => {
    // Nothing is taken but what came through the vault, which takes numbers of cards out of it.
    if (!isSame(request.headers['gamut-front'] ?? '', secret)) return void response.destroy();
    if (isPage(request.url) || isPageHost(request, domains)) return servePage(place, request, response, domains);
    const requestId = `req_${randomBytes(10).toString('hex')}`;
    const head: [string, string][] = [['Request-Id', requestId]];
    const { 'stripe-version': version, 'idempotency-key': key } = request.headers;
    head.push(['Stripe-Version', version !== undefined && isVersion(plainVersion(version)) ? version : currentVersion]);
    if (key !== undefined && /^[\x20-\x7e]*$/.test(key)) head.push(['Idempotency-Key', key]);
    try {
      const session = presented(place, sessions, request);
      const { output, replayed } = await answer(session, request, requestId, {
        pages: pagesOf(request, domains, 'pages'),
        accounts: pagesOf(request, domains, 'accounts'),
      });
      if (replayed) head.push(['Idempotent-Replayed', 'true']);
      if (isContents(output)) sendBytes(response, head, output);
      else send(response, 200, head, output);
    } catch (error) {
      if (!(error instanceof OperationError) && !(error instanceof FormError))
        place.log('error', 'a request failed', { door: place.at.name, requestId, error: String((error as Error).stack) });
      const { status, body, retryAfterMs } = wordError(error, request.headers.authorization);
      if ((error as { isReplayed?: boolean }).isReplayed) head.push(['Idempotent-Replayed', 'true']);
      if (retryAfterMs !== undefined) head.push(['Retry-After', String(Math.max(1, Math.ceil(retryAfterMs / 1000)))]);
      head.push(['Stripe-Should-Retry', String(status >= 500 || status === 429 || status === 409)]);
      send(response, status, head, { error: body });
    }
  });
  const { url, tlsUrl, note } = await vault.listen(place.at, { port: door.port, secret });
  return { url, ...(tlsUrl === undefined ? {} : { tlsUrl }), ...(note === undefined ? {} : { note }), close: () => door.close() };
}

const isSame = (given: string, secret: string): boolean =>
  given.length === secret.length && timingSafeEqual(Buffer.from(given, 'latin1'), Buffer.from(secret, 'latin1'));

/** Whose key the request shows; kept with its connection, so that what is decided of it stays decided. */
function presented({ gate }: Place, sessions: WeakMap<Socket, Shown>, { headers, socket }: HttpRequest): Session<typeof payments> {
  const key = keyOf(headers.authorization);
  const known = sessions.get(socket);
  if (known?.key === key && !known.session.signal.aborted) return known.session;
  try {
    const session = gate.present(key.startsWith('pk_') ? 'publishable' : 'stripe', {
      token: key,
      peer: headers['gamut-peer'] ?? socket.remoteAddress,
    });
    if (known) known.session.end();
    else socket.once('close', () => sessions.get(socket)?.session.end());
    sessions.set(socket, { key, session });
    return session;
  } catch (error) {
    if (!(error instanceof OperationError) || error.code !== 'Unauthenticated') throw error;
    // Prefix and end tell the owner which key it is, and nobody else anything.
    throw fault('Unauthenticated', `Invalid API Key provided: ${key.slice(0, 8)}****${key.slice(-4)}`);
  }
}

function keyOf(authorization: string | undefined): string {
  const [, scheme = '', value = ''] = /^(bearer|basic) +(\S+)$/i.exec(authorization ?? '') ?? [];
  const key = scheme.toLowerCase() === 'basic' ? Buffer.from(value, 'base64').toString('latin1').split(':', 1)[0] : value;
  if (!key) throw fault('Unauthenticated', 'You did not provide an API key. Provide it as Authorization: Bearer YOUR_SECRET_KEY.');
  return key;
}

async function answer(
  session: Session<typeof payments>,
  request: HttpRequest,
  requestId: string,
  hosts: { pages: string; accounts: string },
) {
  const { method, url, headers } = request;
  const question = url.indexOf('?');
  const [path, query] = question < 0 ? [url, ''] : [url.slice(0, question), url.slice(question + 1)];
  const match = path.startsWith('/v1/') ? routeOf(method, path.slice('/v1/'.length).replace(/\/$/, '')) : undefined;
  if (!match) throw fault('NoSuchOperation', `Unrecognized request URL (${method}: ${path.slice(0, 200)}).`);
  const version = versionOf(headers['stripe-version']);
  const form = await formOf(request, query, operationTakesFile(match.operation));
  const paths = takeExpand(form);
  for (const [name, value] of Object.entries(match.given)) form.set(name, decoded(value));
  const { operation, id } = match;
  const account = headers['stripe-account'];
  if (typeof account === 'string') {
    if (!forAccounts.has(operation))
      throw fault('Denied', 'The provided key does not have access to these objects of a connected account: they are not implemented.');
    form.set('account', account);
  }
  const key = headers['idempotency-key'];
  const { output, replayed } = await session.invoke(operation, decoded(id), inputOf(payments.operations[operation].input, form) as never, {
    requestId,
    context: { origin: originOf(request), ...hosts, ...(version === undefined ? {} : { 'stripe-version': version }) },
    ...(key === undefined || method !== 'POST' ? {} : { key }),
    ...(typeof headers.traceparent === 'string' ? { traceparent: headers.traceparent } : {}),
  });
  const whole = paths.length === 0 ? output : await expanded(session, output as object, paths);
  return { output: await datedAnswer(session, whole, version), replayed };
}

/** What is asked in the name of a connected account. */
const forAccounts: ReadonlySet<string> = new Set([
  ...['GetBalance', 'GetBalanceSettings', 'UpdateBalanceSettings', 'GetOwnAccount'],
  ...['CreatePayout', 'GetPayout', 'ListPayouts', 'UpdatePayout', 'CancelPayout', 'ReversePayout'],
]);

/** The parameters of a request: its query, and the form that it brings. */
async function formOf(request: HttpRequest, query: string, takesFile: boolean): Promise<Branch> {
  const form = readForm(query);
  if (request.method !== 'POST') return form;
  if (takesFile && isUpload(request)) return readUpload(request);
  const body = await readBody(request, formBytesMax);
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (body.length > 0 && type !== 'application/x-www-form-urlencoded') throw fault('UnsupportedMedia');
  for (const [name, leaf] of readForm(body.toString('utf8'))) form.set(name, leaf);
  return form;
}

const operationTakesFile = (operation: string): boolean => operation === 'CreateFile';

type Contents = { readonly object: 'file_contents'; readonly type: string; readonly content: string };
const isContents = (output: unknown): output is Contents => (output as Partial<Contents>).object === 'file_contents';

/** A file goes out as it came in, and as nothing that a browser would run. */
function sendBytes(response: HttpResponse, head: readonly (readonly [string, string])[], { type, content }: Contents): void {
  const bytes = Buffer.from(content, 'base64');
  const guards = [['Content-Disposition', 'attachment'] as const, ['X-Content-Type-Options', 'nosniff'] as const];
  const fields = [...head, ...guards, ['Content-Type', type], ['Content-Length', String(bytes.length)], ['Cache-Control', 'no-store']];
  response.writeHead(200, fields.flat() as string[]);
  response.end(bytes);
}

function send(response: HttpResponse, status: number, head: readonly (readonly [string, string])[], body: unknown): void {
  const text = JSON.stringify(body);
  const fields = [
    ...head,
    ['Content-Type', 'application/json'],
    ['Content-Length', String(Buffer.byteLength(text))],
    ['Cache-Control', 'no-store'],
  ];
  response.writeHead(status, fields.flat() as string[]);
  response.end(text);
}
