import type { BenchRow } from './result.ts';

const sideOf = (side: BenchRow['peer']) => (side === null ? '' : side === 'not run' ? 'peer not run' : `peer ${side}`);

function goalOf({ goal, met }: BenchRow): string {
  if (goal === null) return '';
  return `goal ${typeof goal === 'number' ? `${goal}x` : goal} ${met ? 'met' : 'MISSED'}`;
}

/** The rows of one benchmark as lines. Rows of another shape than ours and the peer's are told as they are. */
export function table(rows: readonly object[]): string {
  return rows.map((row) => ('ours' in row ? line(row as BenchRow) : plain(row))).join('');
}

function line(row: BenchRow): string {
  const ratio = row.ratio === null ? '' : `${row.ratio}x`;
  const sides = `ours ${String(row.ours).padStart(8)}  ${sideOf(row.peer).padEnd(14)} ${row.unit.padEnd(14)}`;
  return `  ${row.row.padEnd(46)} ${sides} ${ratio.padStart(8)}  ${goalOf(row)}\n`;
}

function plain(row: object): string {
  const { row: name = '', ...figures } = row as Record<string, unknown>;
  return `  ${String(name).padEnd(46)} ${Object.entries(figures)
    .map(([key, value]) => `${key} ${value}`)
    .join('  ')}\n`;
}
