import { watch, type FSWatcher } from 'node:fs';

/** Watches one name of a directory. */
export interface Watch {
  /** Resolves when the name may have changed since the last call, after the time given, or when the signal aborts. */
  changed(withinMs: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Watches by the system's notices; where they are not to be had the time given to each wait must do. */
export function watchFile(directory: string, name: string): Watch {
  return new RealWatch(directory, name);
}

class RealWatch implements Watch {
  readonly #directory: string;
  readonly #name: string;
  #watcher: FSWatcher | undefined;
  #pending = false;
  #wake: (() => void) | undefined;

  constructor(directory: string, name: string) {
    this.#directory = directory;
    this.#name = name;
  }

  changed(withinMs: number, signal: AbortSignal): Promise<void> {
    this.#begin();
    if (this.#pending || signal.aborted) {
      this.#pending = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#wake = undefined;
        this.#pending = false;
        resolve();
      };
      const timer = setTimeout(done, withinMs);
      signal.addEventListener('abort', done);
      this.#wake = done;
    });
  }

  /** The directory may not be there yet, and the system may have no watch left: the next call tries again. */
  #begin(): void {
    if (this.#watcher !== undefined) return;
    try {
      this.#watcher = watch(this.#directory, (_event, name) => this.#note(name));
    } catch {
      return;
    }
    this.#watcher.on('error', () => this.close());
    // What changed before the watch stood went unseen.
    this.#pending = true;
  }

  #note(name: string | null): void {
    if (name !== null && name !== this.#name) return;
    this.#pending = true;
    this.#wake?.();
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
