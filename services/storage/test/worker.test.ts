import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import * as s3 from '@aws-sdk/client-s3';
import { eventually } from './fixtures/eventually.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { rawExchange, rawRequest } from './fixtures/raw.ts';
import { bytesOf } from './fixtures/shelf.ts';

const processes = ['storage', 'storage-worker-1'] as const;
/** Three buckets of each process, by the process. */
const names = ['attic', 'bench', 'box', 'cellar', 'crate', 'depot', 'logs', 'rack', 'shelf'];
const ofProcess = (index: number) => names.filter((name) => crc32(name) % 2 === index).slice(0, 3);
const filled = [...ofProcess(0), ...ofProcess(1)].toSorted();
const [here, there] = [ofProcess(0)[0]!, ofProcess(1)[0]!];
const sizes = [0, 700, 60_000, 1_100_000];

let house: House;
before(async () => {
  house = await openHouse({ workers: { storage: 2 } }, undefined, 'processes');
});
after(() => house?.stop());

const pidOf = (name: string) => house.platform.status().processes.find((one) => one.name === name)?.pid ?? undefined;

/** A client of which each request has a connection of its own, so that the system deals them out to both processes. */
const freshly = () => {
  const client = house.client();
  client.middlewareStack.add(
    (next) => (args) => {
      (args.request as { headers: Record<string, string> }).headers.connection = 'close';
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  return client;
};

test('two processes take connections at one door, and every bucket is answered whoever takes the request', async () => {
  const client = freshly();
  for (const Bucket of filled) await client.send(new s3.CreateBucketCommand({ Bucket }));
  const hosts = new Set<string | undefined>();
  for (let at = 0; at < 40; at++) {
    const { Buckets, $metadata } = await client.send(new s3.ListBucketsCommand());
    assert.deepEqual(
      Buckets?.map(({ Name }) => Name),
      filled,
    );
    hosts.add($metadata.extendedRequestId);
  }
  assert.equal(hosts.size, 2);
  for (const Bucket of filled) {
    const answering = new Set<string | undefined>();
    for (const [at, size] of sizes.entries()) {
      const Body = bytesOf(at + Bucket.length, size);
      await client.send(new s3.PutObjectCommand({ Bucket, Key: `k${at}`, Body }));
      const { Body: found, $metadata } = await client.send(new s3.GetObjectCommand({ Bucket, Key: `k${at}` }));
      assert.ok(Buffer.from(await found!.transformToByteArray()).equals(Body));
      answering.add($metadata.extendedRequestId);
    }
    assert.equal(answering.size, 1);
    const { Contents } = await client.send(new s3.ListObjectsV2Command({ Bucket }));
    assert.deepEqual(
      Contents?.map(({ Key, Size }) => [Key, Size]),
      sizes.map((size, at) => [`k${at}`, size]),
    );
  }
  await assert.rejects(client.send(new s3.HeadObjectCommand({ Bucket: there, Key: 'none' })), { name: 'NotFound' });
});

test('objects and ranges are copied between buckets of different processes', async () => {
  const client = freshly();
  for (const [from, to] of [
    [here, there],
    [there, here],
  ]) {
    for (const [at, size] of sizes.entries()) {
      await client.send(new s3.CopyObjectCommand({ Bucket: to!, Key: `copy${at}`, CopySource: `${from}/k${at}` }));
      const { Body } = await client.send(new s3.GetObjectCommand({ Bucket: to!, Key: `copy${at}` }));
      assert.ok(Buffer.from(await Body!.transformToByteArray()).equals(bytesOf(at + from!.length, size)), `${from} ${at}`);
    }
    const place = { Bucket: to!, Key: 'joined' };
    const { UploadId } = await client.send(new s3.CreateMultipartUploadCommand(place));
    const CopySourceRange = 'bytes=1000-1000999';
    const part = { ...place, UploadId, PartNumber: 1, CopySource: `${from}/k3`, CopySourceRange };
    const { CopyPartResult } = await client.send(new s3.UploadPartCopyCommand(part));
    const Parts = [{ PartNumber: 1, ETag: CopyPartResult?.ETag }];
    await client.send(new s3.CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }));
    const { Body } = await client.send(new s3.GetObjectCommand(place));
    assert.ok(Buffer.from(await Body!.transformToByteArray()).equals(bytesOf(3 + from!.length, sizes[3]!).subarray(1000, 1_001_000)));
  }
  await assert.rejects(client.send(new s3.CopyObjectCommand({ Bucket: here, Key: 'no', CopySource: `${there}/none` })), {
    name: 'NoSuchKey',
  });
});

test('a body waits for the word of the process that takes it, and one that is cut off leaves nothing', async () => {
  const body = bytesOf(9, 3_000_000);
  for (const Bucket of [here, there]) {
    const path = `/${Bucket}/waited`;
    const headers = { expect: '100-continue', 'content-length': String(body.length) };
    const head = rawRequest(house.s3, { method: 'PUT', path, headers, pair: house.owner.s3 });
    for (let at = 0; at < 6; at++) {
      const { status, interim } = await rawExchange(house.s3, head, { then: body });
      assert.deepEqual([status, interim], [200, [100]]);
    }
    const found = await house.client().send(new s3.GetObjectCommand({ Bucket, Key: 'waited' }));
    assert.ok(Buffer.from(await found.Body!.transformToByteArray()).equals(body));
    // Who may not write is told so before the body was asked for.
    const wrong = { ...house.owner.s3, secretAccessKey: 'wrong' };
    const refused = await rawExchange(house.s3, rawRequest(house.s3, { method: 'PUT', path, headers, pair: wrong }), { then: body });
    assert.deepEqual([refused.status, refused.interim], [403, []]);
    for (let at = 0; at < 6; at++) {
      const cut = rawRequest(house.s3, {
        method: 'PUT',
        path: `/${Bucket}/cut`,
        headers: { 'content-length': '3000000' },
        pair: house.owner.s3,
      });
      const socket = connect(Number(new URL(house.s3).port), '127.0.0.1', () =>
        socket.write(Buffer.concat([cut, body.subarray(0, 2_000_000)])),
      );
      await setTimeout(50);
      socket.destroy();
    }
    await assert.rejects(house.client().send(new s3.HeadObjectCommand({ Bucket, Key: 'cut' })), { name: 'NotFound' });
  }
});

test('who reads slowly is sent no more than they take, whichever process has the object', async () => {
  const body = bytesOf(3, 24_000_000);
  for (const Bucket of [here, there]) await house.client().send(new s3.PutObjectCommand({ Bucket, Key: 'large', Body: body }));
  for (let at = 0; at < 4; at++) {
    const Bucket = at % 2 === 0 ? here : there;
    const got = await new Promise<Buffer>((resolve, reject) => {
      const chunks: Uint8Array[] = [];
      const request = rawRequest(house.s3, {
        method: 'GET',
        path: `/${Bucket}/large`,
        headers: { connection: 'close' },
        pair: house.owner.s3,
      });
      const socket = connect(Number(new URL(house.s3).port), '127.0.0.1', () => socket.write(request));
      socket.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (chunks.length % 40 !== 0) return;
        socket.pause();
        void setTimeout(5).then(() => socket.resume());
      });
      socket.on('end', () => resolve(Buffer.concat(chunks)));
      socket.on('error', reject);
    });
    assert.ok(got.subarray(got.indexOf('\r\n\r\n') + 4).equals(body));
  }
});

test('REST finds the process of a bucket, makes buckets of both, and describes all of them', async () => {
  const { body: listed } = await house.call('GET', '/v1/storage/buckets');
  assert.deepEqual(
    listed.items?.map(({ name }) => name),
    filled,
  );
  const others = ['yard', 'zone', 'wall', 'vault'];
  const ofBoth = new Set(others.map((name) => crc32(name) % 2));
  assert.equal(ofBoth.size, 2);
  for (const name of others) assert.equal((await house.call('POST', '/v1/storage/buckets', { name })).status, 201);
  for (const name of others) {
    const { status, body } = await house.call('GET', `/v1/storage/buckets/${name}`);
    assert.deepEqual([status, body.name], [200, name]);
  }
  const { body: described } = await house.call('GET', '/v1/storage/buckets/-/describe-drives');
  assert.deepEqual((described.index as { partitions: number }).partitions, 2);
  for (const name of others) await house.client().send(new s3.DeleteBucketCommand({ Bucket: name }));
});

test('a drive that is gone is out for both processes, and whole again when both have rebuilt what is theirs', async () => {
  const drive = join(house.data, 'service', 'storage', 'drive', '03');
  type Described = { drives: { number: number; state: string }[]; repairsWaiting: number };
  const describe = async () => (await house.call('GET', '/v1/storage/buckets/-/describe-drives')).body as unknown as Described;
  const stateOf = async () => (await describe()).drives[3]!.state;
  const shards = () => readdirSync(join(drive, 'shard'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
  const before = shards();
  // Taken away in one step, as a disk is: files come to it all the time.
  renameSync(drive, join(house.data, 'taken-away'));
  await eventually(async () => ((await stateOf()) === 'out' ? true : undefined));
  for (const Bucket of filled) {
    const { Body } = await house.client().send(new s3.GetObjectCommand({ Bucket, Key: 'k3' }));
    assert.ok(Buffer.from(await Body!.transformToByteArray()).equals(bytesOf(3 + Bucket.length, sizes[3]!)), Bucket);
  }
  mkdirSync(drive);
  writeFileSync(join(drive, 'replace'), '');
  await eventually(async () => ((await stateOf()) === 'in' ? true : undefined), 40_000);
  assert.equal(shards(), before);
});

for (const killed of processes)
  test(`${killed} is killed: the other one goes on, it comes back, and nothing acknowledged is lost`, async () => {
    const index = processes.indexOf(killed);
    // A process that is killed takes along nothing of what was acknowledged before it was synced.
    for (const own of [0, 1]) {
      const relaxed = await house.call('POST', `/v1/storage/buckets/${ofProcess(own)[2]}/put-bucket-durability`, { durability: 'relaxed' });
      assert.equal(relaxed.status, 200);
    }
    const client = house.client(undefined, { maxAttempts: 1 });
    const acknowledged = new Map<string, number>();
    const failed = { own: 0, other: 0 };
    let over = false;
    const write = async (worker: number): Promise<void> => {
      for (let at = 0; !over; at++) {
        const isOwn = (worker + at) % 2 === 0;
        const Bucket = ofProcess(isOwn ? index : 1 - index)[at % 3 === 0 ? 2 : 1]!;
        const Key = `kill-${killed}-${worker}-${at}`;
        try {
          await client.send(new s3.PutObjectCommand({ Bucket, Key, Body: bytesOf(at, 3000) }));
          acknowledged.set(`${Bucket}/${Key}`, at);
        } catch {
          failed[isOwn ? 'own' : 'other']++;
          await setTimeout(10);
        }
      }
    };
    const writing = Array.from({ length: 8 }, (_, worker) => write(worker));
    const more = async (count: number) => {
      const from = acknowledged.size;
      await eventually(() => (acknowledged.size >= from + count ? true : undefined));
    };
    await more(24);
    const before = pidOf(killed)!;
    process.kill(before, 'SIGKILL');
    const patient = house.client(undefined, { maxAttempts: 20 });
    // The other one is there all the time.
    await patient.send(new s3.PutObjectCommand({ Bucket: ofProcess(1 - index)[1]!, Key: 'meanwhile', Body: 'x' }));
    await eventually(() => (pidOf(killed) === before ? undefined : true));
    await patient.send(new s3.HeadBucketCommand({ Bucket: ofProcess(index)[1]! }));
    await more(24);
    over = true;
    await Promise.all(writing);
    // What was on its way through the process that was killed fails, and no more than that.
    assert.ok(failed.other <= 16, `${failed.other} of the other process failed`);
    for (const [place, at] of acknowledged) {
      const [Bucket = '', Key = ''] = place.split('/');
      const { Body } = await patient.send(new s3.GetObjectCommand({ Bucket, Key }));
      assert.ok(Buffer.from(await Body!.transformToByteArray()).equals(bytesOf(at, 3000)), place);
    }
  });
