import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fault } from '#kernel/contract/fault.ts';
import { listProcesses, trim } from '../directory.ts';
import { headerSize } from '../frame.ts';
import { openJournal } from '../journal.ts';
import { aesSeal } from '../seal.ts';
import { tail } from '../tail.ts';
import { key, readRecords, seal, temporaryRoot } from './fixture.ts';

const text = (value: string) => Buffer.from(value);

test('what was appended is read in order, with its type and sequence', async () => {
  await using root = await temporaryRoot();
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal });
  const first = await journal.append(3, text('one'));
  const second = await journal.append(200, text(''));
  assert.deepEqual(first, { process: 'echo', segment: 1, offset: headerSize, sequence: 1 });
  assert.equal(second.sequence, 2);
  assert(second.offset > first.offset);
  const { records } = await readRecords(root.dir, 2);
  assert.deepEqual(
    records.map(({ type, sequence, bytes }) => [type, sequence, Buffer.from(bytes).toString()]),
    [
      [3, 1, 'one'],
      [200, 2, ''],
    ],
  );
});

test('appends made together share one frame', async () => {
  await using root = await temporaryRoot();
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal });
  const places = await Promise.all(Array.from({ length: 50 }, (_, at) => journal.append(1, text(`${at}`))));
  assert.equal(new Set(places.map((place) => place.offset)).size, 1);
  assert.deepEqual(
    places.map((place) => place.sequence),
    Array.from({ length: 50 }, (_, at) => at + 1),
  );
});

test('nothing appended stands on disk in plain', async () => {
  await using root = await temporaryRoot();
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal });
  await journal.append(1, text('a name nobody may read'));
  const [segment] = (await readdir(join(root.dir, 'echo'))).filter((name) => name.endsWith('.journal'));
  const bytes = await readFile(join(root.dir, 'echo', segment!));
  assert(!bytes.includes('nobody'));
  assert.equal((await stat(join(root.dir, 'echo', segment!))).mode & 0o777, 0o600);
});

test('a lazy record goes with the next group, or by itself after the flush interval', async () => {
  await using root = await temporaryRoot();
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal, limits: { lazyFlushMs: 5 } });
  journal.appendLazy(1, text('lazy'));
  const awaited = await journal.append(1, text('awaited'));
  assert.equal(awaited.sequence, 2);
  journal.appendLazy(1, text('alone'));
  const { texts } = await readRecords(root.dir, 3);
  assert.deepEqual(texts, ['lazy', 'awaited', 'alone']);
});

test('flush and close wait until lazy records are durable', async () => {
  await using root = await temporaryRoot();
  const journal = await openJournal({ dir: root.dir, process: 'echo', seal, limits: { lazyFlushMs: 60_000 } });
  journal.appendLazy(1, text('flushed'));
  await journal.flush();
  assert.deepEqual((await readRecords(root.dir, 1)).texts, ['flushed']);
  journal.appendLazy(1, text('closed'));
  await journal.close();
  assert.deepEqual((await readRecords(root.dir, 2)).texts, ['flushed', 'closed']);
  await assert.rejects(journal.append(1, text('late')), { code: 'Draining' });
});

test('segments roll by size, and what was read is trimmed', async () => {
  await using root = await temporaryRoot();
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal, limits: { segmentMaxBytes: 500 } });
  for (let at = 0; at < 20; at++) await journal.append(1, text(`record ${at} ${'.'.repeat(100)}`));
  const { records, next } = await readRecords(root.dir, 20);
  assert.deepEqual(
    records.map((record) => record.sequence),
    Array.from({ length: 20 }, (_, at) => at + 1),
  );
  assert(next!.segment > 3);
  assert.equal(await trim(root.dir, 'echo', next!), next!.segment - 1);
  assert.equal(await trim(root.dir, 'echo', next!), 0);
  await journal.append(1, text('after'));
  assert.deepEqual((await readRecords(root.dir, 1, next)).texts, ['after']);
});

test('segments roll by age', async () => {
  await using root = await temporaryRoot();
  let now = 1_000_000;
  const clock = { now: () => now, after: () => () => undefined };
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal, clock, limits: { segmentAgeMaxMs: 1000 } });
  const first = await journal.append(1, text('young'));
  now += 1000;
  const second = await journal.append(1, text('old'));
  assert.deepEqual([first.segment, second.segment], [1, 2]);
});

test('a new version of the key begins a new segment, and readers open each with its own', async () => {
  await using root = await temporaryRoot();
  const keys = new Map([1, 2].map((version) => [version, Buffer.alloc(32, version)]));
  let version = 1;
  const versioned = (number: number) => aesSeal(number, (wanted) => keys.get(wanted)!);
  const rotating = {
    get keyVersion() {
      return version;
    },
    seal: (plain: Buffer, associated: Buffer) => versioned(version).seal(plain, associated),
    open: versioned(1).open,
  };
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal: rotating });
  await journal.append(1, text('old key'));
  version = 2;
  const place = await journal.append(1, text('new key'));
  assert.equal(place.segment, 2);
  const end = new AbortController();
  const texts: string[] = [];
  for await (const { records } of tail({ dir: root.dir, process: 'echo', open: rotating.open, signal: end.signal })) {
    for (const record of records) texts.push(Buffer.from(record.bytes).toString());
    if (texts.length === 2) end.abort();
  }
  assert.deepEqual(texts, ['old key', 'new key']);
});

test('a key that is away refuses the awaited, keeps the lazy, and ends nothing', async () => {
  await using root = await temporaryRoot();
  let away = false;
  const leased = {
    ...seal,
    seal(plain: Buffer, associated: Buffer) {
      if (away) throw fault('KeyUnavailable');
      return seal.seal(plain, associated);
    },
  };
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal: leased });
  away = true;
  journal.appendLazy(1, text('kept'));
  await assert.rejects(journal.append(1, text('refused')), { code: 'KeyUnavailable' });
  away = false;
  await journal.append(1, text('taken'));
  assert.deepEqual((await readRecords(root.dir, 2)).texts, ['kept', 'taken']);
});

test('processes with a journal are listed', async () => {
  await using root = await temporaryRoot();
  assert.deepEqual(await listProcesses(join(root.dir, 'none')), []);
  for (const process of ['storage', 'log']) await (await openJournal({ dir: root.dir, process, seal })).close();
  await writeFile(join(root.dir, 'a-file'), '');
  assert.deepEqual(await listProcesses(root.dir), ['log', 'storage']);
});

test('a process name that is no path segment, a type that is no byte, and a record too large are bugs of the caller', async () => {
  await using root = await temporaryRoot();
  for (const process of ['../up', 'A', '']) {
    await assert.rejects(openJournal({ dir: root.dir, process, seal }), { code: 'ERR_ASSERTION' });
  }
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal });
  await assert.rejects(journal.append(256, text('')), { code: 'ERR_ASSERTION' });
  await assert.rejects(journal.append(1, Buffer.alloc(300_000)), { code: 'ERR_ASSERTION' });
  await journal.append(1, Buffer.from(key));
});
