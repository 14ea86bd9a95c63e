import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { rawRequest, type RawRequest } from '#services/storage/test/fixtures/raw.ts';
import type { Pair } from '#services/storage/test/fixtures/house.ts';

const headEnd = Buffer.from('\r\n\r\n');
const chunksEnd = Buffer.from('0\r\n\r\n');

/** What a reply is read for; a body is counted, and kept as text where it is short enough to be read. */
export type Reply = { readonly status: number; readonly bytes: number; readonly text: string };

/** One connection with one request at a time, so little code of its own that the server is what is measured. */
export class Caller {
  readonly #address: string;
  readonly #pair: Pair;
  readonly #socket: Socket;
  #more: (chunk: Buffer) => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;

  private constructor(address: string, pair: Pair, socket: Socket) {
    this.#address = address;
    this.#pair = pair;
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#more(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  static async open(address: string, pair: Pair): Promise<Caller> {
    const { hostname, port } = new URL(address);
    const socket = connect({ port: Number(port), host: hostname, noDelay: true });
    await once(socket, 'connect');
    return new Caller(address, pair, socket);
  }

  /** Sends one signed request and reads its reply, of whose first byte `begun` is told; another status than 2xx is an error. */
  async ask(request: Omit<RawRequest, 'pair'>, begun?: () => void): Promise<Reply> {
    const length: Record<string, string> = request.body === undefined ? {} : { 'content-length': String(request.body.length) };
    const bytes = rawRequest(this.#address, { ...request, headers: { ...length, ...request.headers }, pair: this.#pair });
    const reply = await new Promise<Reply>((resolve, reject) => {
      this.#fail = reject;
      const read = reader(request.method === 'HEAD', resolve);
      this.#more = begun ? (chunk) => void (begun(), (this.#more = read), read(chunk)) : read;
      this.#socket.write(bytes);
    });
    if (reply.status < 200 || reply.status > 299) throw new Error(`${request.method} ${request.path}: ${reply.status} ${reply.text}`);
    return reply;
  }

  close(): void {
    this.#fail = () => undefined;
    this.#socket.destroy();
  }
}

/** Pages of lists are shorter; to join the pieces of a mebibyte one by one costs more than a server takes to send it. */
const keptBytes = 2 ** 20 - 1;

/** Takes the chunks of one reply and says when it is whole. */
function reader(headOnly: boolean, done: (reply: Reply) => void): (chunk: Buffer) => void {
  let head: { status: number; length: number | undefined } | undefined;
  let kept: Buffer = Buffer.alloc(0);
  let bytes = 0;
  return (chunk) => {
    let body = chunk;
    if (!head) {
      kept = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
      const end = kept.indexOf(headEnd);
      if (end < 0) return;
      const text = kept.toString('latin1', 0, end);
      const length = /^content-length: *(\d+)/im.exec(text)?.[1];
      const chunked = /^transfer-encoding: *chunked/im.test(text);
      head = { status: Number(text.slice(9, 12)), length: chunked ? undefined : headOnly ? 0 : Number(length ?? 0) };
      body = kept.subarray(end + headEnd.length);
      kept = Buffer.alloc(0);
    }
    bytes += body.length;
    if ((head.length ?? 0) <= keptBytes) kept = kept.length === 0 ? body : Buffer.concat([kept, body]);
    const whole = head.length === undefined ? kept.subarray(-chunksEnd.length).equals(chunksEnd) : bytes >= head.length;
    if (whole) done({ status: head.status, bytes, text: kept.toString('utf8') });
  };
}
