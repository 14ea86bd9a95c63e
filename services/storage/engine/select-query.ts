import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { type DuckDBConnection, DuckDBDataChunk, DuckDBInstance, VARCHAR } from '@duckdb/node-api';
import type { SelectJob } from '../domain/select/job.ts';
import { type Known, keptTable, type Plan, planOf } from '../domain/select/plan.ts';
import { SelectRefusal } from '../domain/select/refusal.ts';
import {
  selectBatchLength,
  selectBatchRowsMax,
  selectMemoryMb,
  selectParquetMaxBytes,
  selectRecordsBytes,
  selectThreads,
} from './limits.ts';
import type { SelectFrame } from './select-frame.ts';
import type { SelectSource } from './select-input.ts';
import { openRecords } from './select-record.ts';

type Say = (frame: SelectFrame) => Promise<void>;

/** Answers a query: its lines, how far it is after each batch when that is asked for, and its end. */
export async function runQuery(job: SelectJob, source: SelectSource, say: Say): Promise<void> {
  const answer = new Answer(job, source, say);
  if ('parquet' in job.input) await askParquet(job, source, answer);
  else await askRecords(job, source, answer);
  await answer.end();
}

/** The lines of the result on their way out. */
class Answer {
  readonly #job: SelectJob;
  readonly #source: SelectSource;
  readonly #say: Say;
  #lines: string[] = [];
  #length = 0;
  #returned = 0;

  constructor(job: SelectJob, source: SelectSource, say: Say) {
    this.#job = job;
    this.#source = source;
    this.#say = say;
  }

  async add(line: string): Promise<void> {
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#length >= selectRecordsBytes) await this.#flush();
  }

  async progress(): Promise<void> {
    if (this.#job.progress) await this.#say({ kind: 'progress', ...this.#counts() });
  }

  async end(): Promise<void> {
    await this.#flush();
    await this.#say({ kind: 'done', ...this.#counts() });
  }

  #counts() {
    return { scanned: this.#source.scanned, processed: this.#source.processed, returned: this.#returned };
  }

  async #flush(): Promise<void> {
    if (this.#lines.length === 0) return;
    const bytes = Buffer.from(this.#lines.join(''));
    [this.#lines, this.#length] = [[], 0];
    for (let at = 0; at < bytes.length; at += selectRecordsBytes * 2) {
      const part = bytes.subarray(at, at + selectRecordsBytes * 2);
      this.#returned += part.length;
      await this.#say({ kind: 'records', bytes: part });
    }
  }
}

type Engine = { readonly engine: DuckDBConnection; [Symbol.dispose](): void };

/** An engine that reaches nothing, except for a file that is named. */
async function openEngine(file?: string): Promise<Engine> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${selectMemoryMb}MB`,
    threads: String(selectThreads),
    max_temp_directory_size: '0B',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  });
  const engine = await instance.connect();
  await engine.run("SET TimeZone = 'UTC'");
  if (file !== undefined) await engine.run(`SET allowed_paths = ['${file}']`);
  await engine.run('SET enable_external_access = false');
  await engine.run('SET lock_configuration = true');
  const close = () => {
    engine.closeSync();
    instance.closeSync();
  };
  return { engine, [Symbol.dispose]: close };
}

async function askRecords(job: SelectJob, source: SelectSource, answer: Answer): Promise<void> {
  const { names, lines } = await openRecords(job, source);
  const plan = planOf(job, names ? { names } : {});
  using opened = await openEngine();
  const { engine } = opened;
  for (const statement of plan.prepare) await run(engine, statement);
  await run(engine, 'CREATE TABLE batch (line VARCHAR)');
  if (plan.end !== undefined) await run(engine, keptTable(plan));
  let left = plan.limit ?? Number.POSITIVE_INFINITY;
  let batch: string[] = [];
  let length = 0;
  const ask = async () => {
    left -= await askBatch(engine, plan, batch, left, answer);
    [batch, length] = [[], 0];
    await answer.progress();
  };
  for await (const found of left > 0 ? lines : []) {
    for (const line of found) {
      batch.push(line);
      length += line.length;
      if (length >= selectBatchLength || batch.length >= selectBatchRowsMax) await ask();
      if (left <= 0) break;
    }
    if (left <= 0) break;
  }
  if (batch.length > 0 && left > 0) await ask();
  if (plan.end !== undefined) await tell(engine, plan.end, Number.POSITIVE_INFINITY, answer);
}

async function askBatch(engine: DuckDBConnection, plan: Plan, batch: readonly string[], left: number, answer: Answer): Promise<number> {
  await run(engine, 'CREATE OR REPLACE TABLE batch (line VARCHAR)');
  const appender = await engine.createAppender('batch');
  for (let at = 0; at < batch.length; at += chunkRows) {
    const rows = batch.slice(at, at + chunkRows);
    const chunk = DuckDBDataChunk.create([VARCHAR], rows.length);
    chunk.setColumnValues(0, rows);
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
  if (plan.end === undefined) return tell(engine, plan.batch, left, answer);
  await run(engine, plan.batch);
  return 0;
}

/** Rows of a chunk, by the engine's own constant. */
const chunkRows = 2048;

async function tell(engine: DuckDBConnection, statement: string, most: number, answer: Answer): Promise<number> {
  return wording(async () => {
    const result = await engine.stream(most === Number.POSITIVE_INFINITY ? statement : `${statement} LIMIT ${most}`);
    let told = 0;
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      for (const line of chunk.getColumnValues(0)) await answer.add(String(line));
      told += chunk.rowCount;
    }
    return told;
  });
}

const run = (engine: DuckDBConnection, statement: string) => wording(() => engine.run(statement));

/** What the engine refuses, in S3 Select's words. */
async function wording<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof SelectRefusal) throw error;
    const said = error.message.split('\n', 1)[0]!.slice(0, 300);
    if (/^Conversion Error|^Out of Range Error/.test(said))
      throw new SelectRefusal('CastFailed', `A value cannot be what the SQL expression makes of it: ${said}`);
    if (/^Out of Memory Error/.test(said)) throw new SelectRefusal('InternalError', 'The query needs more memory than a query gets.');
    if (/^Binder Error|^Invalid Input Error/.test(said))
      throw new SelectRefusal('EvaluatorInvalidArguments', `The SQL expression cannot be evaluated: ${said}`);
    throw error;
  }
}

/** Parquet is read from both ends, so it lies in memory as a file that has no name any more. */
async function askParquet(job: SelectJob, source: SelectSource, answer: Answer): Promise<void> {
  if (job.size > selectParquetMaxBytes)
    throw new SelectRefusal('OverMaxParquetBlockSize', `Parquet of more than ${selectParquetMaxBytes} bytes is not queried.`);
  const name = `/dev/shm/gamut-select-${process.pid}-${process.hrtime.bigint()}`;
  const handle = openSync(name, 'wx+', 0o600);
  unlinkSync(name);
  try {
    for await (const piece of source.plain('NONE')) for (let at = 0; at < piece.length; ) at += writeSync(handle, piece, at);
    const file = `/proc/self/fd/${handle}`;
    using opened = await openEngine(file);
    const { engine } = opened;
    const known = await knownOf(engine, file, job);
    const plan = planOf(job, known);
    for (const statement of plan.prepare) await run(engine, statement);
    if (plan.end !== undefined) {
      await run(engine, keptTable(plan));
      await run(engine, plan.batch);
    }
    await answer.progress();
    await tell(engine, plan.end ?? plan.batch, plan.limit ?? Number.POSITIVE_INFINITY, answer);
  } finally {
    closeSync(handle);
  }
}

/** The columns of a Parquet, and the rows of the row groups that begin in the range that is asked. */
async function knownOf(engine: DuckDBConnection, file: string, { span }: SelectJob): Promise<Known> {
  try {
    const columns = await engine.runAndReadAll(`SELECT column_name FROM (DESCRIBE SELECT * FROM read_parquet('${file}'))`);
    const names = columns.getRows().map(([name]) => String(name));
    if (!span) return { names, file };
    const begins = 'min(coalesce(dictionary_page_offset, data_page_offset))';
    const groups = await engine.runAndReadAll(
      `SELECT ${begins}, any_value(row_group_num_rows) FROM parquet_metadata('${file}') GROUP BY row_group_id ORDER BY row_group_id`,
    );
    let before = 0;
    const rows = groups.getRows().flatMap(([begin, count]): [number, number][] => {
      const from = before;
      before += Number(count);
      return Number(begin) >= span.first && Number(begin) <= span.last ? [[from, before - 1]] : [];
    });
    return { names, file, rows };
  } catch (error) {
    throw new SelectRefusal(
      'ParquetParsingError',
      `The object is no Parquet that can be read: ${String(error).split('\n', 1)[0]!.slice(0, 300)}`,
    );
  }
}
