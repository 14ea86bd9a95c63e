import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { type Faces, type House, openHouse } from '../../../kernel/session/test/fixture/house.ts';
import { until } from '../fixture/until.ts';
import { outcomeOf, s3Client } from '../fixture/s3.ts';

/** Words that nothing else holds and nothing compresses; all have one mark in them, which a single search finds. */
const mark = randomBytes(12).toString('hex');
const secret = {
  bucket: `bucket-${mark}-1`,
  key: `key-${mark}-2`,
  metadata: `metadata-${mark}-3`,
  content: `content-${mark}-4`,
  note: `note-${mark}-5`,
  noteName: `name-${mark}-6`,
};
/** What lies sealed at rest. */
const sealed = ['metadata', 'content'];
type Place = { house: House; caller: Faces };
let [here, away]: Place[] = [];

async function settle(region: string): Promise<Place> {
  const house = await openHouse({ mode: 'processes', services: ['storage'], settings: { region } });
  const made = await house.call('POST', '/v1/platform/organizations', { name: 'resident', regions: ['a-1'] });
  assert.equal(made.status, 201);
  return { house, caller: await house.credential({ role: 'owner' }, String(made.body.uid)) };
}

before(async () => {
  here = await settle('a-1');
  away = await settle('b-1');
});
after(async () => {
  await here?.house.stop();
  await away?.house.stop();
});

const clientOf = ({ house, caller }: Place) => s3Client(house.platform.doors['storage.s3']?.url ?? '', caller.s3);
const rest = ({ house, caller }: Place, method: string, door: string, path: string, body?: unknown) =>
  house.call(method, path, body, { door, bearer: caller.bearer });
const putNote = (place: Place) =>
  rest(place, 'POST', 'notes.rest', '/v1/notes/notes', { name: secret.noteName, spec: { text: secret.note } });

test('in the region that its tenant allows, a bucket, an object and a note are written and read', async () => {
  const place = here as Place;
  const client = clientOf(place);
  await client.send(new CreateBucketCommand({ Bucket: secret.bucket }));
  await client.send(
    new PutObjectCommand({ Bucket: secret.bucket, Key: secret.key, Body: secret.content, Metadata: { word: secret.metadata } }),
  );
  const read = await client.send(new GetObjectCommand({ Bucket: secret.bucket, Key: secret.key }));
  assert.deepEqual([await read.Body?.transformToString(), read.Metadata], [secret.content, { word: secret.metadata }]);
  assert.equal((await putNote(place)).status, 201);
  const note = (await rest(place, 'GET', 'notes.rest', `/v1/notes/notes/${secret.noteName}`)).body;
  assert.equal((note.spec as { text?: unknown }).text, secret.note);
  client.destroy();
});

test('in another region the same writes are refused, each in its dialect', async () => {
  const place = away as Place;
  const client = clientOf(place);
  const at = { Bucket: secret.bucket, Key: secret.key };
  const put = { ...at, Body: secret.content, Metadata: { word: secret.metadata } };
  for (const command of [
    new CreateBucketCommand({ Bucket: secret.bucket }),
    new PutObjectCommand(put),
    new CreateMultipartUploadCommand(at),
  ]) {
    assert.deepEqual(await outcomeOf(client.send(command as PutObjectCommand)), { status: 403, code: 'AccessDenied' });
  }
  const large = { ...put, Body: secret.content.repeat(40_000) };
  assert.deepEqual(await outcomeOf(client.send(new PutObjectCommand(large))), { status: 403, code: 'AccessDenied' });
  const bucket = await rest(place, 'POST', 'storage.rest', '/v1/storage/buckets', { name: secret.bucket });
  assert.deepEqual([bucket.status, bucket.body.code], [403, 'Residency']);
  const note = await putNote(place);
  assert.deepEqual([note.status, note.body.code], [403, 'Residency']);
  // A read that finds nothing is a trace too.
  await outcomeOf(client.send(new GetObjectCommand(at)));
  await outcomeOf(client.send(new HeadObjectCommand(at)));
  await rest(place, 'GET', 'notes.rest', `/v1/notes/notes/${secret.noteName}`);
  client.destroy();
});

test('the refusals are in the audit log of the other region, without the names', async () => {
  const place = away as Place;
  const refusals = async () => {
    const { items = [] } = (await rest(place, 'GET', 'platform.rest', '/v1/platform/audit?limit=1000')).body;
    return items.filter(({ outcome }) => outcome === 'Residency');
  };
  await until(async () => (await refusals()).length >= 6, 'all records');
  for (const { name } of await refusals()) assert.equal(name, '');
});

const markBytes = Buffer.from(mark);
const longestWord = Math.max(...Object.values(secret).map((text) => text.length));

/** Every place in a file where the mark is, with what stands around it. */
async function marksIn(path: string): Promise<string[]> {
  const found: string[] = [];
  let tail = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    const bytes = Buffer.concat([tail, chunk]);
    for (let at = bytes.indexOf(markBytes); at >= 0; at = bytes.indexOf(markBytes, at + 1)) {
      found.push(bytes.subarray(Math.max(0, at - longestWord), at + longestWord).toString('latin1'));
    }
    tail = bytes.subarray(-2 * longestWord);
  }
  return found.map((around) => `${path}: ${around}`);
}

async function scan({ data }: House): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(data, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.name.includes(mark)) found.push(path);
    // A running database makes and removes files while it is read.
    if (entry.isFile())
      found.push(...(await marksIn(path).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? [] : Promise.reject(error)))));
  }
  return found;
}

test('no file of the other region holds a byte of the content, the names or the metadata', async () => {
  const traces = await scan((here as Place).house);
  // The search finds what is there: every word that is not sealed is somewhere in the region that allows it.
  for (const [what, text] of Object.entries(secret))
    assert.equal(
      traces.some((trace) => trace.includes(text)),
      !sealed.includes(what),
      `${what} where it lies`,
    );
  const { house } = away as Place;
  assert.deepEqual(await scan(house), []);
  await house.platform.stop();
  assert.deepEqual(await scan(house), []);
});
