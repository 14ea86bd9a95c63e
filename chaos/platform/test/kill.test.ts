import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type House, openHouse } from '../../../kernel/session/test/fixture/house.ts';

let house: House;
before(async () => {
  house = await openHouse({ mode: 'processes' });
});
after(() => house.stop());

const pidOf = (name: string): number | null => house.platform.status().processes.find((process) => process.name === name)?.pid ?? null;
const stateOf = (name: string) => house.platform.status().processes.find((process) => process.name === name)?.state;

async function until(holds: () => Promise<boolean> | boolean, what: string, tries = 300): Promise<void> {
  for (let left = tries; left > 0; left -= 1) {
    if (await holds()) return;
    await sleep(50);
  }
  throw new Error(`it never came: ${what}`);
}

/** Calls until told to stop, and counts what was acknowledged. */
function load(bearer: string, path: string, door: string, bodyOf?: (number: number) => unknown) {
  let acknowledged = 0;
  let refused = 0;
  let running = true;
  const workers = Array.from({ length: 4 }, async (_, worker) => {
    for (let number = 0; running; number += 1) {
      const answer = await house
        .call(bodyOf ? 'POST' : 'GET', path, bodyOf?.(worker * 1_000_000 + number), { door, bearer })
        .catch(() => undefined);
      if (answer && answer.status < 300) acknowledged += 1;
      else {
        refused += 1;
        await sleep(20);
      }
    }
  });
  return {
    async stop() {
      running = false;
      await Promise.all(workers);
      return { acknowledged, refused };
    },
  };
}

async function recorded(operation: string, credential: string): Promise<number> {
  let sum = 0;
  for (let before: number | undefined; ; ) {
    const { items = [], next } = (
      await house.call('GET', `/v1/platform/audit?operation=${operation}&limit=1000${before === undefined ? '' : `&before=${before}`}`)
    ).body as { items?: Record<string, unknown>[]; next?: number };
    for (const item of items) if (item.credential === credential && item.outcome === 'ok') sum += Number(item.count);
    if (next === undefined) return sum;
    before = next;
  }
}

test('control is away: known credentials go on without a failed request, and every one is recorded afterwards', async () => {
  const caller = await house.credential({ role: 'reader' });
  assert.equal((await house.call('GET', '/v1/echo/channels/c/hear', undefined, { door: 'echo.http', bearer: caller.bearer })).status, 200);
  const pid = pidOf('control') as number;
  process.kill(pid, 'SIGSTOP');
  const running = load(caller.bearer, '/v1/echo/channels/c/hear', 'echo.http');
  await sleep(4000);
  const { acknowledged, refused } = await running.stop();
  process.kill(pid, 'SIGCONT');
  assert.equal(refused, 0);
  await until(() => stateOf('control') === 'ready', 'control again');
  await until(async () => (await recorded('Hear', caller.id)) >= acknowledged + 1, 'all records');
  assert.equal(await recorded('Hear', caller.id), acknowledged + 1);
});

test('recorder killed: nothing is lost and nothing counts twice', async () => {
  const caller = await house.credential({ role: 'editor' });
  const running = load(caller.bearer, '/v1/echo/channels/r/say', 'echo.http', (number) => ({ text: `${number}` }));
  for (let kill = 0; kill < 3; kill += 1) {
    await sleep(700);
    const pid = pidOf('recorder');
    if (pid !== null) process.kill(pid, 'SIGKILL');
    await until(() => stateOf('recorder') === 'ready' && pidOf('recorder') !== pid, 'recorder again');
  }
  const { acknowledged } = await running.stop();
  await until(async () => (await recorded('Say', caller.id)) >= acknowledged, 'all records');
  await sleep(500);
  assert.equal(await recorded('Say', caller.id), acknowledged);
});

test('a service killed under load comes back, what it acknowledged is recorded, and a gap record says that windows were lost', async () => {
  const caller = await house.credential({ role: 'editor' });
  const running = load(caller.bearer, '/v1/echo/channels/e/say', 'echo.http', (number) => ({ text: `${number}` }));
  await sleep(800);
  const pid = pidOf('echo') as number;
  process.kill(pid, 'SIGKILL');
  await until(() => stateOf('echo') === 'ready' && pidOf('echo') !== pid, 'echo again');
  await sleep(500);
  const { acknowledged } = await running.stop();
  assert.ok(acknowledged > 0);
  await until(async () => (await recorded('Say', caller.id)) >= acknowledged, 'all records');
  const gaps =
    (await house.call('GET', '/v1/platform/audit?service=echo&limit=1000')).body.items?.filter((item) => item.gap === true) ?? [];
  assert.equal(gaps.length, 1);
});

test('keeper killed: requests go on, and a new credential can be made soon after', async () => {
  const caller = await house.credential({ role: 'reader' });
  const pid = pidOf('keeper') as number;
  process.kill(pid, 'SIGKILL');
  assert.equal((await house.call('GET', '/v1/echo/channels/c/hear', undefined, { door: 'echo.http', bearer: caller.bearer })).status, 200);
  await until(() => stateOf('keeper') === 'ready' && pidOf('keeper') !== pid, 'keeper again');
  assert.ok((await house.credential({ role: 'reader' })).bearer);
});

test('control killed: its answers are kept, and what was revoked stays revoked', async () => {
  const caller = await house.credential({ role: 'reader' });
  const pid = pidOf('control') as number;
  await house.call('POST', `/v1/platform/credentials/${caller.id}/revoke-credential`, {});
  process.kill(pid, 'SIGKILL');
  assert.equal((await house.call('GET', '/v1/echo/channels/c/hear', undefined, { door: 'echo.http', bearer: caller.bearer })).status, 401);
  await until(() => stateOf('control') === 'ready' && pidOf('control') !== pid, 'control again');
  await until(
    async () => (await house.call('GET', '/v1/platform/organizations').catch(() => undefined))?.status === 200,
    'the platform door again',
  );
});

test('PostgreSQL killed: notes answer a retryable error and come back, and what was acknowledged is there', async () => {
  const caller = { door: 'notes.rest', bearer: (await house.credential({ role: 'editor' })).bearer };
  const kept: string[] = [];
  for (let number = 0; number < 5; number += 1) {
    const name = `kept${number}`;
    if ((await house.call('POST', '/v1/notes/notes', { name, spec: { text: '' } }, caller)).status === 201) kept.push(name);
  }
  const pid = pidOf('postgres') as number;
  process.kill(pid, 'SIGKILL');
  const during = await house.call('GET', '/v1/notes/notes', undefined, caller);
  assert.ok([200, 503].includes(during.status), `${during.status}`);
  await until(async () => (await house.call('GET', '/v1/notes/notes', undefined, caller)).status === 200, 'notes again');
  for (const name of kept) assert.equal((await house.call('GET', `/v1/notes/notes/${name}`, undefined, caller)).status, 200);
});
