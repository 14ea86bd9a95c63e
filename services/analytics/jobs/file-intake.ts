import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { fault } from '#kernel/contract/fault.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Format } from '../domain/format.ts';
import { everyUsualMs } from '../domain/limits.ts';
import { LineReader } from '../domain/line.ts';
import type { Origin } from '../domain/origin.ts';
import type { Column } from '../domain/value.ts';
import { rowsOfParquet } from '../engine/parquet.ts';
import type { Files } from '../store/file.ts';
import { type Bucket, bytesOf, filesIn } from './bucket.ts';
import type { Inlet, Put } from './intake.ts';
import { Page } from './page.ts';

export type Watching = {
  readonly at: Placed;
  readonly source: bigint;
  readonly origin: Origin;
  readonly format: Format;
  readonly files: Files;
  readonly inlet: Inlet;
  readonly bucket: Bucket;
  readonly columns: readonly Column[];
};

/**
 * Takes the lines of files whose names begin so, each file once: files get numbers as they are found, and a transaction of the
 * log holds the lines of one file and, as how far the source has come, its number.
 */
export async function followFiles({ at, source, origin, format, files, inlet, bucket, columns }: Watching): Promise<void> {
  const { signal } = bucket;
  let { done } = inlet;
  while (!signal.aborted) {
    for await (const keys of filesIn(bucket, origin.path ?? '')) await files.notice(at, source, keys);
    for (let waiting = await files.behind(at, source, done); waiting.length > 0; waiting = await files.behind(at, source, done))
      for (const { number, key } of waiting) {
        await inlet.take(async (put) => {
          if (origin.parquet) await rows(bucket, key, columns, put);
          else await lines(bucket, key, { isCsv: format.kind === 'csv', isHeaded: origin.header === true }, put);
          return number;
        });
        done = number;
      }
    inlet.came();
    await pause(origin.everyMs ?? everyUsualMs, undefined, { signal, ref: false });
  }
}

/** Puts the lines of a file, but for one that names columns. */
async function lines(bucket: Bucket, key: string, { isCsv, isHeaded }: { isCsv: boolean; isHeaded: boolean }, put: Put): Promise<void> {
  const page = new Page(put);
  const reader = new LineReader(isCsv);
  let isHeader = isHeaded;
  const take = async (found: Iterable<Buffer>) => {
    for (const line of found) {
      if (!isHeader) await page.add(line);
      isHeader = false;
    }
  };
  try {
    for await (const piece of plain(bytesOf(bucket, key), key)) await take(reader.push(piece));
  } catch (error) {
    throw /^Z_|^ERR_.*ZLIB/.test((error as { code?: string }).code ?? '') ? fault('Unavailable', `The file ${key} is no gzip.`) : error;
  }
  await take(reader.end());
  await page.flush();
}

/** Puts the rows of a file of Parquet. */
async function rows(bucket: Bucket, key: string, columns: readonly Column[], put: Put): Promise<void> {
  const page = new Page(put);
  const reader = new LineReader(false);
  const asked = { name: key, columns: columns.map(({ name }) => name), signal: bucket.signal };
  for await (const piece of rowsOfParquet(bytesOf(bucket, key), asked)) for (const line of reader.push(piece)) await page.add(line);
  for (const line of reader.end()) await page.add(line);
  await page.flush();
}

/** The bytes of a file as they were before gzip, by its name. */
function plain(bytes: AsyncIterable<Buffer>, key: string): AsyncIterable<Buffer> {
  if (!key.endsWith('.gz')) return bytes;
  const from = Readable.from(bytes);
  const gunzip = createGunzip();
  from.on('error', (error) => gunzip.destroy(error));
  return from.pipe(gunzip);
}
