import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { type House, openHouse } from './fixtures/house.ts';
import { type Nodes, openNodes } from './fixtures/node.ts';
import { bytesOf } from './fixtures/shelf.ts';

type DriveMap = {
  readonly drives: readonly { readonly node: string; readonly state: string }[];
  readonly nodes: readonly { readonly name: string; readonly state: string }[];
};

/** One of each of two processes. */
const buckets = ['box', 'attic'];
const sizes = [500, 6000, 1_500_000];

let nodes: Nodes;
let house: House;
before(async () => {
  nodes = await openNodes(4, 5);
  const prepare = (data: string) => {
    nodes.describe(join(data, 'service', 'storage'));
    return () => undefined;
  };
  house = await openHouse({ workers: { storage: 2 } }, prepare, 'processes');
});
after(async () => {
  await house?.stop();
  await nodes?.stop();
});

async function until(what: string, isSo: (map: DriveMap) => boolean): Promise<void> {
  let map: DriveMap | undefined;
  for (let tries = 0; tries < 900; tries++) {
    map = (await house.call('GET', '/v1/storage/buckets/-/describe-drives')).body as unknown as DriveMap;
    if (map.drives && isSo(map)) return;
    await setTimeout(50);
  }
  assert.fail(`in vain waited for ${what}: ${JSON.stringify(map)}`);
}

const areWhole = ({ drives }: DriveMap) => drives.every(({ state }) => state === 'in');

test('two processes write to the same storage nodes: one that is away is so for both, and whole when both rebuilt theirs', async () => {
  const client = house.client();
  const kept = new Map<string, number>();
  const write = async (round: string) => {
    for (const Bucket of buckets)
      for (const size of sizes) {
        await client.send(new PutObjectCommand({ Bucket, Key: `${round}-${size}`, Body: bytesOf(size + round.length, size) }));
        kept.set(`${Bucket}/${round}-${size}`, size + round.length);
      }
  };
  const readAll = async () => {
    for (const [place, seed] of kept) {
      const [Bucket = '', Key = ''] = place.split('/');
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      assert.ok(Buffer.from(await Body!.transformToByteArray()).equals(bytesOf(seed, Number(Key.split('-')[1]))), place);
    }
  };
  for (const Bucket of buckets) await client.send(new CreateBucketCommand({ Bucket }));
  await write('before');
  await readAll();
  // Neither process takes the other one's connection away.
  await until('all nodes', (map) => areWhole(map) && map.nodes.every(({ state }) => state === 'there'));
  const [node] = nodes.nodes;
  await node!.end('SIGKILL');
  await until('the node to be away', ({ drives }) => drives.every(({ node: name, state }) => (state === 'out') === (name === node!.name)));
  await write('without');
  await readAll();
  await node!.start();
  await until('the node to be whole', areWhole);
  const [other] = nodes.nodes.slice(1);
  await other!.end('SIGKILL');
  await until('the other node to be away', ({ drives }) => drives.some(({ node: name, state }) => name === other!.name && state === 'out'));
  await readAll();
});
