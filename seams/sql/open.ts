import type { Socket } from 'node:net';
import type { Address } from './address.ts';
import { Connection } from './connection.ts';
import { dial } from './dial.ts';
import { SqlRefused, SqlUnavailable } from './error.ts';
import { type Greeting, handshake } from './handshake.ts';
import { connectTimeoutMs } from './limits.ts';
import { writeCancel } from '#wire/pgwire/frontend.ts';
import { ProtocolViolation } from '#wire/pgwire/violation.ts';
import { ScramRefusal } from '#wire/scram/server.ts';
import { Writer } from '#wire/pgwire/writer.ts';

/** Opens a connection, or says in one sentence why not: SqlRefused when waiting will not help, else SqlUnavailable. */
export const openConnection = (
  address: Address,
  settings: Iterable<readonly [string, string]>,
  hooks: { onIdle: (c: Connection) => void; onLost: (c: Connection) => void },
): Promise<Connection> => opened(address, settings, (socket, greeting) => new Connection(socket, greeting, hooks.onIdle, hooks.onLost));

/** Opens a socket on which a server is ready, and gives it to `use` at once. */
export async function opened<T>(
  address: Address,
  settings: Iterable<readonly [string, string]>,
  use: (socket: Socket, greeting: Greeting) => T,
): Promise<T> {
  const signal = AbortSignal.timeout(connectTimeoutMs);
  try {
    const socket = await dial(address, signal);
    const stop = () => socket.destroy(new Error('timeout'));
    signal.addEventListener('abort', stop);
    try {
      return use(socket, await handshake(socket, address, settings));
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  } catch (cause) {
    throw signal.aborted ? late(cause) : explain(cause, address);
  }
}

function late(cause: unknown): SqlUnavailable {
  return new SqlUnavailable('connect', `PostgreSQL did not answer within ${connectTimeoutMs} ms.`, { cause });
}

function explain(cause: unknown, address: Address): Error {
  if (cause instanceof SqlRefused || cause instanceof SqlUnavailable) return cause;
  const place = 'path' in address.socket ? address.socket.path : `${address.socket.host}:${address.socket.port}`;
  if (cause instanceof ProtocolViolation || cause instanceof ScramRefusal)
    return new SqlRefused(`The server at ${place} does not speak PostgreSQL's protocol: ${cause.message}.`, { cause });
  const { code = '', message = '' } = cause as { code?: string; message?: string };
  if (/CERT|SIGNATURE|ALTNAME|ISSUER|ERR_SSL|EPROTO|ERR_TLS/.test(code)) {
    return new SqlRefused(`The certificate of PostgreSQL at ${place} is not trusted: ${message}.`, { cause });
  }
  return new SqlUnavailable('connect', `PostgreSQL at ${place} cannot be reached: ${code || message}.`, { cause });
}

/** Asks the server to cancel what a connection runs; resolves when the server has passed the request on, or could not. */
export async function requestCancel(address: Address, connection: Connection): Promise<void> {
  const signal = AbortSignal.timeout(connectTimeoutMs);
  try {
    const socket = await dial(address, signal);
    const writer = new Writer();
    writeCancel(writer, connection.greeting.processId, connection.greeting.key);
    await new Promise<void>((resolve) => {
      const stop = () => socket.destroy();
      signal.addEventListener('abort', stop, { once: true });
      socket.on('error', () => undefined);
      socket.on('close', () => {
        signal.removeEventListener('abort', stop);
        resolve();
      });
      socket.resume();
      socket.write(writer.take());
    });
  } catch {
    // The statement then runs to its end or to its timeout, and its caller hears that.
  }
}
