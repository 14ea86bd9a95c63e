import { fault, OperationError } from '#kernel/contract/fault.ts';
import { reachableAddress } from '#kernel/outbound/outbound.ts';
import { SqlRefused } from '#seams/sql/error.ts';
import { openSql, type Sql } from '#seams/sql/sql.ts';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import type { ConnectionSpec } from '../domain/connection.ts';
import { TableTarget, type TableText } from '../domain/table-target.ts';
import type { Target } from '../domain/sink.ts';
import type { Column } from '../domain/value.ts';
import { targetStatementMs } from '../store/limits.ts';
import { atStep } from '../store/step.ts';
import type { Carrier } from './carrier.ts';

/** A pool on the PostgreSQL that a tenant named; the host is looked up, and checked, for each connection. */
export function openTarget({ url, ca }: ConnectionSpec, allow: readonly string[], statementTimeoutMs: number = targetStatementMs): Sql {
  const locate = (host: string, port: number, signal: AbortSignal) =>
    reachableAddress(host, port, { allow }, signal).catch((cause: unknown) => {
      throw cause instanceof OperationError ? new SqlRefused(cause.detail ?? cause.message, { cause }) : cause;
    });
  return openSql(url, {
    max: 1,
    applicationName: 'gamut',
    statementTimeoutMs,
    locate,
    ...(ca === undefined ? {} : { ca }),
  });
}

type Handle = ReturnType<Sql['platform']>;

/** The types of a table's columns as its PostgreSQL names them; undefined where there is no such table. */
async function typesOf(handle: Handle, { named }: TableTarget): Promise<Map<string, string> | undefined> {
  const text = `select attname::text as name, format_type(atttypid, atttypmod) as type from pg_attribute
    where attrelid = to_regclass($1) and attnum > 0 and not attisdropped`;
  const { rows } = await handle.query<{ name: string; type: string }>(text, [named]);
  return rows.length === 0 ? undefined : new Map(rows.map(({ name, type }) => [name, type]));
}

/** Makes ready what a sink writes to: the table, where it is not there, and the row that says how far the sink has come. */
export async function prepareTable(sql: Sql, target: Target, columns: readonly Column[]): Promise<void> {
  const table = new TableTarget(target, columns);
  const handle = sql.platform();
  let types = await typesOf(handle, table);
  if (!types) {
    await handle.query(table.creation());
    types = await typesOf(handle, table);
  }
  const missing = columns.find(({ name }) => !types?.has(name));
  if (missing) throw new StatementError('42703', `column "${missing.name}" of ${table.named} does not exist`);
  // What would be refused for ever is refused now.
  for (const { text, params } of table.changes([], types ?? new Map(), true)) await handle.query(`explain ${text}`, params);
  await handle.query(table.progressCreation());
  await handle.query(`insert into ${table.progress} (sink, epoch) values ($1, 0)`, [target.mark]);
}

/**
 * Into a table of PostgreSQL, each once: its own transaction holds the rows of whole commits and, in the row of this sink, the
 * number of the last of them. Whoever finds another number there than was read before has been overtaken.
 */
export const postgresCarrier = (spec: ConnectionSpec, target: Target, columns: readonly Column[], allow: readonly string[]): Carrier => ({
  async open(signal) {
    const sql = openTarget(spec, allow);
    try {
      const table = new TableTarget(target, columns);
      const handle = sql.platform();
      const { rows } = await handle.query<{ epoch: bigint }>(`select epoch from ${table.progress} where sink = $1`, [target.mark]);
      const [known] = rows;
      if (!known) throw fault('Unavailable', `${table.progress} does not know this sink any more; it has to be made anew`);
      const types = (await typesOf(handle, table)) ?? new Map<string, string>();
      let done = known.epoch;
      return {
        done,
        async carry(posted) {
          const last = posted.at(-1)?.epoch ?? 0n;
          const statements: TableText[] = table.changes(
            posted.flatMap(({ letters }) => letters),
            types,
          );
          await handle.begin(
            async (tx) => {
              const moved = `update ${table.progress} set epoch = $3 where sink = $1 and epoch = $2`;
              const { count } = await tx.query(moved, [target.mark, done, last]);
              if (count !== 1) throw fault('Unavailable', 'another process has delivered for this sink meanwhile');
              for (const { text, params } of statements) await tx.query(text, params);
              atStep('epoch-carrying');
            },
            { signal },
          );
          done = last;
        },
        close: () => sql.close(),
      };
    } catch (error) {
      await sql.close();
      throw error;
    }
  },
});
