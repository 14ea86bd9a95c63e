import type { Sql } from '#seams/sql/sql.ts';
import type { Log } from '../contract/implement.ts';
import { identifier } from '../migrate/name.ts';
import type { Kept } from '../privacy/subject.ts';
import { purgedTableMaxBytes } from './limits.ts';

/**
 * Takes what was deleted out of the database's files: tables are written anew without their dead rows, and the write-ahead log
 * that still holds them is let go; of all tables in the schemas, or of those named. Answers what could not be.
 */
export async function purgeDeleted(admin: Sql, schemas: readonly string[], log: Log, tables?: readonly string[]): Promise<Kept[]> {
  const db = admin.platform();
  const { rows } = await db.query<{ schema: string; name: string; size: bigint }>(
    `select n.nspname as schema, c.relname as name, pg_total_relation_size(c.oid) as size
     from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and n.nspname = any($1)
       and ($2::text[] is null or c.relname = any($2))`,
    [schemas, tables ?? null],
  );
  const kept: Kept[] = [];
  for (const { schema, name, size } of rows) {
    const isLarge = Number(size) > purgedTableMaxBytes;
    await db.script(`vacuum ${isLarge ? '' : '(full)'} ${identifier(schema)}.${identifier(name)}`);
    const reason = 'It is too large to be written anew; its freed space is used again.';
    if (isLarge) kept.push({ kind: 'Table', name: `${schema}.${name}`, reason });
  }
  try {
    await db.script('select pg_switch_wal()');
    await db.script('checkpoint');
  } catch (error) {
    log('warn', 'the write-ahead log could not be let go', { error: String(error) });
    kept.push({ kind: 'Journal', name: 'sql', reason: 'The database keeps its write-ahead log for as long as it is set to.' });
  }
  return kept;
}
