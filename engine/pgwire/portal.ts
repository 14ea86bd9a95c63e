import type { Answer, Cells, Field, Prepared } from './application.ts';
import type { Outbox } from './outbox.ts';
import { sqlstates, StatementError } from './statement-error.ts';

/** A statement with its parameters, which is run, or run on where it stopped. */
export class Portal {
  readonly fields: readonly Field[] | undefined;
  readonly formats: readonly number[];
  readonly #prepared: Prepared | undefined;
  readonly #params: Cells;
  #answer: Answer | undefined;
  #blocks: AsyncIterator<readonly Cells[]> | undefined;
  #left: Cells[] = [];
  #rows = 0;
  #stop = new AbortController();
  #isDone = false;

  constructor(prepared: Prepared | undefined, params: Cells, formats: readonly number[]) {
    this.#prepared = prepared;
    this.#params = params;
    this.fields = prepared?.fields;
    this.formats = formats;
  }

  /** Says the rows, at most `rowsMax` of them where that is not 0, and how it ended. */
  async run(outbox: Outbox, rowsMax: number, signal: AbortSignal): Promise<void> {
    if (!this.#prepared) return outbox.say({ type: 'emptyQuery' });
    if (this.#isDone) return outbox.say({ type: 'commandComplete', tag: this.#answer?.tag(0) ?? '' });
    const stop = () => this.#stop.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    try {
      this.#answer ??= await this.#prepared.execute(this.#params, this.#stop.signal);
      this.#blocks ??= this.#answer.rows[Symbol.asyncIterator]();
      const isOver = await this.#say(outbox, rowsMax);
      if (signal.aborted) throw signal.reason;
      if (!isOver) return outbox.say({ type: 'portalSuspended' });
      this.#isDone = true;
      outbox.say({ type: 'commandComplete', tag: this.#answer.tag(this.#rows) });
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async #say(outbox: Outbox, rowsMax: number): Promise<boolean> {
    const fields = this.fields ?? [];
    let said = 0;
    for (;;) {
      for (let row = this.#left.shift(); row; row = this.#left.shift()) {
        if (!this.fields) throw new StatementError(sqlstates.internal, 'rows of a statement that has none');
        await outbox.row(row, fields, this.formats);
        said += 1;
        this.#rows += 1;
        if (rowsMax > 0 && said === rowsMax) return false;
      }
      // What waits for more to come must not keep back what is there.
      await outbox.send();
      const next = await this.#blocks?.next();
      if (!next || next.done) return true;
      this.#left = [...next.value];
    }
  }

  async close(): Promise<void> {
    this.#stop.abort(new StatementError(sqlstates.cancelled, 'the portal was closed'));
    await this.#blocks?.return?.();
  }
}
