import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fault } from '#kernel/contract/fault.ts';
import { bytesOf, type Handler, sample, serve, type Served, textOf } from '#kernel/derive/test/fixture.ts';
import { type Client, createClient, GamutError } from '../index.ts';

const note = (name: string) => ({ uid: 'u', name, generation: 1, version: '1', labels: {}, createdAt: 0, spec: { title: 'x' } });
const keys: (string | undefined)[] = [];
const handlers: Record<string, Handler> = {
  CreateNote: async (name, _input, more) => {
    keys.push(more.key);
    return { output: note(name) };
  },
  GetNote: async (name) => {
    if (name === 'gone') throw fault('NotFound', { detail: 'note gone' });
    if (name === 'busy') throw fault('TooMany', { retryAfterMs: 2000 });
    return { output: note(name) };
  },
  CountNotes: async (_name, input) => ({ output: { given: input } }),
  PutBlob: async (_name, _input, more) => ({ output: { size: (await textOf(more.body)).length } }),
  GetBlob: async () => ({ output: { size: 5, label: 'ä/\n' }, body: bytesOf('hel', 'lo') }),
  HeadBlob: async (name) => {
    if (name === 'gone') throw fault('NotFound');
    return { output: { size: 7 } };
  },
  TurnBlob: async (_name, _input, more) => ({ output: {}, body: more.body ?? bytesOf() }),
  WatchNotes: async (_name, input) => ({
    output: {},
    body: (async function* () {
      yield Buffer.from(JSON.stringify({ type: 'put', version: '4', resource: note('ä\n\n') }));
      if (input.from === 'cut') throw new Error('cut');
      if (input.from === 'wait') await new Promise(() => undefined);
    })(),
  }),
};

let served: Served;
let client: Client<typeof sample>;
before(async () => {
  served = await serve(sample, handlers);
  client = createClient(sample, { url: served.url, bearer: 'good' });
});
after(() => served.close());

test('names, inputs and outputs are typed by the contract', async () => {
  const made = await client.CreateNote({ name: 'n1', spec: { title: 'x' } }, { key: 'k1' });
  const generation: number = made.generation;
  assert.deepEqual([made.name, generation, made.spec, keys], ['n1', 1, { title: 'x' }, ['k1']]);
  assert.equal((await client.GetNote('a/b -')).name, 'a/b -');
  assert.equal((await client.GetNote('-')).name, '-');
  // @ts-expect-error a field that the contract does not have
  await assert.rejects(client.CreateNote({ name: 'n1', spec: { title: 'x' }, colour: 'red' }), { code: 'BadInput', path: '/colour' });
  // @ts-expect-error an operation that is not offered in REST
  assert.equal(client.HiddenBlob, undefined);
  // @ts-expect-error a required field is missing
  const missing = () => client.ShareNote('a', {});
  await assert.rejects(missing, { code: 'BadInput', path: '/with' });
});

test('inputs of reads travel in the query and arrive as they were', async () => {
  const input = { tag: ['a b', 'c&d'], deep: false, ratio: -0.5, kind: 'a', within: { first: 1 }, least: 9 } as const;
  assert.deepEqual(await client.CountNotes({ ...input, tag: [...input.tag] }), { given: input });
});

test('a refusal is a GamutError with code, status, request id and wait', async () => {
  await assert.rejects(client.GetNote('gone'), (error: unknown) => {
    assert.ok(error instanceof GamutError);
    assert.deepEqual([error.code, error.status, error.detail], ['NotFound', 404, 'note gone']);
    assert.match(error.requestId ?? '', /^[0-9a-f-]{36}$/);
    return true;
  });
  await assert.rejects(client.GetNote('busy'), { code: 'TooMany', retryAfterMs: 2000 });
  await assert.rejects(client.HeadBlob('gone'), { code: 'NotFound', status: 404 });
  await assert.rejects(createClient(sample, { url: served.url, bearer: 'bad' }).GetNote('a'), { code: 'Unauthenticated' });
  await assert.rejects(createClient(sample, { url: 'http://127.0.0.1:1' }).GetNote('a'), { code: 'Unreachable', status: 0 });
  await assert.rejects(client.GetNote('..'), { code: 'BadInput' });
});

test('bytes stream in from pieces and out to a reader', async () => {
  assert.deepEqual(await client.PutBlob('b', {}, { body: bytesOf('abc', 'de') }), { size: 5 });
  assert.deepEqual(await client.PutBlob('b', {}, { body: new Uint8Array(9) }), { size: 9 });
  const { output, body } = await client.GetBlob('b');
  assert.deepEqual(output, { size: 5, label: 'ä/\n' });
  assert.equal(await new Response(body).text(), 'hello');
  assert.deepEqual(await client.HeadBlob('b'), { size: 7 });
  assert.equal(await new Response((await client.TurnBlob('b', {}, { body: 'back' })).body).text(), 'back');
});

test('Basic credentials and the environment are sent', async () => {
  served.handed.length = 0;
  await createClient(sample, { url: served.url, basic: { username: 'ü', password: 'good' }, environment: 'e7' }).GetNote('a');
  assert.deepEqual(
    served.handed.map(({ face, material }) => [face, material.username, material.environment]),
    [['basic', 'ü', 'e7']],
  );
});

test('a watch yields changes, ends in peace, and throws when its session ends or it is cut off', async () => {
  const names: string[] = [];
  for await (const change of client.WatchNotes()) if (change.type === 'put') names.push(change.resource.name);
  assert.deepEqual(names, ['ä\n\n']);
  await assert.rejects(
    async () => {
      for await (const _ of client.WatchNotes({ from: 'cut' }));
    },
    { code: 'Unreachable' },
  );
  await assert.rejects(
    async () => {
      for await (const _ of client.WatchNotes({ from: 'wait' })) served.endAll('revoked');
    },
    { code: 'Unauthenticated' },
  );
});

test('a watch is stopped by leaving the loop', async () => {
  for await (const change of client.WatchNotes({ from: 'wait' })) {
    assert.equal(change.version, '4');
    break;
  }
});
