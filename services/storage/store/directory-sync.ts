import { type FileHandle, open } from 'node:fs/promises';

/** Makes the entries of one directory durable; callers that come while a sync runs share the next one. */
export class DirectorySync {
  readonly #handle: FileHandle;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  static async open(directory: string): Promise<DirectorySync> {
    return new DirectorySync(await open(directory, 'r'));
  }

  /** Resolves when every entry made before the call is on disk. */
  sync(): Promise<void> {
    if (!this.#running) {
      this.#running = this.#handle.sync().finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }
    // A sync that runs already may have begun before our entry was made.
    this.#next ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        return this.sync();
      });
    return this.#next;
  }

  async close(): Promise<void> {
    await (this.#next ?? this.#running);
    await this.#handle.close();
  }
}
