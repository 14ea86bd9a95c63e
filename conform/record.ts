import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';

/** What one client was seen to do, for docs/CONFORMANCE.md. */
export type Row = { readonly name: string; readonly version: string; readonly passed: number; readonly failed: number };

const page = join(installation, 'docs', 'CONFORMANCE.md');
const head = '| client | version | date | passed | failed |\n|---|---|---|---|---|\n';

/** Writes the rows of a run into docs/CONFORMANCE.md. */
export function recordRows(rows: readonly Row[], date: string): void {
  writeFileSync(page, withRows(readFileSync(page, 'utf8'), rows, date));
}

/** The page with the rows in the place of the older ones of these clients; all else on it is written by hand. */
export function withRows(text: string, rows: readonly Row[], date: string): string {
  const begin = text.indexOf(head) + head.length;
  if (begin < head.length) throw new Error(`the page has no table that begins with ${head.trim()}`);
  const end = begin + text.slice(begin).search(/^(?!\|)/m);
  const known = text
    .slice(begin, end)
    .split('\n')
    .filter((line) => line !== '');
  const lines = new Map(known.map((line) => [line.split('|')[1]?.trim() ?? '', line]));
  for (const { name, version, passed, failed } of rows) lines.set(name, `| ${name} | ${version} | ${date} | ${passed} | ${failed} |`);
  const table = [...lines].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => `${line}\n`);
  return text.slice(0, begin) + table.join('') + text.slice(end);
}
