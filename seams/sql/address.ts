import { readFileSync } from 'node:fs';
import { SqlRefused } from './error.ts';

/** How a connection is protected: 'verify' checks the server's certificate and name, 'encrypt' only encrypts. */
export type Protection = 'none' | 'prefer' | 'encrypt' | 'verify-ca' | 'verify';

/** Where a PostgreSQL is and who logs in. */
export type Address = {
  readonly socket: { readonly path: string } | { readonly host: string; readonly port: number };
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly protection: Protection;
  readonly ca: string | undefined;
  /** Finds the address of the host, where the system's resolver is not to be believed. */
  readonly locate?: Locate;
};

export type Locate = (host: string, port: number, signal: AbortSignal) => Promise<string>;

const modes: Readonly<Record<string, Protection>> = {
  disable: 'none',
  prefer: 'prefer',
  require: 'encrypt',
  'verify-ca': 'verify-ca',
  'verify-full': 'verify',
};

/**
 * Reads `postgres://user:password@host:port/database?sslmode=..`; a unix socket is `?host=/directory` or a host of
 * `%2Fdirectory`. Without sslmode a host other than loopback must prove its name (verify-full).
 */
export function parseAddress(url: URL | string): Address {
  const parsed = parse(url);
  if (parsed.protocol !== 'postgres:' && parsed.protocol !== 'postgresql:')
    throw new SqlRefused(`The sql address has the scheme ${parsed.protocol} and not postgres:.`);
  const query = parsed.searchParams;
  const host = query.get('host') ?? decode(parsed.hostname);
  const port = readPort(query.get('port') ?? parsed.port);
  const user = decode(parsed.username) || query.get('user') || '';
  if (user === '') throw new SqlRefused('The sql address names no user.');
  const local = host.startsWith('/');
  return {
    socket: local ? { path: `${host}/.s.PGSQL.${port}` } : { host: host.replace(/^\[|\]$/g, '') || '127.0.0.1', port },
    user,
    password: decode(parsed.password) || query.get('password') || '',
    database: decode(parsed.pathname.slice(1)) || user,
    protection: local ? 'none' : protection(query.get('sslmode'), host),
    ca: readCa(query.get('sslrootcert')),
  };
}

/** The same server with another user or database. */
export function withLogin(url: URL | string, login: { user?: string; password?: string; database?: string }): URL {
  const changed = new URL(parse(url));
  if (login.user !== undefined) changed.username = encodeURIComponent(login.user);
  if (login.password !== undefined) changed.password = encodeURIComponent(login.password);
  if (login.database !== undefined) changed.pathname = `/${encodeURIComponent(login.database)}`;
  return changed;
}

// The address may hold a password, so no error repeats it.
function parse(url: URL | string): URL {
  try {
    return new URL(url);
  } catch {
    throw new SqlRefused('The sql address is not a URL.');
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new SqlRefused('The sql address has a broken percent escape.');
  }
}

function readPort(text: string): number {
  const port = text === '' ? 5432 : Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new SqlRefused(`The sql address has the port ${text}.`);
  return port;
}

function protection(mode: string | null, host: string): Protection {
  if (mode === null) return host === '' || host === 'localhost' || host === '[::1]' || host.startsWith('127.') ? 'prefer' : 'verify';
  const known = Object.hasOwn(modes, mode) ? modes[mode] : undefined;
  if (!known) throw new SqlRefused(`The sql address has sslmode=${mode}; known are ${Object.keys(modes).join(', ')}.`);
  return known;
}

function readCa(path: string | null): string | undefined {
  if (path === null || path === 'system') return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SqlRefused(`The file ${path}, named by sslrootcert, cannot be read.`, { cause });
  }
}
