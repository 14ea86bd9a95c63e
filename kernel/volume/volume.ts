import { accessSync, chmodSync, constants, lstatSync, mkdirSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fault, OperationError } from '../contract/fault.ts';
import { releaseBallast } from './ballast.ts';
import { createFormat, type Format, raiseFormat, readFormat } from './format.ts';
import { type Ownership, takeOwnership } from './owner.ts';
import { release } from './release.ts';
import { makeRunDirectory, runDirectory } from './run-directory.ts';

/** A data directory that this process owns. */
export type Volume = {
  readonly path: string;
  /** The short private directory for unix sockets. */
  readonly run: string;
  readonly deployment: string;
  readonly format: Format;
  /** Makes a private directory below the data directory and returns its path. */
  directory(name: string): string;
  /** Gives the ownership back. */
  close(): void;
};

/** What may stand in a directory that has no format.json yet: an empty file system, or a first start that was cut off. */
const beforeFormat = new Set(['lost+found', 'owner.lock', 'owner.lock-journal', 'owner.json', 'format.json.new']);

/**
 * Opens a data directory, making it when it is missing or empty, and owns it until `close`. Throws DataDirectory with one
 * sentence when it is foreign, newer, damaged, in use, or cannot be written.
 */
export function openVolume(path: string, now: number = Date.now()): Volume {
  try {
    return openWithRoom(path, now);
  } catch (error) {
    throw error instanceof OperationError ? error : unusable(path, error);
  }
}

/** On a full disk the ballast is given back, so that a platform which went down there comes up again. */
function openWithRoom(path: string, now: number): Volume {
  try {
    return open(path, now);
  } catch (error) {
    if ((error as NodeJS.ErrnoException)?.code !== 'ENOSPC' || releaseBallast(path) === 0) throw error;
    return open(path, now);
  }
}

function open(named: string, now: number): Volume {
  makeDirectory(named);
  const path = realpathSync(named);
  refuseForeign(path);
  readFormat(path, release);
  accessSync(path, constants.W_OK | constants.X_OK);
  const ownership = takeOwnership(path);
  try {
    return settle(path, ownership, now);
  } catch (error) {
    ownership.release();
    throw error;
  }
}

function settle(path: string, ownership: Ownership, now: number): Volume {
  protect(path);
  const found = readFormat(path, release);
  const format = found ? raiseFormat(path, found, release) : createFormat(path, release, now);
  const run = runDirectory(path, format.deployment);
  makeRunDirectory(run);
  ownership.declare(run, now);
  return {
    path,
    run,
    deployment: format.deployment,
    format,
    directory(name) {
      const directory = join(path, name);
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      return directory;
    },
    close() {
      // Below the data directory it stays; elsewhere it would be litter.
      if (run !== join(path, 'run')) rmSync(run, { recursive: true, force: true });
      ownership.release();
    },
  };
}

function makeDirectory(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
    // Asked of the nearest directory there is: mkdir itself says only that it did not find one it could not make.
    let above = dirname(path);
    while (lstatSync(above, { throwIfNoEntry: false }) === undefined) above = dirname(above);
    accessSync(above, constants.W_OK | constants.X_OK);
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
  if (!statSync(path).isDirectory()) throw fault('DataDirectory', `${path} is not a directory.`);
}

function refuseForeign(path: string): void {
  const names = readdirSync(path);
  if (!names.includes('format.json')) {
    const foreign = names.find((name) => !beforeFormat.has(name) && !(name === 'service' && isWritten(join(path, name))));
    if (foreign !== undefined)
      throw fault('DataDirectory', `${path} holds other files (${foreign}) and no format.json: name an empty directory.`);
    return;
  }
  const owner = statSync(join(path, 'format.json')).uid;
  const uid = process.getuid?.() ?? owner;
  if (owner !== uid)
    throw fault('DataDirectory', `${path} belongs to user ${owner} and this is user ${uid}: start Gamut as the user who made it.`);
}

/** Whether nothing is there but what an operator writes for services before the first start: `service/NAME/FILE.json`. */
function isWritten(path: string): boolean {
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries.every((entry) => (entry.isDirectory() ? entry.parentPath === path : entry.isFile() && entry.name.endsWith('.json')));
}

/** As root others may pass through, because PostgreSQL runs as a user of its own; what is private is closed one level below. */
function protect(path: string): void {
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  if ((statSync(path).mode & 0o777) !== mode) chmodSync(path, mode);
}

const reasons: Readonly<Record<string, string>> = {
  EROFS: 'is on a read-only file system',
  EACCES: 'may not be read and written by this user',
  EPERM: 'may not be changed by this user',
  ENOSPC: 'is on a disk without free space',
  EDQUOT: 'is on a disk whose quota is used up',
  ENOTDIR: 'is below something that is not a directory',
  ELOOP: 'leads through a loop of links',
  ENAMETOOLONG: 'has a name that is too long',
};

function unusable(path: string, error: unknown) {
  const code = (error as NodeJS.ErrnoException)?.code ?? '';
  const reason = Object.hasOwn(reasons, code) ? reasons[code] : `failed (${(error as Error)?.message ?? error})`;
  return fault('DataDirectory', { detail: `${path} ${reason}.`, cause: error });
}
