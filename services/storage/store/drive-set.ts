import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { printNodeAddress } from '#engine/storage-node/address.ts';
import { nodeAway } from '#engine/storage-node/failure.ts';
import type { Log } from '#kernel/contract/implement.ts';
import { fault } from '#kernel/contract/fault.ts';
import { shards } from '../engine/stripe.ts';
import { place } from '../domain/placement.ts';
import { Drive, type DriveSpec, replacementMark } from './drive.ts';
import { LocalDisk } from './local-disk.ts';
import { StorageNode } from './node.ts';
import { Patience } from './patience.ts';
import { readTopology, topologyFile } from './topology.ts';
import { systemCode } from './system.ts';
import { scrubDays } from './limits.ts';
import { readTwice, writeTwice } from './twin.ts';

/** The drives' identities as this store knows them, so that an empty or foreign directory is not taken for a drive. */
type Roll = { readonly drives: readonly { readonly number: number; readonly id: string; readonly lost?: boolean }[] };

export type DriveSetOptions = {
  readonly directory: string;
  readonly log: Log;
  readonly now: () => number;
  readonly specs?: readonly DriveSpec[];
  /** Of several processes that have these drives, which one this is: another one says which of them are in use. */
  readonly follows?: number;
};

/**
 * Where the operator says nothing: sixteen directories below the store's own. They may lie on one disk, and then protect against
 * damage but not against its loss.
 */
function localDrives(directory: string): DriveSpec[] {
  return Array.from({ length: shards }, (_, number) => {
    const name = String(number).padStart(2, '0');
    const rack = `rack-${number >> 2}`;
    return { number, path: join(directory, 'drive', name), region: 'local', zone: 'local', rack, node: 'local', weight: 1 };
  });
}

/**
 * A directory that the operator named is never made here: where it is not, its disk is not mounted, and what is written would
 * go to another one. Nor is one taken that holds something.
 */
async function demandEmpty(drive: Drive): Promise<void> {
  const { number, name: path } = drive;
  const names = await drive.contents().catch((cause: unknown) => {
    if (systemCode(cause) === nodeAway)
      throw fault('Unavailable', { detail: `Drive ${number} is new, and its node is away: ${path}.`, cause });
    throw fault('DataDirectory', { detail: `The directory of drive ${number} cannot be read: ${path}.`, cause });
  });
  if (names.some((name) => !mayLie.has(name)))
    throw fault('DataDirectory', { detail: `The directory of drive ${number} is not empty: ${path}.` });
}

/** What may lie on a drive that is new: what file systems put there, and the operator's word that it is one. */
const mayLie = new Set(['lost+found', replacementMark]);

/** All drives of a store. */
export class DriveSet {
  readonly drives: readonly Drive[];
  /** The nodes that hold some of them. */
  readonly nodes: readonly StorageNode[];
  /** Days within which every byte is to be read. */
  readonly scrubDays: number;
  /** How long a shard is waited for. */
  readonly patience: Patience = new Patience();
  readonly #roll: string;
  readonly #log: Log;
  readonly #lost = new Set<number>();
  readonly #listeners = new Set<() => void>();
  readonly #follows: boolean;

  private constructor({ directory, log, now, follows }: DriveSetOptions, specs: readonly DriveSpec[], days: number) {
    this.scrubDays = days;
    this.#follows = follows !== undefined;
    this.#roll = join(directory, 'drives.json');
    this.#log = log;
    const nodes = new Map<string, StorageNode>();
    this.drives = specs.map((spec) => {
      const node = spec.at && nodeOf(nodes, spec, () => this.#nodeOf(spec, now, follows));
      const disk = node?.disk(spec) ?? new LocalDisk(spec.path, spec.path.startsWith(`${directory}/`));
      const drive = new Drive(spec, disk, now, (gone, reason) => this.#wentOut(gone, reason));
      node?.drives.push(drive);
      return drive;
    });
    this.nodes = [...nodes.values()];
  }

  #nodeOf(spec: DriveSpec, now: () => number, worker = 0): StorageNode {
    return new StorageNode(spec, spec.at!, {
      now,
      worker,
      onAway: ({ name, address, reason }) => this.#log('error', 'a storage node is away', { node: name, at: address, reason }),
      onThere: ({ name, address }) => {
        this.#log('info', 'a storage node is there', { node: name, at: address });
        this.#tell();
      },
    });
  }

  /** Finds the drives again, or makes them in a new store. One that is not what it was stays out. */
  static async open(options: DriveSetOptions): Promise<DriveSet> {
    const topology = await readTopology(options.directory);
    const told = options.specs ?? topology.specs;
    const set = new DriveSet(options, told ?? localDrives(options.directory), topology.scrubDays ?? scrubDays);
    try {
      await Promise.all(set.nodes.map((node) => node.connect()));
      await set.#find(options, told !== undefined);
      return set;
    } catch (error) {
      set.close();
      throw error;
    }
  }

  async #find({ directory }: DriveSetOptions, isTold: boolean): Promise<void> {
    const roll = await this.#readRoll();
    if (this.#follows && roll?.drives.length !== this.drives.length)
      throw fault('Unavailable', 'The first process of storage has not found all drives yet.');
    const left = roll?.drives.find(({ number }) => !this.drives[number]);
    if (left) throw fault('DataDirectory', { detail: `There was a drive ${left.number}, and ${topologyFile} names none at its place.` });
    const known = new Map(roll?.drives.map((drive) => [drive.number, drive]));
    // All of them before the first is written to.
    for (const drive of isTold ? this.drives : [])
      if (!known.has(drive.number) && (drive.spec.at || !drive.spec.path.startsWith(`${directory}/`))) await demandEmpty(drive);
    for (const drive of this.drives) {
      const was = known.get(drive.number);
      if (was?.lost) this.#lost.add(drive.number);
      if (was) {
        drive.putIn(was.id);
        await drive.check(!this.#follows);
      } else {
        await drive.writeIdentity(randomUUID());
        drive.putIn((await drive.readIdentity()) ?? '');
      }
    }
    if (!roll || roll.drives.length !== this.drives.length) await this.#writeRoll();
  }

  /** Ends the connections to nodes. */
  close(): void {
    for (const node of this.nodes) node.close();
  }

  /** Calls back when a drive goes out, comes in or is whole again, or a node is there again. */
  onChange(listener: () => void): void {
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
    await drive.remove(replacementMark);
    this.#tell();
    this.#log('info', 'a drive was replaced', { drive: number });
  }

  /** Takes a drive into use again that was away; what was written meanwhile has to be made on it. */
  async comeBack(number: number): Promise<void> {
    const drive = this.drives[number]!;
    this.#lost.add(number);
    await this.#writeRoll();
    drive.putIn(drive.id);
    this.#tell();
    this.#log('info', 'a drive is back', { drive: number });
  }

  /** Notes that a replaced drive holds again all that it should. */
  async whole(number: number): Promise<void> {
    if (!this.#lost.delete(number)) return;
    await this.#writeRoll();
    this.#tell();
    this.#log('info', 'a drive was rebuilt', { drive: number });
  }

  /** Takes a drive into use as the process that is followed has it. */
  adopt(number: number, id: string): void {
    this.drives[number]!.putIn(id);
    this.#tell();
    this.#log('info', 'a drive is in use again', { drive: number });
  }

  /** Which drives are not whole yet, as the process that is followed says. */
  follow(lost: Iterable<number>): void {
    this.#lost.clear();
    for (const number of lost) this.#lost.add(number);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #wentOut(drive: Drive, reason: string): void {
    this.#log('error', 'a drive went out', { drive: drive.number, path: drive.name, reason });
    this.#tell();
  }

  /** Reads both copies of everything that says which drive is which, and mends what is damaged. */
  async checkIdentities(): Promise<void> {
    // One process mends them: two would take each other's new copies away.
    if (this.#follows) return;
    await readTwice(this.#roll, true);
    for (const drive of this.drives) await drive.check(true);
  }

  async #readRoll(): Promise<Roll | undefined> {
    try {
      return (await readTwice(this.#roll, true)) as Roll | undefined;
    } catch (cause) {
      throw fault('DataDirectory', { detail: `${this.#roll} cannot be read.`, cause });
    }
  }

  async #writeRoll(): Promise<void> {
    const drives = this.drives.map(({ number, id }) => ({ number, id, ...(this.#lost.has(number) ? { lost: true } : {}) }));
    await writeTwice(this.#roll, { drives } satisfies Roll);
  }
}

/** The node at an address; there is one connection to it, however many drives it holds. */
function nodeOf(nodes: Map<string, StorageNode>, { at }: DriveSpec, make: () => StorageNode): StorageNode {
  const address = printNodeAddress(at!.address);
  const node = nodes.get(address) ?? make();
  nodes.set(address, node);
  return node;
}
