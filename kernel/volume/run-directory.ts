import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fault } from '../contract/fault.ts';
import { socketDirectoryBytes } from './limits.ts';

/**
 * The private directory for unix sockets: `run` in the data directory, or, when that path is too long for a socket's
 * address, a short one named by the deployment.
 */
export function runDirectory(data: string, deployment: string): string {
  const inside = join(data, 'run');
  if (Buffer.byteLength(inside) <= socketDirectoryBytes) return inside;
  const uid = process.getuid?.() ?? 0;
  const runtime = process.env.XDG_RUNTIME_DIR;
  const bases = uid === 0 ? ['/run', '/tmp'] : [...(runtime?.startsWith('/') ? [runtime] : []), tmpdir(), '/tmp'];
  const short = bases
    .map((base) => join(base, `gamut-${uid}-${deployment}`))
    .find((path) => Buffer.byteLength(path) <= socketDirectoryBytes);
  if (!short) throw fault('DataDirectory', `${data} is too long for unix sockets, and no short directory can be made.`);
  return short;
}

/** Makes the directory. One that stands already must be ours and no link, or another user could listen in our place. */
export function makeRunDirectory(path: string): void {
  // PostgreSQL's own user passes through it when the platform is root's; the sockets themselves are 0600.
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  mkdirSync(path, { recursive: true, mode });
  const found = lstatSync(path);
  if (!found.isDirectory() || found.uid !== (process.getuid?.() ?? found.uid)) {
    throw fault('DataDirectory', `${path} belongs to somebody else, so unix sockets in it would not be private.`);
  }
  chmodSync(path, mode);
}
