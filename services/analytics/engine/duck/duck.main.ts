import { once } from 'node:events';
import {
  BIGINT,
  BOOLEAN,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  type DuckDBVector,
  DOUBLE,
  HUGEINT,
  INTEGER,
  SMALLINT,
  VARCHAR,
} from '@duckdb/node-api';
import { encodePiece, piecesOf } from '#engine/confined/piece.ts';
import { packed, type Packed, type Part, unpacked, widthOf } from './pack.ts';
import { duckMemoryMb } from './limits.ts';
import { openDuck } from './open.ts';
import type { Order, Said } from './order.ts';

/** The process in which DuckDB answers for one environment: it has the rows that it was given, and opens nothing. */
const types: Readonly<Record<string, DuckDBType>> = { BIGINT, BOOLEAN, DOUBLE, HUGEINT, INTEGER, SMALLINT, VARCHAR };
/** Rows of one of DuckDB's chunks. */
const chunkRows = 2048;

async function say(said: Said, bytes?: Uint8Array): Promise<void> {
  process.stdout.write(encodePiece(Buffer.from(JSON.stringify(said))));
  if (bytes) process.stdout.write(encodePiece(bytes));
  if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
}

/** The value of a type at a place of a column's bytes. */
function readerOf(type: string, bytes: Uint8Array): (at: number) => boolean | number | bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case 'BOOLEAN':
      return (at) => bytes[at] === 1;
    case 'SMALLINT':
      return (at) => view.getInt16(at * 2, true);
    case 'INTEGER':
      return (at) => view.getInt32(at * 4, true);
    case 'BIGINT':
      return (at) => view.getBigInt64(at * 8, true);
    case 'DOUBLE':
      return (at) => view.getFloat64(at * 8, true);
    default:
      return (at) => (view.getBigInt64(at * 16 + 8, true) << 64n) + view.getBigUint64(at * 16, true);
  }
}

/** Puts a column's values into vectors, chunk by chunk. */
function fillerOf({ type, nulls, values }: Part, rows: number): (vector: DuckDBVector, from: number, count: number) => void {
  if (type === 'VARCHAR') {
    const lengths = new Uint32Array(values.buffer, values.byteOffset, rows);
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    let place = rows * 4;
    return (vector, from, count) => {
      for (let at = 0; at < count; at += 1) {
        const end = place + (lengths[from + at] as number);
        vector.setItem(at, (nulls?.[from + at] === 1 ? null : bytes.toString('utf8', place, end)) as never);
        place = end;
      }
    };
  }
  const read = readerOf(type, values);
  return (vector, from, count) => {
    for (let at = 0; at < count; at += 1) vector.setItem(at, (nulls?.[from + at] === 1 ? null : read(from + at)) as never);
  };
}

async function add(engine: DuckDBConnection, { table, rows, columns }: Extract<Order, { kind: 'add' }>, bytes: Uint8Array): Promise<void> {
  const appender = await engine.createAppender(table);
  const parts = unpacked({ columns, bytes });
  const fillers = parts.map((part) => fillerOf(part, rows));
  const own = parts.map(({ type }) => types[type] as DuckDBType);
  for (let from = 0; from < rows; from += chunkRows) {
    const chunk = DuckDBDataChunk.create(own, Math.min(chunkRows, rows - from));
    for (const [at, fill] of fillers.entries()) {
      const vector = chunk.getColumnVector(at);
      fill(vector, from, chunk.rowCount);
      vector.flush();
    }
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}

/** Gathers the values of a column of an answer. */
class Gathered {
  readonly #type: string;
  readonly #nulls: number[] = [];
  readonly #values: (boolean | number | bigint | string)[] = [];

  constructor(type: string) {
    this.#type = type;
  }

  take(vector: DuckDBVector): void {
    for (let at = 0; at < vector.itemCount; at += 1) {
      const value = vector.getItem(at) as boolean | number | bigint | string | null;
      this.#nulls.push(value === null ? 1 : 0);
      this.#values.push(value ?? (this.#type === 'BIGINT' || this.#type === 'HUGEINT' ? 0n : this.#type === 'VARCHAR' ? '' : 0));
    }
  }

  part(): Part {
    const nulls = this.#nulls.includes(1) ? Uint8Array.from(this.#nulls) : undefined;
    return { type: this.#type, nulls, values: this.#bytes() };
  }

  #bytes(): Uint8Array {
    const values = this.#values;
    const type = this.#type;
    if (type === 'VARCHAR') {
      const texts = values.map((text) => Buffer.from(text as string));
      const lengths = Uint32Array.from(texts, ({ length }) => length);
      return Buffer.concat([new Uint8Array(lengths.buffer), ...texts]);
    }
    const bytes = new Uint8Array(values.length * (widthOf[type] as number));
    const view = new DataView(bytes.buffer);
    for (const [at, value] of values.entries()) {
      if (type === 'BIGINT') view.setBigInt64(at * 8, value as bigint, true);
      else if (type === 'HUGEINT') {
        view.setBigInt64(at * 16, BigInt.asIntN(64, value as bigint), true);
        view.setBigInt64(at * 16 + 8, (value as bigint) >> 64n, true);
      } else if (type === 'DOUBLE') view.setFloat64(at * 8, value as number, true);
      else if (type === 'INTEGER') view.setInt32(at * 4, value as number, true);
      else if (type === 'SMALLINT') view.setInt16(at * 2, value as number, true);
      else bytes[at] = value === true ? 1 : 0;
    }
    return bytes;
  }
}

/** An answer, or undefined where it has more rows than that. */
async function ask(
  engine: DuckDBConnection,
  { sql, texts, types: wanted, most }: Extract<Order, { kind: 'ask' }>,
): Promise<Packed | undefined> {
  const result = await engine.stream(sql, [...texts]);
  const columns = wanted.map((type) => new Gathered(type));
  let rows = 0;
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    rows += chunk.rowCount;
    if (rows > most) return undefined;
    for (const [at, column] of columns.entries()) column.take(chunk.getColumnVector(at));
  }
  return packed(
    rows,
    columns.map((column) => column.part()),
  );
}

async function carryOut(engine: DuckDBConnection, order: Order, bytes: Uint8Array | undefined): Promise<void> {
  switch (order.kind) {
    case 'make':
      await engine.run(`CREATE TABLE ${order.table} (${order.columns.map(([name, type]) => `${name} ${type}`).join(', ')})`);
      return say({ kind: 'done' });
    case 'add':
      await add(engine, order, bytes as Uint8Array);
      return say({ kind: 'done' });
    case 'drop':
      await engine.run(`DROP TABLE ${order.table}`);
      return say({ kind: 'done' });
    case 'ask': {
      const found = await ask(engine, order);
      if (!found) return say({ kind: 'failed', message: 'too many rows' });
      return say({ kind: 'rows', rows: found.rows, columns: found.columns }, found.bytes);
    }
    case 'stop':
      return engine.interrupt();
  }
}

// Whoever asked went away.
process.stdout.on('error', () => process.exit(0));

const engine = await openDuck(duckMemoryMb);
await say({ kind: 'done' });

let turn: Promise<void> = Promise.resolve();
const pieces = piecesOf(process.stdin);
for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
  const order = JSON.parse(next.value.toString('utf8')) as Order;
  if (order.kind === 'stop') {
    engine.interrupt();
    continue;
  }
  // Of its own, so that numbers in it lie at multiples of their width.
  const bytes = order.kind === 'add' ? new Uint8Array((await pieces.next()).value as Buffer) : undefined;
  turn = turn.then(() =>
    carryOut(engine, order, bytes).catch((error: unknown) =>
      say({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
    ),
  );
}
process.exit(0);
