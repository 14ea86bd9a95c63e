import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import type { Finding } from './source.ts';

/** Runs a tool of node_modules and turns its complaint, if it has one, into findings. */
function complaint(name: string, file: string, argv: readonly string[]): Finding[] {
  const ran = spawnSync(process.execPath, [join(installation, 'node_modules', file), ...argv], {
    cwd: installation,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (ran.status === 0) return [];
  return [{ path: name, reason: `${ran.stdout}${ran.stderr}`.trim().slice(0, 8000) }];
}

/** Biome's rules of biome.json: sizes of functions, import cycles, `any`, unused names, default exports. */
export const lintFindings = (): Finding[] => complaint('biome', '@biomejs/biome/bin/biome', ['lint', '--max-diagnostics=40', '.']);

/** The types of the whole tree. */
export const typeFindings = (): Finding[] => complaint('tsc', 'typescript/bin/tsc', ['-p', '.']);
