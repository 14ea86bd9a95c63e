import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { trim } from '../directory.ts';
import { realDisk, type Disk, type DiskFile } from '../disk.ts';
import { openJournal } from '../journal.ts';
import { readRecords, seal, temporaryRoot } from './fixture.ts';

const block = Buffer.alloc(200, 1);
const soon = { measureMs: 0, probeMs: 0, reserveBytes: 8192 };

/** The real disk with some calls of its files replaced. */
function faultyDisk(change: (file: DiskFile, path: string) => Partial<DiskFile>): Disk {
  return {
    ...realDisk,
    async open(path, mode) {
      const file = await realDisk.open(path, mode);
      const plain: DiskFile = {
        size: () => file.size(),
        read: (into, offset) => file.read(into, offset),
        write: (parts, offset) => file.write(parts, offset),
        truncate: (size) => file.truncate(size),
        datasync: () => file.datasync(),
        close: () => file.close(),
      };
      return { ...plain, ...change(file, path) };
    },
  };
}

const systemError = (code: string) => Object.assign(new Error(code), { code });

test('a journal that holds its most bytes refuses, takes what is essential, and goes on when it was read and trimmed', async () => {
  await using root = await temporaryRoot();
  const limits = { ...soon, journalMaxBytes: 2000, segmentMaxBytes: 500 };
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal, limits });
  let taken = 0;
  await assert.rejects(
    async () => {
      for (; taken < 100; taken++) await journal.append(1, block);
    },
    { code: 'JournalFull', message: /It holds \d+ bytes of at most 2000/ },
  );
  await assert.rejects(journal.admit(), { code: 'JournalFull' });
  await journal.append(1, Buffer.from('revoke'), { essential: true });
  const { next, texts } = await readRecords(root.dir, taken + 1);
  assert.equal(texts.at(-1), 'revoke');
  await trim(root.dir, 'echo', next!);
  await journal.admit();
  await journal.append(1, block);
});

test('the margin for essential records has an end too', async () => {
  await using root = await temporaryRoot();
  const limits = { ...soon, journalMaxBytes: 500, reserveBytes: 1000 };
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal, limits });
  let taken = 0;
  await assert.rejects(
    async () => {
      for (; taken < 100; taken++) await journal.append(1, block, { essential: true });
    },
    { code: 'JournalFull', message: /margin for essential records is used up/ },
  );
  assert(taken > 3 && taken < 8, `${taken} were taken`);
});

test('a finished segment that waits too long to be read refuses changes until it is trimmed', async () => {
  await using root = await temporaryRoot();
  let now = 1_000_000;
  const clock = { now: () => now, after: () => () => undefined };
  const limits = { ...soon, segmentAgeMaxMs: 1000, journalAgeMaxMs: 5000 };
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal, clock, limits });
  await journal.append(1, block);
  now += 100_000;
  // However old the segment written to is, it does not wait for a reader before it is finished.
  await journal.append(1, block);
  now += 5001;
  await assert.rejects(journal.append(1, block), { code: 'JournalFull', message: /oldest segment waits for 5001 ms/ });
  await trim(root.dir, 'echo', (await readRecords(root.dir, 2)).next!);
  await journal.append(1, block);
});

test('little free space refuses changes before the disk is full', async () => {
  await using root = await temporaryRoot();
  let free = 10_000;
  const disk = { ...realDisk, free: async () => free };
  const limits = { ...soon, freeFloorBytes: 20_000 };
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal, disk, limits });
  await assert.rejects(journal.append(1, block), { code: 'JournalFull', message: /10000 bytes free/ });
  await journal.append(1, block, { essential: true });
  free = 30_000;
  await journal.append(1, block);
});

test('on a full disk what is essential is written with the reserve, which is filled again when there is space', async () => {
  await using root = await temporaryRoot();
  let full = false;
  const reserve = join(root.dir, 'echo', 'reserve');
  const disk = faultyDisk((file, path) => ({
    async write(parts, offset) {
      const space = !full || path.endsWith('mark') || (!path.endsWith('reserve') && (await stat(reserve)).size === 0);
      if (space) return file.write(parts, offset);
      await file.write([parts[0]!.subarray(0, 7)], offset);
      throw systemError('ENOSPC');
    },
  }));
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal, disk, limits: soon });
  await journal.append(1, Buffer.from('before'));
  assert.equal((await stat(reserve)).size, 8192);
  full = true;
  journal.appendLazy(1, Buffer.from('lazy'));
  await assert.rejects(journal.append(1, Buffer.from('refused')), { code: 'JournalFull', message: /disk is full/ });
  await journal.append(1, Buffer.from('revoke'), { essential: true });
  assert((await stat(reserve)).size < 8192);
  full = false;
  await journal.append(1, Buffer.from('after'));
  assert.equal((await stat(reserve)).size, 8192);
  assert.deepEqual((await readRecords(root.dir, 4)).texts, ['before', 'revoke', 'lazy', 'after']);
});

test('a sync that fails ends the journal for good and is never asked for again', async () => {
  await using root = await temporaryRoot();
  let failing = false;
  let syncs = 0;
  const disk = faultyDisk((file) => ({
    async datasync() {
      syncs++;
      if (failing) throw systemError('EIO');
      await file.datasync();
    },
  }));
  const journal = await openJournal({ dir: root.dir, process: 'echo', seal, disk });
  await journal.append(1, Buffer.from('durable'));
  failing = true;
  journal.appendLazy(1, Buffer.from('lazy'));
  const both = [journal.append(1, Buffer.from('lost')), journal.append(1, Buffer.from('lost'), { essential: true })];
  for (const lost of both) await assert.rejects(lost, { code: 'JournalFailed' });
  failing = false;
  const before = syncs;
  for (let at = 0; at < 3; at++) await assert.rejects(journal.append(1, block, { essential: true }), { code: 'JournalFailed' });
  assert.throws(() => journal.appendLazy(1, block), { code: 'JournalFailed' });
  await assert.rejects(journal.flush(), { code: 'JournalFailed' });
  await assert.rejects(journal.admit(), { code: 'JournalFailed' });
  assert.equal(journal.failure?.code, 'JournalFailed');
  assert.equal(syncs, before);
  await journal.close();
});

test('records that wait for a slow disk have a limit', async () => {
  await using root = await temporaryRoot();
  const limits = { ...soon, queueMaxBytes: 1000, reserveBytes: 500 };
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal, limits });
  const waiting = Array.from({ length: 4 }, () => journal.append(1, block));
  await assert.rejects(journal.append(1, block), { code: 'JournalFull', message: /wait for the disk/ });
  assert.throws(() => journal.appendLazy(1, block), { code: 'JournalFull' });
  waiting.push(journal.append(1, block, { essential: true }));
  await Promise.all(waiting);
  await journal.append(1, block);
});
