import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { mirroredFileBytes, timerMaxMs } from './limits.ts';

/** What was removed and is not gone yet has this behind its name; the next start does away with it. */
export const removedEnding = '.deleted';

/** A change of a file below the log's directory, by its path there. `lost`: more changed than can be told. */
export type DiskChange =
  | { readonly kind: 'append'; readonly path: string; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: 'put'; readonly path: string; readonly bytes: Uint8Array }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'lost' };

/** The files of a log. What is changed while the log is open is told, in order, to whoever keeps a copy. */
export class Disk {
  readonly root: string;
  onChange: ((change: DiskChange) => void) | undefined;

  constructor(root: string) {
    this.root = root;
  }

  #relative(path: string): string {
    return path.slice(this.root.length + 1);
  }

  /** Appends to an open file; `position` is where it ends. */
  append(fd: number, path: string, bytes: Uint8Array, position: number): void {
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
    this.onChange?.({ kind: 'append', path: this.#relative(path), position, bytes });
  }

  /** Puts a small file in place of what is there, by a rename. */
  put(path: string, text: string): void {
    const bytes = Buffer.from(text);
    writeFileSync(`${path}.new`, bytes);
    renameSync(`${path}.new`, path);
    this.onChange?.({ kind: 'put', path: this.#relative(path), bytes });
  }

  /** Puts a file that was written beside in place of another. */
  replace(from: string, path: string): void {
    renameSync(from, path);
    this.tell(path);
  }

  /** Tells a file as it is now. */
  tell(path: string): void {
    if (!this.onChange) return;
    if (statSync(path).size > mirroredFileBytes) this.onChange({ kind: 'lost' });
    else this.onChange({ kind: 'put', path: this.#relative(path), bytes: readFileSync(path) });
  }

  /** Removes a file, or a folder with all that is in it; for so long it stays under another name, unless the process ends before. */
  remove(path: string, delayMs = 0): void {
    if (delayMs > 0) this.#setAside(path, delayMs);
    else rmSync(path, { recursive: true, force: true });
    this.onChange?.({ kind: 'remove', path: this.#relative(path) });
  }

  #setAside(path: string, delayMs: number): void {
    const aside = `${path}${removedEnding}`;
    if (!existsSync(path)) return;
    renameSync(path, aside);
    setTimeout(() => rmSync(aside, { recursive: true, force: true }), Math.min(delayMs, timerMaxMs)).unref();
  }
}
