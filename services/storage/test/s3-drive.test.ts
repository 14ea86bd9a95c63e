import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CreateBucketCommand, DeleteObjectCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type House, openHouse } from './fixtures/house.ts';
import { isLinearizable, type Recorded } from './fixtures/linear.ts';
import { bytesOf } from './fixtures/shelf.ts';

let house: House;
before(async () => {
  house = await openHouse();
});
after(() => house.stop());

const call = (from: number, to: number, act: Recorded['act']): Recorded => ({ from, to, act });

test('the checker of histories takes what some order explains, and refuses what none does', () => {
  const write = (from: number, to: number, value: string | undefined) => call(from, to, { is: 'write', value });
  const read = (from: number, to: number, found: string | undefined) => call(from, to, { is: 'read', found });
  const writeIf = (from: number, to: number, expected: string | undefined, done: boolean) =>
    call(from, to, { is: 'write-if', value: `new ${from}`, expected, done });
  assert.ok(isLinearizable([write(0, 10, 'a'), read(1, 2, undefined), read(3, 4, 'a'), write(5, 6, undefined), read(7, 8, undefined)]));
  assert.ok(isLinearizable([write(0, 10, 'a'), write(1, 9, 'b'), read(11, 12, 'a'), read(13, 14, 'a')]));
  assert.ok(!isLinearizable([write(0, 1, 'a'), read(2, 3, undefined)]), 'a stale read');
  assert.ok(!isLinearizable([write(0, 10, 'a'), read(1, 2, 'a'), read(3, 4, undefined)]), 'a read that goes back');
  assert.ok(!isLinearizable([write(0, 9, 'a'), write(1, 8, 'b'), read(10, 11, 'a'), read(12, 13, 'b')]), 'two last writes');
  assert.ok(!isLinearizable([writeIf(0, 5, undefined, true), writeIf(1, 6, undefined, true)]), 'two firsts');
  assert.ok(isLinearizable([writeIf(0, 5, undefined, true), writeIf(1, 6, undefined, false), read(7, 8, 'new 0')]));
  assert.ok(!isLinearizable([write(0, 1, 'a'), writeIf(2, 3, 'a', false)]), 'a condition that held');
});

/** Calls of one client after the other on few keys; answers what was sent and told. */
async function record(client: S3Client, name: string, count: number, history: Map<string, Recorded[]>): Promise<void> {
  const Bucket = 'histories';
  const sizes = [16, 3000, 90_000, 1_200_000];
  let known: { key: string; etag: string; value: string } | undefined;
  for (let number = 0; number < count; number++) {
    const Key = `k${(number * 7 + name.charCodeAt(0)) % 3}`;
    const value = `${name}${number}`.padEnd(12, '.');
    const body = value.padEnd(sizes[number % 23 === 0 ? 3 : number % 3]!, 'x');
    const from = performance.now();
    const note = (act: Recorded['act']) => void history.get(Key)!.push({ from, to: performance.now(), act });
    const expected = known?.key === Key ? known : undefined;
    const chance = (number * 5 + name.charCodeAt(0)) % 8;
    try {
      if (chance < 3) {
        const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket, Key }));
        const found = (await Body!.transformToString()).slice(0, 12);
        known = { key: Key, etag: ETag!, value: found };
        note({ is: 'read', found });
      } else if (chance === 3) {
        await client.send(new DeleteObjectCommand({ Bucket, Key }));
        note({ is: 'write', value: undefined });
      } else if (chance < 6) {
        const wish = expected ? { IfMatch: expected.etag } : { IfNoneMatch: '*' };
        await client.send(new PutObjectCommand({ Bucket, Key, Body: body, ...wish }));
        note({ is: 'write-if', value, expected: expected?.value, done: true });
      } else {
        await client.send(new PutObjectCommand({ Bucket, Key, Body: body }));
        note({ is: 'write', value });
      }
    } catch (error) {
      const { name: code } = error as Error;
      if (code === 'NoSuchKey' && chance < 3) note({ is: 'read', found: undefined });
      else if (code === 'PreconditionFailed' || code === 'NoSuchKey')
        note({ is: 'write-if', value, expected: expected?.value, done: false });
      // Of a write that met a drive as it went nobody knows; who was only asked to wait, or met another write, did nothing.
      else if (code === 'ServiceUnavailable' && chance > 3)
        history.get(Key)!.push({ from, to: Number.POSITIVE_INFINITY, act: { is: 'write', value } });
      else if (!['ConditionalRequestConflict', 'SlowDown', 'ServiceUnavailable'].includes(code)) throw error;
    }
  }
}

test('histories of concurrent S3 clients are linearizable key by key, while drives go and come', async () => {
  await house.client().send(new CreateBucketCommand({ Bucket: 'histories' }));
  const history = new Map<string, Recorded[]>([...'012'].map((at) => [`k${at}`, []]));
  const drives = join(house.data, 'service', 'storage', 'drive');
  let over = false;
  const recording = Promise.all([...'abcdefgh'].map((name) => record(house.client(), name, 60, history))).finally(() => {
    over = true;
  });
  const areIn = async () => {
    const { body } = await house.call('GET', '/v1/storage/buckets/-/describe-drives');
    return (body.drives as { state: string }[]).every(({ state }) => state === 'in');
  };
  for (let number = 0; !over; number = (number + 3) % 16) {
    const path = join(drives, String(number).padStart(2, '0'));
    renameSync(path, `${path}.taken`);
    while (!over && (await areIn())) await new Promise((resolve) => setTimeout(resolve, 50));
    renameSync(`${path}.taken`, path);
    while (!over && !(await areIn())) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await recording;
  while (!(await areIn())) await new Promise((resolve) => setTimeout(resolve, 50));
  for (const [key, calls] of history) {
    assert.ok(calls.length > 100 && calls.some(({ act }) => act.is === 'write-if' && act.done), key);
    assert.ok(isLinearizable(calls), `${key}: ${JSON.stringify(calls)}`);
  }
});

test('an S3 client reads on with four drives gone, and with five is told 503 and an event is recorded', async () => {
  const client = house.client();
  const body = bytesOf(3, 4_000_000);
  await client.send(new CreateBucketCommand({ Bucket: 'drives' }));
  await client.send(new PutObjectCommand({ Bucket: 'drives', Key: 'k', Body: body }));
  const drives = join(house.data, 'service', 'storage', 'drive');
  const take = (name: string) => renameSync(join(drives, name), join(drives, `${name}.taken`));
  for (const name of ['00', '05', '10', '15']) take(name);
  const { Body } = await client.send(new GetObjectCommand({ Bucket: 'drives', Key: 'k' }));
  assert.ok(Buffer.from(await Body!.transformToByteArray()).equals(body));
  // Five others at once: too many, even where the first four were made again meanwhile.
  for (const name of ['01', '02', '03', '04', '07']) take(name);
  await assert.rejects(
    client.send(new GetObjectCommand({ Bucket: 'drives', Key: 'k' })),
    (error: { $metadata?: { httpStatusCode?: number } }) => {
      assert.equal(error.$metadata?.httpStatusCode, 503);
      return true;
    },
  );
  for (;;) {
    const { body: page } = await house.call('GET', '/v1/platform/events?limit=50');
    if (JSON.stringify(page).includes('ObjectUnreadable')) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});
