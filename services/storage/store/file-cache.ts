import type { Drive, DriveFile } from './drive.ts';

type Held = { readonly file: Promise<DriveFile>; users: number; dropped: boolean };

/** Files that are read again and again stay open, the last used longest; none is closed while somebody reads it. */
export class FileCache {
  readonly #max: number;
  readonly #held = new Map<string, Held>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Runs with the file of a drive open for reading. */
  async use<T>(drive: Drive, path: string, work: (file: DriveFile) => Promise<T>): Promise<T> {
    const key = `${drive.number}/${path}`;
    let held = this.#held.get(key);
    if (held) this.#held.delete(key);
    else held = { file: drive.open(path, 'r'), users: 0, dropped: false };
    this.#held.set(key, held);
    held.users++;
    try {
      return await work(await held.file);
    } catch (error) {
      this.#drop(key, held);
      throw error;
    } finally {
      held.users--;
      if (held.dropped && held.users === 0) await close(held);
      else if (this.#held.size > this.#max) this.#evict();
    }
  }

  /** Forgets the files whose path ends so. */
  forget(path: string): void {
    for (const [key, held] of this.#held) if (key.endsWith(path)) this.#drop(key, held);
  }

  async close(): Promise<void> {
    const all = [...this.#held.values()];
    this.#held.clear();
    await Promise.all(all.map(close));
  }

  #evict(): void {
    for (const [key, held] of this.#held) {
      if (held.users > 0) continue;
      this.#drop(key, held);
      return;
    }
  }

  #drop(key: string, held: Held): void {
    if (this.#held.get(key) === held) this.#held.delete(key);
    if (held.dropped) return;
    held.dropped = true;
    if (held.users === 0) void close(held);
  }
}

async function close(held: Held): Promise<void> {
  const file = await held.file.catch(() => undefined);
  await file?.close();
}
