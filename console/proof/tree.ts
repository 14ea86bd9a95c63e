import { type Bytes, joined, same, sha256 } from './byte.ts';

/** One step of a path: the hash that was given, the side it stands on, and the hash that both make. */
export type Step = { readonly side: 'left' | 'right'; readonly given: Bytes; readonly made: Bytes };

/** RFC 6962 2.1: the hash of an entry. */
export const leafHash = (entry: Bytes): Promise<Bytes> => sha256(joined(Uint8Array.of(0), entry));

/** RFC 6962 2.1: the hash of two subtrees. */
const nodeHash = (left: Bytes, right: Bytes): Promise<Bytes> => sha256(joined(Uint8Array.of(1), left, right));

/** RFC 9162 2.1.3.2: walks from the hash of entry `index` up; undefined when the path has a wrong length for a tree of `size`. */
export async function walkUp(index: number, size: number, leaf: Bytes, path: readonly Bytes[]): Promise<readonly Step[] | undefined> {
  if (index < 0 || index >= size) return undefined;
  let [at, last, made] = [index, size - 1, leaf];
  const steps: Step[] = [];
  for (const given of path) {
    if (last === 0) return undefined;
    const isRight = at % 2 === 1 || at === last;
    made = isRight ? await nodeHash(given, made) : await nodeHash(made, given);
    steps.push({ side: isRight ? 'left' : 'right', given, made });
    if (isRight) while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 ? steps : undefined;
}

/** RFC 9162 2.1.4.2: whether the tree of `size` entries begins with the tree of `old` entries. */
export async function isBeginning(old: number, size: number, oldRoot: Bytes, root: Bytes, proof: readonly Bytes[]): Promise<boolean> {
  if (old > size || old < 1) return false;
  if (old === size) return proof.length === 0 && same(oldRoot, root);
  const [first, ...rest] = Number.isInteger(Math.log2(old)) ? [oldRoot, ...proof] : proof;
  if (!first) return false;
  let [at, last] = [old - 1, size - 1];
  while (at % 2 === 1) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  let [madeOld, made] = [first, first];
  for (const given of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      [madeOld, made] = [await nodeHash(given, madeOld), await nodeHash(given, made)];
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else {
      made = await nodeHash(made, given);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && same(madeOld, oldRoot) && same(made, root);
}
