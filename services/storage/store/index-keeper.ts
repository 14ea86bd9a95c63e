import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationError } from '#kernel/contract/fault.ts';
import type { Log } from '#kernel/contract/implement.ts';
import { Catalog, tableNames } from './catalog.ts';
import { syncDirectory } from './system.ts';
import type { DriveSet } from './drive-set.ts';
import { checkIndex, indexPages } from './index-check.ts';
import { indexFolder } from './index-file.ts';
import { IndexLog } from './index-log.ts';
import { UnsyncedMark } from './unsynced-mark.ts';
import { driveWaitMs, indexCheckedMaxBytes, indexCheckMaxBytes } from './limits.ts';

export type IndexOptions = {
  readonly directory: string;
  readonly drives: DriveSet;
  readonly partition: number;
  readonly log: Log;
  readonly now: () => number;
};

export type IndexReport = { readonly endedAt: number; readonly rows: number; readonly wrong: number; readonly damagedCopies: number };

/** Keeps the index and its log: makes each again from the other, and holds one against the other. */
export class IndexKeeper {
  readonly catalog: Catalog;
  /** From which the index can be made again. */
  readonly log: IndexLog;
  readonly #unsynced: UnsyncedMark;
  readonly #tell: Log;
  readonly #now: () => number;
  #renewing: Promise<void> | undefined;
  #notBefore = 0;
  /** What the last look at every row found. */
  lastCheck: IndexReport | undefined;

  private constructor(catalog: Catalog, index: IndexLog, unsynced: UnsyncedMark, tell: Log, now: () => number) {
    this.catalog = catalog;
    this.log = index;
    this.#unsynced = unsynced;
    this.#tell = tell;
    this.#now = now;
  }

  /**
   * Opens the index. One that is gone, that cannot be opened, that differs from its log, or on whose opening the process died
   * before, is set aside and made again from the log.
   */
  static async open({ directory, drives, partition, log, now }: IndexOptions): Promise<IndexKeeper> {
    const index = await IndexLog.open(drives, log, partition);
    const name = indexFolder(partition);
    const [place, mark] = [join(directory, name), join(directory, `${name}-opening`)];
    const unsynced = new UnsyncedMark(directory, name);
    const lost = await unsynced.settle();
    const distrust = existsSync(mark) ? 'the last start did not end' : existsSync(join(place, 'data.mdb')) ? lost : 'it is gone';
    // On a full disk it may not come to be; the index is opened all the same.
    await writeFile(mark, '', { mode: 0o600, flush: true }).catch(() => {});
    let catalog: Catalog | undefined;
    try {
      catalog = await openTrusted(place, index, log, distrust);
      if (!catalog) {
        await rebuild(place, index);
        catalog = new Catalog(place);
      }
      const keeper = new IndexKeeper(catalog, index, unsynced, log, now);
      await keeper.#begin();
      await rm(mark, { force: true });
      if (lost !== undefined) await unsynced.clear();
      return keeper;
    } catch (error) {
      await catalog?.close();
      await index.close();
      throw error;
    }
  }

  /** From here on every change is logged. */
  async #begin(): Promise<void> {
    if (this.catalog.sequence !== this.log.sequence) this.log.distrust();
    try {
      await this.log.turn(this.catalog.sequence);
    } catch (error) {
      this.log.distrust();
      this.#tell('warn', 'the log of the index could not be begun', { error: String(error) });
    }
    this.catalog.logTo(this.log, this.#unsynced);
    await this.tend();
  }

  /** Writes a new base when one is due; what fails, on a full disk for one, is tried again when it is next asked. */
  async tend(): Promise<void> {
    if (!this.log.isDue || this.catalog.closed || this.#now() < this.#notBefore) return;
    try {
      // What is damaged must not get into the new base.
      if (this.log.isKnown && this.log.isWhole && this.log.changedBytes <= indexCheckedMaxBytes) await this.#compare();
      await this.renew();
    } catch (error) {
      this.#notBefore = this.#now() + driveWaitMs;
      this.#tell('warn', 'a base of the index could not be written; it is tried again', { error: String(error) });
    }
  }

  /** Writes a new base; who asks meanwhile joins. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renew(): Promise<void> {
    const last = await this.log.turn();
    // What was appended before the turn is in the index when this resolves.
    await this.catalog.commit(() => undefined);
    await this.log.write(indexPages(this.catalog), last);
  }

  /** Looks at every row and at every copy of the log; what is wrong is made right. */
  async check(): Promise<IndexReport> {
    if (this.log.changedBytes > indexCheckedMaxBytes || !this.log.isWhole) await this.renew();
    const { rows, wrong } = await this.#compare();
    const damagedCopies = await this.log.countDamaged();
    if (damagedCopies > 0) {
      this.#tell('warn', 'copies of the log of the index were damaged; a new base is written', { copies: damagedCopies });
      await this.renew();
    }
    this.lastCheck = { endedAt: this.#now(), rows, wrong, damagedCopies };
    return this.lastCheck;
  }

  /** Holds every row against the log, and makes those right that differ. A log that cannot be read through tells nothing. */
  async #compare(): Promise<{ rows: number; wrong: number }> {
    const { rows, wrong } = await checkIndex(this.catalog, this.log).catch((error: unknown) => {
      if (!(error instanceof OperationError)) throw error;
      this.#tell('error', 'the index could not be held against its log', { error: String(error) });
      return { rows: 0, wrong: [] };
    });
    if (wrong.length > 0) {
      this.#tell('error', 'rows of the index were damaged; they were made again from its log', { rows: wrong.length });
      await this.catalog.commit(() => {
        for (const [table, key, value] of wrong) {
          if (value) this.catalog.table[tableNames[table]!].put(key, value);
          else this.catalog.table[tableNames[table]!].remove(key);
        }
      });
    }
    return { rows, wrong: wrong.length };
  }

  async close(): Promise<void> {
    await this.#renewing?.catch(() => {});
    await this.catalog.close();
    await this.log.close();
    if (this.#unsynced.isSet && this.catalog.lag.since === undefined) await this.#unsynced.clear();
  }
}

/** The index as it lies there, brought up to its log; undefined when it must be made again. */
async function openTrusted(place: string, index: IndexLog, log: Log, distrust: string | undefined): Promise<Catalog | undefined> {
  const doubt = async (why: string, catalog?: Catalog) => {
    log('error', 'the storage index cannot be trusted; it is made again from its log', { why });
    await catalog?.close();
    return undefined;
  };
  if (!index.isKnown) return new Catalog(place);
  if (distrust !== undefined) return doubt(distrust);
  let catalog: Catalog;
  try {
    catalog = new Catalog(place);
  } catch (error) {
    return doubt(String(error));
  }
  try {
    await catchUp(catalog, index);
  } catch (error) {
    // With a log that is damaged the index is all there is.
    log('error', 'the log of the storage index is damaged; it is begun anew', { error: String(error) });
    index.distrust();
    return catalog;
  }
  try {
    if (index.bytes > indexCheckMaxBytes || catalog.sequence > index.sequence) return catalog;
    const { rows, wrong } = await checkIndex(catalog, index);
    let found = 0;
    for await (const page of indexPages(catalog)) found += page.length;
    return wrong.length === 0 && found === rows
      ? catalog
      : await doubt(`${wrong.length} rows differ, ${found - rows} are strange`, catalog);
  } catch (error) {
    return doubt(String(error), catalog);
  }
}

/** Does again what is in the log and not in the index: the process ended between the two. */
async function catchUp(catalog: Catalog, index: IndexLog): Promise<void> {
  const from = catalog.sequence;
  for await (const { kind, sequence, rows } of index.history()) {
    if (kind === 'changes' && sequence > from) await catalog.restore(rows, sequence);
  }
}

/** Makes the index again from its log, beside the old one, which is set aside once that is done. */
async function rebuild(place: string, index: IndexLog): Promise<void> {
  const fresh = `${place}-new`;
  await rm(fresh, { recursive: true, force: true });
  const made = new Catalog(fresh);
  try {
    for await (const { sequence, rows } of index.history()) await made.restore(rows, sequence);
  } finally {
    await made.close();
  }
  await rm(`${place}-damaged`, { recursive: true, force: true });
  if (existsSync(place)) await rename(place, `${place}-damaged`);
  await rename(fresh, place);
  await syncDirectory(join(place, '..'));
}
