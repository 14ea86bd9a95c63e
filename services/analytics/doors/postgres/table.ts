import type { Session } from '#kernel/contract/session.ts';
import type { Bracket, Prepared } from '#engine/pgwire/application.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Statement } from '../../domain/statement.ts';
import type { analytics } from '../../service.ts';
import type { Pendings } from '../../store/pending.ts';
import { changeAsked, tableNamed } from '../../store/table.ts';
import type { Plans } from '../../store/view.ts';
import { block, fieldsOf, none, unasked } from './answer.ts';
import { decide, decideReads } from './decision.ts';
import { oidsOf, typesOf } from './parameter.ts';

type Of<K extends Statement['kind']> = Extract<Statement, { kind: K }>;
/** A transaction; `first` is the table that was changed first. */
type Open = { readonly id: string; first: string | undefined };

/** What one caller changes of tables, in transactions too. */
export class TableDesk {
  readonly #session: Session<typeof analytics>;
  readonly #plans: Plans;
  readonly #pendings: Pendings;
  /** The transaction that is open. */
  #open: Open | undefined;

  constructor(session: Session<typeof analytics>, plans: Plans, pendings: Pendings) {
    this.#session = session;
    this.#plans = plans;
    this.#pendings = pendings;
  }

  /** What operations are told of the transaction that is open. */
  get transaction(): { readonly transaction?: string } {
    return this.#open ? { transaction: this.#open.id } : {};
  }

  /** Changes of a transaction wait under a number that the operations are given. */
  readonly bracket: Bracket = {
    begin: () => {
      this.#open = { id: this.#pendings.begin(this.#session.caller, Date.now()), first: undefined };
    },
    commit: async (signal) => {
      const open = this.#open;
      this.#open = undefined;
      try {
        if (open) await this.#commit(open, signal);
      } finally {
        if (open) this.#pendings.end(open.id);
      }
    },
    rollback: () => {
      if (this.#open) this.#pendings.end(this.#open.id);
      this.#open = undefined;
    },
    save: (name) => this.#pending()?.save(name),
    release: (name) => this.#pending()?.release(name),
    back: (name) => this.#pending()?.back(name),
  };

  #pending() {
    return this.#open && this.#pendings.get(this.#open.id, this.#session.caller);
  }

  async #commit({ id, first }: Open, signal: AbortSignal): Promise<void> {
    if (first !== undefined) await this.#session.invoke('CommitTable', first, { transaction: id }, { signal });
  }

  async write(statement: Of<'write'>, oids: readonly number[]): Promise<Prepared> {
    const { name, of, text } = statement;
    await decide(this.#session, 'WriteTable', name);
    const params = typesOf(oids);
    const { write, reads } = await changeAsked(this.#plans, this.#session.caller, { statement, params, now: Date.now() });
    await decideReads(this.#session, reads);
    const types = params.map((type) => type ?? 'text');
    const tag = 'insert' in of ? 'INSERT 0' : 'update' in of ? 'UPDATE' : 'DELETE';
    return {
      params: oidsOf(types, oids),
      ...(write.returning ? { fields: fieldsOf(write.returning.columns) } : {}),
      execute: async (given, signal) => {
        if (this.#open) this.#open.first ??= name;
        const input = { text, types, params: [...given], ...this.transaction };
        const { output } = await this.#session.invoke('WriteTable', name, input, { signal });
        const told = 'isTruncation' in of ? 'TRUNCATE TABLE' : `${tag} ${output.count}`;
        return { rows: write.returning ? block(output.rows) : none, tag: () => told };
      },
    };
  }

  /** COPY FROM STDIN: a transaction of its own where none is open. */
  async load({ name, columns, format }: Of<'load'>): Promise<Prepared> {
    await decide(this.#session, 'WriteTable', name);
    const table = await tableNamed(this.#plans, this.#session.caller, name);
    const missing = columns?.find((column) => !table.columns.some((each) => each.name === column));
    if (missing !== undefined)
      throw new StatementError(sqlstates.columnMissing, `column "${missing}" of relation "${name}" does not exist`);
    const names = columns ?? table.columns.map((column) => column.name);
    return {
      params: [],
      copyIn: { columns: fieldsOf(names.flatMap((own) => table.columns.find((column) => column.name === own) ?? [])), format },
      execute: unasked,
      load: async (lines, signal) => {
        const open = this.#open;
        if (open) open.first ??= name;
        const own = open ?? { id: this.#pendings.begin(this.#session.caller, Date.now()), first: name };
        let count = 0;
        try {
          for await (const rows of lines) {
            count += rows.length;
            const input = { columns: [...names], rows: rows.map((row) => [...row]), transaction: own.id };
            await this.#session.invoke('LoadTable', name, input, { signal });
          }
          if (!open) await this.#commit(own, signal);
        } finally {
          if (!open) this.#pendings.end(own.id);
        }
        return { rows: none, tag: () => `COPY ${count}` };
      },
    };
  }
}
