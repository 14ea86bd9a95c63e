import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';

/** One of our source files: its path below the repository, its text and its lines. */
export type Source = { readonly path: string; readonly text: string; readonly lines: readonly string[] };

/** What is wrong, and where. */
export type Finding = { readonly path: string; readonly line?: number; readonly reason: string };

/** Every TypeScript file that git knows or would take. */
export function sources(): Source[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '*.ts', '*.tsx'], {
    cwd: installation,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return listed
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(installation, path)))
    .map((path) => {
      const text = readFileSync(join(installation, path), 'utf8');
      return { path, text, lines: text.split('\n') };
    });
}

export const isTest = (path: string): boolean => /(^|\/)test\//.test(path) || path.endsWith('.test.ts');
export const isGenerated = ({ lines }: Source): boolean => /generated/i.test(lines[0] ?? '');

/** Files that are one long table each, and may be longer and wider than others. */
export const tables: readonly string[] = ['console/part/icon-path.ts'];
