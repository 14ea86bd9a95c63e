import { asProblem, problemFrom } from './problem.ts';

export type Sending = {
  method: string;
  path: string;
  query?: Readonly<Record<string, unknown>> | undefined;
  json?: unknown;
  body?: BodyInit | undefined;
  environment?: string | undefined;
  key?: string | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  signal?: AbortSignal | undefined;
};

let csrf = '';
const expired = new Set<() => void>();

/** The token that mutations carry; the session gives it. */
export function useToken(token: string): void {
  csrf = token;
}

/** Called when the platform says that the session is no longer known. */
export function onExpired(callback: () => void): () => void {
  expired.add(callback);
  return () => void expired.delete(callback);
}

const raised = new Set<() => void>();

/** Called when the platform asks for a second factor before it goes on. */
export function onStepUp(callback: () => void): () => void {
  raised.add(callback);
  return () => void raised.delete(callback);
}

/** The address with its query: absent values are left out, lists repeat the parameter, objects travel as JSON. */
export function addressWith(path: string, query: Readonly<Record<string, unknown>> = {}): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue;
    for (const each of Array.isArray(value) ? value : [value])
      pairs.append(name, typeof each === 'object' ? JSON.stringify(each) : String(each));
  }
  const text = pairs.toString();
  return text === '' ? path : `${path}?${text}`;
}

export function headersOf(sending: Sending): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json', ...sending.headers };
  if (sending.method !== 'GET' && sending.method !== 'HEAD') headers['gamut-csrf'] = csrf;
  if (sending.environment) headers['gamut-environment'] = sending.environment;
  if (sending.key) headers['idempotency-key'] = sending.key;
  if (sending.json !== undefined) headers['content-type'] = 'application/json';
  return headers;
}

/** Sends to the platform, which is our own origin, and throws a Problem for every refusal. */
export async function send(sending: Sending): Promise<Response> {
  const body = sending.json === undefined ? sending.body : JSON.stringify(sending.json);
  let reply: Response;
  try {
    reply = await fetch(addressWith(sending.path, sending.query), {
      method: sending.method,
      headers: headersOf(sending),
      body: body ?? null,
      signal: sending.signal ?? null,
      credentials: 'same-origin',
      cache: 'no-store',
    });
  } catch (thrown) {
    if (sending.signal?.aborted) throw thrown;
    throw asProblem(thrown);
  }
  if (reply.ok) return reply;
  const problem = problemFrom(reply.status, (name) => reply.headers.get(name), await reply.text());
  tellExpired(reply.status, sending.path);
  if (problem.code === 'StepUp') for (const callback of raised) callback();
  throw problem;
}

export function tellExpired(status: number, path: string): void {
  if (status === 401 && !path.startsWith('/session')) for (const callback of expired) callback();
}

/** Sends and reads JSON; an empty reply is undefined. */
export async function sendForJson<T>(sending: Sending): Promise<T> {
  const text = await (await send(sending)).text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}
