import assert from 'node:assert/strict';
import { cp, mkdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32c } from '#wire/checksum/crc32c.ts';
import { markName, segmentName } from '../directory.ts';
import { headerSize } from '../frame.ts';
import { openJournal } from '../journal.ts';
import { readRecords, seal, temporaryRoot } from './fixture.ts';

/** A closed journal of three frames, as files; `offsets` are where the frames begin, `marks` what the mark said after each. */
async function threeFrames(dir: string): Promise<{ segment: Buffer; offsets: number[]; marks: Buffer[] }> {
  const offsets: number[] = [];
  const marks: Buffer[] = [];
  const journal = await openJournal({ dir, process: 'echo', seal });
  for (const text of ['one', 'two', 'three']) {
    offsets.push((await journal.append(1, Buffer.from(text))).offset);
    await readRecords(dir, offsets.length);
    marks.push(await readFile(join(dir, 'echo', markName)));
  }
  await journal.close();
  return { segment: await readFile(join(dir, 'echo', segmentName(1))), offsets, marks };
}

async function place(dir: string, segment: Buffer, mark: Buffer): Promise<void> {
  await rm(join(dir, 'echo'), { recursive: true, force: true });
  await mkdir(join(dir, 'echo'));
  await writeFile(join(dir, 'echo', segmentName(1)), segment);
  await writeFile(join(dir, 'echo', markName), mark);
}

/** Opens, appends one record more and returns all that is read. */
async function goOn(dir: string, count: number): Promise<string[]> {
  await using journal = await openJournal({ dir, process: 'echo', seal, limits: { reserveBytes: 0 } });
  const { sequence, segment } = await journal.append(1, Buffer.from('more'));
  assert.deepEqual([sequence, segment], [count, 2]);
  return (await readRecords(dir, count)).texts;
}

test('a restarted process goes on in a new segment with the next sequence', async () => {
  await using root = await temporaryRoot();
  await threeFrames(root.dir);
  assert.deepEqual(await goOn(root.dir, 4), ['one', 'two', 'three', 'more']);
});

test('a last frame cut at any byte is cut off, and the sequence goes on before it', async () => {
  await using root = await temporaryRoot();
  const { segment, offsets, marks } = await threeFrames(root.dir);
  for (let cut = offsets[2]!; cut < segment.length; cut++) {
    await place(root.dir, segment.subarray(0, cut), marks[1]!);
    assert.deepEqual(await goOn(root.dir, 3), ['one', 'two', 'more'], `cut at ${cut}`);
  }
});

test('a last frame of which some sectors are missing, or only zeros came, is cut off', async () => {
  await using root = await temporaryRoot();
  const { segment, offsets, marks } = await threeFrames(root.dir);
  const holed = Buffer.from(segment).fill(0, offsets[2]! + 10, offsets[2]! + 30);
  const zeroed = Buffer.from(segment).fill(0, offsets[2]!);
  for (const torn of [holed, zeroed]) {
    await place(root.dir, torn, marks[1]!);
    assert.deepEqual(await goOn(root.dir, 3), ['one', 'two', 'more']);
  }
});

test('a whole last frame stays, acknowledged or not, though the mark is older or gone', async () => {
  await using root = await temporaryRoot();
  const { segment, marks } = await threeFrames(root.dir);
  for (const mark of [marks[1]!, marks[0]!, Buffer.alloc(28), Buffer.alloc(0)]) {
    await place(root.dir, segment, mark);
    assert.deepEqual(await goOn(root.dir, 4), ['one', 'two', 'three', 'more']);
  }
});

test('opening makes the last frames of the life before visible to readers, without any append', async () => {
  await using root = await temporaryRoot();
  const { segment } = await threeFrames(root.dir);
  await place(root.dir, segment, Buffer.alloc(0));
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal });
  assert.deepEqual((await readRecords(root.dir, 3)).texts, ['one', 'two', 'three']);
  assert.equal(journal.failure, undefined);
});

test('a last frame that had been durable and is damaged is refused by file and offset', async () => {
  await using root = await temporaryRoot();
  const { segment, offsets, marks } = await threeFrames(root.dir);
  for (const damaged of [flip(segment, offsets[2]! + 25), segment.subarray(0, segment.length - 1), segment.subarray(0, offsets[2]!)]) {
    await place(root.dir, damaged, marks[2]!);
    await assert.rejects(openJournal({ dir: root.dir, process: 'echo', seal }), (error: Error) => {
      assert.equal((error as Error & { code: string }).code, 'JournalCorrupt');
      assert(error.message.includes(segmentName(1)), error.message);
      assert(error.message.includes(`offset ${offsets[2]}`), error.message);
      return true;
    });
  }
});

test('damage before the last frame is refused whatever the mark says, at every byte', async () => {
  await using root = await temporaryRoot();
  const { segment, offsets, marks } = await threeFrames(root.dir);
  for (let at = headerSize; at < offsets[2]!; at++) {
    const frame = at < offsets[1]! ? offsets[0]! : offsets[1]!;
    await place(root.dir, flip(segment, at), at % 2 ? Buffer.alloc(0) : marks[2]!);
    const message = new RegExp(`offset ${frame}: the frame is damaged`);
    await assert.rejects(openJournal({ dir: root.dir, process: 'echo', seal }), { code: 'JournalCorrupt', message }, `byte ${at}`);
  }
});

test('more bytes behind the last whole frame than one frame can have are refused', async () => {
  await using root = await temporaryRoot();
  const { segment, marks } = await threeFrames(root.dir);
  await place(root.dir, Buffer.concat([segment, Buffer.alloc(1.2 * 1024 * 1024)]), marks[2]!);
  await assert.rejects(openJournal({ dir: root.dir, process: 'echo', seal }), { code: 'JournalCorrupt', message: /offset \d+/ });
});

test('a damaged header, and that of another process, are refused', async () => {
  await using root = await temporaryRoot();
  const { segment, marks } = await threeFrames(root.dir);
  for (let at = 0; at < headerSize; at++) {
    await place(root.dir, flip(segment, at), marks[2]!);
    await assert.rejects(openJournal({ dir: root.dir, process: 'echo', seal }), { code: 'JournalCorrupt' });
  }
  await place(root.dir, segment, marks[2]!);
  await rename(join(root.dir, 'echo'), join(root.dir, 'other'));
  const message = /the header is that of segment 1 of process echo/;
  await assert.rejects(openJournal({ dir: root.dir, process: 'other', seal }), { code: 'JournalCorrupt', message });
});

test('a journal of a later format is refused with both formats', async () => {
  await using root = await temporaryRoot();
  const { segment, marks } = await threeFrames(root.dir);
  const later = Buffer.from(segment);
  later.writeUInt16BE(2, 8);
  later.writeUInt32BE(crc32c(later.subarray(0, headerSize - 4)), headerSize - 4);
  await place(root.dir, later, marks[2]!);
  const message = /format 2; this release reads format 1/;
  await assert.rejects(openJournal({ dir: root.dir, process: 'echo', seal }), { code: 'JournalFormat', message });
});

test('segments that are missing are refused: in the middle, at the end, and all of them', async () => {
  await using root = await temporaryRoot();
  const { marks } = await threeFrames(root.dir);
  for (let opens = 0; opens < 2; opens++) await (await openJournal({ dir: root.dir, process: 'echo', seal })).close();
  await cp(join(root.dir, 'echo'), join(root.dir, 'copy'), { recursive: true });
  const lose = async (...segments: number[]) => {
    await rm(join(root.dir, 'echo'), { recursive: true });
    await cp(join(root.dir, 'copy'), join(root.dir, 'echo'), { recursive: true });
    for (const segment of segments) await rm(join(root.dir, 'echo', segmentName(segment)));
    return assert.rejects(openJournal({ dir: root.dir, process: 'echo', seal }), { code: 'JournalCorrupt', message: /missing/ });
  };
  await lose(2);
  await lose(3);
  await lose(1, 2, 3);
  assert.equal(marks.length, 3);
});

test('what an interrupted start has left, a segment without its name, is no obstacle', async () => {
  await using root = await temporaryRoot();
  const { segment } = await threeFrames(root.dir);
  await writeFile(join(root.dir, 'echo', `${segmentName(2)}.new`), segment.subarray(0, 40));
  assert.deepEqual(await goOn(root.dir, 4), ['one', 'two', 'three', 'more']);
});

test('an empty segment at the end is followed by another', async () => {
  await using root = await temporaryRoot();
  await threeFrames(root.dir);
  await (await openJournal({ dir: root.dir, process: 'echo', seal })).close();
  await truncate(join(root.dir, 'echo', segmentName(2)), headerSize);
  await using journal = await openJournal({ dir: root.dir, process: 'echo', seal });
  assert.deepEqual((await journal.append(1, Buffer.from('more'))).segment, 3);
});

function flip(bytes: Buffer, at: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped[at]! ^= 0x10;
  return flipped;
}
