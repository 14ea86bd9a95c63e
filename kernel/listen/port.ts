import { once } from 'node:events';
import type { Server } from 'node:net';
import { fault } from '#kernel/contract/fault.ts';

/** What to do when the port asked for is taken: use any free one, or refuse to start. */
export type Fallback = 'any' | 'refuse';

/** Where a listener came to stand. `usual` says whether it got the port asked for; `note` is a sentence when not. */
export type Bound = { readonly port: number; readonly usual: boolean; readonly note?: string };

/** `shared`: other processes may listen on it too. */
export type At = {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly fallback: Fallback;
  readonly shared?: boolean;
};

/** Binds a server to the port asked for (0 = any), or by `fallback` to a free one. */
export async function bind(server: Server, at: At): Promise<Bound> {
  const reason = await attempt(server, at, at.port);
  if (reason === undefined) return { port: portOf(server), usual: at.port !== 0 };
  const why = wording(reason, at.host, at.port);
  if (!why.elsewhere || at.fallback === 'refuse' || at.port === 0) {
    throw fault('Unavailable', { detail: `${at.name}: ${why.sentence}.`, cause: reason });
  }
  const second = await attempt(server, at, 0);
  if (second !== undefined) throw fault('Unavailable', { detail: `${at.name}: ${wording(second, at.host, 0).sentence}.`, cause: second });
  return { port: portOf(server), usual: false, note: `${why.sentence}; using ${portOf(server)}` };
}

async function attempt(server: Server, { host, shared = false }: At, port: number): Promise<NodeJS.ErrnoException | undefined> {
  try {
    const listening = once(server, 'listening');
    server.listen({ host, port, reusePort: shared });
    await listening;
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port');
  return address.port;
}

/** One sentence, and whether another port could help. */
function wording(error: NodeJS.ErrnoException, host: string, port: number): { sentence: string; elsewhere: boolean } {
  if (error.code === 'EADDRINUSE') return { sentence: `port ${port} is taken`, elsewhere: true };
  if (error.code === 'EACCES') return { sentence: `port ${port} is not allowed for this user`, elsewhere: true };
  if (error.code === 'EADDRNOTAVAIL') return { sentence: `${host} is not an address of this machine`, elsewhere: false };
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return { sentence: `the host ${host} is not known`, elsewhere: false };
  return { sentence: `cannot listen on ${host}:${port} (${error.code ?? error.message})`, elsewhere: false };
}
