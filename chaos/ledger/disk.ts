import type { Disk, DiskFile } from '#services/ledger/store/disk.ts';
import type { Chance } from '../pair/fence.ts';

type Written = { readonly bytes: Buffer; readonly position: number };
type File = { durable: Buffer; pending: Written[] };

const sectorBytes = 512;

function put(into: Buffer, { bytes, position }: Written): Buffer {
  const grown = into.length >= position + bytes.length ? into : Buffer.concat([into, Buffer.alloc(position + bytes.length - into.length)]);
  bytes.copy(grown, position);
  return grown;
}

/** A disk that holds what was synced, and of the rest whatever it likes: sectors of unsynced writes are kept or lost one by one. */
export class SimulatedDisk implements Disk {
  readonly files = new Map<string, File>();
  readonly #random: Chance;
  #waiting: (() => void)[] = [];
  #crashed = false;
  failSync = false;
  /** A disk that says it has synced and has not: the simulation must find out. */
  lies = false;

  constructor(random: Chance, image: ReadonlyMap<string, Buffer> = new Map()) {
    this.#random = random;
    for (const [name, durable] of image) this.files.set(name, { durable: Buffer.from(durable), pending: [] });
  }

  /** Lets one waiting operation go on; false when none waits. */
  step(): boolean {
    const next = this.#waiting.shift();
    next?.();
    return next !== undefined;
  }

  /** Ends everything that was on its way, and answers what is left. */
  crash(): Map<string, Buffer> {
    this.#crashed = true;
    this.#waiting = [];
    const image = new Map<string, Buffer>();
    for (const [name, { durable, pending }] of this.files) {
      let bytes = durable;
      for (const { bytes: written, position } of pending)
        for (let at = 0; at < written.length; at += sectorBytes)
          if (this.#random.chance(50)) bytes = put(bytes, { bytes: written.subarray(at, at + sectorBytes), position: position + at });
      image.set(name, Buffer.from(bytes));
    }
    return image;
  }

  #wait(): Promise<void> {
    if (this.#crashed) return new Promise(() => undefined);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  list(): readonly string[] {
    return [...this.files.keys()].sort();
  }

  async read(name: string): Promise<Buffer> {
    const { durable = Buffer.alloc(0), pending = [] } = this.files.get(name) ?? {};
    return Buffer.from(pending.reduce(put, Buffer.from(durable)));
  }

  readAt(name: string, position: number, into: Uint8Array): void {
    const { durable = Buffer.alloc(0), pending = [] } = this.files.get(name) ?? {};
    into.set(pending.reduce(put, Buffer.from(durable)).subarray(position, position + into.length));
  }

  sizeOf(name: string): number {
    const { durable = Buffer.alloc(0), pending = [] } = this.files.get(name) ?? {};
    return pending.reduce(put, Buffer.from(durable)).length;
  }

  async open(name: string, how?: 'durable'): Promise<DiskFile> {
    const file = this.files.get(name) ?? { durable: Buffer.alloc(0), pending: [] };
    this.files.set(name, file);
    const sync = async () => {
      const synced = file.pending.length;
      await this.#wait();
      if (this.failSync) throw new Error('EIO: the disk could not be synced');
      if (!this.lies) file.durable = file.pending.splice(0, synced).reduce(put, Buffer.from(file.durable));
    };
    return {
      write: async (buffers, position) => {
        file.pending.push({ bytes: Buffer.concat(buffers), position });
        await this.#wait();
        if (how === 'durable') await sync();
      },
      sync,
      truncate: async (sizeBytes) => {
        file.durable = Buffer.from(file.pending.splice(0).reduce(put, Buffer.from(file.durable)).subarray(0, sizeBytes));
      },
      close: async () => undefined,
    };
  }

  async rename(name: string, next: string): Promise<void> {
    const file = this.files.get(name);
    if (file) this.files.set(next, file);
    this.files.delete(name);
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name);
  }
}
