import { boundParameter } from '#wire/pgwire/encode.ts';
import type { Connection } from './connection.ts';
import { PostgresError, SqlAborted, SqlMisuse, SqlUnavailable } from './error.ts';
import { newExchange, type Part, type Result, type Row, type Status } from './exchange.ts';
import { cursorRowsMax } from './limits.ts';
import type { Pool } from './pool.ts';
import { checkText } from './statement.ts';

/** How a transaction reads: PostgreSQL's isolation levels; `readOnly` refuses writes. */
export type TransactionOptions = {
  readonly signal?: AbortSignal;
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  readonly readOnly?: boolean;
};

/** An open transaction on a connection of its own. */
export interface Transaction {
  query<R extends object = Row>(text: string, params?: readonly unknown[]): Promise<Result<R>>;
  /** Reads a large result in batches of at most `rowsMax` rows, which are fetched as they are asked for. */
  cursor<R extends object = Row>(text: string, params?: readonly unknown[], rowsMax?: number): AsyncIterable<R[]>;
  /** Runs a text of several statements by the simple protocol; its rows are dropped. Not for text from outside. */
  script(text: string): Promise<void>;
}

/** Runs `work` between BEGIN with the scope's setting and COMMIT; a throw, an abort or a failed statement rolls back. */
export async function runTransaction<T>(
  pool: Pool,
  setting: Part,
  work: (tx: Transaction) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const { signal } = options;
  const connection = await pool.reserve(signal);
  const open = new OpenTransaction(pool, connection, [beginPart(options), setting]);
  const aborted = new Promise<never>((_, reject) => {
    open.onAbort = () => reject(new SqlAborted(signal?.reason));
  });
  aborted.catch(() => undefined);
  const stop = () => open.abort(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  try {
    const working = work(open);
    working.catch(() => undefined);
    const value = await Promise.race([working, aborted]);
    await open.commit();
    return value;
  } catch (error) {
    await open.rollback();
    const cancelled = signal?.aborted && error instanceof PostgresError && error.sqlstate === '57014';
    throw cancelled ? new SqlAborted(signal.reason) : error;
  } finally {
    signal?.removeEventListener('abort', stop);
    // An abort that came while COMMIT ran: nothing is left to cancel, and what comes next on this connection is not its own.
    connection.unwanted = false;
    await connection.fence;
    pool.release(connection);
  }
}

function beginPart(options: TransactionOptions): Part {
  const isolation = options.isolation ? ` isolation level ${options.isolation}` : '';
  return { text: `begin${isolation}${options.readOnly ? ' read only' : ''}`, params: [], discard: true };
}

class OpenTransaction implements Transaction {
  onAbort: () => void = () => undefined;
  readonly #pool: Pool;
  readonly #connection: Connection;
  #prefix: readonly Part[];
  /** Settles when BEGIN and the setting have been answered; statements behind them wait for it. */
  #begun: Promise<unknown> | null = null;
  #ended: Error | null = null;
  readonly #running = new Set<Promise<unknown>>();
  #portals = 0;

  constructor(pool: Pool, connection: Connection, prefix: readonly Part[]) {
    this.#pool = pool;
    this.#connection = connection;
    this.#prefix = prefix;
  }

  async query<R extends object = Row>(text: string, params: readonly unknown[] = []): Promise<Result<R>> {
    checkText(text);
    return (await this.#run({ text, params: params.map(boundParameter) })).result as Result<R>;
  }

  async *cursor<R extends object = Row>(text: string, params: readonly unknown[] = [], rowsMax = cursorRowsMax): AsyncGenerator<R[]> {
    checkText(text);
    const portal = `c${++this.#portals}`;
    let next: Part = { text, params: params.map(boundParameter), portal, rowsMax };
    for (;;) {
      const { result, suspended, fields } = await this.#run(next);
      if (result.rows.length > 0) yield result.rows as R[];
      if (!suspended || !fields) return;
      next = { text, params: [], portal, rowsMax, fetch: fields };
    }
  }

  async script(text: string): Promise<void> {
    await this.#start();
    await this.#send([], text);
  }

  /** Ends the transaction with its effects kept. */
  async commit(): Promise<void> {
    if (this.#ended) throw this.#ended;
    this.#ended = new SqlMisuse('The transaction has ended.');
    if (!this.#begun) return;
    await this.#begun.catch(() => undefined);
    const { results } = await this.#send([{ text: 'commit', params: [] }]);
    // A failed transaction answers COMMIT by ROLLBACK, without an error.
    if (results.at(-1)?.command !== 'COMMIT') throw new SqlMisuse('The transaction was rolled back: one of its statements had failed.');
  }

  /** Ends the transaction without effect. The connection is dropped when that cannot be made sure. */
  async rollback(): Promise<void> {
    this.#ended ??= new SqlMisuse('The transaction has ended.');
    if (!this.#begun || this.#connection.lost) return;
    await this.#begun.catch(() => undefined);
    // What still runs, or a cancel request under way, could take the ROLLBACK with it.
    await Promise.allSettled(this.#running);
    this.#connection.unwanted = false;
    await this.#connection.fence;
    if (this.#connection.lost || (this.#connection.status === 'idle' && this.#connection.queue.length === 0)) return;
    await this.#send([{ text: 'rollback', params: [] }]).catch((error: unknown) => {
      this.#connection.fail('A transaction could not be rolled back.', error);
    });
  }

  abort(reason: unknown): void {
    this.#ended ??= new SqlAborted(reason);
    this.onAbort();
    if (this.#connection.queue.length === 0) return;
    this.#connection.unwanted = true;
    this.#pool.cancel(this.#connection);
  }

  /** Sends BEGIN and the setting by themselves when no statement has carried them. */
  async #start(): Promise<void> {
    if (!this.#begun) {
      this.#begun = this.#send(this.#takePrefix());
      this.#begun.catch(() => undefined);
    }
    await this.#begun;
    this.#check();
  }

  async #run(part: Part): Promise<{ result: Result; suspended: boolean; fields: Part['fetch'] }> {
    this.#check();
    if (!this.#begun) {
      // BEGIN, the setting and the first statement share one Sync: none of them runs when one before it fails.
      const first = this.#send([...this.#takePrefix(), part]);
      this.#begun = first;
      return pick(await first);
    }
    // A statement sent before BEGIN is answered could run outside of the transaction.
    await this.#begun.catch(() => undefined);
    this.#check();
    return pick(await this.#send([part]));
  }

  #takePrefix(): readonly Part[] {
    const prefix = this.#prefix;
    this.#prefix = [];
    return prefix;
  }

  #check(): void {
    if (this.#ended) throw this.#ended;
  }

  #send(parts: readonly Part[], script?: string): Promise<Sent> {
    const sent = this.#exchange(parts, script);
    this.#running.add(sent);
    const forget = () => this.#running.delete(sent);
    sent.then(forget, forget);
    return sent;
  }

  #exchange(parts: readonly Part[], script?: string): Promise<Sent> {
    return new Promise((resolve, reject) => {
      const ending = parts.at(-1)?.text === 'commit' || parts.at(-1)?.text === 'rollback';
      if (this.#connection.lost) return reject(withoutEffect(this.#connection.lost));
      const x = newExchange(
        parts,
        (status: Status | 'lost') => {
          if (status === 'idle' && !ending)
            this.#ended ??= new SqlMisuse('The transaction has ended: a statement ended it, or BEGIN failed.');
          if (status === 'idle' && !ending && !x.error) return reject(this.#ended);
          if (x.error) return reject(ending ? x.error : this.#explain(x.error));
          const fields = x.parts.at(-1)?.fetch ?? x.statements.at(-1)?.fields ?? undefined;
          resolve({ results: x.results, suspended: x.suspended, fields });
        },
        script,
      );
      this.#connection.send(x);
    });
  }

  #explain(error: Error): Error {
    if (error instanceof SqlUnavailable) return withoutEffect(error);
    const cancelled = this.#ended instanceof SqlAborted && error instanceof PostgresError && error.sqlstate === '57014';
    return cancelled ? (this.#ended as SqlAborted) : error;
  }
}

// Until its COMMIT is sent, a transaction whose connection is lost is rolled back for certain.
function withoutEffect(lost: SqlUnavailable): SqlUnavailable {
  return new SqlUnavailable(lost.reason, lost.message, { sent: false, cause: lost.cause });
}

type Sent = { results: Result[]; suspended: boolean; fields: Part['fetch'] };

function pick(sent: Sent): { result: Result; suspended: boolean; fields: Part['fetch'] } {
  return { result: sent.results.at(-1) as Result, suspended: sent.suspended, fields: sent.fields };
}
