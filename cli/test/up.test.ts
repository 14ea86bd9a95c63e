import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endPlatform, runningPlatform } from '#kernel/supervise/client.ts';
import { processIdentity } from '#kernel/volume/process-identity.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const compiled = fileURLToPath(new URL('../../.cache/compile', import.meta.url));
const base = ['up', '--only', '', '--ports', 'auto'];
type Test = { after(run: () => unknown): void };

/** A data directory that disappears with the test, with whatever still runs on it. */
function newData(t: Test): string {
  const data = mkdtempSync(join(tmpdir(), 'gamut-up-'));
  t.after(async () => {
    await endPlatform(data);
    rmSync(data, { recursive: true, force: true });
  });
  return data;
}

function start(argv: readonly string[]): ChildProcess {
  const env = { ...process.env, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? compiled };
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...argv], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Runs one command line to its end. */
async function gamut(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = start(argv);
  const said = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...said };
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 30_000; performance.now() < end; await sleep(50)) if (await holds()) return;
  assert.fail(`never happened: ${what}`);
}

const session = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3];

test('up --detach prints the document for scripts, again for a platform that runs; status and down speak of it', { timeout: 90_000 }, async (t) => {
  const data = newData(t);
  const up = await gamut(...base, '--detach', '--data', data, '-o', 'json');
  assert.equal(up.code, 0, up.stderr);
  assert.equal(up.stdout.trim().split('\n').length, 1);
  const ready = JSON.parse(up.stdout) as { console: string; doors: Record<string, object>; ca: string; admin: { url: string; bearer: string } };
  assert.deepEqual(Object.keys(ready), ['console', 'doors', 'ca', 'admin']);
  assert.deepEqual(Object.keys(ready.admin), ['url', 'bearer']);
  for (const door of Object.values(ready.doors)) assert.deepEqual(Object.keys(door), ['url']);
  assert.match(readFileSync(ready.ca, 'utf8'), /BEGIN CERTIFICATE/);
  assert.match(ready.admin.bearer, /^gmt_/);

  const again = await gamut(...base, '--detach', '--data', data, '-o', 'json');
  assert.deepEqual([again.code, again.stdout], [0, up.stdout]);
  assert.match(again.stderr, /^The platform runs already on .*, under process \d+\.\n$/);
  const here = await gamut(...base, '--data', data);
  assert.deepEqual([here.code, here.stderr], [0, again.stderr]);

  const pid = (await runningPlatform(data))?.pid ?? 0;
  assert.equal(session(pid), String(pid));
  const status = await gamut('status', '--data', data, '-o', 'json');
  const { processes } = JSON.parse(status.stdout) as { processes: { name: string; state: string; pid: number }[] };
  assert.deepEqual([status.code, processes.map(({ name, state }) => `${name} ${state}`)], [0, ['postgres ready', 'keeper ready', 'control ready', 'recorder ready']]);
  assert.match((await gamut('status', '--data', data)).stdout, /^ready on .*\n {2}postgres +\d+ +ready/);

  const down = await gamut('down', '--data', data);
  assert.deepEqual([down.code, down.stdout], [0, 'The platform has ended.\n']);
  for (const process of [pid, ...processes.map((process) => process.pid)]) assert.equal(processIdentity(process), undefined);
  const none = await gamut('status', '--data', data, '-o', 'json');
  assert.deepEqual([none.code, JSON.parse(none.stdout)], [3, { processes: [] }]);
  assert.match((await gamut('status', '--data', data)).stdout, /^Nothing runs on /);
  assert.deepEqual(JSON.parse((await gamut('down', '--data', data, '-o', 'json')).stdout), { stopped: false });
});

test('every process of the platform comes back after kill -9, and so does the platform after that of its supervisor', { timeout: 120_000 }, async (t) => {
  const data = newData(t);
  assert.equal((await gamut(...base, '--detach', '--data', data)).code, 0);
  const doors = (await runningPlatform(data))?.doors;
  for (const name of ['recorder', 'control', 'keeper', 'postgres']) {
    const before = (await runningPlatform(data))?.processes.find((process) => process.name === name);
    process.kill(before?.pid ?? 0, 'SIGKILL');
    await until(`${name} is ready again`, async () => {
      const now = (await runningPlatform(data))?.processes.find((process) => process.name === name);
      return now?.state === 'ready' && now.restarts === 1;
    });
  }
  const running = await runningPlatform(data);
  assert.deepEqual(running?.doors, doors);
  process.kill(running?.pid ?? 0, 'SIGKILL');
  const second = await gamut(...base, '--detach', '--data', data);
  assert.equal(second.code, 0, second.stderr);
  assert.deepEqual((await runningPlatform(data))?.doors, doors);
});

test('up in the foreground prints its doors, and an interrupt ends all', { timeout: 90_000 }, async (t) => {
  const data = newData(t);
  const child = start([...base, '--data', data, '--reserve', '1M']);
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until('it is up', () => said.includes('Ctrl-C'));
  assert.match(said, /platform\.rest +http:\/\/127\.0\.0\.1:\d+ /);
  assert.match(said, /console +http:\/\/console\.localhost:\d+/);
  const processes = (await runningPlatform(data))?.processes ?? [];
  child.kill('SIGINT');
  const [code] = (await once(child, 'exit')) as [number];
  assert.equal(code, 0);
  for (const { pid } of processes) assert.equal(processIdentity(pid ?? 0), undefined);
});

test('a start that fails says why with the last lines, exits with 1 and leaves nothing running', { timeout: 90_000 }, async (t) => {
  const data = newData(t);
  const secret = 'postgres://nobody:hush-hush@127.0.0.1:1/none?sslmode=disable';
  const starting = gamut(...base, '--detach', '--data', data, '--sql', secret);
  await until('the supervisor runs', async () => (await runningPlatform(data)) !== undefined);
  const pid = (await runningPlatform(data))?.pid ?? 0;
  const shown = ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'latin1')).join('\n');
  assert.ok(!shown.includes('hush-hush'));
  const failed = await starting;
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /\n {2}\| .*\n/);
  assert.match(failed.stderr, /\ngamut: StartFailed: A part of the platform could not start\. control: [^\n]+\n$/);
  assert.ok(!failed.stderr.includes('hush-hush'));
  assert.equal(await runningPlatform(data), undefined);
  assert.equal(processIdentity(pid), undefined);
});

test('a start whose command is killed does not go on by itself', { timeout: 90_000 }, async (t) => {
  const data = newData(t);
  const child = start([...base, '--detach', '--data', data]);
  await until('the supervisor runs', async () => (await runningPlatform(data)) !== undefined);
  child.kill('SIGKILL');
  await until('it has ended', async () => (await runningPlatform(data)) === undefined);
});

test('a data directory that cannot be used is told in one sentence, detached or not', async (t) => {
  const data = newData(t);
  writeFileSync(join(data, 'thesis.txt'), 'mine');
  for (const detach of [['--detach'], []]) {
    const refused = await gamut(...base, ...detach, '--data', data);
    assert.deepEqual([refused.code, refused.stdout], [1, '']);
    assert.match(refused.stderr, /^gamut: DataDirectory: [^\n]* holds other files \(thesis\.txt\) and no format\.json: name an empty directory\.\n$/);
  }
  const json = await gamut(...base, '--data', data, '-o', 'json');
  assert.equal((JSON.parse(json.stderr) as { error: { code: string } }).error.code, 'DataDirectory');
});

for (const [argv, sentence] of [
  [['up', '--ports', 'some'], /--ports is usual or auto, not some\.$/],
  [['up', '--open', '--host', '0.0.0.0'], /--open is for loopback only, and 0\.0\.0\.0 is not\.$/],
  [['up', '--detach', '--in-process'], /exclude each other\.$/],
  [['up', '--reserve', 'much'], /"much" is not a size such as 512M or 2G\.$/],
  [['up', '--region', 'Über'], /A region is named by /],
  [['up', '--sideways'], /'--sideways'/],
  [['up', 'extra'], /extra/],
  [['status', 'extra'], /"extra" is not an option here\.$/],
  [['status', '-o', 'xml'], /-o is text or json, not xml\.$/],
  [['status', '--data'], /--data needs a value\.$/],
  [['frobnicate'], /"frobnicate"/],
] as const) {
  test(`gamut ${argv.join(' ')} exits with 2 and one sentence`, async () => {
    const refused = await gamut(...argv);
    assert.deepEqual([refused.code, refused.stdout], [2, '']);
    assert.match(refused.stderr.trim(), sentence);
    assert.match(refused.stderr, /^gamut: Usage: [^\n]+\n$/);
  });
}

test('an address of an external seam that is none is refused before anything starts', async (t) => {
  const data = newData(t);
  const refused = await gamut(...base, '--data', data, '--sql', 'mysql://x:hush@y/z');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^gamut: SeamUnsupported: [^\n]+\n$/);
  assert.ok(!refused.stderr.includes('hush'));
});

test('a service that does not exist is refused with those that do', async (t) => {
  const refused = await gamut('up', '--only', 'telepathy', '--data', newData(t));
  assert.deepEqual(refused.code, 1);
  assert.match(refused.stderr, /No service is called telepathy; there are /);
});

test('help names every command, and each says how it is used', async () => {
  const { stdout, code } = await gamut('help');
  assert.equal(code, 0);
  const { commands } = await import('../command.ts');
  for (const name of Object.keys(commands)) assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
  assert.match((await gamut('up', '--help')).stdout, /--detach/);
  assert.match((await gamut('--version')).stdout, /^\d+\.\d+\.\d+\n$/);
});
