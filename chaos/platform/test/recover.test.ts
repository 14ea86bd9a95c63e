import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { readStatus } from '#kernel/supervise/status.ts';
import { changeNote, damaged, putObjects } from '../fixture/load.ts';
import { recordedCount, restCaller } from '../fixture/rest.ts';
import { s3Client } from '../fixture/s3.ts';
import { endSupervised, killSupervisor, startSupervised, type Supervised } from '../fixture/supervised.ts';
import { until } from '../fixture/until.ts';

type Faces = { id: string; bearer: string; s3: { accessKeyId: string; secretAccessKey: string; region: string } };

const data = mkdtempSync(join(tmpdir(), 'gamut-recover-'));
let platform: Supervised | undefined;
after(async () => {
  if (platform) await endSupervised(platform);
  rmSync(data, { recursive: true, force: true });
});

const door = (name: string) => platform?.doors[name]?.url ?? '';
const admin = () => restCaller(door('platform.rest'), platform?.admin ?? '');
const bucket = 'recovered';
const notes = ['n0', 'n1'];

async function newCaller(): Promise<Faces> {
  const made = await admin()('POST', '/v1/platform/credentials', { role: 'admin' });
  assert.equal(made.status, 201);
  return made.body as unknown as Faces;
}

async function keysOf(client: S3Client, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }))
    keys.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
  return keys;
}

/** Objects and notes are written while something is killed; then all is up again, and everything is counted. */
async function underLoad(prefix: string, kill: () => Promise<void>, again: () => Promise<void>): Promise<void> {
  const caller = await newCaller();
  const client = s3Client(door('storage.s3'), caller.s3);
  const objects = putObjects(client, bucket, prefix);
  const writers = notes.map((name) => changeNote(restCaller(door('notes.rest'), caller.bearer), name));
  try {
    await until(() => objects.seen.acknowledged.size > 50 && writers.every(({ seen }) => seen.count > 3), 'some load');
    await kill();
    await again();
  } finally {
    await objects.stop();
    await Promise.all(writers.map((writer) => writer.stop()));
    client.destroy();
  }

  const reader = s3Client(door('storage.s3'), caller.s3);
  const { acknowledged } = objects.seen;
  const stored = await keysOf(reader, `${prefix}/`);
  // An object whose answer was lost is there whole, or not at all.
  assert.deepEqual(await damaged(reader, bucket, new Set([...acknowledged, ...stored])), []);
  assert.ok(stored.length <= acknowledged.size + objects.seen.unanswered);
  reader.destroy();
  for (const [at, name] of notes.entries()) {
    const { seen } = writers[at] as (typeof writers)[number];
    const note = await restCaller(door('notes.rest'), caller.bearer)('GET', `/v1/notes/notes/${name}`);
    const text = Number((note.body.spec as { text: string }).text);
    assert.ok(text >= seen.acknowledged && text <= seen.tried, `${name} is ${text}, acknowledged ${seen.acknowledged}`);
  }
  const done = writers.reduce((sum, { seen }) => sum + seen.count, 0);
  const unknown = writers.reduce((sum, { seen }) => sum + seen.unanswered, 0);
  const counted = async (operation: string, least: number, most: number) => {
    await until(async () => (await recordedCount(admin(), operation, caller.id)) >= least, `${least} records of ${operation}`);
    await sleep(1000);
    const count = await recordedCount(admin(), operation, caller.id);
    assert.ok(count >= least && count <= most, `${count} records of ${operation}, not ${least} to ${most}`);
  };
  // The objects themselves are the log of effects: each is recorded once, its answer lost or not.
  await Promise.all([counted('PutObject', stored.length, stored.length), counted('UpdateNote', done, done + unknown)]);
}

test('a platform comes up with a bucket and notes', async () => {
  platform = await startSupervised(data);
  const caller = await newCaller();
  const client = s3Client(door('storage.s3'), caller.s3);
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  for (const name of notes)
    assert.equal(
      (await restCaller(door('notes.rest'), caller.bearer)('POST', '/v1/notes/notes', { name, spec: { text: '-1' } })).status,
      201,
    );
});

for (const time of ['first', 'second', 'third']) {
  test(`the supervisor is killed under load for the ${time} time: all processes end, and the next start has everything acknowledged`, async () => {
    await underLoad(
      `supervisor-${time}`,
      () => killSupervisor(platform as Supervised),
      async () => {
        platform = await startSupervised(data);
      },
    );
  });
}

test('storage is killed under load three times: it comes back, and has everything acknowledged', async () => {
  const storage = () => readStatus(data).find(({ name }) => name === 'storage');
  const killAndWait = async () => {
    for (let time = 0; time < 3; time += 1) {
      const pid = storage()?.pid ?? 0;
      process.kill(pid, 'SIGKILL');
      await until(() => storage()?.state === 'ready' && storage()?.pid !== pid, 'storage again');
      await sleep(500);
    }
  };
  await underLoad('storage', killAndWait, async () => undefined);
});
