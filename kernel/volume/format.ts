import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fault } from '../contract/fault.ts';
import { formatFileBytes } from './limits.ts';
import { writeDurably } from './write.ts';

/** The formats that this release writes, each with the oldest version that it still reads. */
export const formats: Readonly<Record<string, { readonly current: number; readonly oldest: number }>> = {
  directory: { current: 1, oldest: 1 },
  journal: { current: 1, oldest: 1 },
  snapshot: { current: 1, oldest: 1 },
  keys: { current: 1, oldest: 1 },
  sql: { current: 18, oldest: 18 },
  storage: { current: 2, oldest: 1 },
};

/** What format.json holds. `deployment` is random and names this platform in roles, databases and certificates. */
export type Format = {
  readonly gamut: true;
  readonly release: string;
  readonly deployment: string;
  readonly created: string;
  readonly formats: Readonly<Record<string, number>>;
};

/** Reads format.json of a data directory; undefined when there is none. Newer or damaged ones are refused. */
export function readFormat(path: string, release: string): Format | undefined {
  const file = join(path, 'format.json');
  let text: string;
  try {
    if (statSync(file).size > formatFileBytes) throw damaged(file, 'it is too large');
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
  const format = parse(file, text);
  for (const [name, version] of Object.entries(format.formats)) assertReadable(path, release, format, name, version);
  return format;
}

function assertReadable(path: string, release: string, format: Format, name: string, version: number): void {
  const known = Object.hasOwn(formats, name) ? formats[name] : undefined;
  if (!known || version > known.current) {
    const written = `${path} was written by Gamut ${format.release} (${name} format ${version})`;
    const reads = known ? `reads ${name} up to ${known.current}` : `does not know ${name}`;
    throw fault('DataDirectory', `${written} and this is ${release}, which ${reads}: use Gamut ${format.release} or later.`);
  }
  if (version >= known.oldest) return;
  const reads = `${release} reads from ${known.oldest} on`;
  throw fault('DataDirectory', `${path} holds ${name} in format ${version}, and ${reads}: start it once with a release in between.`);
}

/** Makes format.json in a new data directory, durably. */
export function createFormat(path: string, release: string, now: number): Format {
  const format: Format = {
    gamut: true,
    release,
    deployment: randomBytes(8).toString('hex'),
    created: new Date(now).toISOString(),
    formats: currentVersions(),
  };
  writeDurably(join(path, 'format.json'), `${JSON.stringify(format, null, 2)}\n`, 0o644);
  return format;
}

/** Records that this release writes the directory from now on, with its formats. Versions are only ever raised. */
export function raiseFormat(path: string, format: Format, release: string): Format {
  const versions = currentVersions();
  const same = Object.entries(versions).every(([name, version]) => format.formats[name] === version);
  if (same && format.release === release) return format;
  const raised: Format = { ...format, release, formats: versions };
  writeDurably(join(path, 'format.json'), `${JSON.stringify(raised, null, 2)}\n`, 0o644);
  return raised;
}

function currentVersions(): Record<string, number> {
  return Object.fromEntries(Object.entries(formats).map(([name, { current }]) => [name, current]));
}

function parse(file: string, text: string): Format {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged(file, 'it is not JSON', cause);
  }
  const format = value as Partial<Format> | null;
  if (typeof format !== 'object' || format === null || format.gamut !== true) throw damaged(file, 'it does not describe a Gamut platform');
  if (typeof format.deployment !== 'string' || !/^[0-9a-f]{16}$/.test(format.deployment))
    throw damaged(file, 'its deployment id is missing');
  if (typeof format.release !== 'string' || typeof format.formats !== 'object' || format.formats === null)
    throw damaged(file, 'its versions are missing');
  for (const version of Object.values(format.formats)) {
    if (!Number.isSafeInteger(version)) throw damaged(file, 'a version is not a number');
  }
  return format as Format;
}

function damaged(file: string, reason: string, cause?: unknown) {
  return fault('DataDirectory', { detail: `${file} cannot be understood: ${reason}.`, cause });
}
