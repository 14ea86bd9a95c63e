import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { installation } from '#kernel/supervise/module.ts';
import type { Check, Client } from './client.ts';
import { detailLengthMax, runAgainMax } from './limits.ts';
import { openPlace, type Place, placeFor } from './place.ts';
import { recordRows, type Row } from './record.ts';
import { maySkip } from './skip.ts';

const root = join(installation, 'conform');

type Tally = { passed: number; failed: number; skipped: number; readonly rows: Row[] };

/**
 * `gamut conform [--record] [CLIENT]...`: runs unmodified foreign clients against one platform, and closes with
 * `N passed, N failed`. With `--record` the counts go into docs/CONFORMANCE.md.
 */
export async function run(words: readonly string[], _global: unknown): Promise<number> {
  const names = clientNames();
  const argv = words.filter((word) => word !== '--record');
  const unknown = argv.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    console.error(`${unknown} is not a client; there are ${names.join(', ')}.`);
    return 2;
  }
  const interrupt = endOnSignal();
  const began = performance.now();
  const tallies = await runOn(argv.length > 0 ? argv : names, interrupt);
  const failed = [...tallies].filter(([, { failed }]) => failed > 0).map(([name]) => name);
  if (failed.length > 0 && failed.length <= runAgainMax && !interrupt.aborted) {
    console.log(`again, on a new platform: ${failed.join(', ')}`);
    for (const [name, tally] of await runOn(failed, interrupt)) {
      tallies.set(name, tally);
      if (tally.failed === 0) console.log(`unsteady: ${name} failed at first and passed then: a fault, of the proof or of what it proves`);
    }
  }
  const all = [...tallies.values()];
  if (words.includes('--record')) {
    const rows = all.flatMap(({ rows }) => rows);
    recordRows(rows, new Date().toISOString().slice(0, 10));
  }
  const sum = (of: 'passed' | 'failed' | 'skipped') => all.reduce((total, tally) => total + tally[of], 0);
  const skipped = sum('skipped');
  console.log(`in ${seconds(began)} s`);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  return interrupt.aborted ? 130 : sum('failed') > 0 ? 1 : 0;
}

/** Runs clients one after the other against one new platform; what each was seen to do, by its name. */
async function runOn(names: readonly string[], interrupt: AbortSignal): Promise<Map<string, Tally>> {
  const tallies = new Map<string, Tally>();
  const folder = mkdtempSync(join(tmpdir(), 'gamut-conform-'));
  // Started by root, PostgreSQL has a user of its own, who must be able to pass.
  chmodSync(folder, 0o711);
  let place: Place | undefined;
  try {
    place = await openPlace(folder);
    for (const name of names) {
      if (interrupt.aborted) break;
      const tally: Tally = { passed: 0, failed: 0, skipped: 0, rows: [] };
      tallies.set(name, tally);
      await runClient(name, place, tally);
    }
  } catch (error) {
    const first = names[0] ?? '';
    tallies.set(first, { passed: 0, failed: 1, skipped: 0, rows: [] });
    console.log(`FAILED the platform did not start: ${indented(error)}`);
  } finally {
    await place?.down();
    rmSync(folder, { recursive: true, force: true });
  }
  return tallies;
}

function clientNames(): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'test')
    .map(({ name }) => name)
    .sort();
}

async function runClient(name: string, place: Place, tally: Tally): Promise<void> {
  const began = performance.now();
  try {
    const { client } = (await import(join(root, name, 'client.ts'))) as { client: Client };
    const found = await client.setup();
    if ('skip' in found) {
      tally.skipped += 1;
      console.log(`skipped ${name}: ${found.skip}`);
      if (maySkip(found.skip)) return;
      throw new Error('this reason is not on the list in conform/skip.ts');
    }
    const setUp = seconds(began);
    const from = performance.now();
    const { checks } = await client.run(placeFor(place, name));
    const all = [...checks, ...missingChecks(name, checks)];
    const failed = all.filter(({ ok }) => !ok);
    tally.passed += all.length - failed.length;
    tally.failed += failed.length;
    tally.rows.push({ name, version: found.version, passed: all.length - failed.length, failed: failed.length });
    const verdict = `${failed.length > 0 ? 'FAILED' : 'ok    '} ${name} ${found.version}`;
    console.log(`${verdict}  ${all.length - failed.length} passed, ${failed.length} failed  ${seconds(from)} s (set up in ${setUp} s)`);
    for (const { title, detail } of failed) console.log(`  FAILED: ${title}\n${indented(detail ?? '')}`);
  } catch (error) {
    tally.failed += 1;
    console.log(`FAILED ${name}  ${seconds(began)} s\n${indented(error)}`);
  }
}

/** Checks that are expected and were not made, or made and are not expected: a suite cannot shrink unseen. */
function missingChecks(name: string, checks: readonly Check[]): Check[] {
  const expected = readFileSync(join(root, name, 'expected.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const made = new Set(checks.map(({ title }) => title));
  const missing = expected.filter((title) => !made.has(title)).map((title) => ({ title, ok: false, detail: 'was not checked' }));
  const strange = [...made]
    .filter((title) => !expected.includes(title))
    .map((title) => ({ title, ok: false, detail: `is not in conform/${name}/expected.txt` }));
  return [...missing, ...strange];
}

/** One signal lets the client at work finish and ends the platform; a second ends us at once. */
function endOnSignal(): AbortSignal {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (interrupt.signal.aborted) process.exit(130);
      interrupt.abort();
    });
  }
  return interrupt.signal;
}

const seconds = (began: number): string => ((performance.now() - began) / 1000).toFixed(1);

function indented(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text
    .slice(0, detailLengthMax)
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
