import assert from 'node:assert/strict';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { smallDisk } from '#kernel/volume/test/place.ts';
import { readHead } from '#wire/kafka/record/batch.ts';
import { batchOf, readRecords } from '#wire/kafka/record/record.ts';
import { appendBatch } from '../store/append.ts';
import { openBroker } from '../store/broker.ts';
import { sealer } from './fixtures/sealer.ts';

const at = { tenant: 1n, scope: 2n };

/** Takes every byte that is left. */
function fill(disk: string): string {
  const file = join(disk, 'filler');
  const handle = openSync(file, 'w');
  try {
    for (const size of [65_536, 4096, 1]) {
      try {
        for (;;) writeSync(handle, Buffer.alloc(size, 1));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
    return file;
  } finally {
    closeSync(handle);
  }
}

test('on a disk without a byte left partitions are read-only: nothing acknowledged is lost, nothing refused is there, and they come back', async (t) => {
  let close = async () => {};
  const disk = smallDisk(t, 24, () => close());
  if (disk === undefined) return;
  const open = () => openBroker({ directory: join(disk, 'log'), log: () => undefined, now: Date.now, mayWrite: () => true, sealer });
  let broker = open();
  close = () => broker.close();
  const topicOf = () => broker.topics.find(at.scope, 't') ?? assert.fail('no topic');
  broker.topics.create(at, 't', { partitions: 2, config: { 'segment.bytes': '100000', 'retention.ms': '-1' } });
  const acknowledged: string[][] = [[], []];
  const send = async (index: number, value: string) => {
    const partition = topicOf().partitions[index] ?? assert.fail('no partition');
    const records = batchOf([{ key: null, value: Buffer.from(value.padEnd(9000, '.')), timestamp: Date.now() }]);
    const told = await appendBatch(broker, topicOf(), partition, records, { scope: at.scope, transactionalId: null, adds: false });
    if ('error' in told) return told.error;
    acknowledged[index]?.push(value);
    return 'NONE';
  };
  const valuesOf = async (index: number) => {
    const partition = topicOf().partitions[index] ?? assert.fail('no partition');
    const values: string[] = [];
    for (let offset = 0; offset < partition.next; ) {
      const { records } = await partition.read(offset, 1_000_000, partition.next);
      for (let from = 0; from < records.length; ) {
        const batch = records.subarray(from, from + readHead(records, from).sizeBytes);
        for (const { value } of readRecords(batch)) values.push(String(value).replace(/\.+$/, ''));
        from += batch.length;
        offset = readHead(batch).baseOffset + readHead(batch).count;
      }
    }
    return values;
  };
  const isMade = (name: string) => {
    try {
      broker.topics.create(at, name, { partitions: 1, config: {} });
      return true;
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
      return false;
    }
  };
  const isWhole = async () => assert.deepEqual([await valuesOf(0), await valuesOf(1)], acknowledged);

  for (let round = 0; round < 3; round += 1) {
    for (let count = 0; count < 15; count += 1) assert.equal(await send(count % 2, `${round} before ${count}`), 'NONE');
    const filler = fill(disk);
    let refused = 0;
    for (let count = 0; count < 30; count += 1)
      if ((await send(count % 2, `${round} full ${count}`)) === 'KAFKA_STORAGE_ERROR') refused += 1;
    assert.ok(refused >= 26, `${refused} of 30 were refused`);
    // The last page of a file may have room for a few: then the log of topics is full as well.
    const made = Array.from({ length: 200 }, (_, count) => `made-${round}-${count}`);
    const failed = made.find((name) => !isMade(name));
    assert.ok(failed);
    assert.equal(broker.topics.find(at.scope, failed), undefined);
    await isWhole();
    if (round === 1) {
      // A start on the full disk reads what is there.
      await broker.close();
      broker = open();
      await isWhole();
      assert.equal(await send(0, 'still full'), 'KAFKA_STORAGE_ERROR');
    }
    rmSync(filler);
    for (let count = 0; count < 15; count += 1) assert.equal(await send(count % 2, `${round} after ${count}`), 'NONE');
    await isWhole();
  }
  await broker.close();
  broker = open();
  await isWhole();
});
