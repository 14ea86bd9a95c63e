import { lookup as systemLookup } from 'node:dns/promises';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { connect as connectPlain, isIP } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { fault } from '#kernel/contract/fault.ts';
import { currentTrace, traceparent } from '#kernel/observe/trace.ts';
import { isPublic } from './address.ts';
import {
  addressLengthMax,
  answerHeadMaxBytes,
  answerMaxBytes,
  lineIdleMs,
  lineTotalMax,
  outboundMs,
  redirectsMax,
  resolvedMax,
} from './limits.ts';
import { Agent, request as httpRequest } from '../listen/node-http.ts';

/** Turns a host name into addresses; the system's resolver if not said. */
export type Lookup = (host: string) => Promise<readonly { readonly address: string }[]>;

export type OutboundRequest = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
  /** Hosts, as `host:port`, that an operator listed: they may be private or on this machine. */
  readonly allow?: readonly string[];
  readonly lookup?: Lookup;
  /** Redirects that are followed; the usual number if not said. With 0 a redirect is the answer. */
  readonly redirects?: number;
  /** Connections to keep for later calls. */
  readonly lines?: Lines;
  /** The authority to believe instead of the system's, in PEM. */
  readonly ca?: string;
  readonly limits?: { readonly timeoutMs?: number; readonly answerBytes?: number };
};

/** Connections that are kept between calls. They are kept by address, and every call looks its name up and checks it anew. */
export type Lines = { readonly plain: InstanceType<typeof Agent>; readonly secure: SecureAgent; close(): void };

/** Keeps at most so many connections to one address. */
export function openLines(perAddress: number): Lines {
  const options = {
    keepAlive: true,
    maxSockets: perAddress,
    maxFreeSockets: perAddress,
    maxTotalSockets: lineTotalMax,
    timeout: lineIdleMs,
  };
  const [plain, secure] = [new Agent(options), new SecureAgent(options)];
  return {
    plain,
    secure,
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}

/** Refuses an address that can never be called: its form, or an IP address in it that is private and not listed. */
export function assertCallable(address: string, allow: readonly string[]): URL {
  const url = readAddress(address);
  assertReachable(bare(url.hostname), portOf(url), allow);
  return url;
}

/** Refuses a host that is an IP address, private and not listed. */
export function assertReachable(host: string, port: number, allow: readonly string[]): void {
  if (isIP(host) !== 0 && !isPublic(host) && !allow.includes(`${host}:${port}`))
    throw refused('It leads to an address that is not public.');
}

/** `url` is where the answer came from, after redirects. */
export type OutboundAnswer = {
  readonly url: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
};

type Target = { readonly url: URL; readonly address: string; readonly port: number };

/**
 * Calls an address that a tenant chose. The name is resolved once and exactly the address checked is connected to; every
 * redirect is checked the same way. BadInput: the address may not be called; Unavailable: nobody answered properly.
 */
export async function outbound(address: string, request: OutboundRequest = {}): Promise<OutboundAnswer> {
  const late = AbortSignal.timeout(request.limits?.timeoutMs ?? outboundMs);
  const signal = request.signal ? AbortSignal.any([late, request.signal]) : late;
  const { method = 'GET', headers = {}, body } = request;
  if (!methods.has(method)) throw fault('BadInput', { path: '/method', detail: 'The method is not one that is called.' });
  let step: Step = { url: readAddress(address), method, headers: { ...traced(), ...sendable(headers) }, body };
  for (let redirects = 0; ; redirects += 1) {
    const answer = await once(step, request, signal);
    const most = request.redirects ?? redirectsMax;
    const next = most === 0 ? undefined : redirected(step, answer);
    if (!next) return answer;
    if (redirects >= most) throw fault('Unavailable', `It redirects more than ${most} times.`);
    step = next;
  }
}

/** Whoever is called can go on with the trace of the work that calls. */
function traced(): Record<string, string> {
  const trace = currentTrace();
  return trace ? { traceparent: traceparent(trace) } : {};
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** What belongs to the connection, which is ours. */
const connectionHeaders = /^(host|connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*)$/;

/** What a redirect to another origin does not take along: everything that may prove who we are. */
const secretHeaders = /authorization|cookie|signature|token|key|secret/;

type Step = { url: URL; method: string; headers: Record<string, string>; body: string | Uint8Array | undefined };

async function once(step: Step, options: OutboundRequest, signal: AbortSignal): Promise<OutboundAnswer> {
  try {
    const target = await locate(step.url, options, signal);
    signal.throwIfAborted();
    return await exchange(step, target, options, signal);
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason;
    if (signal.aborted) throw fault('Unavailable', { detail: 'It did not answer in time.', cause: error });
    throw error;
  }
}

/** Reads an address as its owner wrote it. Numbers that only a lenient parser takes for an address are refused. */
function readAddress(text: string): URL {
  if (text.length > addressLengthMax || !URL.canParse(text)) throw refused('It is not an address.');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused('It is neither http nor https.');
  if (url.username !== '' || url.password !== '') throw refused('It holds a user name or password.');
  const host = bare(url.hostname);
  if (isIP(host) === 4 && !text.includes(host)) throw refused('It spells an IP address in an unusual way.');
  return url;
}

async function locate(url: URL, options: OutboundRequest, signal: AbortSignal): Promise<Target> {
  const port = portOf(url);
  return { url, address: await reachableAddress(bare(url.hostname), port, options, signal), port };
}

/** The address of a host that a tenant chose, looked up now: whoever connects connects to it, and to no other. */
export async function reachableAddress(
  host: string,
  port: number,
  options: Pick<OutboundRequest, 'allow' | 'lookup'>,
  signal: AbortSignal,
): Promise<string> {
  const found = isIP(host) === 0 ? await resolved(host, options.lookup, signal) : [host];
  const listed = options.allow?.includes(`${host}:${port}`) ?? false;
  // One bad address refuses the name: whoever mixes them hopes that a later look-up picks the other.
  if (!listed && !found.every(isPublic)) throw refused('It leads to an address that is not public.');
  const address = found.find((each) => isIP(each) === 4) ?? found[0];
  if (address === undefined) throw fault('Unavailable', 'Its host name has no address.');
  return address;
}

async function resolved(host: string, lookup: Lookup | undefined, signal: AbortSignal): Promise<string[]> {
  signal.throwIfAborted();
  const aborted = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
  try {
    const found = await Promise.race([lookup ? lookup(host) : systemLookup(host, { all: true }), aborted]);
    return found.slice(0, resolvedMax).map(({ address }) => address);
  } catch (error) {
    throw fault('Unavailable', { detail: 'Its host name cannot be resolved.', cause: error });
  }
}

const portOf = (url: URL): number => Number(url.port || (url.protocol === 'https:' ? 443 : 80));

function exchange(step: Step, target: Target, options: OutboundRequest, signal: AbortSignal): Promise<OutboundAnswer> {
  return new Promise((resolve, reject) => {
    const call = begin(step, target, options, signal);
    const fail = (error: Error) => {
      // The other side closed a kept connection just as we took it up: that says nothing of the call.
      if (options.lines && call.reusedSocket && !signal.aborted && /^(ECONNRESET|EPIPE)$/.test(codeOf(error)))
        return exchange(step, target, { ...options, lines: undefined }, signal).then(resolve, reject);
      return reject(fault('Unavailable', { detail: `It did not answer properly (${codeOf(error)}).`, cause: error }));
    };
    call.on('error', fail);
    call.on('response', (response) => {
      read(response, options.limits?.answerBytes ?? answerMaxBytes).then(
        (body) => resolve({ url: step.url.href, status: response.statusCode ?? 0, headers: response.headers, body }),
        reject,
      );
    });
    call.end(step.body);
  });
}

/** No look-up: the socket goes to the address that was checked, and to no other; a kept one is kept by that address. */
function begin(step: Step, target: Target, options: OutboundRequest, signal: AbortSignal): ClientRequest {
  const { address, port, url } = target;
  const host = bare(url.hostname);
  const secure = url.protocol === 'https:';
  const at = { host: address, port };
  const named = isIP(host) === 0 ? { servername: host } : {};
  const trusted = options.ca ? { ca: options.ca } : {};
  const { lines } = options;
  try {
    return httpRequest({
      method: step.method,
      path: url.pathname + url.search,
      headers: { ...step.headers, host: url.host, ...(lines ? {} : { connection: 'close' }) },
      setHost: false,
      maxHeaderSize: answerHeadMaxBytes,
      signal,
      ...(lines
        ? { ...at, ...named, ...trusted, protocol: url.protocol, agent: secure ? lines.secure : lines.plain }
        : // Without an agent node uses this alone.
          { createConnection: () => (secure ? connectSecure({ ...at, ...named, ...trusted }) : connectPlain(at)) }),
    });
  } catch (error) {
    throw fault('BadInput', { path: '/headers', detail: 'A header cannot be sent.', cause: error });
  }
}

async function read(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response) {
      size += (chunk as Buffer).byteLength;
      if (size > maxBytes) break;
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw fault('Unavailable', { detail: 'Its answer broke off.', cause: error });
  }
  if (size > maxBytes) throw fault('Unavailable', `Its answer is larger than ${maxBytes} bytes.`);
  return Buffer.concat(chunks, size);
}

/** RFC 9110 15.4: 307 and 308 repeat the request, 303 reads, and for POST so do 301 and 302 by long custom. */
function redirected(step: Step, answer: OutboundAnswer): Step | undefined {
  const location = answer.headers.location;
  if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return undefined;
  if (!URL.canParse(location, step.url)) throw fault('Unavailable', 'It redirects to what is no address.');
  const url = readAddress(URL.canParse(location) ? location : new URL(location, step.url).href);
  if (step.url.protocol === 'https:' && url.protocol === 'http:') throw refused('It redirects from https to http.');
  const rereads = answer.status === 303 || (answer.status < 303 && step.method === 'POST');
  const kept = url.origin === step.url.origin ? step.headers : without(step.headers, secretHeaders);
  return rereads ? { url, method: 'GET', headers: without(kept, /^content-/), body: undefined } : { ...step, url, headers: kept };
}

function without(headers: Record<string, string>, names: RegExp): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.test(name)));
}

function sendable(headers: Readonly<Record<string, string>>): Record<string, string> {
  return without(Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])), connectionHeaders);
}

function bare(hostname: string): string {
  return hostname.replaceAll(/[[\]]/g, '');
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.name;
}

function refused(detail: string) {
  return fault('BadInput', { path: '/url', detail: `This address may not be called. ${detail}` });
}
