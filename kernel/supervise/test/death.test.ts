import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { processIdentity } from '#kernel/volume/process-identity.ts';
import { endPlatform, runningPlatform } from '../client.ts';
import type { PlatformStatus } from '../status.ts';
import { newData, until } from './fixtures/house.ts';

const main = fileURLToPath(new URL('./fixtures/supervisor.main.ts', import.meta.url));

/** Starts a supervisor in a process of its own, which ends with the test. */
async function supervisor(t: { after(run: () => unknown): void }, data: string): Promise<{ child: ChildProcess; status: PlatformStatus }> {
  const child = spawn(process.execPath, [main, data], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, status: JSON.parse(line) as PlatformStatus };
}

const pids = (status: PlatformStatus) => status.processes.map(({ pid }) => pid ?? 0);
const allGone = (numbers: readonly number[]) => numbers.every((pid) => processIdentity(pid) === undefined);

/** Every process below another one, at this moment. */
function descendants(of: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(Number(name))] as const);
  const found: number[] = [];
  for (let open = [of]; open.length > 0; ) {
    open = parents.filter(([, parent]) => open.includes(parent)).map(([pid]) => pid);
    found.push(...open);
  }
  return found;
}

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

test('kill -9 of the supervisor ends all that it started, foreign programs too, and the next start recovers', {
  timeout: 40_000,
}, async (t) => {
  const data = newData(t);
  const first = await supervisor(t, data);
  const below = descendants(first.child.pid ?? 0);
  assert.ok(pids(first.status).every((pid) => below.includes(pid)));
  first.child.kill('SIGKILL');
  await until('all have ended', () => allGone(below));
  const second = await supervisor(t, data);
  assert.equal(second.status.phase, 'ready');
  assert.equal(
    second.status.processes.every(({ state }) => state === 'ready'),
    true,
  );
});

test('a process that is blocked when its supervisor dies is ended by the next start', { timeout: 40_000 }, async (t) => {
  const data = newData(t);
  const first = await supervisor(t, data);
  void fetch(`${first.status.doors['a.http']?.url}/block`).catch(() => undefined);
  const blocked = first.status.processes.find(({ name }) => name === 'a')?.pid ?? 0;
  const [, other = 0] = pids(first.status).filter((pid) => pid !== blocked);
  await new Promise((resolve) => setTimeout(resolve, 300));
  first.child.kill('SIGKILL');
  await until('the others have ended', () => allGone([other]));
  assert.notEqual(processIdentity(blocked), undefined);
  const second = await supervisor(t, data);
  assert.equal(processIdentity(blocked), undefined);
  assert.match(readFileSync(`${data}/log/supervisor.log`, 'utf8'), /a still ran after its supervisor had died and was ended/);
  assert.equal(second.status.phase, 'ready');
});

test('down ends all processes before it returns, and a second one says that nothing runs', async (t) => {
  const data = newData(t);
  const { child, status } = await supervisor(t, data);
  const ended = once(child, 'exit');
  const below = descendants(child.pid ?? 0);
  assert.deepEqual((await runningPlatform(data))?.processes, status.processes);
  assert.equal(await endPlatform(data), true);
  assert.ok(allGone(below));
  assert.deepEqual((await ended)[0], 0);
  assert.equal(await runningPlatform(data), undefined);
  assert.equal(await endPlatform(data), false);
});

test('a second supervisor on the same data directory is refused with the number of the first', async (t) => {
  const data = newData(t);
  const { child } = await supervisor(t, data);
  const { startPlatform } = await import('../platform.ts');
  await assert.rejects(startPlatform({ data, mode: 'processes', plan: [] }), {
    code: 'DataDirectory',
    message: new RegExp(`in use by process ${child.pid} since`),
  });
});

test('no token appears in the arguments or the environment of any process', async (t) => {
  const data = newData(t);
  const { child, status } = await supervisor(t, data);
  const tokens: string[] = [];
  for (const name of ['a', 'b']) {
    const order = (await (await fetch(`${status.doors[`${name}.http`]?.url}/order`)).json()) as { token: string };
    tokens.push(order.token);
  }
  assert.equal(new Set(tokens).size, 2);
  for (const pid of [child.pid ?? 0, ...descendants(child.pid ?? 0)]) {
    const shown = ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'latin1')).join('\n');
    assert.ok(shown.length > 0);
    for (const token of tokens) assert.ok(!shown.includes(token));
  }
});
