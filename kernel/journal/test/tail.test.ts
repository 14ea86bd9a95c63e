import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fault } from '#kernel/contract/fault.ts';
import { segmentName, trim } from '../directory.ts';
import { openJournal } from '../journal.ts';
import { aesSeal } from '../seal.ts';
import { tail } from '../tail.ts';
import { readRecords, seal, temporaryRoot } from './fixture.ts';

const { open } = seal;
const never = new AbortController().signal;

test('a reader waits for a journal that is not there yet, and then for each new frame', async () => {
  await using root = await temporaryRoot();
  const end = new AbortController();
  const reader = tail({ dir: root.dir, process: 'echo', open, signal: end.signal });
  const first = reader.next();
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal });
  await journal.append(1, Buffer.from('one'));
  assert.equal((await first).value?.records.length, 1);
  for (const text of ['two', 'three']) {
    const next = reader.next();
    await journal.append(1, Buffer.from(text));
    assert.equal(Buffer.from((await next).value!.records[0]!.bytes).toString(), text);
  }
  const last = reader.next();
  end.abort();
  assert.deepEqual(await last, { done: true, value: undefined });
});

test('a reader goes on from the position it has committed', async () => {
  await using root = await temporaryRoot();
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal, limits: { segmentMaxBytes: 300 } });
  for (let at = 1; at <= 12; at++) await journal.append(1, Buffer.from(`${at}`));
  const texts: string[] = [];
  for (let next: Parameters<typeof trim>[2] | undefined; texts.length < 12; ) {
    const end = new AbortController();
    for await (const batch of tail({ dir: root.dir, process: 'echo', open, from: next, signal: end.signal })) {
      for (const record of batch.records) texts.push(Buffer.from(record.bytes).toString());
      next = batch.next;
      end.abort();
    }
    await trim(root.dir, 'echo', next!);
  }
  assert.deepEqual(
    texts,
    Array.from({ length: 12 }, (_, at) => `${at + 1}`),
  );
});

test('damage is named with its position after all good records before it were given', async () => {
  await using root = await temporaryRoot();
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal });
  await journal.append(1, Buffer.from('good'));
  const { offset } = await journal.append(1, Buffer.from('bad'));
  await journal.append(1, Buffer.from('unreached'));
  await readRecords(root.dir, 3);
  const path = join(root.dir, 'echo', segmentName(1));
  const bytes = await readFile(path);
  bytes[offset + 30]! ^= 1;
  await writeFile(path, bytes);
  const reader = tail({ dir: root.dir, process: 'echo', open, signal: never });
  const { value } = await reader.next();
  assert.deepEqual(
    value?.records.map((record) => Buffer.from(record.bytes).toString()),
    ['good'],
  );
  assert.equal(value?.next.offset, offset);
  await assert.rejects(reader.next(), { code: 'JournalCorrupt', message: new RegExp(`${segmentName(1)}, offset ${offset}:`) });
});

test('a frame moved to another place, and one sealed under another key, do not open', async () => {
  await using root = await temporaryRoot();
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal });
  await journal.append(1, Buffer.from('one'));
  await readRecords(root.dir, 1);
  const { open: foreign } = aesSeal(1, () => Buffer.alloc(32));
  const reader = tail({ dir: root.dir, process: 'echo', open: foreign, signal: never });
  await assert.rejects(reader.next(), { code: 'JournalCorrupt', message: /does not open with version 1 of the key/ });
});

test('a key that is away is not taken for damage', async () => {
  await using root = await temporaryRoot();
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal });
  await journal.append(1, Buffer.from('one'));
  await readRecords(root.dir, 1);
  const away = () => {
    throw fault('KeyUnavailable');
  };
  await assert.rejects(tail({ dir: root.dir, process: 'echo', open: away, signal: never }).next(), { code: 'KeyUnavailable' });
});

test('a position that the journal does not hold is refused', async () => {
  await using root = await temporaryRoot();
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal, limits: { segmentMaxBytes: 200 } });
  for (let at = 0; at < 6; at++) await journal.append(1, Buffer.from('x'));
  const { next } = await readRecords(root.dir, 6);
  const from = (segment: number, offset: number, sequence: number) =>
    tail({ dir: root.dir, process: 'echo', open, from: { segment, offset, sequence }, signal: never }).next();
  await assert.rejects(from(next!.segment + 5, 128, 900), { code: 'JournalCorrupt', message: /missing/ });
  await assert.rejects(from(1, 9000, 1), { code: 'JournalCorrupt', message: /lies behind the end/ });
  await assert.rejects(from(1, 128, 2), { code: 'JournalCorrupt', message: /begins with record 1, not 2/ });
  await assert.rejects(from(1, 131, 1), { code: 'JournalCorrupt', message: /damaged/ });
  await rm(join(root.dir, 'echo', segmentName(1)));
  await assert.rejects(from(1, 128, 1), { code: 'JournalCorrupt', message: /missing/ });
  await assert.rejects(trim(root.dir, 'echo', { segment: 99, offset: 0, sequence: 0 }), { code: 'JournalCorrupt' });
});

test('bytes behind the mark are not read, whole frame or not', async () => {
  await using root = await temporaryRoot();
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal });
  await journal.append(1, Buffer.from('one'));
  await readRecords(root.dir, 1);
  const mark = await readFile(join(root.dir, 'echo', 'mark'));
  await journal.append(1, Buffer.from('two'));
  await readRecords(root.dir, 2);
  await writeFile(join(root.dir, 'echo', 'mark'), mark);
  const end = new AbortController();
  const reader = tail({ dir: root.dir, process: 'echo', open, signal: end.signal });
  assert.equal((await reader.next()).value?.records.length, 1);
  const second = reader.next();
  setTimeout(() => end.abort(), 50);
  assert.deepEqual(await second, { done: true, value: undefined });
});
