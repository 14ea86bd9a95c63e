// Before the store, which keeps some of the system's calls.
import { breakFiles } from './fixtures/failing.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { after, before, test } from 'node:test';
import { readFailure, readNumber } from '#wire/storage-node/answer.ts';
import { type Frame, FrameReader, frameHead } from '#wire/storage-node/frame.ts';
import { kindOf, type NodeRequest, packRequest } from '#wire/storage-node/request.ts';
import { readNodeAddress } from '#engine/storage-node/address.ts';
import { linkSecret } from '#engine/storage-node/secret.ts';
import { createBucket } from '../store/bucket.ts';
import { stripeDataBytes } from '../store/frame.ts';
import { openStorageNode } from '../store/node-server.ts';
import { closeStore } from '../store/store.ts';
import type { DriveSpec } from '../store/drive.ts';
import { bytesOf, get, openShelf, owner, put, settled, shelves, temporary } from './fixtures/shelf.ts';
import { type Nodes, openNodes } from './fixtures/node.ts';

let nodes: Nodes;
before(async () => {
  nodes = await openNodes(1, 2);
});
after(() => nodes.stop());

/** A connection to the first node by somebody who has this key; the bytes on it are the test's own. */
async function knock(key: Buffer): Promise<{ socket: TLSSocket; frames: Frame[]; over: Promise<void> }> {
  const socket = connectTls({ ...linkSecret(key), ...readNodeAddress(nodes.nodes[0]!.address) });
  const frames: Frame[] = [];
  const reader = new FrameReader();
  socket.on('data', (chunk: Buffer) => reader.feed(chunk, (frame) => frames.push(frame)));
  socket.on('error', () => undefined);
  const over = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await Promise.race([new Promise((resolve) => socket.once('secureConnect', resolve)), over]);
  return { socket, frames, over };
}

const bytesOfFrame = (request: NodeRequest, id: number, drive = 0): Buffer => {
  const parts = packRequest(request);
  return Buffer.concat([frameHead({ kind: kindOf(request), drive, id }, parts), ...parts]);
};

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`in vain waited for: ${what}`);
}

test('objects of every partition of the index lie on the drives of nodes; an error of one of them takes it out and no other', async () => {
  const directory = temporary();
  const keyFile = join(directory, 'key');
  const key = randomBytes(32);
  writeFileSync(keyFile, key.toString('base64'), { mode: 0o600 });
  const specs: DriveSpec[] = [];
  const held = await Promise.all(
    [0, 1, 2, 3].map(async (at) => {
      const drives = [0, 1, 2, 3].map((drive) => join(directory, `n${at}`, `d${drive}`));
      for (const path of drives) mkdirSync(path, { recursive: true });
      const listen = { path: join(directory, `n${at}.sock`) };
      for (const path of drives)
        specs.push({ number: specs.length, path, region: 'r', zone: 'z', rack: 'k', node: `n${at}`, weight: 1, at: { address: listen, key } });
      return openStorageNode({ listen, key: keyFile, drives, onRefused: () => {} });
    }),
  );
  const home = join(directory, 'store');
  mkdirSync(home);
  const store = await openShelf(home, { specs, partitions: 2 });
  try {
    for (const name of shelves) await createBucket(store, owner, { name, location: 'local', labels: {} });
    assert.deepEqual(
      shelves.map((name) => store.partitions.of(name).partition),
      [1, 0],
    );
    const model = new Map([100, 5000, 900_000, 2 * stripeDataBytes + 12_345].map((size) => [`k${size}`, bytesOf(size, size)]));
    for (const shelf of shelves) for (const [name, bytes] of model) await put(store, shelf, name, bytes);
    for (const { blobs } of store.partitions.all) await blobs.packs.appender.rotate();
    await settled(store);
    const assertAll = async () => {
      for (const shelf of shelves)
        for (const [name, bytes] of model) assert.ok((await get(store, shelf, name))?.equals(bytes), `${shelf}/${name}`);
    };
    await assertAll();
    assert.equal((await store.blobs.drives.drive(5)!.room())?.disk, (await store.blobs.drives.drive(15)!.room())?.disk);
    breakFiles(specs[6]!.path, 'write');
    await put(store, 'shelf', 'more', bytesOf(1, 2_000_000)).catch((error: { code?: string }) => assert.equal(error.code, 'Unavailable'));
    breakFiles(undefined);
    const states = store.blobs.drives.drives.map(({ state }) => (state.state === 'out' ? state.reason : 'in'));
    assert.deepEqual(states, specs.map(({ number }) => (number === 6 ? 'EIO' : 'in')));
    await assertAll();
    await held[3]!.close();
    await until('four drives to go', () =>
      store.blobs.drives.drives.slice(12).every(({ state }) => state.state === 'out' && state.reason === 'its node is away'),
    );
    await assert.rejects(get(store, 'shelf', `k${2 * stripeDataBytes + 12_345}`), { code: 'TooFewShards' });
  } finally {
    breakFiles(undefined);
    await closeStore(store);
    for (const node of held) await node.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

test('who has another key, speaks no TLS or no frames, or names what is no place is sent away, and others are served on', async () => {
  const [node] = nodes.nodes;
  const good = await knock(nodes.key);
  good.socket.write(bytesOfFrame({ is: 'greet', protocol: 1, drives: [node!.drives[1]!] }, 1));
  await until('a greeting', () => good.frames.length === 1);
  const wrong = await knock(randomBytes(32));
  await wrong.over;
  assert.equal(wrong.frames.length, 0);
  const plain = connectPlain((readNodeAddress(node!.address) as { path: string }).path);
  plain.on('error', () => undefined);
  plain.write(randomBytes(4096));
  await new Promise((resolve) => plain.once('close', resolve));
  const greeting = bytesOfFrame({ is: 'greet', protocol: 1, drives: [node!.drives[0]!] }, 1);
  const oversized = Buffer.from(greeting);
  oversized.writeUInt32LE(0x7fff_ffff, 4);
  const flipped = Buffer.from(greeting);
  flipped[30]! ^= 1;
  const list = (path: string) => Buffer.concat([greeting, bytesOfFrame({ is: 'list', path }, 2)]);
  for (const bytes of [
    randomBytes(20_000),
    oversized,
    flipped,
    Buffer.concat([greeting, greeting]),
    bytesOfFrame({ is: 'room' }, 1),
    bytesOfFrame({ is: 'greet', protocol: 2, drives: [] }, 1),
    ...['..', 'shard/..', '/etc', 'drive.json', 'shard/a/b/c', 'index/\0'].map(list),
    Buffer.concat([greeting, bytesOfFrame({ is: 'rename', from: 'replace', to: 'shard/../../x' }, 2)]),
    Buffer.concat([greeting, frameHead({ kind: 99, drive: 0, id: 3 }, [])]),
  ]) {
    const bad = await knock(nodes.key);
    bad.socket.write(bytes);
    await bad.over;
  }
  assert.ok(node!.said.some((line) => line.includes('refused')));
  // A drive that the node was not given, and a file that is not open, are answered.
  good.socket.write(bytesOfFrame({ is: 'room' }, 7, 3));
  good.socket.write(bytesOfFrame({ is: 'size', file: 12 }, 8));
  good.socket.write(bytesOfFrame({ is: 'room' }, 9));
  await until('answers', () => good.frames.length === 4);
  const failures = good.frames.filter(({ kind }) => kind === 0x81).map(({ id, body }) => [id, readFailure(body).code]);
  assert.deepEqual(failures.toSorted(), [
    [7, 'NotServed'],
    [8, 'EBADF'],
  ]);
  good.socket.destroy();
});

test('of a frame that is cut nothing is written, and who comes later finds what the earlier ones wrote', async () => {
  const [node] = nodes.nodes;
  const drive = node!.drives[0]!;
  const greet = bytesOfFrame({ is: 'greet', protocol: 1, drives: [drive] }, 1);
  const first = await knock(nodes.key);
  first.socket.write(Buffer.concat([greet, bytesOfFrame({ is: 'open', flags: 'w+', path: 'shard/ab/cut' }, 2)]));
  await until('an open file', () => first.frames.length === 2);
  const file = readNumber('open', first.frames[1]!.body);
  const write = (position: number, bytes: Buffer, id: number) => bytesOfFrame({ is: 'write', file, position, bytes }, id);
  const cut = write(1000, randomBytes(900_000), 4);
  first.socket.write(Buffer.concat([write(0, Buffer.alloc(1000, 7), 3), cut.subarray(0, 600_000)]));
  await until('the first write', () => first.frames.length === 3);
  first.socket.destroy();
  const second = await knock(nodes.key);
  second.socket.write(Buffer.concat([greet, bytesOfFrame({ is: 'open', flags: 'r', path: 'shard/ab/cut' }, 2)]));
  await until('the file', () => second.frames.length === 2);
  assert.equal(statSync(join(drive, 'shard', 'ab', 'cut')).size, 1000);
  // The drive is served to who came last: this one is ended by the next.
  const third = await knock(nodes.key);
  third.socket.write(greet);
  await second.over;
  await until('a greeting', () => third.frames.length === 1);
  third.socket.destroy();
});
