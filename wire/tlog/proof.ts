import { nodeHash } from './hash.ts';

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** RFC 9162 2.1.3.2: whether a path leads from the entry of this hash to the root of a tree of `size`. */
export function verifyInclusion(index: number, size: number, hash: Uint8Array, path: readonly Uint8Array[], root: Uint8Array): boolean {
  if (index >= size || index < 0) return false;
  let [at, last, made] = [index, size - 1, hash];
  for (const step of path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      made = nodeHash(step, made);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else {
      made = nodeHash(made, step);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && same(made, root);
}

/** RFC 9162 2.1.4.2: whether the tree of `size` begins with the tree of `old` entries. */
export function verifyConsistency(old: number, size: number, oldRoot: Uint8Array, root: Uint8Array, proof: readonly Uint8Array[]): boolean {
  if (old > size) return false;
  if (old === size) return proof.length === 0 && same(oldRoot, root);
  if (old === 0) return proof.length === 0;
  const [first, ...rest] = Number.isInteger(Math.log2(old)) ? [oldRoot, ...proof] : proof;
  if (first === undefined) return false;
  let [at, last] = [old - 1, size - 1];
  while (at % 2 === 1) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  let [madeOld, made] = [first, first];
  for (const step of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      madeOld = nodeHash(step, madeOld);
      made = nodeHash(step, made);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else {
      made = nodeHash(made, step);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && same(madeOld, oldRoot) && same(made, root);
}
