import assert from 'node:assert/strict';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { endPlatform, restartProcess, runningPlatform, startedPlatform } from '../client.ts';
import { controlSocketPath } from '../control-socket.ts';
import { lineBytes } from '../limits.ts';
import { readStatus } from '../status.ts';
import { fixture, house, newData, statusOf, until } from './fixtures/house.ts';
import { startPlatform } from '../platform.ts';

const inProcess = { mode: 'in-process' } as const;

test('the status names every process with its state, and the doors and facts for the owner', async (t) => {
  const platform = await house(t, [fixture('a', 'echo')], inProcess);
  const status = await runningPlatform(platform.data);
  assert.deepEqual(status, platform.status());
  assert.deepEqual(
    status?.processes.map(({ name, pid, state, restarts }) => ({ name, pid, state, restarts })),
    [{ name: 'a', pid: process.pid, state: 'ready', restarts: 0 }],
  );
  assert.equal(status?.facts['a.pid'], String(process.pid));
  assert.equal(statSync(controlSocketPath(`${platform.data}/run`)).mode & 0o077, 0);
});

test('the status file says the same without the facts, and identities are not shown', async (t) => {
  const platform = await house(t, [fixture('a', 'echo')], inProcess);
  await until('it is written', () => readStatus(platform.data)[0]?.state === 'ready');
  assert.deepEqual(readStatus(platform.data), platform.status().processes);
});

test('a start that is under way may be waited for', async (t) => {
  const data = newData(t);
  const starting = startPlatform({ data, mode: 'processes', plan: [fixture('a', 'echo')] });
  await until('it answers', async () => (await runningPlatform(data)) !== undefined);
  const phase = (await startedPlatform(data, 20_000))?.phase;
  assert.ok(phase === 'ready' || phase === 'starting');
  assert.equal((await startedPlatform(data, 20_000))?.processes[0]?.state, 'ready');
  await (await starting).stop();
});

test('a process is restarted on request, and an unknown one refused', async (t) => {
  const platform = await house(t, [fixture('a', 'echo')], inProcess);
  await restartProcess(platform.data, 'a', 20_000);
  assert.equal(statusOf(platform, 'a').restarts, 1);
  await assert.rejects(restartProcess(platform.data, 'b', 20_000), { code: 'NotFound', message: /No process is called b/ });
});

test('what is no request is answered with a reason, and a line without an end is cut off', async (t) => {
  const platform = await house(t, [fixture('a', 'echo')], inProcess);
  const path = controlSocketPath(`${platform.data}/run`);
  for (const line of ['nonsense', '7', 'null', '{}', '{"type":"__proto__"}', '[]']) {
    const socket = connect(path);
    socket.write(`${line}\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.equal((JSON.parse(answer.toString()) as { code: string }).code, 'BadInput', line);
    socket.destroy();
  }
  const socket = connect(path);
  socket.on('error', () => undefined);
  socket.write(Buffer.alloc(lineBytes + 10, 97));
  await once(socket, 'close');
  assert.equal(statusOf(platform, 'a').state, 'ready');
});

test('down on a data directory that nobody runs on does nothing', async (t) => {
  const data = newData(t);
  assert.equal(await endPlatform(data), false);
  assert.equal(await runningPlatform(data), undefined);
});
