import { pipeline, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createGzip, gzip } from 'node:zlib';
import { ParquetWriter, type ParquetValue } from '#wire/parquet/file.ts';
import { type InventoryEntry, inventoryLine, type InventoryTable } from '../domain/inventory.ts';
import { inventoryFileRowsMax, inventoryGroupBytesMax, inventoryGroupRowsMax, inventoryValueBytes } from './limits.ts';

const compress = promisify(gzip) as (bytes: Uint8Array) => Promise<Buffer>;
type Row = readonly ParquetValue[];

/** The rows of an inventory a page at a time, cut where a file is full. */
class Rows {
  readonly #pages: Iterator<readonly InventoryEntry[]>;
  readonly #row: InventoryTable['row'];
  readonly #signal: AbortSignal;
  #rest: readonly InventoryEntry[] = [];
  #isOver = false;

  constructor(pages: Iterable<readonly InventoryEntry[]>, row: InventoryTable['row'], signal: AbortSignal) {
    this.#pages = pages[Symbol.iterator]();
    this.#row = row;
    this.#signal = signal;
  }

  /** Whether there is another row. */
  async more(): Promise<boolean> {
    while (!this.#isOver && this.#rest.length === 0) {
      this.#signal.throwIfAborted();
      // Others have their turn between two pages.
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.#pages.next();
      this.#isOver = next.done === true;
      if (!next.done) this.#rest = next.value;
    }
    return this.#rest.length > 0;
  }

  /** The rows of one file. */
  async *file(): AsyncGenerator<Row[]> {
    for (let left = inventoryFileRowsMax as number; left > 0 && (await this.more()); ) {
      const taken = this.#rest.slice(0, left);
      this.#rest = this.#rest.slice(taken.length);
      left -= taken.length;
      yield taken.map(this.#row);
    }
  }
}

/** The files of an inventory, each as its bytes, to be read to their end one after the other; a bucket without objects has one too. */
export async function* inventoryFiles(
  format: 'CSV' | 'Parquet',
  table: InventoryTable,
  pages: Iterable<readonly InventoryEntry[]>,
  signal: AbortSignal,
): AsyncGenerator<AsyncIterable<Uint8Array>> {
  const rows = new Rows(pages, table.row, signal);
  do yield format === 'CSV' ? csvFile(table, rows.file()) : parquetFile(table, rows.file());
  while (await rows.more());
}

function csvFile({ columns }: InventoryTable, pages: AsyncGenerator<Row[]>): AsyncIterable<Uint8Array> {
  const packed = createGzip();
  // What fails before the packing fails whoever reads what is packed.
  pipeline(Readable.from(linesOf(columns, pages)), packed, () => {});
  return packed;
}

async function* linesOf(columns: InventoryTable['columns'], pages: AsyncGenerator<Row[]>): AsyncGenerator<Buffer> {
  for await (const rows of pages) yield Buffer.from(rows.map((row) => inventoryLine(columns, row)).join(''));
}

async function* parquetFile({ columns }: InventoryTable, pages: AsyncGenerator<Row[]>): AsyncGenerator<Uint8Array> {
  const writer = new ParquetWriter('s3.inventory', columns, compress);
  yield writer.head();
  let gathered: Row[] = [];
  let bytes = 0;
  const group = async () => {
    const values = columns.map((_, at) => gathered.map((row) => row[at]));
    gathered = [];
    bytes = 0;
    return writer.group(values);
  };
  for await (const rows of pages)
    for (const row of rows) {
      gathered.push(row);
      for (const value of row) bytes += typeof value === 'string' ? value.length : inventoryValueBytes;
      if (gathered.length >= inventoryGroupRowsMax || bytes >= inventoryGroupBytesMax) yield* await group();
    }
  if (gathered.length > 0) yield* await group();
  yield writer.tail();
}
