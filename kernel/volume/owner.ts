import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fault } from '../contract/fault.ts';
import { isRunning, processIdentity } from './process-identity.ts';
import { writeAtomically } from './write.ts';

/** Who owns a data directory: a process, told apart by `identity` from a later one with the same id, and where it listens. */
export type Owner = { readonly pid: number; readonly identity: string; readonly run: string; readonly since: number };

/** Held while a platform runs on a data directory. */
export type Ownership = { declare(run: string, now: number): void; release(): void };

/**
 * Makes this process the one owner of a data directory. The lock is the operating system's on `owner.lock` (taken through
 * SQLite, the only file lock that Node offers), so it ends with the process however that dies: none can be stale.
 * `owner.json` beside it says who the owner is.
 */
export function takeOwnership(path: string): Ownership {
  const lock = openLock(join(path, 'owner.lock'));
  try {
    // In memory, for the lock must be had on a full disk too, where no journal can be begun.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    throw (cause as { errcode?: number }).errcode === sqliteBusy ? inUse(path, cause) : cause;
  }
  held.add(lock);
  const file = join(path, 'owner.json');
  return {
    declare(run, now) {
      const owner: Owner = { pid: process.pid, identity: processIdentity(process.pid) ?? '', run, since: now };
      writeAtomically(file, `${JSON.stringify(owner)}\n`, 0o600);
    },
    release() {
      rmSync(file, { force: true });
      held.delete(lock);
      lock.close();
    },
  };
}

const sqliteBusy = 5;

/** The locks of this process: a database that nothing refers to is closed by the garbage collector, and its lock is gone. */
const held = new Set<DatabaseSync>();

/** Nobody else may open the file, or any user of the machine could hold the lock. */
function openLock(file: string): DatabaseSync {
  const mask = process.umask(0o077);
  try {
    return new DatabaseSync(file, { timeout: 0 });
  } finally {
    process.umask(mask);
  }
}

function inUse(path: string, cause: unknown) {
  const owner = readOwner(path);
  const who = owner ? `process ${owner.pid} since ${new Date(owner.since).toISOString()}` : 'another process';
  return fault('DataDirectory', { path: '/owner', detail: `${path} is in use by ${who}.`, cause });
}

/** The owner that wrote itself down, if its process still runs. */
export function readOwner(path: string): Owner | undefined {
  let owner: Owner;
  try {
    owner = JSON.parse(readFileSync(join(path, 'owner.json'), 'utf8')) as Owner;
  } catch {
    // Nobody has written itself down, or the file was damaged: only the lock decides who may own.
    return undefined;
  }
  return Number.isSafeInteger(owner?.pid) && isRunning(owner.pid, owner.identity) ? owner : undefined;
}
