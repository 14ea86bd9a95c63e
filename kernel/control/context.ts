import type { Mail } from '#seams/mail/mail.ts';
import type { Handle, Sql, Transaction } from '#seams/sql/sql.ts';
import type { Call } from '../contract/call.ts';
import type { AnyService } from '../contract/contract.ts';
import type { EventRecord, IngestRecord } from '../audit/record.ts';
import type { Log } from '../contract/implement.ts';
import type { Kept } from '../privacy/subject.ts';
import { fault } from '../contract/fault.ts';
import type { Keeper } from '../keys/client.ts';
import { rolesIn } from '../caller/place.ts';
import type { Authority } from '../listen/authority.ts';
import type { Snapshot } from '../snapshot/reader.ts';
import { parseId, formatId, type IdSource } from '../tenancy/id.ts';
import type { Publisher } from './publish.ts';

/** What control's handlers work with. `system` sees every tenant and is used only where no caller's tenant is meant. */
export type Context = {
  /** The data directory. */
  readonly data: string;
  readonly deployment: string;
  readonly sql: Sql;
  readonly system: Sql;
  readonly keeper: Keeper;
  readonly publisher: Publisher;
  readonly snapshot: Snapshot;
  readonly ids: IdSource;
  readonly region: string;
  readonly mail: Mail;
  readonly authority: Authority;
  readonly log: Log;
  readonly now: () => number;
  /** Appends usage events that came from outside to the journal; durable when it resolves. */
  readonly ingest: (batch: IngestRecord) => Promise<void>;
  /** Writes into the audit log of each organization that a person is in what came of a sign-in of theirs. */
  readonly recordSignIn: (principal: string, operation: 'SignIn' | 'ProveFactor' | 'UseSession', outcome: string) => Promise<void>;
  /** The contracts of every service that registered, and control's own. */
  readonly contracts: () => Promise<readonly AnyService[]>;
  /** The addresses of doors, `<service>.<protocol>`. */
  readonly doors: () => Promise<Record<string, { url: string }>>;
  /** Takes what was deleted out of the database's files, or out of those of some of the platform's tables; answers what could not be. */
  readonly purge: (tables?: readonly string[]) => Promise<Kept[]>;
  /** Makes an event of an organization; durable in the journal when it resolves. */
  readonly emit: (event: EventRecord) => Promise<void>;
  /** The console's address, for links in mails. */
  readonly consoleUrl: () => string;
  readonly health: () => Promise<{
    processes: { name: string; state: string; pid: number | null; restarts: number; since: number }[];
    diskFreeBytes: number;
    diskReserveBytes: number;
  }>;
};

export type Row = Record<string, unknown>;

/** A change of what the snapshot holds: noted in the transaction that makes it, waited for after. */
export type Note = (tenant: bigint, kind: string, key: readonly string[]) => Promise<void>;

/** Runs a transaction of a tenant and returns when the snapshot has what it changed. */
export async function change<T>(
  context: Context,
  at: { tenant: bigint; scope: bigint } | 'platform',
  work: (tx: Transaction, note: Note) => Promise<T>,
): Promise<T> {
  let last = 0;
  const handle: Handle = at === 'platform' ? context.system.platform() : context.sql.as(at);
  const result = await handle.begin((tx) =>
    work(tx, async (tenant, kind, key) => {
      const { rows } = await tx.query('select platform.note_change($1, $2, $3) as number', [tenant, kind, [...key]]);
      last = Number((rows[0] as Row).number);
    }),
  );
  if (last > 0) await context.publisher.applied(last);
  return result;
}

/** A caller's statements in its tenant. */
export function own(context: Context, call: Call): Handle {
  return context.sql.as(call.caller);
}

/** The one row, or NotFound. */
export function found(rows: readonly object[], what: string): Row {
  const [row] = rows;
  if (!row) throw fault('NotFound', `There is no ${what}.`);
  return row as Row;
}

/** What was named by its id is decided on its name as well, which is what policies speak of. Throws Denied. */
export async function decidedByName(call: Call, operation: string, row: Row): Promise<Row> {
  if (row.name !== call.ref.name) await call.also(operation, String(row.name));
  return row;
}

/** Whether the caller operates the platform itself. */
export function isOperator(context: Context, call: Call): boolean {
  return rolesIn(context.snapshot, call.caller.principal, '-', '-').includes('operator');
}

/** An id as text, or a name: the two columns to look in. */
export function nameOrId(text: string): { name: string; id: bigint } {
  return { name: text, id: /^[0-7][0-9a-hjkmnp-tv-z]{12}$/.test(text) ? parseId(text) : 0n };
}

const time = (value: unknown): number => (value instanceof Date ? value.getTime() : 0);

/** The envelope of a directory row. */
export function enveloped<Spec>(row: Row, name: string, spec: Spec) {
  return {
    uid: formatId(row.id as bigint),
    name,
    generation: Number(row.generation ?? 1),
    version: String(row.version ?? 1),
    labels: (row.labels ?? {}) as Record<string, string>,
    createdAt: time(row.created_at),
    spec,
  };
}

/** One page of rows in order of name, cut to the limit with where to go on. */
export function paged<T extends { name: string }>(items: readonly T[], limit: number): { items: T[]; next?: string; version: string } {
  const page = items.slice(0, limit);
  const last = page.at(-1);
  return { items: page, version: '0', ...(items.length > limit && last ? { next: last.name } : {}) };
}
