import { emptyRoot, hashSize, nodeHash } from './hash.ts';
import { nodeIn, tileWidth } from './tile.ts';

/** The hash of the complete subtree of `2^level` entries that is the `index`-th of its level. */
export type NodeOf = (level: number, index: number) => Uint8Array;

/** Reads at least the first `width` hashes of a tile. */
export type TileOf = (level: number, index: number, width: number) => Uint8Array;

const tileHeight = Math.log2(tileWidth);

/** The largest power of two below `count`. */
const split = (count: number): number => 2 ** (Math.ceil(Math.log2(count)) - 1);

/** RFC 6962 2.1: the root over entries from `from` to before `to`; `from` is a multiple of the power of two that `to - from` fits. */
export function rootOver(from: number, to: number, node: NodeOf): Uint8Array {
  const count = to - from;
  if (count === 0) return emptyRoot;
  const level = Math.log2(count);
  if (Number.isInteger(level)) return node(level, from / count);
  const left = split(count);
  return nodeHash(rootOver(from, from + left, node), rootOver(from + left, to, node));
}

/** RFC 6962 2.1.1: the path from an entry to the root of the first `size` entries, lowest first. */
export function inclusionProof(index: number, size: number, node: NodeOf): Uint8Array[] {
  const path: Uint8Array[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + split(to - from);
    if (index < middle) {
      path.push(rootOver(middle, to, node));
      to = middle;
    } else {
      path.push(rootOver(from, middle, node));
      from = middle;
    }
  }
  return path.reverse();
}

/** RFC 6962 2.1.2: what shows that the first `old` entries of a tree of `size` are those of the old tree. */
export function consistencyProof(old: number, size: number, node: NodeOf): Uint8Array[] {
  if (old === 0 || old === size) return [];
  const proof: Uint8Array[] = [];
  let [from, to] = [0, size];
  let whole = true;
  while (to !== old) {
    const middle = from + split(to - from);
    if (old <= middle) {
      proof.push(rootOver(middle, to, node));
      to = middle;
    } else {
      proof.push(rootOver(from, middle, node));
      from = middle;
      whole = false;
    }
  }
  if (!whole) proof.push(rootOver(from, to, node));
  return proof.reverse();
}

/** Nodes of a tree of `size` entries out of its tiles. */
export function nodesOfTiles(size: number, tileOf: TileOf): NodeOf {
  return (level, index) => {
    const tileLevel = Math.floor(level / tileHeight);
    const height = level % tileHeight;
    const first = index * 2 ** height;
    const hashes = Math.floor(size / tileWidth ** tileLevel);
    const tileIndex = Math.floor(first / tileWidth);
    const width = Math.min(tileWidth, hashes - tileIndex * tileWidth);
    const tile = tileOf(tileLevel, tileIndex, width);
    if (tile.length < width * hashSize) throw new RangeError(`a tile of ${tile.length} bytes, not ${width * hashSize}`);
    return nodeIn(tile, first % tileWidth, height);
  };
}
