import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type House, openHouse } from './fixture/house.ts';

let house: House;
before(async () => {
  house = await openHouse();
});
after(() => house.stop());

const echo = { door: 'echo.http' };
const notes = { door: 'notes.rest' };

async function eventually<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 100; tries += 1) {
    const found = await look();
    if (found) return found;
    await sleep(50);
  }
  throw new Error('it never came');
}

test('an operation that is said is heard, and its output is the schema of the contract', async () => {
  assert.equal((await house.call('POST', '/v1/echo/channels/a/say', { text: 'hello' }, echo)).status, 200);
  assert.deepEqual((await house.call('GET', '/v1/echo/channels/a/hear', undefined, echo)).body, { text: 'hello' });
});

test('input that does not fit names the field, and nothing was done', async () => {
  const answer = await house.call('POST', '/v1/echo/channels/a/say', { text: 7 }, echo);
  assert.equal(answer.status, 400);
  assert.equal(answer.body.code, 'BadInput');
  assert.equal(answer.body.path, '/text');
});

test('a declared error of the service is answered with its own status', async () => {
  const answer = await house.call('POST', '/v1/echo/channels/a/say', { text: 'hoarse' }, echo);
  assert.equal(answer.status, 422);
  assert.equal(answer.body.code, 'Hoarse');
});

test('without a credential, or with one that is not ours, the answer is 401', async () => {
  assert.equal((await house.call('GET', '/v1/echo/channels/a/hear', undefined, { ...echo, bearer: null })).status, 401);
  assert.equal((await house.call('GET', '/v1/echo/channels/a/hear', undefined, { ...echo, bearer: 'gmt_nonsense' })).status, 401);
});

test('a reader may hear and may not say, and the refusal is in the audit log', async () => {
  const reader = await house.credential({ role: 'reader' });
  assert.equal((await house.call('GET', '/v1/echo/channels/b/hear', undefined, { ...echo, bearer: reader.bearer })).status, 200);
  const denied = await house.call('POST', '/v1/echo/channels/b/say', { text: 'no' }, { ...echo, bearer: reader.bearer });
  assert.equal(denied.status, 403);
  assert.equal(denied.body.code, 'Denied');
  const found = await eventually(async () => {
    const { items = [] } = (await house.call('GET', '/v1/platform/audit?operation=Say&limit=100')).body;
    return items.find((item) => item.credential === reader.id && item.outcome === 'Denied');
  });
  assert.equal(found.count, 1);
});

test('the same key answers the stored reply, another request under it conflicts', async () => {
  const headers = { 'idempotency-key': 'once' };
  const first = await house.call('POST', '/v1/echo/channels/k/say', { text: 'one' }, { ...echo, headers });
  const again = await house.call('POST', '/v1/echo/channels/k/say', { text: 'one' }, { ...echo, headers });
  const other = await house.call('POST', '/v1/echo/channels/k/say', { text: 'two' }, { ...echo, headers });
  assert.deepEqual(first.body, again.body);
  assert.equal(again.headers.get('idempotent-replayed'), 'true');
  assert.equal(other.status, 409);
  assert.equal(other.body.code, 'RepeatConflict');
});

test('a rate quota lets its burst through and then answers 429 with how long to wait', async () => {
  const statuses = await Promise.all(Array.from({ length: 20 }, () => house.call('GET', '/v1/echo/channels/s/slow', undefined, echo)));
  const refused = statuses.filter((answer) => answer.status === 429);
  assert.ok(refused.length >= 5, `${refused.length} refused`);
  assert.ok(Number(refused[0]?.headers.get('retry-after')) >= 1);
});

test('windows count what was answered, one record of a second holding many requests', async () => {
  const caller = await house.credential({ role: 'reader' });
  const number = 200;
  for (let done = 0; done < number; done += 20)
    await Promise.all(
      Array.from({ length: 20 }, () => house.call('GET', '/v1/echo/channels/w/hear', undefined, { ...echo, bearer: caller.bearer })),
    );
  const items = await eventually(async () => {
    const { items = [] } = (await house.call('GET', '/v1/platform/audit?operation=Hear&limit=1000')).body;
    const mine = items.filter((item) => item.credential === caller.id);
    return mine.reduce((sum, item) => sum + Number(item.count), 0) >= number && mine;
  });
  assert.equal(
    items.reduce((sum, item) => sum + Number(item.count), 0),
    number,
  );
  assert.ok(items.length < number / 2);
});

test("effects of a service's own log are recorded once each, from the log", async () => {
  const caller = await house.credential({ role: 'editor' });
  for (let done = 0; done < 10; done += 1)
    assert.equal((await house.call('POST', '/v1/echo/channels/l/log', { text: 'x' }, { ...echo, bearer: caller.bearer })).status, 200);
  const items = await eventually(async () => {
    const { items = [] } = (await house.call('GET', '/v1/platform/audit?operation=Log&limit=100')).body;
    const mine = items.filter((item) => item.credential === caller.id);
    return mine.length >= 10 && mine;
  });
  assert.equal(items.length, 10);
});

/** The value of a meter over all rows; what was used is written once a second, so one look may see a part. */
const sumOf = (rows: readonly Record<string, unknown>[], meter: string) =>
  rows.filter((row) => row.meter === meter).reduce((total, row) => total + Number(row.value), 0);

test('usage is exact, and events are in the stream', async () => {
  const { body } = await house.call('POST', '/v1/platform/projects', { name: 'metered' });
  assert.equal(body.name, 'metered');
  const caller = await house.credential({ role: 'editor', project: 'metered' });
  for (let done = 0; done < 7; done += 1)
    await house.call('POST', '/v1/echo/channels/u/say', { text: 'abc' }, { ...echo, bearer: caller.bearer });
  const rows = await eventually(async () => {
    const { items = [] } = (await house.call('GET', '/v1/platform/usage?service=echo')).body;
    const scope = (await house.call('GET', `/v1/platform/credentials/${caller.id}`)).body.spec as { environment: string };
    const mine = items.filter((item) => item.scope === scope.environment);
    return sumOf(mine, 'bytes') >= 21 && mine;
  });
  const sum = (meter: string) => sumOf(rows, meter);
  assert.equal(sum('said'), 7);
  assert.equal(sum('bytes'), 21);
  const { items = [] } = (await house.call('GET', '/v1/platform/events?type=echo.Said&limit=100')).body;
  assert.ok(items.length >= 7);
  assert.equal(items[0]?.specversion, '1.0');
});

test('usage events from outside count once for a source and id', async () => {
  const event = (id: string, value: number) => ({ specversion: '1.0', id, source: 'test', type: 'usage', data: { meter: 'steps', value } });
  for (let time = 0; time < 3; time += 1)
    assert.equal(
      (await house.call('POST', '/v1/platform/usage/-/ingest-usage', { events: [event('a', 5), event('b', 7), event('a', 5)] })).status,
      200,
    );
  const rows = await eventually(async () => {
    const { items = [] } = (await house.call('GET', '/v1/platform/usage?meter=steps')).body;
    return items.length > 0 && items;
  });
  await sleep(300);
  assert.equal(
    rows.reduce((total, row) => total + Number(row.value), 0),
    12,
  );
});

test('a revoked credential is refused, and its parked connection says goodbye', async () => {
  const caller = await house.credential({ role: 'editor' });
  const { hostname, port } = new URL(house.platform.doors['echo.poll']?.url ?? '');
  const socket = connect(Number(port), hostname);
  let heard = '';
  socket.on('data', (chunk) => (heard += chunk));
  socket.write(`${caller.bearer}\nwait room\n`);
  await eventually(async () => heard.includes('welcome'));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const revoked = await house.call('DELETE', `/v1/platform/credentials/${caller.id}`);
  const answer =
    revoked.status === 404 || revoked.status === 405
      ? await house.call('POST', `/v1/platform/credentials/${caller.id}/revoke-credential`, {})
      : revoked;
  assert.equal(answer.status, 200);
  await closed;
  assert.match(heard, /goodbye revoked/);
  assert.equal((await house.call('GET', '/v1/echo/channels/a/hear', undefined, { ...echo, bearer: caller.bearer })).status, 401);
});

test('a rotated credential works with both secrets until the overlap ends', async () => {
  const caller = await house.credential({ role: 'reader' });
  const rotated = (await house.call('POST', `/v1/platform/credentials/${caller.id}/rotate-credential`, { overlapMs: 600_000 })).body as {
    bearer: string;
  };
  assert.notEqual(rotated.bearer, caller.bearer);
  for (const bearer of [caller.bearer, rotated.bearer])
    assert.equal((await house.call('GET', '/v1/echo/channels/a/hear', undefined, { ...echo, bearer })).status, 200);
  const last = (await house.call('POST', `/v1/platform/credentials/${caller.id}/rotate-credential`, { overlapMs: 0 })).body as {
    bearer: string;
  };
  assert.equal((await house.call('GET', '/v1/echo/channels/a/hear', undefined, { ...echo, bearer: rotated.bearer })).status, 401);
  assert.equal((await house.call('GET', '/v1/echo/channels/a/hear', undefined, { ...echo, bearer: last.bearer })).status, 200);
});

test('Basic is a face of the same credential with a secret of its own', async () => {
  const caller = await house.credential({ role: 'reader' });
  const basic = (password: string) => ({
    authorization: `Basic ${Buffer.from(`${caller.basic.username}:${password}`).toString('base64')}`,
  });
  assert.equal(
    (await house.call('GET', '/v1/echo/channels/a/hear', undefined, { ...echo, bearer: null, headers: basic(caller.basic.password) }))
      .status,
    200,
  );
  assert.equal(
    (await house.call('GET', '/v1/echo/channels/a/hear', undefined, { ...echo, bearer: null, headers: basic(caller.s3.secretAccessKey) }))
      .status,
    401,
  );
});

test('a service calls another for its caller: policy there sees the caller, and the audit names both', async () => {
  const relay = (bearer: string) => {
    const url = encodeURIComponent(`${house.platform.doors['notes.rest']?.url}/v1/notes/notes`);
    return house.call('GET', `/v1/echo/channels/a/relay?url=${url}`, undefined, { ...echo, bearer });
  };
  const reader = await house.credential({ role: 'reader' });
  assert.equal((await relay(reader.bearer)).body.status, 200);
  const found = await eventually(async () => {
    const { items = [] } = (await house.call('GET', '/v1/platform/audit?service=notes&operation=ListNotes&limit=100')).body;
    return items.find((item) => item.credential === reader.id);
  });
  assert.equal(found.via, 'echo');
  const forged = `${Buffer.from(JSON.stringify({ tenant: 'x', via: 'echo', expires: 9e15 })).toString('base64url')}.AAAA`;
  assert.equal(
    (await house.call('GET', '/v1/notes/notes', undefined, { ...notes, bearer: null, headers: { 'gamut-service': forged } })).status,
    401,
  );
});

test('notes of one tenant are not there for another, whatever it asks', async () => {
  const other = (await house.call('POST', '/v1/platform/organizations', { name: 'other' })).body as { uid: string };
  const theirs = await house.credential({ role: 'admin' }, other.uid);
  const mine = await house.credential({ role: 'admin' });
  assert.equal(
    (await house.call('POST', '/v1/notes/notes', { name: 'secret', spec: { text: 'mine' } }, { ...notes, bearer: mine.bearer })).status,
    201,
  );
  assert.equal((await house.call('GET', '/v1/notes/notes/secret', undefined, { ...notes, bearer: theirs.bearer })).status, 404);
  assert.deepEqual((await house.call('GET', '/v1/notes/notes', undefined, { ...notes, bearer: theirs.bearer })).body.items, []);
  assert.equal((await house.call('DELETE', '/v1/notes/notes/secret', undefined, { ...notes, bearer: theirs.bearer })).status, 404);
  assert.equal((await house.call('GET', '/v1/notes/notes/secret', undefined, { ...notes, bearer: mine.bearer })).status, 200);
  const borrowed = await house.call('GET', '/v1/notes/notes/secret', undefined, {
    ...notes,
    bearer: theirs.bearer,
    environment: (await house.call('GET', `/v1/platform/credentials/${mine.id}`)).body.uid as string,
  });
  assert.equal(borrowed.status, 401);
});

test('a note is created once, changed by version, listed in pages and deleted', async () => {
  const caller = { ...notes, bearer: (await house.credential({ role: 'editor' })).bearer };
  for (const name of ['n1', 'n2', 'n3'])
    assert.equal((await house.call('POST', '/v1/notes/notes', { name, spec: { text: name } }, caller)).status, 201);
  assert.equal((await house.call('POST', '/v1/notes/notes', { name: 'n1', spec: { text: 'again' } }, caller)).status, 409);
  const page = (await house.call('GET', '/v1/notes/notes?limit=2&prefix=n', undefined, caller)).body;
  assert.deepEqual(
    page.items?.map((item) => item.name),
    ['n1', 'n2'],
  );
  assert.equal(page.next, 'n2');
  const changed = await house.call('PATCH', '/v1/notes/notes/n1', { spec: { text: 'new' }, ifVersion: '999999' }, caller);
  assert.equal(changed.status, 412);
  const current = (await house.call('GET', '/v1/notes/notes/n1', undefined, caller)).body as { version: string; generation: number };
  const done = await house.call('PATCH', '/v1/notes/notes/n1', { spec: { text: 'new' }, ifVersion: current.version }, caller);
  assert.equal(done.status, 200);
  assert.equal(done.body.generation, current.generation + 1);
  assert.equal((await house.call('DELETE', '/v1/notes/notes/n1', undefined, caller)).status, 200);
  assert.equal((await house.call('GET', '/v1/notes/notes/n1', undefined, caller)).status, 404);
});

test('a count quota refuses the resource too many', async () => {
  const tenant = (await house.call('POST', '/v1/platform/organizations', { name: 'counted' })).body as { uid: string };
  const caller = { ...notes, bearer: (await house.credential({ role: 'editor' }, tenant.uid)).bearer };
  const made = [];
  for (let number = 0; number < 51; number += 1)
    made.push((await house.call('POST', '/v1/notes/notes', { name: `q${number}`, spec: { text: '' } }, caller)).status);
  assert.equal(made.filter((status) => status === 201).length, 50);
  assert.equal(made.at(-1), 429);
});

test('a tenant that does not allow this region is refused its writes, and may read', async () => {
  const tenant = (await house.call('POST', '/v1/platform/organizations', { name: 'abroad', regions: ['eu-north-9'] })).body as {
    uid: string;
  };
  const { bearer } = await house.credential({ role: 'editor' }, tenant.uid);
  const refused = await house.call('POST', '/v1/notes/notes', { name: 'far', spec: { text: '' } }, { ...notes, bearer });
  assert.equal(refused.status, 403);
  assert.equal(refused.body.code, 'Residency');
  assert.equal((await house.call('GET', '/v1/notes/notes', undefined, { ...notes, bearer })).status, 200);
});
