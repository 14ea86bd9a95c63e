import { emptyRoot, nodeHash } from '#wire/tlog/hash.ts';

/** A Merkle tree that grows by hashes of leaves and remembers only the roots of its complete parts. */
export class Frontier {
  readonly #peaks: (Uint8Array | undefined)[] = [];
  size = 0;

  push(leaf: Uint8Array): void {
    let hash = leaf;
    let level = 0;
    for (; this.#peaks[level]; level += 1) {
      hash = nodeHash(this.#peaks[level] as Uint8Array, hash);
      this.#peaks[level] = undefined;
    }
    this.#peaks[level] = hash;
    this.size += 1;
  }

  root(): Uint8Array {
    let root: Uint8Array | undefined;
    for (const peak of this.#peaks) if (peak) root = root ? nodeHash(peak, root) : peak;
    return root ?? emptyRoot;
  }
}
