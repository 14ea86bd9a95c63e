import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import * as s3 from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import fc from 'fast-check';
import type { AnyService } from '#kernel/contract/contract.ts';
import { platform } from '#kernel/control/service.ts';
import { addressOf, type Route, routesOf } from '#kernel/derive/route.ts';
import { validInput } from '../../../kernel/derive/test/generate-input.ts';
import { echo } from '../../../kernel/session/test/fixture/echo/service.ts';
import { type Faces, type House, openHouse } from '../../../kernel/session/test/fixture/house.ts';
import { notes } from '../../../kernel/session/test/fixture/notes/service.ts';
import { storage } from '#services/storage/service.ts';
import { outcomeOf, s3Client } from '../fixture/s3.ts';

const seed = 20_260_501;
const mark = () => randomBytes(12).toString('hex');

/** A tenant with something of everything. `secrets` are words of its content, `names` what others may guess or have seen. */
type Tenant = {
  uid: string;
  environment: string;
  owner: Faces;
  bucket: string;
  secrets: string[];
  names: Record<string, string>;
  client: s3.S3Client;
};
let house: House;
let victim: Tenant;
let attacker: Tenant;
const clients: s3.S3Client[] = [];

async function made(answer: Promise<{ status: number; body: Record<string, unknown> }>): Promise<Record<string, unknown>> {
  const { status, body } = await answer;
  assert.ok(status < 300, JSON.stringify(body));
  return body;
}

async function settle(): Promise<Tenant> {
  const [metadata, content, text, said, upload, title] = [mark(), mark(), mark(), mark(), mark(), mark()] as const;
  const principal = `principal-${mark()}`;
  const uid = String((await made(house.call('POST', '/v1/platform/organizations', { name: `org-${mark()}`, title }))).uid);
  const owner = await house.credential({ role: 'owner', title, principal }, uid);
  const own = (method: string, path: string, body?: unknown, door = 'platform.rest') =>
    made(house.call(method, path, body, { door, bearer: owner.bearer }));
  const environment = String(((await own('GET', `/v1/platform/credentials/${owner.id}`)).spec as { environment: string }).environment);
  const project = String((await own('POST', '/v1/platform/projects', { name: `project-${mark()}`, title })).uid);
  const member = String((await own('POST', '/v1/platform/members', { email: `${title}@example.com`, role: 'reader' })).uid);
  const note = `note-${mark().slice(0, 12)}`;
  await own('POST', '/v1/notes/notes', { name: note, spec: { text } }, 'notes.rest');
  await own('POST', '/v1/echo/channels/shared/say', { text: said }, 'echo.http');
  const client = s3Client(house.platform.doors['storage.s3']?.url ?? '', owner.s3);
  clients.push(client);
  const bucket = `bucket-${mark()}`;
  const key = 'shared/key.txt';
  await client.send(new s3.CreateBucketCommand({ Bucket: bucket }));
  await client.send(
    new s3.PutObjectCommand({ Bucket: bucket, Key: key, Body: content, Metadata: { word: metadata }, ContentType: `text/${title}` }),
  );
  const { UploadId = '' } = await client.send(new s3.CreateMultipartUploadCommand({ Bucket: bucket, Key: key }));
  await client.send(new s3.UploadPartCommand({ Bucket: bucket, Key: key, UploadId, PartNumber: 1, Body: upload }));
  const names = {
    uid,
    environment,
    project,
    member,
    note,
    bucket,
    key,
    uploadId: UploadId,
    credential: owner.id,
    principal,
    channel: 'shared',
  };
  return { uid, environment, owner, bucket, names, client, secrets: [metadata, content, text, said, upload, title] };
}

before(async () => {
  house = await openHouse({ mode: 'in-process', services: ['storage'] });
  victim = await settle();
  attacker = await settle();
});
after(async () => {
  for (const client of clients) client.destroy();
  await house.stop();
});

/** No word of the victim's content may come back: the attacker never sends one. */
function assertNothingCrossed(came: string, what: string, words = victim.secrets): void {
  for (const word of words) assert.ok(!came.includes(word), `${what} shows ${word}: ${came.slice(0, 500)}`);
}

const doorOf: Record<string, string> = { platform: 'platform.rest', storage: 'storage.rest', echo: 'echo.http', notes: 'notes.rest' };
const contracts: readonly AnyService[] = [platform, storage, echo, notes] as unknown as AnyService[];
const routes = contracts.flatMap((contract) => routesOf(contract)).filter(({ body }) => body !== 'watch');

/** An input that fits, with the victim's names wherever text stands. */
function aimed(route: Route): fc.Arbitrary<Record<string, unknown>> {
  const names = fc.constantFrom(...Object.values(victim.names));
  return fc
    .tuple(validInput(route.definition.input), fc.array(names, { minLength: 12, maxLength: 12 }), fc.nat())
    .map(([input, words, coin]) => {
      const fields = Object.entries(input as Record<string, unknown>);
      return Object.fromEntries(
        fields.map(([name, value], at) => {
          const own =
            victim.names[
              { sourceBucket: 'bucket', sourceKey: 'key', key: 'key', uploadId: 'uploadId', principal: 'principal' }[name] ?? name
            ];
          if (typeof value !== 'string' || name === 'role' || (coin >> at) % 4 === 0) return [name, value];
          return [name, own ?? words[at % words.length]];
        }),
      );
    });
}

function queryOf(input: Record<string, unknown>): string {
  const pairs = Object.entries(input).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each) => [name, typeof each === 'object' ? JSON.stringify(each) : String(each)]),
  );
  return new URLSearchParams(pairs as [string, string][]).toString();
}

async function send(route: Route, name: string, input: Record<string, unknown>, headers: Record<string, string>) {
  const query = route.input === 'query' ? queryOf(input) : '';
  const path = `${addressOf(route, name)}${query === '' ? '' : `?${query}`}`;
  const body = route.input === 'json' ? JSON.stringify(input) : undefined;
  const reply = await fetch(`${house.platform.doors[doorOf[route.service] ?? '']?.url}${path}`, {
    method: route.method,
    headers: { authorization: `Bearer ${attacker.owner.bearer}`, ...(body ? { 'content-type': 'application/json' } : {}), ...headers },
    ...(body ? { body } : {}),
  });
  const came = `${[...reply.headers].join('\n')}\n${await reply.text()}`;
  return { status: reply.status, came };
}

test('the lists of a tenant hold nothing of another', async () => {
  const { key: _, channel: __, ...own } = victim.names;
  const needsNothing = ({ definition }: Route) => !((definition.input as { required?: readonly string[] }).required ?? []).length;
  const lists = routes.filter((route) => route.at === 'collection' && route.method === 'GET' && needsNothing(route));
  assert.ok(lists.length > 10);
  for (const route of lists) {
    const { status, came } = await send(route, '', {}, {});
    // Guard-rails are the operators' alone.
    assert.equal(status, route.operation === 'ListGuardRails' ? 403 : 200, route.operation);
    assertNothingCrossed(came, route.operation, [...victim.secrets, ...Object.values(own)]);
  }
});

test('a bucket of another tenant is there and denied, as in S3, whatever is asked of it', async () => {
  const { client } = attacker;
  const {
    bucket: Bucket,
    names: { key: Key = '', uploadId: UploadId = '' },
  } = victim;
  const at = { Bucket, Key };
  const CopySource = `${Bucket}/${Key}`;
  const commands: [string, () => Promise<unknown>][] = [
    ['HeadBucket', () => client.send(new s3.HeadBucketCommand({ Bucket }))],
    ['DeleteBucket', () => client.send(new s3.DeleteBucketCommand({ Bucket }))],
    ['GetBucketLocation', () => client.send(new s3.GetBucketLocationCommand({ Bucket }))],
    ['ListObjects', () => client.send(new s3.ListObjectsCommand({ Bucket }))],
    ['ListObjectsV2', () => client.send(new s3.ListObjectsV2Command({ Bucket }))],
    ['ListMultipartUploads', () => client.send(new s3.ListMultipartUploadsCommand({ Bucket }))],
    ['GetObject', () => client.send(new s3.GetObjectCommand(at))],
    ['GetObject of no key', () => client.send(new s3.GetObjectCommand({ Bucket, Key: 'nothing' }))],
    ['HeadObject', () => client.send(new s3.HeadObjectCommand(at))],
    ['PutObject', () => client.send(new s3.PutObjectCommand({ ...at, Body: 'x' }))],
    ['DeleteObject', () => client.send(new s3.DeleteObjectCommand(at))],
    ['CopyObject from', () => client.send(new s3.CopyObjectCommand({ Bucket: attacker.bucket, Key: 'stolen', CopySource }))],
    ['CopyObject to', () => client.send(new s3.CopyObjectCommand({ ...at, CopySource: `${attacker.bucket}/shared/key.txt` }))],
    ['CreateMultipartUpload', () => client.send(new s3.CreateMultipartUploadCommand(at))],
    ['UploadPart', () => client.send(new s3.UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: 'x' }))],
    [
      'UploadPartCopy',
      () => client.send(new s3.UploadPartCopyCommand({ ...at, UploadId, PartNumber: 2, CopySource: `${attacker.bucket}/shared/key.txt` })),
    ],
    ['ListParts', () => client.send(new s3.ListPartsCommand({ ...at, UploadId }))],
    [
      'CompleteMultipartUpload',
      () =>
        client.send(
          new s3.CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag: '"x"' }] } }),
        ),
    ],
    ['AbortMultipartUpload', () => client.send(new s3.AbortMultipartUploadCommand({ ...at, UploadId }))],
  ];
  for (const [what, sending] of commands) {
    const { status } = await outcomeOf(sending());
    assert.equal(status, 403, what);
  }
  // S3 decides about each key, and tells it in the answer.
  const { Deleted = [], Errors = [] } = await client.send(new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key }] } }));
  assert.deepEqual([Deleted.length, Errors.map(({ Code }) => Code)], [0, ['AccessDenied']]);
  assert.deepEqual(await outcomeOf(client.send(new s3.CreateBucketCommand({ Bucket }))), { status: 409, code: 'BucketAlreadyExists' });
  // An upload's id is good in its own bucket only.
  const foreign = { Bucket: attacker.bucket, Key, UploadId };
  const lost = { status: 404, code: 'NoSuchUpload' };
  assert.deepEqual(await outcomeOf(client.send(new s3.ListPartsCommand(foreign))), lost);
  assert.deepEqual(await outcomeOf(client.send(new s3.UploadPartCommand({ ...foreign, PartNumber: 1, Body: 'x' }))), lost);
  assert.deepEqual(await outcomeOf(client.send(new s3.AbortMultipartUploadCommand(foreign))), lost);
  const words = [...victim.secrets, victim.bucket, victim.owner.id, UploadId];
  const seen = JSON.stringify([
    await client.send(new s3.ListBucketsCommand({})),
    await client.send(new s3.ListObjectsV2Command({ Bucket: attacker.bucket })),
    await client.send(new s3.ListMultipartUploadsCommand({ Bucket: attacker.bucket })),
  ]);
  assertNothingCrossed(seen, 'a list', words);
});

test('presigned addresses are good for what was signed, by who signed, and for nothing else', async () => {
  const get = (url: string, init: RequestInit = {}) =>
    fetch(url, init).then(async (reply) => ({ status: reply.status, text: await reply.text() }));
  const foreign = await getSignedUrl(attacker.client, new s3.GetObjectCommand({ Bucket: victim.bucket, Key: victim.names.key }), {
    expiresIn: 600,
  });
  const refused = await get(foreign);
  assert.equal(refused.status, 403);
  assertNothingCrossed(refused.text, 'a presigned address');
  const shared = await getSignedUrl(victim.client, new s3.GetObjectCommand({ Bucket: victim.bucket, Key: 'nothing' }), { expiresIn: 600 });
  assert.equal((await get(shared)).status, 404);
  const turned = [
    shared.replace('/nothing?', '/shared/key.txt?'),
    shared.replace(victim.bucket, attacker.bucket),
    shared.replace('/nothing?', '/?'),
    shared.replace('X-Amz-Expires=600', 'X-Amz-Expires=6000'),
    shared.replace(/X-Amz-Credential=[^%]+/, `X-Amz-Credential=${attacker.owner.s3.accessKeyId}`),
  ];
  for (const url of turned) {
    const { status, text } = await get(url);
    assert.equal(status, 403, url);
    assertNothingCrossed(text, url);
  }
  assert.equal((await get(shared, { method: 'PUT', body: 'x' })).status, 403);
  assert.equal((await get(shared, { method: 'DELETE' })).status, 403);
});

test('a face of one tenant with the name of another is refused', async () => {
  const basic = (username: string, password: string) => `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const headers = [
    { authorization: basic(victim.owner.basic.username, attacker.owner.basic.password) },
    { authorization: `Bearer ${victim.owner.bearer.slice(0, -8)}${attacker.owner.bearer.slice(-8)}` },
    { authorization: `Bearer ${attacker.owner.s3.secretAccessKey}` },
    { authorization: `Bearer ${victim.owner.id}` },
  ];
  for (const each of headers) {
    const reply = await house.call('GET', `/v1/notes/notes/${victim.names.note}`, undefined, {
      door: 'notes.rest',
      bearer: null,
      headers: each,
    });
    assert.equal(reply.status, 401);
  }
  const mixed = s3Client(house.platform.doors['storage.s3']?.url ?? '', { ...attacker.owner.s3, accessKeyId: victim.owner.s3.accessKeyId });
  clients.push(mixed);
  assert.deepEqual(await outcomeOf(mixed.send(new s3.ListBucketsCommand({}))), { status: 403, code: 'SignatureDoesNotMatch' });
});

test('a credential in the name of a principal of another tenant, or of the platform, opens neither', async () => {
  const create = (principal: string) =>
    house.call('POST', '/v1/platform/credentials', { role: 'owner', principal }, { bearer: attacker.owner.bearer });
  assert.deepEqual([(await create('admin')).status, (await create('admin')).body.code], [403, 'Denied']);
  const namesake = await create(victim.names.principal ?? '');
  assert.equal(namesake.status, 201);
  const { bearer } = namesake.body as unknown as Faces;
  for (const environment of [victim.environment, victim.uid]) {
    const reply = await house.call('GET', `/v1/notes/notes/${victim.names.note}`, undefined, { door: 'notes.rest', bearer, environment });
    assert.equal(reply.status, 401);
  }
  const began = await fetch(`${house.url}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: house.url },
    body: JSON.stringify({ bearer }),
  });
  assert.equal(began.status, 200);
  assertNothingCrossed(await began.text(), 'the session');
});

test(`operations with the names of another tenant bring nothing of it (seed ${seed})`, async () => {
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...routes).chain((route) => fc.tuple(fc.constant(route), aimed(route))),
      fc.constantFrom(...Object.values(victim.names)),
      fc.constantFrom('', '', victim.environment, victim.uid, victim.names.project ?? ''),
      async ([route, input], name, environment) => {
        const { status, came } = await send(route, name, input, environment === '' ? {} : { 'gamut-environment': environment });
        if (environment !== '') assert.ok([400, 401].includes(status), `${route.operation} in ${environment}: ${status}`);
        else if (status < 300) answered += 1;
        assert.ok(status < 500 || [503, 507].includes(status), `${route.operation}: ${status} ${came}`);
        assertNothingCrossed(came, route.operation);
      },
    ),
    { seed, numRuns: 2500 },
  );
  assert.ok(answered > 100, `${answered} operations did something`);
});

test('after all that, the other tenant has everything as it was', async () => {
  const {
    client,
    bucket: Bucket,
    names: { key: Key = '', uploadId: UploadId = '', note = '', credential = '' },
    secrets,
  } = victim;
  const [metadata, content, text, said] = secrets;
  const object = await client.send(new s3.GetObjectCommand({ Bucket, Key }));
  assert.deepEqual([await object.Body?.transformToString(), object.Metadata], [content, { word: metadata }]);
  const listed = await client.send(new s3.ListObjectsV2Command({ Bucket }));
  assert.deepEqual(
    listed.Contents?.map((item) => item.Key),
    [Key],
  );
  assert.equal((await client.send(new s3.ListPartsCommand({ Bucket, Key, UploadId }))).Parts?.length, 1);
  const own = (path: string, door: string) => house.call('GET', path, undefined, { door, bearer: victim.owner.bearer });
  assert.deepEqual((await own(`/v1/notes/notes/${note}`, 'notes.rest')).body.spec, { text });
  assert.deepEqual((await own('/v1/echo/channels/shared/hear', 'echo.http')).body, { text: said });
  assert.equal(
    ((await own(`/v1/platform/credentials/${credential}`, 'platform.rest')).body.spec as { revokedAt?: number }).revokedAt,
    undefined,
  );
});
