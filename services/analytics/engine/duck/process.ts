import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodePiece, piecesOf } from '#engine/confined/piece.ts';
import { ConfinedProcess } from '#engine/confined/process.ts';
import { fault } from '#kernel/contract/fault.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { installation, modulePath } from '#kernel/supervise/module.ts';
import { duckAnswerRowsMax, duckHeapMb, duckMs, duckProcessMb, duckReplyBytes, duckStartMs, duckStopMs, duckWaitMs } from './limits.ts';
import type { Order, Said } from './order.ts';
import type { Packed } from './pack.ts';

/** What DuckDB said of a question that it could not answer. */
export class DuckFailure extends Error {
  override readonly name = 'DuckFailure';

  /** The same as a statement's error, where it is one of the values. */
  get refusal(): StatementError | undefined {
    const { message } = this;
    if (/too many rows/.test(message))
      return new StatementError(sqlstates.tooLarge, `a part of a query has at most ${duckAnswerRowsMax} rows`);
    if (/at work too long/.test(message))
      return new StatementError('53000', `other questions of the environment to long topics took more than ${duckWaitMs} ms; ask again`);
    if (/Out of Memory/i.test(message)) return new StatementError('53200', 'the query needs more memory than it may have');
    if (/Error: 22012$/.test(message)) return new StatementError(sqlstates.divisionByZero, 'division by zero');
    if (/Error: 22003$/.test(message)) return new StatementError(sqlstates.outOfRange, 'value out of range: overflow');
    const [, bits] = /(?:Overflow in \w+ of|for the destination type) INT(16|32|64)\b/.exec(message) ?? [];
    return bits === undefined ? undefined : new StatementError(sqlstates.outOfRange, `${widths[bits]} out of range`);
  }
}

const widths: Readonly<Record<string, string>> = { 16: 'smallint', 32: 'integer', 64: 'bigint' };

/** What it is made of: our own modules, the file that says what their names stand for, and the engine among its like. */
const own = ['services/analytics', 'engine', 'wire', 'kernel/contract', 'package.json'].map((name) => join(installation, name));
const packages = join(dirname(fileURLToPath(import.meta.resolve('@duckdb/node-api/package.json'))), '../..');
const readable = [...own, packages].map((name) => `--allow-fs-read=${name}${name.endsWith('.json') ? '' : '/*'}`);

/** DuckDB in a process of its own, which has nothing but the rows that it is given. It does one thing at a time. */
export class DuckProcess {
  readonly #process = new ConfinedProcess({
    ...{ module: modulePath('services/analytics/engine/duck/duck.main'), flags: ['--allow-addons', ...readable] },
    ...{ heapMb: duckHeapMb, memoryMb: duckProcessMb },
  });
  readonly #said = piecesOf(this.#process.output, duckReplyBytes);
  #isReady = false;

  get isOver(): boolean {
    return this.#process.isOver;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  end(): void {
    this.#process.end();
  }

  /** Makes an empty table. */
  async make(table: string, columns: readonly (readonly [name: string, type: string])[]): Promise<void> {
    await this.#ordered({ kind: 'make', table, columns });
  }

  async add(table: string, { rows, columns, bytes }: Packed): Promise<void> {
    await this.#ordered({ kind: 'add', table, rows, columns }, bytes);
  }

  async drop(table: string): Promise<void> {
    await this.#ordered({ kind: 'drop', table });
  }

  /** The rows of a query, whose columns are of these types. */
  async ask(of: { readonly sql: string; readonly texts: readonly string[]; readonly types: readonly string[] }, signal: AbortSignal) {
    const answered = await this.#ordered({ kind: 'ask', ...of, most: duckAnswerRowsMax }, undefined, signal);
    if (!answered) throw this.#gone();
    return answered;
  }

  async #ordered(order: Order, bytes?: Uint8Array, signal?: AbortSignal): Promise<Packed | undefined> {
    signal?.throwIfAborted();
    if (!this.#isReady) await this.#started();
    const stop = () => void this.#process.give(encodePiece(Buffer.from(JSON.stringify({ kind: 'stop' }))));
    signal?.addEventListener('abort', stop, { once: true });
    try {
      await this.#process.give(encodePiece(Buffer.from(JSON.stringify(order))));
      if (bytes) await this.#process.give(encodePiece(bytes));
      const said = await this.#next(duckMs, signal);
      if (said.kind === 'rows') return { ...said, bytes: new Uint8Array(await this.#piece(duckMs)) };
      if (said.kind === 'done') return undefined;
      signal?.throwIfAborted();
      throw new DuckFailure(said.message);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** One that does not start answers nothing, and our own engine is asked. */
  async #started(): Promise<void> {
    try {
      await this.#next(duckStartMs);
      this.#isReady = true;
    } catch {
      this.#process.end();
      throw new DuckFailure(`it did not start: ${this.#process.errors}`);
    }
  }

  async #next(waitMs: number, signal?: AbortSignal): Promise<Said> {
    return JSON.parse((await this.#piece(waitMs, signal)).toString('utf8')) as Said;
  }

  /** What it says next; one that is silent for too long, or does not stop when it is told, is ended. */
  async #piece(waitMs: number, signal?: AbortSignal): Promise<Buffer> {
    let isLate = false;
    const end = () => {
      isLate = true;
      this.#process.end();
    };
    const late = setTimeout(end, waitMs);
    let stopped: NodeJS.Timeout | undefined;
    const stop = () => (stopped = setTimeout(end, duckStopMs));
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const next = await this.#said.next();
      if (!next.done) return next.value;
      signal?.throwIfAborted();
      throw isLate ? new StatementError(sqlstates.cancelled, 'canceling statement due to statement timeout') : this.#gone();
    } finally {
      clearTimeout(late);
      clearTimeout(stopped);
      signal?.removeEventListener('abort', stop);
    }
  }

  #gone() {
    this.#process.end();
    return fault('Unavailable', { detail: `The process that answers it was interrupted; ask again. ${this.#process.errors}`.trim() });
  }
}
