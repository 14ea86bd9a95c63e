import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { syncDirectory, systemCode } from './system.ts';

const run = promisify(execFile);

/**
 * Says on the disk that the index may hold commits that were not synced. What a process wrote outlives it in the memory of the
 * system, but not the system: an index that is found with the mark of another life of it may be half of one state and half of
 * another, and is made again from its log.
 */
export class UnsyncedMark {
  readonly #directory: string;
  readonly #path: string;
  #isSet = false;

  constructor(directory: string, index: string) {
    this.#directory = directory;
    this.#path = join(directory, `${index}-unsynced`);
  }

  get isSet(): boolean {
    return this.#isSet;
  }

  /** Before the first commit that is not synced. */
  async set(): Promise<void> {
    if (this.#isSet) return;
    await writeFile(this.#path, lifeOfSystem(), { mode: 0o600, flush: true });
    await syncDirectory(this.#directory);
    this.#isSet = true;
  }

  /** When everything is synced. */
  async clear(): Promise<void> {
    await rm(this.#path, { force: true });
    await syncDirectory(this.#directory);
    this.#isSet = false;
  }

  /** At a start: syncs what the process before left to the system; answers why the index cannot be trusted when that is lost. */
  async settle(): Promise<string | undefined> {
    const life = await readFile(this.#path, 'utf8').catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw error;
    });
    if (life === undefined) return undefined;
    this.#isSet = true;
    if (life === '' || life !== lifeOfSystem()) return 'the machine stopped before it was synced';
    await run('sync');
    await this.clear();
    return undefined;
  }
}

/** Another one after each start of the system; empty where it does not tell. */
function lifeOfSystem(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
