import { type Column, type ColumnType, encodePage, type ParquetValue } from './page.ts';
import { encodeThrift, type ThriftValue } from './thrift.ts';

export type { Column, ColumnType, ParquetValue } from './page.ts';

const magic = Buffer.from('PAR1');
/** Parquet's numbers of its physical types, of what they stand for, of its encodings and of GZIP. */
const physical = { boolean: 0, date: 1, integer: 2, time: 2, instant: 2, double: 5, text: 6 } as const;
const converted: Readonly<Partial<Record<ColumnType, number>>> = { text: 0, date: 6, time: 9, instant: 10 };
const [plain, rle, gzip] = [0, 3, 2];

const i32 = (value: number): ThriftValue => ({ i32: value });
const i64 = (value: number): ThriftValue => ({ i64: value });
const text = (value: string): ThriftValue => ({ text: value });

/**
 * Writes a file of Parquet: flat columns, one page for each column of a row group, plain values packed by gzip. What each call
 * answers is the file's next bytes; nothing but the places of what was written is kept.
 */
export class ParquetWriter {
  readonly #name: string;
  readonly #columns: readonly Column[];
  readonly #compress: (bytes: Buffer) => Promise<Buffer>;
  readonly #groups: ThriftValue[] = [];
  #size = 0;
  #rows = 0;

  /** `name` is that of the whole row; `compress` packs by gzip. */
  constructor(name: string, columns: readonly Column[], compress: (bytes: Buffer) => Promise<Buffer>) {
    this.#name = name;
    this.#columns = columns;
    this.#compress = compress;
  }

  head(): Buffer {
    return this.#told(magic);
  }

  /** A row group: the values of each column, in their order. */
  async group(values: readonly (readonly ParquetValue[])[]): Promise<Buffer[]> {
    const rows = values[0]?.length ?? 0;
    const written: Buffer[] = [];
    const chunks: ThriftValue[] = [];
    let total = 0;
    for (const [at, column] of this.#columns.entries()) {
      const own = values[at] ?? [];
      if (own.length !== rows) throw new TypeError('columns of a row group are equally long');
      const page = encodePage(column, own);
      const packed = await this.#compress(page);
      const head = pageHead(rows, page.length, packed.length);
      const place = this.#size;
      written.push(this.#told(head), this.#told(packed));
      const sizes = { plain: head.length + page.length, packed: head.length + packed.length };
      total += sizes.plain;
      chunks.push(chunkOf(column, rows, place, sizes));
    }
    this.#rows += rows;
    this.#groups.push({
      struct: [
        [1, { list: chunks, of: 'struct' }],
        [2, i64(total)],
        [3, i64(rows)],
      ],
    });
    return written;
  }

  /** The footer, with which the file is whole. */
  tail(): Buffer {
    const footer = encodeThrift([
      [1, i32(1)],
      [2, { list: schemaOf(this.#name, this.#columns), of: 'struct' }],
      [3, i64(this.#rows)],
      [4, { list: this.#groups, of: 'struct' }],
      [6, text('gamut')],
    ]);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length);
    return this.#told(Buffer.concat([footer, length, magic]));
  }

  #told(bytes: Buffer): Buffer {
    this.#size += bytes.length;
    return bytes;
  }
}

/** A schema in Parquet's own words. */
export function parquetSchema(name: string, columns: readonly Column[]): string {
  const words = { boolean: 'boolean', date: 'int32', integer: 'int64', time: 'int64', instant: 'int64', double: 'double', text: 'binary' };
  const meanings: Readonly<Partial<Record<ColumnType, string>>> = {
    ...{ text: ' (UTF8)', date: ' (DATE)', time: ' (TIMESTAMP_MILLIS)', instant: ' (TIMESTAMP_MICROS)' },
  };
  const told = columns.map(
    (column) => ` ${column.required ? 'required' : 'optional'} ${words[column.type]} ${column.name}${meanings[column.type] ?? ''};`,
  );
  return `message ${name} {${told.join('')} }`;
}

function schemaOf(name: string, columns: readonly Column[]): ThriftValue[] {
  const leaves = columns.map((column): ThriftValue => {
    const meaning = converted[column.type];
    return {
      struct: [
        [1, i32(physical[column.type])],
        [3, i32(column.required ? 0 : 1)],
        [4, text(column.name)],
        ...(meaning === undefined ? [] : [[6, i32(meaning)] as const]),
      ],
    };
  });
  const root: ThriftValue = {
    struct: [
      [4, text(name)],
      [5, i32(columns.length)],
    ],
  };
  return [root, ...leaves];
}

function pageHead(rows: number, plainSize: number, packedSize: number): Buffer {
  const data: ThriftValue = {
    struct: [
      [1, i32(rows)],
      [2, i32(plain)],
      [3, i32(rle)],
      [4, i32(rle)],
    ],
  };
  return encodeThrift([
    [1, i32(0)],
    [2, i32(plainSize)],
    [3, i32(packedSize)],
    [5, data],
  ]);
}

function chunkOf({ name, type }: Column, rows: number, place: number, sizes: { plain: number; packed: number }): ThriftValue {
  const told: ThriftValue = {
    struct: [
      [1, i32(physical[type])],
      [2, { list: [i32(plain), i32(rle)], of: 'i32' }],
      [3, { list: [text(name)], of: 'text' }],
      [4, i32(gzip)],
      [5, i64(rows)],
      [6, i64(sizes.plain)],
      [7, i64(sizes.packed)],
      [9, i64(place)],
    ],
  };
  return {
    struct: [
      [2, i64(place)],
      [3, told],
    ],
  };
}
