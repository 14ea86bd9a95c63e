import type { Answer, Cells, Copied, Field, Prepared } from './application.ts';
import { copyLine } from './copy.ts';
import { copyHead, copyTail, copyTuple } from './copy-binary.ts';
import type { Outbox } from './outbox.ts';
import { Scroll } from './scroll.ts';
import { sqlstates, StatementError } from './statement-error.ts';

/** In what format a COPY is, as messages say it: 0 is text, 1 binary. */
function kindOf({ columns, format }: Copied) {
  const kind = format.isBinary ? 1 : 0;
  return { format: kind, formats: columns.map(() => kind) };
}

/** A statement with its parameters, which is run, or run on where it stopped. */
export class Portal {
  readonly fields: readonly Field[] | undefined;
  readonly formats: readonly number[];
  readonly prepared: Prepared | undefined;
  /** What FETCH and MOVE go through. */
  readonly scroll: Scroll;
  readonly #params: Cells;
  #answer: Answer | undefined;
  #blocks: AsyncIterator<readonly Cells[]> | undefined;
  #left: Cells[] = [];
  #rows = 0;
  #stop = new AbortController();
  #isDone = false;

  constructor(prepared: Prepared | undefined, params: Cells, formats: readonly number[], isForward = true) {
    this.scroll = new Scroll((most, signal) => this.take(most, signal), isForward);
    this.prepared = prepared;
    this.#params = params;
    this.fields = prepared?.fields;
    this.formats = formats;
  }

  /** Ends it, whatever it waits for. */
  stop(reason: unknown): void {
    this.#stop.abort(reason);
  }

  /** Why it was ended, if it was. */
  get stopped(): AbortSignal | undefined {
    return this.#stop.signal.aborted ? this.#stop.signal : undefined;
  }

  /** Says the rows, at most `rowsMax` of them where that is not 0, and how it ended. */
  async run(outbox: Outbox, rowsMax: number): Promise<void> {
    if (!this.prepared) return outbox.say({ type: 'emptyQuery' });
    if (this.#isDone) return outbox.say({ type: 'commandComplete', tag: this.#answer?.tag(0) ?? '' });
    if (this.prepared.copy) return this.#copy(outbox, this.prepared.copy);
    const most = rowsMax > 0 ? rowsMax : Number.POSITIVE_INFINITY;
    await outbox.soon();
    for await (const block of this.take(most)) {
      if (!this.fields && block.length > 0) throw new StatementError(sqlstates.internal, 'rows of a statement that has none');
      for (const row of block) await outbox.row(row, this.fields ?? [], this.formats);
      await outbox.soon();
    }
    if (!this.#isDone) return outbox.say({ type: 'portalSuspended' });
    outbox.say({ type: 'commandComplete', tag: this.#answer?.tag(this.#rows) ?? '' });
  }

  async #copy(outbox: Outbox, { columns, format }: NonNullable<Prepared['copy']>): Promise<void> {
    const data = (of: Buffer) => outbox.say({ type: 'copyData', data: of });
    outbox.say({ type: 'copyOut', ...kindOf({ columns, format }) });
    const names = columns.map(({ name }) => name);
    if (format.header) data(Buffer.from(copyLine(names, format)));
    await outbox.send();
    // The head goes with what comes first, as PostgreSQL sends it: clients read a row from the first message.
    let head: Buffer | undefined = copyHead;
    const binary = (of: Buffer) => {
      data(head ? Buffer.concat([head, of]) : of);
      head = undefined;
    };
    for await (const block of this.take(Number.POSITIVE_INFINITY)) {
      for (const row of block)
        if (format.isBinary) binary(copyTuple(row, columns));
        else data(Buffer.from(copyLine(row, format)));
      await outbox.send();
    }
    if (format.isBinary) binary(copyTail);
    outbox.say({ type: 'copyDone' });
    outbox.say({ type: 'commandComplete', tag: `COPY ${this.#rows}` });
  }

  /** Takes the rows that the client sends, and says how it ended. */
  async load(outbox: Outbox, lines: AsyncIterable<readonly Cells[]>): Promise<void> {
    const { prepared } = this;
    if (!prepared?.load || !prepared.copyIn) throw new TypeError('a statement that takes no rows');
    outbox.say({ type: 'copyIn', ...kindOf(prepared.copyIn) });
    await outbox.send();
    const answer = await prepared.load(lines, this.#stop.signal);
    this.#isDone = true;
    this.#answer = answer;
    outbox.say({ type: 'commandComplete', tag: answer.tag(0) });
  }

  /** The next rows, at most so many: fewer, and the portal is done. `signal` is of the statement that asks for them, if it is another. */
  async *take(most: number, signal?: AbortSignal): AsyncGenerator<readonly Cells[]> {
    if (this.#isDone || !this.prepared) return;
    const stop = () => this.#stop.abort(signal?.reason);
    signal?.addEventListener('abort', stop, { once: true });
    try {
      this.#answer ??= await this.prepared.execute(this.#params, this.#stop.signal);
      this.#blocks ??= this.#answer.rows[Symbol.asyncIterator]();
      for (let left = most; left > 0; ) {
        if (this.#left.length === 0) {
          const next = await this.#blocks.next();
          this.#stop.signal.throwIfAborted();
          if (next.done) {
            this.#isDone = true;
            return;
          }
          this.#left = [...next.value];
        }
        const block = this.#left.splice(0, left);
        left -= block.length;
        this.#rows += block.length;
        if (block.length > 0) yield block;
      }
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  async close(): Promise<void> {
    if (this.#isDone || !this.#answer) return;
    this.#stop.abort(new StatementError(sqlstates.cancelled, 'the portal was closed'));
    await this.#blocks?.return?.();
  }
}
