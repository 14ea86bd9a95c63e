import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { type House, openHouse } from './fixtures/house.ts';
import { type Nodes, openNodes } from './fixtures/node.ts';
import { bytesOf } from './fixtures/shelf.ts';

type DriveMap = {
  readonly drives: readonly { readonly number: number; readonly node: string; readonly state: string; readonly reason?: string }[];
  readonly nodes: readonly { readonly name: string; readonly state: string; readonly reason?: string; readonly drives: readonly number[] }[];
  readonly failureDomains: number;
};

const Bucket = 'nodes';
const sizes = [500, 6000, 90_000, 1_500_000, 4_000_000];
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

let nodes: Nodes;
let house: House;
before(async () => {
  // Five drives at each of four nodes: without one of them fifteen shards of sixteen are still written.
  nodes = await openNodes(4, 5);
  house = await openHouse({}, (data) => {
    nodes.describe(join(data, 'service', 'storage'));
    return () => undefined;
  });
  await house.client().send(new CreateBucketCommand({ Bucket }));
});
after(async () => {
  await house?.stop();
  await nodes?.stop();
});

async function look(): Promise<DriveMap> {
  const { body } = await house.call('GET', '/v1/storage/buckets/-/describe-drives');
  return body as unknown as DriveMap;
}

async function until(what: string, isSo: (map: DriveMap) => boolean): Promise<void> {
  let map: DriveMap | undefined;
  for (let tries = 0; tries < 900; tries++) {
    map = await look();
    if (isSo(map)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`in vain waited for ${what}: ${JSON.stringify(map)}`);
}

/** In use, and rebuilt. */
const areWhole = ({ drives }: DriveMap) => drives.every(({ state }) => state === 'in');
const isAway = (name: string) => (map: DriveMap) =>
  map.nodes.some((node) => node.name === name && node.state === 'away') &&
  map.drives.every(({ node, state }) => node !== name || state === 'out');

/** What was acknowledged, and its hash. */
const kept = new Map<string, string>();

async function write(client: ReturnType<House['client']>, Key: string, size: number): Promise<boolean> {
  const Body = bytesOf(kept.size + size, size);
  try {
    await client.send(new PutObjectCommand({ Bucket, Key, Body }));
  } catch (error) {
    // A write that meets a node as it goes may be refused.
    assert.ok(['ServiceUnavailable', 'SlowDown'].includes((error as Error).name), String(error));
    return false;
  }
  kept.set(Key, sha256(Body));
  return true;
}

async function read(client: ReturnType<House['client']>, Key: string): Promise<void> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  assert.equal(sha256(await Body!.transformToByteArray()), kept.get(Key), Key);
}

const readAll = async (client: ReturnType<House['client']>) => {
  for (const key of [...kept.keys()]) await read(client, key);
};

/** Clients write and read until what they are to meet has happened. */
async function withTraffic(name: string, happening: () => Promise<void>): Promise<number> {
  let over = false;
  let written = 0;
  const one = async (client: ReturnType<House['client']>, writer: number) => {
    for (let number = 0; !over; number++) {
      const key = `${name}-${writer}-${number}`;
      if (await write(client, key, sizes[(number + writer) % sizes.length]!)) written++;
      const keys = [...kept.keys()];
      await read(client, keys[(number * 7 + writer) % keys.length]!);
      // A client is busy with other things too, and all that is written is read again in the end.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const traffic = Promise.all([0, 1].map((writer) => one(house.client(), writer)));
  try {
    await Promise.race([happening(), traffic]);
  } finally {
    over = true;
  }
  await traffic;
  return written;
}

test('a node that is killed while clients write and read costs no acknowledged object, and is whole again by itself', async () => {
  const client = house.client();
  const [, second] = nodes.nodes;
  for (const size of sizes) assert.ok(await write(client, `before-${size}`, size));
  const map = await look();
  assert.equal(map.failureDomains, 1, 'all of them lie on one disk, whatever process holds them');
  assert.deepEqual(
    map.nodes.map(({ name, state, drives }) => [name, state, drives.length]),
    nodes.nodes.map(({ name }) => [name, 'there', 5]),
  );
  const written = await withTraffic('kill', async () => {
    await second!.end('SIGKILL');
    await until('a node to be away', isAway(second!.name));
    // Of every size something is written and read without it.
    for (const size of sizes) assert.ok(await write(client, `without-${size}`, size));
    await readAll(client);
    await second!.start();
    await until('its drives to be in use', ({ drives }) => drives.every(({ state }) => state !== 'out'));
  });
  assert.ok(written > 0);
  await until('everything to be made good', areWhole);
  await readAll(client);
});

test('a node that hangs is not waited for, and comes back when it goes on', async () => {
  const client = house.client();
  // The same one: what was written without it has five shards at each of the others.
  const [, second] = nodes.nodes;
  await withTraffic('hang', async () => {
    second!.signal('SIGSTOP');
    try {
      await until('a node to be away', isAway(second!.name));
      const reason = (await look()).nodes.find(({ name }) => name === second!.name)?.reason;
      assert.match(reason ?? '', /has not answered|did not greet/);
      for (const size of sizes) assert.ok(await write(client, `hung-${size}`, size));
    } finally {
      second!.signal('SIGCONT');
    }
    await until('its drives to be in use', ({ drives }) => drives.every(({ state }) => state !== 'out'));
  });
  await until('everything to be made good', areWhole);
  await readAll(client);
});

test('what was written without a node bears the loss of another; without two large objects answer 503, and are there again with them', async () => {
  const client = house.client();
  const gone = nodes.nodes.slice(2);
  for (const node of gone) {
    // It was written fifteen shards to three nodes, and moved when the fourth was back.
    for (const size of sizes) await read(client, `without-${size}`);
    await node.end('SIGTERM');
    await until('a node to be away', isAway(node.name));
  }
  await assert.rejects(read(client, 'before-4000000'), (error: { $metadata?: { httpStatusCode?: number } }) => {
    assert.equal(error.$metadata?.httpStatusCode, 503);
    return true;
  });
  assert.equal(await write(client, 'too-few', 4_000_000), false);
  await Promise.all(gone.map((node) => node.start()));
  await until('everything to be made good', areWhole);
  await readAll(client);
});
