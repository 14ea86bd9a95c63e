import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { type Column, parquetSchema, ParquetWriter, type ParquetValue } from '../file.ts';

const columns: Column[] = [
  { name: 'id', type: 'integer', required: true },
  { name: 'name', type: 'text', required: true },
  { name: 'note', type: 'text' },
  { name: 'is_on', type: 'boolean' },
  { name: 'size', type: 'integer' },
  { name: 'at', type: 'time' },
  { name: 'never', type: 'text' },
  { name: 'then', type: 'instant' },
  { name: 'day', type: 'date' },
  { name: 'part', type: 'double' },
];
const row = (at: number): ParquetValue[] => [
  at - 3,
  `näme ${at} ${'x'.repeat(at % 50)}`,
  at % 3 === 0 ? undefined : at % 3 === 1 ? '' : `"${at}",\n`,
  at % 7 === 0 ? undefined : at % 2 === 0,
  at % 5 < 2 ? undefined : 2 ** 52 + at,
  at % 11 === 0 ? undefined : 1_700_000_000_123 + at * 1000,
  undefined,
  at % 4 === 0 ? undefined : 1_700_000_000_123_456n + BigInt(at),
  at % 4 === 1 ? undefined : at - 20_000,
  at % 4 === 2 ? undefined : at / 3 - 7,
];

const wholes = new Set(['integer', 'time']);

async function fileOf(groups: readonly number[]): Promise<Buffer> {
  const writer = new ParquetWriter('test.row', columns, promisify(gzip) as (bytes: Buffer) => Promise<Buffer>);
  const pieces = [writer.head()];
  let from = 0;
  for (const count of groups) {
    const rows = Array.from({ length: count }, (_, at) => row(from + at));
    pieces.push(...(await writer.group(columns.map((_, at) => rows.map((one) => one[at])))));
    from += count;
  }
  return Buffer.concat([...pieces, writer.tail()]);
}

test('another engine reads what was written: values and their absence, of several row groups, of one row and of none', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gamut-parquet-'));
  const engine = await (await DuckDBInstance.create(':memory:')).connect();
  try {
    for (const groups of [[], [1], [1000, 1, 37, ...Array.from({ length: 20 }, () => 9)]]) {
      const path = join(folder, 'made.parquet');
      await writeFile(path, await fileOf(groups));
      const columnsAsked =
        'id, name, note, is_on, size, epoch_ms("at") AS at, never, epoch_us("then") AS then, ("day" - DATE \'1970-01-01\')::INT AS day, part';
      const found = await engine.runAndReadAll(`SELECT ${columnsAsked} FROM read_parquet('${path}')`);
      const total = groups.reduce((sum, count) => sum + count, 0);
      const wanted = Array.from({ length: total }, (_, at) =>
        row(at).map((one, place) => (typeof one === 'number' && wholes.has(columns[place]?.type ?? 'text') ? BigInt(one) : (one ?? null))),
      );
      assert.deepEqual(found.getRows(), wanted);
      const told = await engine.runAndReadAll(`SELECT count(DISTINCT row_group_id) FROM parquet_metadata('${path}')`);
      assert.deepEqual(told.getRows(), [[BigInt(groups.length)]]);
    }
  } finally {
    engine.closeSync();
    await rm(folder, { recursive: true });
  }
});

test('a schema is told in words, and columns that do not fit it are refused', async () => {
  assert.equal(
    parquetSchema('test.row', columns.slice(1, 6)),
    'message test.row { required binary name (UTF8); optional binary note (UTF8); optional boolean is_on; optional int64 size;' +
      ' optional int64 at (TIMESTAMP_MILLIS); }',
  );
  const writer = new ParquetWriter('test.row', columns, async (bytes) => bytes);
  await assert.rejects(writer.group(columns.map(() => [undefined])), TypeError);
  await assert.rejects(writer.group(columns.map((_, at) => Array.from({ length: at + 1 }, () => row(1)[at]))), TypeError);
});
