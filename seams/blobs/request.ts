import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { encode } from '#wire/sigv4/canonical.ts';
import { sign } from '#wire/sigv4/sign.ts';
import { child, readXml } from '#wire/xml/read.ts';
import type { Address } from './address.ts';
import { BlobsError } from './error.ts';
import { answerMaxBytes, connectionsMax, errorTextMax, idleMs } from './limits.ts';

/** What is sent: its size and hash are known before its bytes are. */
export type Body = {
  readonly sizeBytes: number;
  /** SHA-256 in hexadecimal: the store refuses other bytes. */
  readonly sha256: string;
  /** All of them, also when they were begun before. */
  pieces(): AsyncIterable<Uint8Array>;
};

export type Asked = {
  readonly method: 'GET' | 'PUT' | 'DELETE' | 'HEAD';
  /** Empty: the bucket. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  readonly answerMaxBytes?: number;
};

export type Answer = { readonly status: number; readonly body: Buffer };

export type ExchangeOptions = {
  readonly address: Address;
  /** Shown instead of a signature. */
  readonly bearer?: () => Promise<string>;
  /** The authority of the store's certificate, in PEM, where the system does not know it. */
  readonly ca?: string;
  readonly silenceMs?: number;
};

// An import of it loads a fetch as well.
const { Agent: PlainAgent, request: plainRequest } = process.getBuiltinModule('node:http');

const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Requests of S3 to one bucket, path-style, each signed; an answer that is no success is thrown as its error. */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #agent: Agent;
  readonly #silenceMs: number;
  #closed = false;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#silenceMs = options.silenceMs ?? idleMs;
    const kept = { keepAlive: true, maxSockets: connectionsMax, timeout: this.#silenceMs };
    this.#agent = options.address.tls ? new SecureAgent({ ...kept, ...(options.ca ? { ca: options.ca } : {}) }) : new PlainAgent(kept);
  }

  async ask(asked: Asked): Promise<Answer> {
    if (this.#closed) throw new BlobsError('Unavailable', 'The store of blobs was closed.');
    const { address } = this.#options;
    const rawPath = `/${address.bucket}${asked.key === '' ? '' : `/${encode(asked.key, true)}`}`;
    const rawQuery = Object.entries(asked.query ?? {})
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .join('&');
    const headers = await this.#headers(asked, rawPath, rawQuery);
    const path = rawQuery === '' ? rawPath : `${rawPath}?${rawQuery}`;
    const { host, port, tls } = address;
    const call = (tls ? secureRequest : plainRequest)({ host, port, path, method: asked.method, headers, agent: this.#agent });
    const answer = await answered(call, asked, this.#silenceMs);
    if (answer.status < 200 || answer.status > 299) throw errorOf(answer);
    return answer;
  }

  async #headers({ method, headers = {}, body }: Asked, rawPath: string, rawQuery: string): Promise<Record<string, string>> {
    const { address, bearer } = this.#options;
    const payloadHash = body?.sha256 ?? emptyHash;
    const isUsual = address.port === (address.tls ? 443 : 80);
    const host = `${address.host.includes(':') ? `[${address.host}]` : address.host}${isUsual ? '' : `:${address.port}`}`;
    const all = { ...headers, host, ...(body ? { 'content-length': String(body.sizeBytes) } : {}) };
    if (bearer) return { ...all, 'x-amz-content-sha256': payloadHash, authorization: `Bearer ${await bearer()}` };
    if (!address.login) return { ...all, 'x-amz-content-sha256': payloadHash };
    const signer = { ...address.login, region: address.region, service: 's3', at: Date.now() };
    return sign({ method, rawPath, rawQuery, headers: all, payloadHash }, signer);
  }

  close(): void {
    this.#closed = true;
    this.#agent.destroy();
  }
}

async function answered(call: ClientRequest, { body, answerMaxBytes: most = answerMaxBytes }: Asked, silenceMs: number): Promise<Answer> {
  const late = () => call.destroy(new BlobsError('Silent', 'The store of blobs is silent.', { passes: true }));
  call.setTimeout(silenceMs, late);
  const response = new Promise<IncomingMessage>((resolve, reject) => call.once('response', resolve).once('error', reject));
  try {
    if (!body) call.end();
    // A store that refuses may answer before it has read everything: its answer says why, the broken pipe does not.
    else await Promise.race([response, pipeline(Readable.from(body.pieces()), call)]);
    const answer = await response;
    const told = { status: answer.statusCode ?? 0, body: await readAll(answer, most) };
    if (!call.writableEnded) call.destroy();
    return told;
  } catch (error) {
    response.catch(() => undefined);
    if (error instanceof BlobsError) throw error;
    throw new BlobsError('Unavailable', 'The store of blobs does not answer.', { passes: true, cause: error });
  }
}

async function readAll(answer: IncomingMessage, most: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > most) throw new BlobsError('TooLarge', 'The store of blobs answers more than was asked for.');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function errorOf({ status, body }: Answer): BlobsError {
  const told = wordsOf(body);
  const code = told.code ?? (status === 404 ? 'NotFound' : status === 403 ? 'AccessDenied' : `Status${status}`);
  const passes = status >= 500 || status === 429;
  return new BlobsError(code, `The store of blobs answers ${status} ${code}: ${told.message.slice(0, errorTextMax)}`, { passes });
}

function wordsOf(body: Buffer): { code?: string; message: string } {
  try {
    const document = readXml(body);
    const code = child(document, 'Code')?.text;
    return { ...(code === undefined ? {} : { code }), message: child(document, 'Message')?.text ?? '' };
  } catch {
    // Whoever answers is no S3, or a HEAD was asked for.
    return { message: '' };
  }
}
