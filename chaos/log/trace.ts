import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Random } from '../journal/random.ts';

/** What a process asked of the file system below one directory, step by step. */
type Step =
  | { readonly kind: 'create' | 'empty' | 'unlink'; readonly path: string }
  | { readonly kind: 'write'; readonly path: string; readonly bytes: Buffer; readonly at?: number }
  | { readonly kind: 'truncate'; readonly path: string; readonly size: number }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  /** All that was written to the file before the step `upTo` is on the disk. */
  | { readonly kind: 'sync'; readonly path: string; readonly upTo: number }
  | { readonly kind: 'folder'; readonly path: string };

const sectorBytes = 512;

/** The calls that are noted, and those that noting needs, as they are. */
function real() {
  const { openSync, writeSync, writeFileSync, copyFileSync, ftruncateSync, fsyncSync, fdatasync, renameSync, rmSync } = fs;
  return { openSync, writeSync, writeFileSync, copyFileSync, ftruncateSync, fsyncSync, fdatasync, renameSync, rmSync };
}

/**
 * Notes what is done to files below a directory while work runs. The calls do what they always do; only their order is kept, so
 * that any of them may be taken as the last before the power went.
 */
export class Trace {
  readonly steps: Step[] = [];
  readonly #root: string;
  readonly #paths = new Map<number, string>();
  readonly #real = real();

  readonly #lies: boolean;

  /** `lies`: a disk that says it has synced and has not; a simulation must find out. */
  constructor(root: string, lies: boolean) {
    this.#lies = lies;
    this.#root = `${root}/`;
  }

  #note(step: Step): void {
    if (`${step.path}/`.startsWith(this.#root)) this.steps.push(step);
  }

  begin(): void {
    const own = this.#real;
    const opened = (path: string, flags: string | number): void => {
      if (!fs.existsSync(path)) this.#note({ kind: 'create', path });
      else if (flags === 'w') this.#note({ kind: 'empty', path });
    };
    const pathOf = (fd: number): string => this.#paths.get(fd) ?? '';
    Object.assign(fs, {
      openSync: (path: string, flags: string | number, mode?: number) => {
        opened(path, flags);
        const fd = own.openSync(path, flags, mode);
        this.#paths.set(fd, path);
        return fd;
      },
      writeSync: (fd: number, bytes: Buffer, offset = 0) => {
        const count = own.writeSync(fd, bytes, offset);
        this.#note({ kind: 'write', path: pathOf(fd), bytes: Buffer.from(bytes.subarray(offset, offset + count)) });
        return count;
      },
      writeFileSync: (path: string, bytes: Buffer) => {
        // Said by the other calls, of which it consists.
        const fd = fs.openSync(path, 'w', 0o600);
        for (let written = 0; written < bytes.length; ) written += fs.writeSync(fd, bytes, written);
        fs.closeSync(fd);
      },
      copyFileSync: (from: string, to: string) => {
        opened(to, 'w');
        own.copyFileSync(from, to);
        this.#note({ kind: 'write', path: to, bytes: fs.readFileSync(to) });
      },
      ftruncateSync: (fd: number, size: number) => {
        own.ftruncateSync(fd, size);
        this.#note({ kind: 'truncate', path: pathOf(fd), size });
      },
      fsyncSync: (fd: number) => {
        own.fsyncSync(fd);
        const path = pathOf(fd);
        this.#note(fs.fstatSync(fd).isDirectory() ? { kind: 'folder', path } : { kind: 'sync', path, upTo: this.steps.length });
      },
      fdatasync: (fd: number, done: (error: Error | null) => void) => {
        const step: Step = { kind: 'sync', path: pathOf(fd), upTo: this.steps.length };
        own.fdatasync(fd, (error) => {
          if (!error) this.#note(step);
          done(error);
        });
      },
      renameSync: (path: string, to: string) => {
        own.renameSync(path, to);
        this.#note({ kind: 'rename', path, to });
      },
      rmSync: (path: string, options?: object) => {
        const isFile = fs.statSync(path, { throwIfNoEntry: false })?.isFile();
        own.rmSync(path, options);
        if (isFile) this.#note({ kind: 'unlink', path });
      },
    });
    syncBuiltinESMExports();
  }

  end(): void {
    Object.assign(fs, this.#real);
    syncBuiltinESMExports();
  }

  /** Makes a directory as it may be found when the power, or with `kill` the process alone, ended after so many steps. */
  crash(count: number, into: string, random: Random, kill: boolean): void {
    const disk = new Left();
    for (const [at, step] of this.steps.slice(0, count).entries()) if (step.kind !== 'sync' || !this.#lies) disk.take(step, at);
    for (const [path, bytes] of disk.files(random, kill)) {
      const place = join(into, path.slice(this.#root.length));
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, kill ? bytes : rebooted(path, bytes));
    }
  }
}

/** What lies there is of an earlier start of the machine. */
function rebooted(path: string, bytes: Buffer): Buffer {
  if (!path.endsWith('.index')) return bytes;
  try {
    const facts = JSON.parse(bytes.toString()) as { boot?: string };
    return facts.boot === undefined ? bytes : Buffer.from(JSON.stringify({ ...facts, boot: 'before' }));
  } catch {
    return bytes;
  }
}

type Change = { readonly at: number; readonly bytes: Buffer; readonly position: number } | { readonly at: number; readonly size: number };
type File = { durable: Buffer; size: number; pending: Change[] };
type Naming = { readonly folder: string; readonly removes?: string; readonly adds?: string; readonly file?: File };

function applied(into: Buffer, change: Change): Buffer {
  if ('size' in change) return into.length > change.size ? into.subarray(0, change.size) : into;
  const { bytes, position } = change;
  const missing = position + bytes.length - into.length;
  const grown = missing > 0 ? Buffer.concat([into, Buffer.alloc(missing)]) : Buffer.from(into);
  bytes.copy(grown, position);
  return grown;
}

/** What a disk keeps: what was synced, and of the rest any sectors and any names. */
class Left {
  readonly #now = new Map<string, File>();
  readonly #durable = new Map<string, File>();
  #namings: Naming[] = [];

  take(step: Step, at: number): void {
    const { kind, path } = step;
    const file = this.#now.get(path);
    if (kind === 'create') {
      const made: File = { durable: Buffer.alloc(0), size: 0, pending: [] };
      this.#now.set(path, made);
      this.#namings.push({ folder: dirname(path), adds: path, file: made });
    } else if (kind === 'rename') {
      if (!file) return;
      this.#now.delete(path);
      this.#now.set(step.to, file);
      this.#namings.push({ folder: dirname(path), removes: path, adds: step.to, file });
    } else if (kind === 'unlink') {
      this.#now.delete(path);
      this.#namings.push({ folder: dirname(path), removes: path });
    } else if (kind === 'folder') {
      for (const naming of this.#namings) if (naming.folder === path) named(this.#durable, naming);
      this.#namings = this.#namings.filter(({ folder }) => folder !== path);
    } else if (file) change(file, step, at);
  }

  files(random: Random, kill: boolean): Map<string, Buffer> {
    const names = kill ? this.#now : new Map(this.#durable);
    if (!kill) for (const naming of random.survivors(this.#namings)) named(names, naming);
    return new Map([...names].map(([path, file]) => [path, left(file, random, kill)]));
  }
}

function named(names: Map<string, File>, { removes, adds, file }: Naming): void {
  if (removes !== undefined) names.delete(removes);
  if (adds !== undefined && file) names.set(adds, file);
}

function change(file: File, step: Step, at: number): void {
  if (step.kind === 'write') {
    file.pending.push({ at, bytes: step.bytes, position: file.size });
    file.size += step.bytes.length;
  } else if (step.kind === 'truncate' || step.kind === 'empty') {
    file.size = step.kind === 'truncate' ? step.size : 0;
    file.pending.push({ at, size: file.size });
  } else if (step.kind === 'sync') {
    const synced = file.pending.filter((pending) => pending.at < step.upTo);
    file.durable = synced.reduce(applied, file.durable);
    file.pending = file.pending.filter((pending) => pending.at >= step.upTo);
  }
}

function left({ durable, pending }: File, random: Random, kill: boolean): Buffer {
  if (kill) return pending.reduce(applied, durable);
  let bytes = durable;
  for (const one of pending) {
    if ('size' in one) bytes = random.chance(0.5) ? applied(bytes, one) : bytes;
    else
      for (let from = 0; from < one.bytes.length; from += sectorBytes)
        if (random.chance(0.5))
          bytes = applied(bytes, { at: one.at, bytes: one.bytes.subarray(from, from + sectorBytes), position: one.position + from });
  }
  return bytes;
}
