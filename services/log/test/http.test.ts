import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Faces, type House, openHouse } from './fixtures/house.ts';

let house: House;
let door: string;
before(async () => {
  house = await openHouse();
  door = house.platform.doors['log.http']?.url ?? '';
});
after(() => house?.stop());

const topic = (name: string, partitions = 1) =>
  house.call('POST', '/v1/log/topics', { name, partitions }, { door: 'log.rest', bearer: house.owner.bearer });
const bearer = (faces: Faces = house.owner) => ({ authorization: `Bearer ${faces.bearer}` });

async function post(path: string, type: string, body: string, faces?: Faces) {
  const reply = await fetch(`${door}${path}`, { method: 'POST', headers: { ...bearer(faces), 'content-type': type }, body });
  return {
    status: reply.status,
    body: (await reply.json()) as { offsets?: { partition: number; offset: number }[]; code?: string; detail?: string },
  };
}
const get = (path: string, accept = 'application/json', more: Record<string, string> = {}) =>
  fetch(`${door}${path}`, { headers: { ...bearer(), accept, ...more } });

/** Reads events of a stream until `count` have come, and leaves. */
async function events(reply: Response, count: number): Promise<{ id: string; data: { value: string; partition: number } }[]> {
  const found = [];
  let text = '';
  for await (const chunk of reply.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      const [, id, data] = /^id: (.*)\ndata: (.*)$/.exec(block) ?? [];
      if (id !== undefined && data !== undefined) found.push({ id, data: JSON.parse(data) });
    }
    if (found.length >= count) break;
  }
  return found;
}

test('records are written as JSON in the way of the REST proxy, as NDJSON and as CSV, and read back in each', async () => {
  await topic('formats');
  const json = JSON.stringify({
    records: [
      { key: 'k', value: { n: 1 } },
      { value: 'text', partition: 0 },
    ],
  });
  const first = await post('/topics/formats', 'application/vnd.kafka.json.v2+json', json);
  assert.deepEqual(
    first.body.offsets?.map(({ offset }) => offset),
    [0, 1],
  );
  assert.equal((await post('/topics/formats?key=id', 'application/x-ndjson', '{"id":"a","n":2}\n\n{"id":"b","n":3}\n')).status, 200);
  assert.equal((await post('/topics/formats?key=id', 'text/csv', 'id,say\r\nc,"one, ""two"""\r\nd,three\n')).status, 200);
  assert.equal((await post('/topics/formats', 'application/vnd.kafka.binary.v2+json', '{"records":[{"value":"AAE="}]}')).status, 200);
  const read = (await (await get('/topics/formats/records?offset=0&limit=6')).json()) as { key: string; value: string }[];
  assert.deepEqual(
    read.map(({ key, value }) => [key, value]),
    [
      ['k', '{"n":1}'],
      [null, '"text"'],
      ['a', '{"id":"a","n":2}'],
      ['b', '{"id":"b","n":3}'],
      ['c', '{"id":"c","say":"one, \\"two\\""}'],
      ['d', '{"id":"d","say":"three"}'],
    ],
  );
  const lines = await get('/topics/formats/records?offset=2&limit=2', 'application/x-ndjson');
  assert.equal(lines.headers.get('gamut-next-offset'), '4');
  assert.equal((await lines.text()).trim().split('\n').length, 2);
  assert.match(
    await (await get('/topics/formats/records?offset=4&limit=1', 'text/csv')).text(),
    /^partition,offset,timestamp,key,value\r\n0,4,\d+,c,"\{""id""/,
  );
});

test('bad bodies, unknown topics and callers without the right are refused in a sentence', async () => {
  await topic('strict');
  for (const [type, body] of [
    ['application/x-ndjson', '{"a":1}\n{"a":'],
    ['text/csv', 'a,b\n1\n'],
    ['text/csv', 'a\n"x\n'],
    ['application/json', '{"records":[]}'],
    ['application/json', '{"records":[{"key":"k"}]}'],
  ] as const)
    assert.equal((await post('/topics/strict', type, body)).status, 400, body);
  assert.equal((await post('/topics/strict', 'text/plain', 'x')).status, 415);
  assert.equal((await post('/topics/absent', 'application/x-ndjson', '1')).status, 404);
  const reader = await house.credential({ role: 'reader' });
  assert.equal((await post('/topics/strict', 'application/x-ndjson', '1', reader)).status, 403);
  assert.equal((await fetch(`${door}/topics/strict/records`)).status, 401);
});

test('a browser follows a topic by server-sent events, and goes on where it was by Last-Event-ID', async () => {
  await topic('followed', 2);
  await post(
    '/topics/followed',
    'application/json',
    JSON.stringify({
      records: [
        { value: 0, partition: 0 },
        { value: 1, partition: 1 },
      ],
    }),
  );
  // An EventSource can send no Authorization: its token stands in the address.
  const path = `/topics/followed?from=earliest&access_token=${house.owner.bearer}`;
  const open = (last?: string) =>
    fetch(`${door}${path}`, { headers: { accept: 'text/event-stream', ...(last === undefined ? {} : { 'last-event-id': last }) } });
  const stream = await open();
  assert.match(stream.headers.get('content-type') ?? '', /^text\/event-stream/);
  const early = await events(stream, 2);
  assert.deepEqual(early.map(({ data }) => data.value).sort(), ['0', '1']);
  await post('/topics/followed', 'application/json', JSON.stringify({ records: [{ value: 2, partition: 0 }] }));
  const resumed = await events(await open(early.at(-1)?.id), 1);
  assert.deepEqual(
    resumed.map(({ data }) => data.value),
    ['2'],
  );
  const live = await open(resumed.at(-1)?.id);
  const waiting = events(live, 1);
  await post('/topics/followed', 'application/json', JSON.stringify({ records: [{ value: 3, partition: 1 }] }));
  assert.deepEqual(
    (await waiting).map(({ data }) => data.value),
    ['3'],
  );
  assert.equal((await open('nonsense')).status, 400);
});

test('a stream of events ends when its credential is revoked', async () => {
  await topic('revoked');
  const doomed = await house.credential({ role: 'reader' });
  const stream = await fetch(`${door}/topics/revoked?access_token=${doomed.bearer}`, { headers: { accept: 'text/event-stream' } });
  assert.equal(stream.status, 200);
  const ended = stream.text();
  await house.call('POST', `/v1/platform/credentials/${doomed.id}/revoke-credential`, {});
  assert.match(await ended, /event: end\ndata: \{"reason":"revoked"\}/);
});
