import type { Run } from './run.ts';

/** Words of an entry: which list and its value, then the row. Values of 32 bits are near, of more are wide, highest word first. */
export const nearWidth = 3;
export const wideWidth = 6;
/** The lists that rows are in. */
export const nearList = { account: 0, ledger: 1, code: 2, userData32: 3 } as const;
export const wideList = { userData64: 0, userData128: 1 } as const;

/** A list: its kind and value as words of an entry. */
export type ListKey = { readonly file: 'near' | 'wide'; readonly words: Int32Array };
/** Lists of a stretch of rows that have left the memory. */
export type ListRun = { readonly near: Run; readonly wide: Run };

export const nearKey = (kind: keyof typeof nearList, value: number): ListKey => ({
  file: 'near',
  words: Int32Array.of(nearList[kind], value, 0),
});

export function wideKey(kind: keyof typeof wideList, value: bigint): ListKey {
  const words = Int32Array.of(wideList[kind], 0, 0, 0, 0, 0);
  for (let word = 0; word < 4; word += 1) words[4 - word] = Number(BigInt.asIntN(32, value >> BigInt(32 * word)));
  return { file: 'wide', words };
}

/** The first entry of a list whose row is not before the one given. */
function firstFrom(run: Run, key: ListKey, row: number): number {
  key.words[run.width - 1] = row;
  return run.find(key.words);
}

export function countIn(runs: ListRun, key: ListKey): number {
  const run = runs[key.file];
  return firstFrom(run, key, -1) - firstFrom(run, key, 0);
}

/** Visits the rows of a list from `low` to `high`, both included, until `visit` answers false. */
export function scanIn(
  runs: ListRun,
  key: ListKey,
  low: number,
  high: number,
  reversed: boolean,
  visit: (row: number) => boolean,
): void {
  const run = runs[key.file];
  const from = firstFrom(run, key, Math.max(0, low));
  const end = firstFrom(run, key, high + 1);
  const rowOf = (entry: number) => run.page(entry)[run.base(entry) + run.width - 1]!;
  if (reversed) for (let entry = end - 1; entry >= from && visit(rowOf(entry)); entry -= 1);
  else for (let entry = from; entry < end && visit(rowOf(entry)); entry += 1);
}
