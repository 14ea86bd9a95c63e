import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fault } from '../contract/fault.ts';
import { hashSize } from '#wire/tlog/hash.ts';
import { type TileName, tilePath, tileWidth } from '#wire/tlog/tile.ts';
import { type NodeOf, nodesOfTiles } from '#wire/tlog/tree.ts';
import { tileBytesMax } from './limits.ts';

type Hashes = Extract<TileName, { kind: 'hashes' }>;
type Entries = Extract<TileName, { kind: 'entries' }>;

/** The bytes of a log's file; undefined when it is not there. A partial tile may be gone once a wider one is. */
export function readLogFile(directory: string, name: TileName): Buffer | undefined {
  const path = join(directory, tilePath(name));
  if (existsSync(path)) return bounded(path);
  if (name.kind === 'checkpoint' || name.width === tileWidth) return undefined;
  const wider = widerOf(directory, name);
  const bytes = wider === undefined ? undefined : bounded(join(directory, tilePath({ ...name, width: wider })));
  if (bytes === undefined || name.kind === 'entries') return bytes;
  return bytes.subarray(0, name.width * hashSize);
}

/** The least width above a partial one's that is there. */
function widerOf(directory: string, name: Hashes | Entries): number | undefined {
  if (existsSync(join(directory, tilePath({ ...name, width: tileWidth })))) return tileWidth;
  const folder = dirname(join(directory, tilePath(name)));
  if (!existsSync(folder)) return undefined;
  const widths = readdirSync(folder).map(Number);
  return widths.filter((width) => width > name.width).sort((a, b) => a - b)[0];
}

function bounded(path: string): Buffer {
  if (statSync(path).size > tileBytesMax) throw fault('AuditLogBroken', `${path} is larger than any tile.`);
  return readFileSync(path);
}

/** The nodes of a log of `size` entries, out of its files. A missing or short tile throws AuditLogBroken. */
export function nodesOfLog(directory: string, size: number): NodeOf {
  const kept = new Map<string, Buffer>();
  return nodesOfTiles(size, (level, index, width) => {
    const name: Hashes = { kind: 'hashes', level, index, width };
    const path = tilePath(name);
    const known = kept.get(path);
    if (known) return known;
    const bytes = readLogFile(directory, name);
    if (bytes === undefined || bytes.length < width * hashSize)
      throw fault('AuditLogBroken', `${join(directory, path)} is missing or short.`);
    if (kept.size >= tileWidth) kept.clear();
    kept.set(path, bytes);
    return bytes;
  });
}
