import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { runningPlatform } from '#kernel/supervise/client.ts';
import { processIdentity } from '#kernel/volume/process-identity.ts';
import { openVolume } from '#kernel/volume/volume.ts';
import { base, gamut, newData, start, until } from './fixtures/command.ts';

/** Every process that another one started, with its arguments and environment. */
function startedBy(parent: number): { pid: number; shown: string }[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
    .flatMap((pid) => {
      try {
        if (Number(readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ')[1]) !== parent) return [];
        return [{ pid, shown: ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'latin1')).join('\n') }];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}

const session = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3];

test('up prints the document for scripts, again for a platform that runs; status and down speak of it; an interrupt ends it', {
  timeout: 90_000,
}, async (t) => {
  const data = newData(t);
  const up = await gamut(...base, '--detach', '--data', data, '-o', 'json');
  assert.equal(up.code, 0, up.stderr);
  assert.equal(up.stdout.trim().split('\n').length, 1);
  const ready = JSON.parse(up.stdout) as {
    console: string;
    doors: Record<string, object>;
    ca: string;
    admin: { url: string; bearer: string };
  };
  assert.deepEqual(Object.keys(ready), ['console', 'doors', 'ca', 'admin']);
  assert.deepEqual(Object.keys(ready.admin), ['url', 'bearer']);
  for (const door of Object.values(ready.doors)) assert.deepEqual(Object.keys(door), ['url']);
  assert.match(readFileSync(ready.ca, 'utf8'), /BEGIN CERTIFICATE/);
  assert.match(ready.admin.bearer, /^gmt_/);

  const again = await gamut(...base, '--detach', '--data', data, '-o', 'json');
  assert.deepEqual([again.code, again.stdout], [0, up.stdout]);
  assert.equal((await gamut(...base, '--detach', '--data', data)).stdout, up.stdout);
  assert.match(again.stderr, /^The platform runs already on .*, under process \d+\.\n$/);
  const foreground = await gamut(...base, '--data', data);
  assert.deepEqual([foreground.code, foreground.stderr], [0, again.stderr]);

  const pid = (await runningPlatform(data))?.pid ?? 0;
  assert.equal(session(pid), String(pid));
  const status = await gamut('status', '--data', data, '-o', 'json');
  const { processes } = JSON.parse(status.stdout) as { processes: { name: string; state: string; pid: number }[] };
  assert.deepEqual(
    [status.code, processes.map(({ name, state }) => `${name} ${state}`)],
    [0, ['postgres ready', 'keeper ready', 'control ready', 'recorder ready']],
  );
  assert.match((await gamut('status', '--data', data, '-o', 'text')).stdout, /^ready on .*\n {2}postgres +\d+ +ready/);

  const down = await gamut('down', '--data', data);
  assert.deepEqual([down.code, down.stdout], [0, 'The platform has ended.\n']);
  for (const process of [pid, ...processes.map((process) => process.pid)]) assert.equal(processIdentity(process), undefined);
  const none = await gamut('status', '--data', data, '-o', 'json');
  assert.deepEqual([none.code, JSON.parse(none.stdout)], [3, { processes: [] }]);
  assert.match((await gamut('status', '--data', data, '-o', 'text')).stdout, /^Nothing runs on /);
  assert.deepEqual(JSON.parse((await gamut('down', '--data', data, '-o', 'json')).stdout), { stopped: false });

  // In the foreground it prints its doors, and an interrupt ends all.
  const child = start([...base, '--data', data, '--reserve', '1M']);
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until('it is up', () => said.includes('Ctrl-C'));
  assert.match(said, /platform\.rest +http:\/\/127\.0\.0\.1:\d+ /);
  assert.match(said, /console +http:\/\/console\.localhost:\d+/);
  const here = (await runningPlatform(data))?.processes ?? [];
  child.kill('SIGINT');
  assert.equal(((await once(child, 'exit')) as [number])[0], 0);
  for (const { pid } of here) assert.equal(processIdentity(pid ?? 0), undefined);
});

test('every process of the platform comes back after kill -9, and so does the platform after that of its supervisor', {
  timeout: 120_000,
}, async (t) => {
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

test('a start that fails says why with the last lines, exits with 1 and leaves nothing running', { timeout: 90_000 }, async (t) => {
  const data = newData(t);
  openVolume(data).close();
  writeFileSync(join(data, 'keeper'), 'in the way');
  const failed = await gamut(...base, '--detach', '--data', data);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /\n {2}\| .*\n/);
  assert.match(failed.stderr, /\ngamut: StartFailed: A part of the platform could not start\. keeper: [^\n]+\n$/);
  assert.equal(await runningPlatform(data), undefined);
});

test('the password of an external PostgreSQL is in no argument, environment or message', { timeout: 90_000 }, async (t) => {
  const data = newData(t);
  // It hears the supervisor, never answers, and hangs up once the processes were looked at.
  const silent = createServer();
  t.after(() => silent.close());
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const secret = `postgres://nobody:hush-hush@127.0.0.1:${port}/none?sslmode=disable`;
  const command = start([...base, '--detach', '--data', data, '--sql', secret]);
  let said = '';
  for (const stream of [command.stdout, command.stderr]) stream?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [socket] = (await once(silent, 'connection')) as [Socket];
  const started = startedBy(command.pid ?? 0);
  assert.ok(started.length > 0);
  for (const { shown } of started) assert.ok(!shown.includes('hush-hush'), shown);
  silent.on('connection', (next) => next.destroy());
  socket.destroy();
  const [code] = (await once(command, 'close')) as [number];
  assert.equal(code, 1);
  assert.ok(!said.includes('hush-hush'), said);
  for (const { pid } of started) assert.equal(processIdentity(pid), undefined);
});

test('a start whose command is killed does not go on by itself', { timeout: 90_000 }, async (t) => {
  const data = newData(t);
  const child = start([...base, '--detach', '--data', data]);
  await until('the supervisor runs', async () => (await runningPlatform(data)) !== undefined);
  child.kill('SIGKILL');
  await until('it has ended', async () => (await runningPlatform(data)) === undefined);
});
