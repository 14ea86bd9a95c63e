import { type FileHandle, open } from 'node:fs/promises';

/** A sealed key: head, 32 bytes, tag. */
export const slotSize = 64;

/** Sealed keys, each in a slot of one file and overwritten there when it is to be gone: a database would keep old pages. */
export class KeySlots {
  readonly #file: FileHandle;
  #count: number;

  private constructor(file: FileHandle, count: number) {
    this.#file = file;
    this.#count = count;
  }

  static async open(path: string): Promise<KeySlots> {
    const file = await open(path, 'a', 0o600).then(async (made) => {
      await made.close();
      return open(path, 'r+');
    });
    // A slot that a crash cut short was given to nobody, and is written again.
    return new KeySlots(file, Math.floor((await file.stat()).size / slotSize));
  }

  /** Resolves with the slot when the key is on the disk. */
  async add(sealed: Uint8Array): Promise<number> {
    if (sealed.length !== slotSize) throw new TypeError(`a sealed key has ${slotSize} bytes, not ${sealed.length}`);
    const slot = this.#count;
    this.#count += 1;
    await this.#write(slot, sealed);
    return slot;
  }

  /** Undefined once it was erased. */
  async read(slot: number): Promise<Buffer | undefined> {
    const { buffer } = await this.#file.read(Buffer.alloc(slotSize), 0, slotSize, slot * slotSize);
    return buffer.every((byte) => byte === 0) ? undefined : buffer;
  }

  erase(slot: number): Promise<void> {
    return this.#write(slot, Buffer.alloc(slotSize));
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #write(slot: number, bytes: Uint8Array): Promise<void> {
    await this.#file.write(bytes, 0, slotSize, slot * slotSize);
    await this.#file.datasync();
  }
}
