import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sql } from '#seams/sql/sql.ts';
import { parseCheckpoint, parseNote, formatNote } from '#wire/tlog/note.ts';
import { type Cursors, rootLog } from '../audit/leaf.ts';
import type { TileLog } from '../audit/tile-log.ts';
import { formatId } from '../tenancy/id.ts';

/** A log whose checkpoint was just signed. */
export type Signed = { readonly log: string; readonly tiles: TileLog; readonly note: string };

/** The last checkpoint that was signed for a log. */
export async function signedOf(sql: Sql, log: string): Promise<string | undefined> {
  const { rows } = await sql.platform().query<{ note: string }>('select note from platform.audit_log where log = $1', [log]);
  return rows[0]?.note;
}

/** When a checkpoint was signed last, in milliseconds since 1970; 0 when none was. */
export async function lastSignedAt(sql: Sql): Promise<number> {
  const { rows } = await sql.platform().query<{ at: Date | null }>('select max(at) as at from platform.audit_log');
  return rows[0]?.at?.getTime() ?? 0;
}

/** How far each process is stored; read before its records are taken, so that all of them are. */
export async function cursorsOf(sql: Sql): Promise<Cursors> {
  const { rows } = await sql
    .platform()
    .query<{ process: string; audited: bigint }>('select process, audited from platform.journal_cursor where audited > 0 order by process');
  return { cursors: Object.fromEntries(rows.map(({ process, audited }) => [process, Number(audited)])) };
}

/** The tenants that have records beyond their last checkpoint. */
export async function headsBehind(sql: Sql): Promise<{ tenant: bigint }[]> {
  const { rows } = await sql.platform().query<{ tenant: bigint; sequence: bigint }>('select tenant, sequence from platform.audit_head');
  const signed = await sql.platform().query<{ log: string; size: bigint }>('select log, size from platform.audit_log');
  const sizes = new Map(signed.rows.map(({ log, size }) => [log, size]));
  return rows.filter(({ tenant, sequence }) => (sizes.get(formatId(tenant)) ?? 0n) < sequence);
}

/** Logs whose files do not show the checkpoint that was signed last. */
export async function unpublished(sql: Sql, directory: string): Promise<{ log: string; note: string }[]> {
  const { rows } = await sql.platform().query<{ log: string; note: string }>('select log, note from platform.audit_log');
  return rows.filter(({ log, note }) => published(join(directory, log, 'checkpoint')) !== note);
}

function published(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The entry that a checkpoint becomes in the root log: without the large signature, which the root's own stands for. */
function rootEntry(note: string): Buffer {
  const parsed = parseNote(note);
  if (!parsed) throw new TypeError('the keeper answered no note');
  return Buffer.from(formatNote({ text: parsed.text, signatures: parsed.signatures.slice(0, 1) }));
}

const upsert = `insert into platform.audit_log (log, size, root, note, at) values ($1, $2, $3, $4, $5)
  on conflict (log) do update set size = excluded.size, root = excluded.root, note = excluded.note, at = excluded.at`;

function row({ log, tiles, note }: Signed, at: number): unknown[] {
  return [log, BigInt(tiles.size), tiles.root(), note, new Date(at)];
}

/** Stores the checkpoints of a round, and what the root log gets of it, before anybody sees them. */
export async function storeRound(sql: Sql, signed: readonly Signed[], cursors: Cursors | undefined, at: number): Promise<void> {
  const entries = signed.map(({ note }) => rootEntry(note));
  if (cursors) entries.push(Buffer.from(JSON.stringify(cursors)));
  await sql.platform().begin(async (tx) => {
    for (const one of signed) await tx.query(upsert, row(one, at));
    const { rows } = await tx.query('select coalesce(max(number), 0) as last from platform.audit_root');
    const { last } = rows[0] as { last: bigint };
    await tx.query(
      'insert into platform.audit_root (number, entry) select $1::bigint + n, entry from unnest($2::bytea[]) with ordinality g(entry, n)',
      [last, entries],
    );
  });
}

/** Stores the checkpoint of the root log itself. */
export async function storeSigned(sql: Sql, signed: Signed, at: number): Promise<void> {
  const parsed = parseCheckpoint(signed.note);
  if (parsed?.size !== signed.tiles.size || signed.log !== rootLog) throw new TypeError('the note is not of the root log');
  await sql.platform().query(upsert, row(signed, at));
}
