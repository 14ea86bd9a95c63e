import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { Grant } from '#kernel/contract/session.ts';
import { platformPlan } from '#kernel/supervise/platform-plan.ts';
import { type Platform, startPlatform } from '#kernel/supervise/platform.ts';
import { settingsOf } from '#kernel/supervise/settings.ts';
import { type BenchResult, bounded, median } from '../result.ts';
import { opened } from './sample.part.ts';

const rounds = 15;
const turnsPerRound = 20;
const spendsPerTurn = 100_000;
const bytes = 100;
const goalNs = 50;
const checksPerRound = 20_000;
const checksPerTurn = 20;
const checkGoalNs = 10_000;

/** Nanoseconds of one spend, and how many were refused; the event loop turns between stretches, so that flushes happen. */
async function round(grant: Grant): Promise<number> {
  let spent = 0n;
  for (let at = 0; at < turnsPerRound; at += 1) {
    const started = process.hrtime.bigint();
    const waits = stretch(grant);
    spent += process.hrtime.bigint() - started;
    if (waits > 0) throw new Error(`${waits} ms of waits: the quota refused`);
    await turn();
  }
  return Number(spent) / (turnsPerRound * spendsPerTurn);
}

/**
 * Nanoseconds of one check of a token: its hash, the records behind it, the tenant's epoch, and a session that ends again. The
 * event loop turns in between, so that the snapshot is looked at as often as a busy door does.
 */
async function checks(face: 'bearer' | 'session', token: string): Promise<number> {
  const { gate } = opened;
  if (!gate) throw new Error('the sample has no gate');
  let spent = 0n;
  for (let at = 0; at < checksPerRound; at += checksPerTurn) {
    const started = process.hrtime.bigint();
    for (let one = 0; one < checksPerTurn; one += 1) gate.present(face, { token }).end();
    spent += process.hrtime.bigint() - started;
    await turn();
  }
  return Number(spent) / checksPerRound;
}

/** The token of a browser's session that a bearer began. */
async function signIn(platform: Platform, bearer: string): Promise<string> {
  const url = `${platform.doors['platform.rest']?.url}/session`;
  const headers = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' };
  const reply = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ bearer }) });
  const [, token] = /gamut_session=([^;]+)/.exec(reply.headers.get('set-cookie') ?? '') ?? [];
  if (token === undefined) throw new Error(`signing in answered ${reply.status}`);
  return token;
}

/** Rounds of checks of one face, after one that warms up. */
async function checked(face: 'bearer' | 'session', token: string): Promise<number> {
  await checks(face, token);
  const taken: number[] = [];
  for (let at = 0; at < rounds; at += 1) taken.push(await checks(face, token));
  return median(taken);
}

function stretch(grant: Grant): number {
  let waits = 0;
  for (let at = 0; at < spendsPerTurn; at += 1) waits += grant.spend(1, bytes);
  return waits;
}

async function call(platform: Platform, method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${platform.facts['admin.bearer']}`, ...(body ? { 'content-type': 'application/json' } : {}) };
  const reply = await fetch(`${platform.doors['platform.rest']?.url}${path}`, {
    method,
    headers,
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!reply.ok) throw new Error(`${path} answered ${reply.status}`);
  return (await reply.json()) as Record<string, unknown>;
}

/** What was spent must be what usage says, or the figure is of something else. */
async function assertCounted(platform: Platform, spent: number): Promise<void> {
  let counted = 0;
  for (let tries = 0; tries < 100 && counted !== spent; tries += 1) {
    await sleep(100);
    const { items = [] } = (await call(platform, 'GET', '/v1/platform/usage?meter=said')) as { items?: { value: string }[] };
    counted = items.reduce((sum, { value }) => sum + Number(value), 0);
  }
  if (counted !== spent) throw new Error(`${spent} were spent and ${counted} counted`);
}

/** `spend` of a grant that takes from a rate quota, counts in an audit window and on a meter: what a hot door does per batch. */
export async function run(): Promise<BenchResult> {
  const data = mkdtempSync(join(tmpdir(), 'gamut-bench-'));
  const settings = settingsOf({ ports: 'auto' });
  const module = join(import.meta.dirname, 'sample.part.ts');
  const plan = [
    ...platformPlan(settings),
    { kind: 'node' as const, name: 'echo', module, after: ['control'], critical: true, memoryMb: 256 },
  ];
  const platform = await startPlatform({ data, mode: 'in-process', settings, plan });
  try {
    const { bearer } = await call(platform, 'POST', '/v1/platform/credentials', { role: 'reader' });
    const grant = opened.gate?.present('bearer', { token: bearer }).grant('NoOp', 'x');
    if (!grant || grant.denied) throw new Error('no grant');
    await round(grant);
    const taken: number[] = [];
    for (let at = 0; at < rounds; at += 1) taken.push(await round(grant));
    await assertCounted(platform, (rounds + 1) * turnsPerRound * spendsPerTurn);
    const byBearer = await checked('bearer', String(bearer));
    const bySession = await checked('session', await signIn(platform, String(bearer)));
    return {
      name: 'spend',
      rows: [
        bounded('check of a bearer: session begun and ended', 'ns', byBearer, checkGoalNs),
        bounded("check of a browser's session", 'ns', bySession, checkGoalNs),
        bounded('spend(1, 100): quota, window, meter', 'ns', median(taken), goalNs),
        bounded('the fastest of the rounds', 'ns', Math.min(...taken), null),
      ],
    };
  } finally {
    await platform.stop();
    rmSync(data, { recursive: true, force: true });
  }
}
