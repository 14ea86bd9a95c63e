import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { run as runTests } from 'node:test';
import { installation, nodeFlags } from '#kernel/supervise/module.ts';
import { runAgainMax, testFileMs, testsAtOnce } from './limits.ts';
import type { Global } from './global.ts';
import { maySkip } from './skip.ts';

const roots = ['wire', 'engine', 'seams', 'kernel', 'services', 'console', 'sdk', 'cli', 'chaos', 'tidy', 'conform', 'bench'];

type Tally = { passed: number; failed: number; skipped: number };

/** `gamut test [PATTERN]...`: runs every test whose path holds one of the patterns, and closes with `N passed, N failed`. */
export async function run(argv: readonly string[], _global: Global): Promise<number> {
  const files = testFiles().filter((file) => argv.length === 0 || argv.some((pattern) => relative(installation, file).includes(pattern)));
  if (files.length === 0) {
    console.log(`No test file matches ${argv.join(' ')}.`);
    return 2;
  }
  const started = Date.now();
  const tallies = new Map<string, Tally>();
  const left = spread(files);
  const worker = async () => {
    for (let file = left.shift(); file !== undefined; file = left.shift()) tallies.set(file, await runFile(file));
  };
  const unsteady = await withTemplate(async () => {
    await Promise.all(Array.from({ length: testsAtOnce }, worker));
    return runAgain(tallies);
  });
  const sum = (of: keyof Tally) => [...tallies.values()].reduce((total, tally) => total + tally[of], 0);
  const [passed, failed, skipped] = [sum('passed'), sum('failed'), sum('skipped')];
  for (const name of unsteady) console.log(`unsteady: ${name} failed at first and passed alone: a fault, of the test or of what it tests`);
  console.log(`${files.length} files in ${((Date.now() - started) / 1000).toFixed(0)} s`);
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  return failed > 0 ? 1 : 0;
}

/** Does something while there is a folder in which the tests of a run keep what each of them would make alike. */
async function withTemplate<T>(work: () => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'gamut-test-'));
  // PostgreSQL's user passes through it.
  chmodSync(folder, 0o711);
  process.env.GAMUT_TEST_TEMPLATE = folder;
  try {
    return await work();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Runs what failed once more, alone, and keeps that outcome; returns the names of those that pass then. A platform is
 * killed, filled and cut off in these tests on a machine that others may load; that a file is unsteady is said, never hidden.
 */
async function runAgain(tallies: Map<string, Tally>): Promise<string[]> {
  const failed = [...tallies].filter(([, tally]) => tally.failed > 0).map(([file]) => file);
  if (failed.length > runAgainMax) return [];
  const unsteady: string[] = [];
  for (const file of failed) {
    console.log(`again, alone: ${relative(installation, file)}`);
    const tally = await runFile(file);
    tallies.set(file, tally);
    if (tally.failed === 0) unsteady.push(relative(installation, file));
  }
  return unsteady;
}

/** Runs one file in a process of its own, which is ended when it takes too long. */
async function runFile(file: string): Promise<Tally> {
  const name = relative(installation, file);
  const began = performance.now();
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  const end = new AbortController();
  const late = setTimeout(() => end.abort(), testFileMs);
  // A test that fails may leave what it opened, which would keep its process alive.
  const options = { concurrency: 1, cwd: installation, signal: end.signal, execArgv: ['--test-force-exit', ...nodeFlags] };
  for await (const event of runTests({ files: [file], ...options })) {
    if (event.type === 'test:fail') reportFailure(event.data, tally);
    if (event.type === 'test:pass') reportPass(event.data, tally);
  }
  clearTimeout(late);
  if (end.signal.aborted) {
    tally.failed += 1;
    console.log(`FAILED: ${name} did not end within ${testFileMs / 1000} s`);
  }
  const { passed, failed } = tally;
  const counts = `${passed} passed${failed > 0 ? `, ${failed} failed` : ''}`;
  console.log(`${failed > 0 ? 'FAILED' : 'ok    '} ${name}  ${counts}  ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return tally;
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

/**
 * The files in the order in which they begin: those of one room, which want the same of the machine, are spread over the run, so
 * that such as wait run beside such as compute, and none of the long ones is left for the end.
 */
function spread(files: readonly string[]): string[] {
  const rooms = Map.groupBy(files, (file) => relative(installation, file).split('/', 2).join('/'));
  const placed = [...rooms.values()].flatMap((own) => own.map((file, at) => ({ file, place: at / own.length })));
  return placed.sort((left, right) => left.place - right.place).map(({ file }) => file);
}

type Data = { name: string; file?: string; skip?: string | boolean; todo?: string | boolean; details?: { type?: string; error?: unknown } };

function reportPass(data: Data, tally: Tally): void {
  if (data.details?.type === 'suite') return;
  if (data.skip === undefined && data.todo === undefined) {
    tally.passed += 1;
    return;
  }
  const reason = typeof data.skip === 'string' ? data.skip : '';
  tally.skipped += 1;
  console.log(`skipped: ${data.name} (${reason || 'no reason given'})`);
  if (!maySkip(reason) || data.todo !== undefined) {
    tally.failed += 1;
    console.log('  FAILED: this reason is not on the list in cli/skip.ts');
  }
}

function reportFailure(data: Data, tally: Tally): void {
  if (data.details?.type === 'suite') return;
  tally.failed += 1;
  const error = data.details?.error as { cause?: unknown; message?: string } | undefined;
  const cause = error?.cause ?? error;
  const text = chainOf(cause)
    .flatMap((link) => link.split('\n').slice(0, 12))
    .map((line) => `    ${line}`)
    .join('\n');
  console.log(`FAILED: ${data.file === undefined ? '' : `${relative(installation, data.file)}: `}${data.name}\n${text}`);
}

/** An error and what caused it, each as its stack. */
function chainOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  const text = error.stack ?? error.message;
  return error.cause === undefined ? [text] : [text, ...chainOf(error.cause).map((link) => `caused by ${link}`)];
}
