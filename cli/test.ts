import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run as runTests } from 'node:test';
import { installation } from '#kernel/supervise/module.ts';
import { testFileMs, testsAtOnce } from './limits.ts';
import type { Global } from './global.ts';
import { skipReason } from './skip.ts';

const roots = ['wire', 'engine', 'seams', 'kernel', 'services', 'console', 'sdk', 'cli', 'chaos', 'tidy', 'conform', 'bench'];

type Tally = { passed: number; failed: number; skipped: number };

/** `gamut test [PATTERN]...`: runs every test whose path holds one of the patterns, and closes with `N passed, N failed`. */
export async function run(argv: readonly string[], _global: Global): Promise<number> {
  const files = testFiles().filter((file) => argv.length === 0 || argv.some((pattern) => relative(installation, file).includes(pattern)));
  if (files.length === 0) {
    console.log(`No test file matches ${argv.join(' ')}.`);
    return 2;
  }
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  const stream = runTests({ files, concurrency: testsAtOnce, timeout: testFileMs, cwd: installation });
  const started = Date.now();
  for await (const event of stream) {
    if (event.type === 'test:stderr' || event.type === 'test:stdout') continue;
    if (event.type === 'test:fail') reportFailure(event.data, tally);
    if (event.type === 'test:pass') reportPass(event.data, tally);
    if (event.type === 'test:summary' && event.data.file !== undefined) {
      const { counts, duration_ms: durationMs } = event.data;
      console.log(
        `${counts.failed > 0 ? 'FAILED' : 'ok    '} ${relative(installation, event.data.file)}  ${counts.passed} passed${counts.failed ? `, ${counts.failed} failed` : ''}  ${(durationMs / 1000).toFixed(1)} s`,
      );
    }
  }
  console.log(`${files.length} files in ${((Date.now() - started) / 1000).toFixed(0)} s`);
  console.log(`${tally.passed} passed, ${tally.failed} failed${tally.skipped > 0 ? `, ${tally.skipped} skipped` : ''}`);
  return tally.failed > 0 ? 1 : 0;
}

function testFiles(): string[] {
  return roots.flatMap((root) => {
    try {
      return readdirSync(join(installation, root), { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.test.ts') && !path.includes('node_modules'))
        .map((path) => join(installation, root, path))
        .sort();
    } catch {
      return [];
    }
  });
}

type Data = { name: string; file?: string; skip?: string | boolean; todo?: string | boolean; details?: { type?: string; error?: unknown } };

function reportPass(data: Data, tally: Tally): void {
  if (data.details?.type === 'suite') return;
  if (data.skip === undefined && data.todo === undefined) {
    tally.passed += 1;
    return;
  }
  const known = skipReason(data.name);
  const reason = typeof data.skip === 'string' ? data.skip : '';
  tally.skipped += 1;
  console.log(`skipped: ${data.name} (${reason || 'no reason given'})`);
  if (known === undefined || data.todo !== undefined) {
    tally.failed += 1;
    console.log('  FAILED: this skip is not on the list in cli/skip.ts');
  }
}

function reportFailure(data: Data, tally: Tally): void {
  if (data.details?.type === 'suite') return;
  tally.failed += 1;
  const error = data.details?.error as { cause?: unknown; message?: string } | undefined;
  const cause = error?.cause ?? error;
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  console.log(
    `FAILED: ${data.file === undefined ? '' : `${relative(installation, data.file)}: `}${data.name}\n${text
      .split('\n')
      .slice(0, 12)
      .map((line) => `    ${line}`)
      .join('\n')}`,
  );
}
