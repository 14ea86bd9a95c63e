import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '#kernel/contract/implement.ts';
import { fault } from '#kernel/contract/fault.ts';
import { shards } from '../engine/stripe.ts';
import { place } from '../domain/placement.ts';
import { Drive, type DriveSpec, syncDirectory } from './drive.ts';
import { Patience } from './patience.ts';

/** The drives' identities as this store knows them, so that an empty or foreign directory is not taken for a drive. */
type Roll = { readonly drives: readonly { readonly number: number; readonly id: string; readonly lost?: boolean }[] };

export type DriveSetOptions = {
  readonly directory: string;
  readonly log: Log;
  readonly now: () => number;
  readonly specs?: readonly DriveSpec[];
};

/** Sixteen directories below the store's own. They may lie on one disk, and then protect against damage but not against its loss. */
function localDrives(directory: string): DriveSpec[] {
  return Array.from({ length: shards }, (_, number) => {
    const name = String(number).padStart(2, '0');
    const rack = `rack-${number >> 2}`;
    return { number, path: join(directory, 'drive', name), region: 'local', zone: 'local', rack, node: 'local', weight: 1 };
  });
}

/** All drives of a store. */
export class DriveSet {
  readonly drives: readonly Drive[];
  /** How long a shard is waited for. */
  readonly patience: Patience = new Patience();
  readonly #roll: string;
  readonly #log: Log;
  readonly #lost = new Set<number>();
  readonly #listeners = new Set<() => void>();

  private constructor({ directory, log, now, specs = localDrives(directory) }: DriveSetOptions) {
    this.#roll = join(directory, 'drives.json');
    this.#log = log;
    this.drives = specs.map((spec) => new Drive(spec, now, (drive, reason) => this.#wentOut(drive, reason)));
  }

  /** Finds the drives again, or makes them in a new store. One that is not what it was stays out. */
  static async open(options: DriveSetOptions): Promise<DriveSet> {
    const set = new DriveSet(options);
    const roll = await set.#readRoll();
    for (const drive of set.drives) {
      const known = roll?.drives.find(({ number }) => number === drive.number);
      if (known?.lost) set.#lost.add(drive.number);
      if (known) {
        drive.putIn(known.id);
        await drive.check();
      } else {
        await drive.writeIdentity(randomUUID());
        drive.putIn((await drive.readIdentity()) ?? '');
      }
    }
    if (!roll || roll.drives.length !== set.drives.length) await set.#writeRoll();
    return set;
  }

  /** Calls back when a drive goes out. */
  onOut(listener: () => void): void {
    this.#listeners.add(listener);
  }

  drive(number: number): Drive | undefined {
    return this.drives[number];
  }

  /** The drive of a number when it is in use. */
  inUse(number: number): Drive | undefined {
    const drive = this.drives[number];
    return drive?.isIn ? drive : undefined;
  }

  get allIn(): Drive[] {
    return this.drives.filter((drive) => drive.isIn);
  }

  /** `count` drives for an id, of those in use. */
  choose(id: Uint8Array, count: number): Drive[] {
    const specs = place(
      id,
      this.allIn.map(({ spec }) => spec),
      count,
    );
    return specs.map(({ number }) => this.drives[number]!);
  }

  /** Numbers of drives that came back empty and are not whole again. */
  get lost(): ReadonlySet<number> {
    return this.#lost;
  }

  /** Puts an empty drive in the place of one that is out; what lay on it has to be made again. */
  async replace(number: number): Promise<void> {
    const drive = this.drives[number];
    if (!drive) throw fault('NotFound', `There is no drive ${number}.`);
    if (drive.isIn) throw fault('Conflict', `Drive ${number} is in use.`);
    this.#lost.add(number);
    const id = randomUUID();
    await drive.writeIdentity(id);
    drive.id = id;
    await this.#writeRoll();
    drive.putIn(id);
    this.#log('info', 'a drive was replaced', { drive: number });
  }

  /** Notes that a replaced drive holds again all that it should. */
  async whole(number: number): Promise<void> {
    if (!this.#lost.delete(number)) return;
    await this.#writeRoll();
    this.#log('info', 'a drive was rebuilt', { drive: number });
  }

  #wentOut(drive: Drive, reason: string): void {
    this.#log('error', 'a drive went out', { drive: drive.number, path: drive.spec.path, reason });
    for (const listener of this.#listeners) listener();
  }

  async #readRoll(): Promise<Roll | undefined> {
    if (!existsSync(this.#roll)) return undefined;
    try {
      return JSON.parse(await readFile(this.#roll, 'utf8')) as Roll;
    } catch (cause) {
      throw fault('DataDirectory', { detail: `${this.#roll} cannot be read.`, cause });
    }
  }

  async #writeRoll(): Promise<void> {
    const drives = this.drives.map(({ number, id }) => ({ number, id, ...(this.#lost.has(number) ? { lost: true } : {}) }));
    await writeFile(`${this.#roll}.new`, `${JSON.stringify({ drives } satisfies Roll)}\n`, { mode: 0o600, flush: true });
    await rename(`${this.#roll}.new`, this.#roll);
    await syncDirectory(join(this.#roll, '..'));
  }
}
