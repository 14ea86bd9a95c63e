import { join } from 'node:path';
import { checkpointText } from '#wire/tlog/note.ts';
import { originOf, rootLog } from '../audit/leaf.ts';
import type { TileLog } from '../audit/tile-log.ts';
import { checkpointsPerCallMax } from '../keys/limits.ts';
import { formatId } from '../tenancy/id.ts';
import { entriesPerRoundMax, logsOpenMax } from './limits.ts';
import type { NotaryOptions } from './notary.ts';
import { openLog, takeEntries } from './notary-log.ts';
import { cursorsOf, headsBehind, lastSignedAt, storeRound, signedOf, storeSigned, unpublished } from './notary-store.ts';

/**
 * The rounds of the notary. PostgreSQL holds every entry and every checkpoint before a file shows it, so a round may die
 * anywhere: what it left in files beyond the last checkpoint is written again, what it left unpublished is published by
 * the next.
 */
export class Rounds {
  readonly touched = new Set<bigint>();
  readonly #options: NotaryOptions;
  readonly #open = new Map<string, TileLog>();
  readonly #broken = new Set<string>();
  #isFirst = true;
  #lastAt = 0;
  /** Whether the checkpoint of the root log still lacks witnesses. */
  #isLonely = false;

  constructor(options: NotaryOptions) {
    this.#options = options;
  }

  /** Takes what is stored into the logs, once; the root log gets their checkpoints, and how far each process was taken. */
  async round(): Promise<void> {
    if (this.#isFirst) await this.#recover();
    if (this.touched.size === 0) return this.#isLonely ? this.#extendRoot(this.#signingTime()) : undefined;
    const { sql } = this.#options;
    const cursors = await cursorsOf(sql);
    const { grown, isWhole } = await this.#integrate();
    if (grown.length === 0) return;
    const at = this.#signingTime();
    const notes = await this.#sign(
      grown.map(([name, tiles]) => this.#text(name, tiles)),
      at,
    );
    const signed = grown.map(([log, tiles], index) => ({ log, tiles, note: notes[index] ?? '' }));
    await storeRound(sql, signed, isWhole ? cursors : undefined, at);
    for (const { tiles, note } of signed) await tiles.publish(note);
    await this.#extendRoot(at);
  }

  /** After a failure everything open is read again, because nobody knows how far it got. */
  forget(): void {
    this.#open.clear();
    this.#isFirst = true;
  }

  /** Publishes what a round that died had signed. */
  async #recover(): Promise<void> {
    const { sql, directory } = this.#options;
    for (const { log, note } of await unpublished(sql, directory))
      await this.#guarded(log, async () => (await this.#log(log)).publish(note));
    for (const { tenant } of await headsBehind(sql)) this.touched.add(tenant);
    this.#lastAt = Math.max(this.#lastAt, await lastSignedAt(sql));
    await this.#extendRoot(this.#signingTime());
    this.#isFirst = false;
  }

  /** Takes pending entries of the touched tenants; answers the logs that grew, and whether all was taken. */
  async #integrate(): Promise<{ grown: [string, TileLog][]; isWhole: boolean }> {
    const grown: [string, TileLog][] = [];
    let left: number = entriesPerRoundMax;
    for (const tenant of [...this.touched]) {
      if (left <= 0) return { grown, isWhole: false };
      const name = formatId(tenant);
      this.touched.delete(tenant);
      const taken = await this.#guarded(name, async () => {
        const tiles = await this.#log(name);
        const count = await takeEntries(this.#options.sql, tiles, tenant, left);
        if (count > 0) grown.push([name, tiles]);
        return count;
      });
      left -= taken ?? 0;
      if (left <= 0) this.touched.add(tenant);
    }
    return { grown, isWhole: left > 0 && this.#broken.size === 0 };
  }

  /** The root log takes what is stored for it, and is shown to its witnesses before anybody else sees it. */
  async #extendRoot(at: number): Promise<void> {
    const { sql, witnesses } = this.#options;
    await this.#guarded(rootLog, async () => {
      const tiles = await this.#log(rootLog);
      const isGrown = (await takeEntries(sql, tiles, rootLog, Number.MAX_SAFE_INTEGER)) > 0;
      const signed = isGrown ? (await this.#sign([this.#text(rootLog, tiles)], at))[0] : await signedOf(sql, rootLog);
      if (signed === undefined) return;
      if (isGrown) await storeSigned(sql, { log: rootLog, tiles, note: signed }, at);
      const { note, isWitnessed } = await witnesses.cosign(tiles.directory, signed);
      this.#isLonely = !isWitnessed;
      if (note !== signed) await storeSigned(sql, { log: rootLog, tiles, note }, at);
      if (isGrown || note !== signed) await tiles.publish(note);
    });
  }

  async #log(name: string): Promise<TileLog> {
    const known = this.#open.get(name);
    if (known) return known;
    if (this.#open.size >= logsOpenMax) this.#open.clear();
    const opened = await openLog(this.#options.sql, join(this.#options.directory, name), name);
    this.#open.set(name, opened);
    return opened;
  }

  /** A log that contradicts its own checkpoint is never signed again; the others go on. */
  async #guarded<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#open.delete(name);
      if ((error as { code?: string }).code !== 'AuditLogBroken') throw error;
      if (!this.#broken.has(name))
        this.#options.log('error', 'an audit log is broken and gets no more checkpoints', { log: name, error: String(error) });
      this.#broken.add(name);
      return undefined;
    }
  }

  #text(name: string, tiles: TileLog): string {
    return checkpointText({ origin: originOf(this.#options.deployment, name), size: tiles.size, root: tiles.root() });
  }

  async #sign(texts: readonly string[], at: number): Promise<string[]> {
    const notes: string[] = [];
    for (let from = 0; from < texts.length; from += checkpointsPerCallMax) {
      const few = texts.slice(from, from + checkpointsPerCallMax);
      notes.push(...(await this.#options.keeper.signCheckpoints(few, Math.floor(at / 1000))));
    }
    return notes;
  }

  /** The time of signatures never goes back, whatever the clock does. */
  #signingTime(): number {
    this.#lastAt = Math.max(this.#lastAt, this.#options.now());
    return this.#lastAt;
  }
}
