import { connect, type Socket } from 'node:net';
import { fault, OperationError } from '#kernel/contract/fault.ts';
import type { Bytes } from '#kernel/contract/session.ts';
import { pack, unpack } from '../record.ts';
import { endFrames, readFrames, writeFrame } from './frame.ts';

/** What a process asks of another one; the input and output are what the index packs, bytes come behind them. */
type More = { readonly signal: AbortSignal; readonly body?: Bytes };
type Reply = { readonly output?: unknown; readonly failure?: { readonly code: string; readonly detail?: string; readonly path?: string } };

/** Does what another process asks: with its input, its bytes, and a signal of its end. */
export type Procedure = (
  input: never,
  more: { readonly body: Bytes; readonly signal: AbortSignal },
) => Promise<{ readonly output?: unknown; readonly body?: Bytes }>;
export type Procedures = Readonly<Record<string, Procedure>>;

/** Asks another process; what it refuses is thrown as it threw it. Unavailable: it is away, or ended before it answered. */
export async function callWorker<T = unknown>(
  path: string,
  name: string,
  input: unknown,
  { signal, body }: More,
): Promise<{ readonly output: T; readonly body: Bytes }> {
  signal.throwIfAborted();
  const socket = connect({ path, allowHalfOpen: true });
  const end = () => socket.destroy();
  signal.addEventListener('abort', end, { once: true });
  socket.on('error', () => {});
  socket.once('close', () => signal.removeEventListener('abort', end));
  try {
    socket.write(`${JSON.stringify({ call: name })}\n`);
    await writeFrame(socket, pack(input));
    // Who does not want the rest of the bytes answers before they have come.
    const sent = sendAll(socket, body).catch(() => socket.destroy());
    const frames = readFrames(socket);
    const first = await frames.next();
    if (first.done) throw fault('Unavailable', 'The other process ended before it answered.');
    const { output, failure } = unpack<Reply>(first.value);
    if (failure) throw fault(failure.code, failure);
    return { output: output as T, body: ended(frames, socket, sent) };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function* ended(frames: AsyncGenerator<Buffer, void>, socket: Socket, sent: Promise<unknown>): AsyncGenerator<Uint8Array, void> {
  try {
    yield* frames;
    await sent;
  } finally {
    socket.destroy();
  }
}

async function sendAll(socket: Socket, body: Bytes | undefined): Promise<void> {
  if (body) for await (const bytes of body) if (bytes.length > 0) await writeFrame(socket, bytes);
  endFrames(socket);
}

/** Answers a call of another process. What is thrown is told; what is no operating error is the caller's to log. */
export async function answerCall(socket: Socket, name: string, procedures: Procedures): Promise<void> {
  const gone = new AbortController();
  socket.once('close', () => gone.abort(new Error('the other process went away')));
  try {
    const frames = readFrames(socket);
    const first = await frames.next();
    if (first.done || !Object.hasOwn(procedures, name)) return;
    const { output, body } = await procedures[name]!(unpack(first.value) as never, { body: frames, signal: gone.signal });
    await writeFrame(socket, pack({ output } satisfies Reply));
    await sendAll(socket, body);
  } catch (error) {
    const { code, detail, path } = error instanceof OperationError ? error : fault('Internal');
    const failure = { code, ...(detail === undefined ? {} : { detail }), ...(path === undefined ? {} : { path }) };
    if (!socket.destroyed) await writeFrame(socket, pack({ failure } satisfies Reply)).catch(() => {});
    if (!(error instanceof OperationError) && !gone.signal.aborted) throw error;
  } finally {
    socket.end();
  }
}
