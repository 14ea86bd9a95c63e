import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { fault, OperationError } from '../contract/fault.ts';
import type { Log } from '../contract/implement.ts';
import { readBody } from '../listen/body.ts';
import { parseJson } from '../listen/json.ts';
import { registrationBytes } from '../session/limits.ts';
import type { DirectoryQuestion } from '../session/directory.ts';
import type { Registration } from '../session/registration.ts';
import type { Link } from '../supervise/protocol.ts';
import { createServer } from '../listen/node-http.ts';

/** What processes ask control for. */
export type Internal = {
  register(registration: Registration): Promise<unknown>;
  /** The cluster id by which a service's process speaks to the ledger of an environment, in the service's own name. */
  ledger(service: string, at: { readonly tenant: string; readonly scope: string }): Promise<unknown>;
  wake(): void;
  /** A request of the process on behalf of a caller. */
  directory(process: string, question: DirectoryQuestion): Promise<unknown>;
};

/** Serves the platform's own processes on `control.sock`: each shows the token it was spawned with. */
export async function serveInternal(link: Link, internal: Internal, log: Log): Promise<{ close(): Promise<void> }> {
  const admitted = new Map<string, string>();
  link.onAdmit(({ process, tokenHash }) => {
    for (const [hash, name] of admitted) if (name === process) admitted.delete(hash);
    admitted.set(tokenHash, process);
  });
  const server = createServer((request, response) => {
    answer(request, admitted, internal).then(
      (body) => reply(response, 200, body),
      (error) => {
        const known = error instanceof OperationError ? error : fault('Internal');
        if (known !== error)
          log('error', 'a call of a process failed', { path: request.url, error: error instanceof Error ? error.stack : String(error) });
        reply(response, known.status, { code: known.code, detail: known.detail });
      },
    );
  });
  const path = join(link.order.run, 'control.sock');
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  return { close: () => closed(server) };
}

async function answer(request: IncomingMessage, admitted: ReadonlyMap<string, string>, internal: Internal): Promise<unknown> {
  const process = admitted.get(createHash('sha256').update(String(request.headers['gamut-process'])).digest('hex'));
  if (process === undefined) throw fault('Unauthenticated');
  const body = parseJson((await readBody(request, registrationBytes)).toString('utf8'));
  if (request.url === '/wake') {
    internal.wake();
    return {};
  }
  if (request.url === '/ledger') return internal.ledger(process, body as { tenant: string; scope: string });
  if (request.url === '/directory') return internal.directory(process, body as DirectoryQuestion);
  if (request.url !== '/register') throw fault('NoSuchOperation');
  const registration = body as Registration;
  const name = registration.contract?.name;
  if (typeof name !== 'string' || (process !== name && !process.startsWith(`${name}-`)))
    throw fault('Denied', `${process} cannot register as ${name}.`);
  return internal.register(registration);
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
