/** Values of some size by their names, the longest unused of which go; who asks for one that is being fetched waits for the same. */
export class Cache {
  readonly #most: number;
  readonly #kept = new Map<string, Buffer>();
  readonly #coming = new Map<string, Promise<Buffer>>();
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#most = mostBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async get(name: string, load: () => Promise<Buffer>): Promise<Buffer> {
    const kept = this.#kept.get(name);
    if (kept) {
      this.#kept.delete(name);
      this.#kept.set(name, kept);
      return kept;
    }
    const coming = this.#coming.get(name) ?? this.#fetched(name, load);
    this.#coming.set(name, coming);
    return coming;
  }

  async #fetched(name: string, load: () => Promise<Buffer>): Promise<Buffer> {
    try {
      const value = await load();
      this.#kept.set(name, value);
      this.#bytes += value.length;
      for (const [oldest, { length }] of this.#kept) {
        if (this.#bytes <= this.#most) break;
        this.#kept.delete(oldest);
        this.#bytes -= length;
      }
      return value;
    } finally {
      this.#coming.delete(name);
    }
  }

  /** Lets go of everything whose name begins so. */
  forget(prefix: string): void {
    for (const [name, { length }] of this.#kept) {
      if (!name.startsWith(prefix)) continue;
      this.#kept.delete(name);
      this.#bytes -= length;
    }
  }
}
