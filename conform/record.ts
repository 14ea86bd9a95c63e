import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';

/** What one client was seen to do, for docs/CONFORMANCE.md. */
export type Row = { readonly name: string; readonly version: string; readonly passed: number; readonly failed: number };

const page = join(installation, 'docs', 'CONFORMANCE.md');
const head = '| client | version | date | passed | failed |\n|---|---|---|---|---|\n';

/** Puts the rows of a run in the place of the older ones of these clients; all else on the page is written by hand. */
export function recordRows(rows: readonly Row[], date: string): void {
  const text = readFileSync(page, 'utf8');
  const from = text.indexOf(head);
  if (from < 0) throw new Error(`${page} has no table that begins with ${head.trim()}`);
  const begin = from + head.length;
  const length = text.slice(begin).search(/^(?!\|)/m);
  const lines = new Map(
    text
      .slice(begin, begin + length)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [line.split('|')[1]?.trim() ?? '', line] as const),
  );
  for (const { name, version, passed, failed } of rows) lines.set(name, `| ${name} | ${version} | ${date} | ${passed} | ${failed} |`);
  const table = [...lines].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => `${line}\n`);
  writeFileSync(page, text.slice(0, begin) + table.join('') + text.slice(begin + length));
}
