import type { Random } from './random.ts';

const sector = 512;

/** A change in memory that the disk has not been asked to keep. */
type Change = { readonly offset: number; readonly bytes: Buffer } | { readonly size: number };

/** A file as the page cache shows it and as the disk holds it. */
export class SimulatedFile {
  /** What reads see. */
  current = Buffer.alloc(0);
  #durable = Buffer.alloc(0);
  #pending: Change[] = [];

  write(bytes: Buffer, offset: number): void {
    // The system writes sectors: each one reaches the disk whole or not at all.
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + sector - ((offset + at) % sector));
      this.#change({ offset: offset + at, bytes: Buffer.from(bytes.subarray(at, end)) });
      at = end;
    }
  }

  truncate(size: number): void {
    this.#change({ size });
  }

  sync(): void {
    for (const change of this.#pending) this.#durable = apply(this.#durable, change);
    this.#pending = [];
  }

  /** A sync that fails: some changes have reached the disk, and those that have not are forgotten, though reads still show them. */
  failSync(random: Random): void {
    this.#keep(random);
  }

  /** The power goes: what was not synced is there in part, and reads show what the disk holds. */
  crash(random: Random): void {
    this.#keep(random);
    this.current = Buffer.from(this.#durable);
  }

  #keep(random: Random): void {
    for (const change of random.survivors(this.#pending)) this.#durable = apply(this.#durable, change);
    this.#pending = [];
  }

  #change(change: Change): void {
    this.current = apply(this.current, change);
    this.#pending.push(change);
  }
}

/** A hole reads as zeros. */
function apply(content: Buffer, change: Change): Buffer<ArrayBuffer> {
  const size = 'size' in change ? change.size : Math.max(content.length, change.offset + change.bytes.length);
  const changed = Buffer.alloc(size);
  content.copy(changed);
  if ('bytes' in change) change.bytes.copy(changed, change.offset);
  return changed;
}
