import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '#services/analytics/domain/plan.ts';
import type { Type } from '#services/analytics/domain/value.ts';
import { readsOf } from '#services/analytics/domain/wanted.ts';
import { type Batch, concatenated, weightAt } from '#services/analytics/engine/batch.ts';
import { Circuit } from '#services/analytics/engine/circuit.ts';
import { JsonReader } from '#services/analytics/engine/json.ts';
import type { ScopedLog } from '#seams/log/log.ts';
import { Nexmark, nexmarkTables } from '../nexmark/event.ts';
import { columnsOf, numberOf, type Tables } from './plan.ts';

export const streamTables: Tables = { ...nexmarkTables, side: { key: 'int8', value: 'text' } };
const [seed, perSecond, sideRows] = [7, 1000, 500];
/** As many as a view takes in one commit. */
const rowsAtOnce = 4096;
const pieceBytes = 1_048_576;
/** Before the names of topics on a log. */
export const topicScope = 'bench';

export const fileOf = (folder: string, table: string): string => join(folder, `${table}.json`);

/** Writes the events of Nexmark into a file of JSON for each relation. */
export function writeEvents(folder: string, count: number): void {
  const files = new Map(Object.keys(streamTables).map((name) => [name, { file: openSync(fileOf(folder, name), 'w'), text: '' }]));
  const side = Array.from({ length: sideRows }, (_, at) => ({ table: 'side', row: [1000 + at * 3, `value ${at}`] }));
  const write = (events: Iterable<{ table: string; row: readonly (string | number)[] }>) => {
    for (const { table, row } of events) {
      const said = Object.entries(streamTables[table] ?? {}).map(([name, type], at) => [name, printed(type as Type, row[at] as string)]);
      const open = files.get(table) as { file: number; text: string };
      open.text += `${JSON.stringify(Object.fromEntries(said))}\n`;
      if (open.text.length < pieceBytes) continue;
      writeSync(open.file, open.text);
      open.text = '';
    }
  };
  write(side);
  write(new Nexmark(seed, perSecond).take(count));
  for (const { file, text } of files.values()) {
    writeSync(file, text);
    closeSync(file);
  }
}

const printed = (type: Type, value: string | number) =>
  type === 'timestamp' ? new Date(value).toISOString().replace('T', ' ').replace('Z', '') : value;

/** The records of a relation in portions. */
export type Source = (table: string) => Iterable<readonly Buffer[]> | AsyncIterable<readonly Buffer[]>;

export const fromFiles =
  (folder: string): Source =>
  (table) =>
    linesOf(fileOf(folder, table));

/** Relations as topics of a log, with all that they hold now. */
export const fromLog = (log: ScopedLog): Source =>
  async function* (table) {
    let records: Buffer[] = [];
    for await (const portion of log.read(table, new AbortController().signal))
      for (const { value } of portion) {
        if (value) records.push(value);
        if (records.length < rowsAtOnce) continue;
        yield records;
        records = [];
      }
    if (records.length > 0) yield records;
  };

/** Writes the files of a folder into topics of the same names. */
export async function writeTopics(folder: string, log: ScopedLog): Promise<void> {
  for (const table of Object.keys(streamTables)) {
    await log.createTopic(table);
    for (const lines of linesOf(fileOf(folder, table)))
      await log.produce(
        table,
        lines.map((value) => ({ value })),
      );
  }
}

/** Lines of a file, so many at once, as they lie in it. */
function* linesOf(path: string): Generator<Buffer[]> {
  const file = openSync(path, 'r');
  let rest = Buffer.alloc(0);
  let lines: Buffer[] = [];
  try {
    for (;;) {
      const piece = Buffer.allocUnsafe(pieceBytes);
      const read = readSync(file, piece);
      if (read === 0) break;
      const bytes = Buffer.concat([rest, piece.subarray(0, read)]);
      let from = 0;
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
        lines.push(bytes.subarray(from, end));
        from = end + 1;
        if (lines.length < rowsAtOnce) continue;
        yield lines;
        lines = [];
      }
      rest = bytes.subarray(from);
    }
    if (lines.length > 0) yield lines;
  } finally {
    closeSync(file);
  }
}

/** Reads the relations of a plan, in turn, and gives each portion to `take`. */
export async function streamed(source: Source, plan: Plan, take: (changes: ReadonlyMap<bigint, Batch>) => void): Promise<void> {
  const reads = readsOf(plan);
  const open = Object.keys(streamTables).flatMap((name) => {
    const wanted = reads.get(numberOf(streamTables, name));
    if (!wanted) return [];
    const records = source(name);
    const portions = Symbol.asyncIterator in records ? records[Symbol.asyncIterator]() : records[Symbol.iterator]();
    return [{ name, reader: new JsonReader(columnsOf(streamTables, name), wanted), portions }];
  });
  while (open.length > 0)
    for (const each of [...open]) {
      const next = await each.portions.next();
      if (next.done) open.splice(open.indexOf(each), 1);
      else take(new Map([[numberOf(streamTables, each.name), each.reader.read(next.value).batch]]));
    }
}

/** Takes all values of a batch as values, as whoever gives them on would. */
function taken(batch: Batch): void {
  for (const { values } of batch.columns) if (batch.size > 0 && values.length < batch.size) throw new Error('a column is too short');
}

/** Feeds a query until its relations end; what comes out is made and let go. Nothing is written down. */
export async function intoNothing(source: Source, plan: Plan): Promise<void> {
  const circuit = new Circuit(plan);
  taken(circuit.step(new Map()));
  await streamed(source, plan, (changes) => taken(circuit.step(changes)));
}

/** What is looked at of an answer: how many rows there are, and of each column the sum of its numbers, seconds or lengths. */
export class Fingerprint {
  rows = 0;
  readonly sums: number[];
  readonly #types: readonly Type[];

  constructor(types: readonly Type[]) {
    this.#types = types;
    this.sums = types.map(() => 0);
  }

  add(batch: Batch): void {
    for (let at = 0; at < batch.size; at += 1) this.rows += weightAt(batch, at);
    for (const [place, type] of this.#types.entries()) {
      const { values, nulls } = batch.columns[place] ?? { values: [], nulls: undefined };
      for (let at = 0; at < batch.size; at += 1) {
        const value = nulls?.[at] === 1 ? null : values[at];
        if (value !== null && value !== undefined)
          this.sums[place] = (this.sums[place] as number) + weightAt(batch, at) * numberIn(type, value);
      }
    }
  }
}

export const firstMs = Date.UTC(2024, 0, 1);

function numberIn(type: Type, value: unknown): number {
  if (type === 'text') return (value as string).length;
  if (type === 'timestamp') return Math.floor(((value as number) / 1000 - firstMs) / 1000);
  if (type === 'numeric') {
    const { units, scale } = value as { units: bigint; scale: number };
    return Number(units) / 10 ** scale;
  }
  return Number(value);
}

/** The answer of a query that is kept up, and of one that is asked once about all. */
export async function answers(source: Source, plan: Plan): Promise<{ readonly kept: Fingerprint; readonly once: Fingerprint }> {
  const types = plan.columns.map(({ type }) => type);
  const [kept, once] = [new Fingerprint(types), new Fingerprint(types)];
  const circuit = new Circuit(plan);
  kept.add(circuit.step(new Map()));
  const all = new Map<bigint, Batch[]>();
  await streamed(source, plan, (changes) => {
    kept.add(circuit.step(changes));
    circuit.settle();
    for (const [relation, batch] of changes) all.set(relation, [...(all.get(relation) ?? []), batch]);
  });
  const columns = (relation: bigint) => columnsOf(streamTables, Object.keys(streamTables)[Number(relation)] ?? '');
  once.add(new Circuit(plan).step(new Map([...all].map(([relation, batches]) => [relation, concatenated(batches, columns(relation))]))));
  return { kept, once };
}

/** The most memory that this process has had resident, in MB. */
export const peakMb = (): number => (Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024) / 1e6;
