import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { lineReader } from '../keys/line.ts';
import { fault, OperationError } from './fault.ts';
import { controlSocketMax, lineBytes } from './limits.ts';
import type { PlatformStatus } from './status.ts';

/** What may be asked: the status now, the status when the start has ended, a restart of one process, or the end of all. */
export type ControlRequest =
  | { readonly type: 'status' }
  | { readonly type: 'wait' }
  | { readonly type: 'restart'; readonly process: string }
  | { readonly type: 'down' };

export type ControlAnswer = { readonly ok: PlatformStatus } | { readonly code: string; readonly detail: string };

export type ControlHost = {
  status(): PlatformStatus;
  /** Resolves when the start has ended, well or not. */
  started(): Promise<unknown>;
  restart(process: string): Promise<void>;
  down(): void;
};

export const controlSocketPath = (run: string): string => join(run, 'supervisor.sock');

/** Answers on `supervisor.sock` in the run directory, one JSON line for each; only the owner of the data may connect. */
export async function openControlSocket(run: string, host: ControlHost): Promise<{ close(): void }> {
  const path = controlSocketPath(run);
  rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
    const answer = (answered: ControlAnswer) => void (socket.writable && socket.write(`${JSON.stringify(answered)}\n`));
    const read = lineReader(
      lineBytes,
      (line) => void handle(line, host).then(answer),
      () => socket.destroy(),
    );
    socket.on('data', read);
  });
  server.maxConnections = controlSocketMax;
  await listenPrivately(server, path);
  return {
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The socket is made with rights for nobody else, not closed off afterwards. */
async function listenPrivately(server: Server, path: string): Promise<void> {
  const mask = process.umask(0o177);
  try {
    const listening = Promise.withResolvers<void>();
    server.once('error', listening.reject);
    server.listen(path, listening.resolve);
    await listening.promise;
  } finally {
    process.umask(mask);
  }
}

async function handle(line: string, host: ControlHost): Promise<ControlAnswer> {
  try {
    const request = parse(line);
    if (request.type === 'wait') await host.started();
    if (request.type === 'restart') await host.restart(request.process);
    if (request.type === 'down') host.down();
    return { ok: host.status() };
  } catch (error) {
    if (error instanceof OperationError) return { code: error.code, detail: error.detail ?? '' };
    throw error;
  }
}

const requestTypes: ReadonlySet<unknown> = new Set(['status', 'wait', 'restart', 'down']);

function parse(line: string): ControlRequest {
  let request: Partial<Record<'type' | 'process', unknown>> | null;
  try {
    request = JSON.parse(line) as typeof request;
  } catch (cause) {
    throw fault('BadInput', { detail: 'A request is one line of JSON.', cause });
  }
  if (!requestTypes.has(request?.type)) throw fault('BadInput', { path: '/type', detail: 'The supervisor knows no such request.' });
  return { ...request, process: String(request?.process) } as ControlRequest;
}
