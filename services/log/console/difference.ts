import { differenceLinesMax } from './limits.ts';

export type Line = { readonly kind: 'same' | 'new' | 'gone'; readonly text: string };

/** The lines of two texts: what stayed, came and went, by their longest common part. Texts beyond the limit are only told whole. */
export function differences(before: string, after: string): Line[] {
  const [old, now] = [before, after].map((text) => (text === '' ? [] : text.split('\n'))) as [string[], string[]];
  if (old.length > differenceLinesMax || now.length > differenceLinesMax) return now.map((text) => ({ kind: 'same', text }));
  const common = Array.from({ length: old.length + 1 }, () => new Array<number>(now.length + 1).fill(0));
  const at = (row: number, column: number) => common[row]?.[column] ?? 0;
  for (let row = old.length - 1; row >= 0; row -= 1)
    for (let column = now.length - 1; column >= 0; column -= 1)
      (common[row] as number[])[column] =
        old[row] === now[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
  const lines: Line[] = [];
  let [row, column] = [0, 0];
  while (row < old.length || column < now.length) {
    if (row < old.length && column < now.length && old[row] === now[column]) {
      lines.push({ kind: 'same', text: now[column] ?? '' });
      row += 1;
      column += 1;
    } else if (column >= now.length || (row < old.length && at(row + 1, column) >= at(row, column + 1))) {
      lines.push({ kind: 'gone', text: old[row] ?? '' });
      row += 1;
    } else {
      lines.push({ kind: 'new', text: now[column] ?? '' });
      column += 1;
    }
  }
  return lines;
}
