import type { Caller } from '#kernel/contract/caller.ts';
import type { Session } from '#kernel/contract/session.ts';
import type { Bracket, Prepared } from '#engine/pgwire/application.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Statement } from '../../domain/statement.ts';
import type { analytics } from '../../service.ts';
import type { Seen } from '../../store/making.ts';
import { type Pending, type Pendings, seenBy } from '../../store/pending.ts';
import { changeAsked, tableNamed } from '../../store/table.ts';
import type { Plans } from '../../store/view.ts';
import { block, fieldsOf, none, unasked } from './answer.ts';
import { decide, decideReads } from './decision.ts';
import { oidsOf, typesOf } from './parameter.ts';
import { undone } from './prepared.ts';

type Of<K extends Statement['kind']> = Extract<Statement, { kind: K }>;
type Kind = keyof typeof committing;
/** A transaction; `first` is what was changed first. */
type Open = { readonly id: string; first: { readonly kind: Kind; readonly name: string } | undefined };

const committing = {
  table: 'CommitTable',
  view: 'CommitView',
  query: 'CommitQuery',
  source: 'CommitSource',
  sink: 'CommitSink',
  type: 'CommitType',
} as const;

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
    if (first) await this.#session.invoke(committing[first.kind], first.name, { transaction: id }, { signal });
  }

  /** When the open transaction began, in milliseconds since 1970. */
  get begun(): number | undefined {
    return this.#pending()?.begun;
  }

  /** What the open transaction made and dropped, if it did. */
  get making(): Pending | undefined {
    const pending = this.#pending();
    return pending?.isMaking ? pending : undefined;
  }

  /** The environment as the open transaction sees it. */
  get seen(): Caller & Seen {
    return seenBy(this.#session.caller, this.#pending());
  }

  /** Notes that something is made or dropped, and answers what the operation is told of the transaction. */
  within(kind: Kind, name: string): { readonly transaction?: string } {
    if (this.#open) this.#open.first ??= { kind, name };
    return this.transaction;
  }

  /** A transaction for one statement, where none is open. */
  async whole(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    if (this.#open) return work();
    this.bracket.begin();
    try {
      await work();
    } catch (error) {
      this.bracket.rollback();
      throw error;
    }
    await this.bracket.commit(signal);
  }

  createType({ name, fields }: Of<'createType'>): Prepared {
    return undone('CREATE TYPE', (signal) =>
      this.#session.invoke('CreateType', '', { name, fields: [...fields], ...this.within('type', name) }, { signal }),
    );
  }

  async write(statement: Of<'write'>, oids: readonly number[]): Promise<Prepared> {
    const { name, of, text } = statement;
    await decide(this.#session, 'WriteTable', name);
    const params = typesOf(oids, await this.#plans.typesByOid(this.seen, oids));
    const { write, reads } = await changeAsked(this.#plans, this.seen, { statement, params, now: Date.now() });
    await decideReads(this.#session, reads);
    const types = params.map((type) => type ?? 'text');
    const tag = 'insert' in of ? 'INSERT 0' : 'update' in of ? 'UPDATE' : 'DELETE';
    return {
      params: oidsOf(types, oids),
      ...(write.returning ? { fields: fieldsOf(write.returning.columns) } : {}),
      execute: async (given, signal) => {
        const input = { text, types, params: [...given], ...this.within('table', name) };
        const { output } = await this.#session.invoke('WriteTable', name, input, { signal });
        const told = 'isTruncation' in of ? 'TRUNCATE TABLE' : `${tag} ${output.count}`;
        return { rows: write.returning ? block(output.rows) : none, tag: () => told };
      },
    };
  }

  /** COPY FROM STDIN: a transaction of its own where none is open. */
  async load({ name, columns, format }: Of<'load'>): Promise<Prepared> {
    await decide(this.#session, 'WriteTable', name);
    const table = await tableNamed(this.#plans, this.seen, name);
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
        const first = { kind: 'table', name } as const;
        if (open) open.first ??= first;
        const own = open ?? { id: this.#pendings.begin(this.#session.caller, Date.now()), first };
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
