import type { Sql } from '#seams/sql/sql.ts';
import { parseCheckpoint } from '#wire/tlog/note.ts';
import { rootLog } from '../audit/leaf.ts';
import { TileLog } from '../audit/tile-log.ts';
import { fault } from '../contract/fault.ts';
import { parseLogName } from '../audit/log-name.ts';
import { entriesPerReadMax } from './limits.ts';
import { signedOf } from './notary-store.ts';

type Entry = { readonly sequence: bigint; readonly entry: Buffer };

const queries = {
  tenant: `select sequence, entry from platform.audit_record where tenant = $3 and sequence > $1 order by sequence limit $2`,
  root: 'select number as sequence, entry from platform.audit_root where number > $1 order by number limit $2',
};

/** Appends the stored entries after those the log has, at most about `limit`, and makes them durable; answers how many. */
export async function takeEntries(sql: Sql, tiles: TileLog, of: bigint | typeof rootLog, limit: number): Promise<number> {
  const began = tiles.size;
  while (tiles.size - began < limit) {
    const few = Math.min(entriesPerReadMax, limit - (tiles.size - began));
    const count = await append(sql, tiles, of, few);
    await tiles.flush();
    if (count < few) break;
  }
  return tiles.size - began;
}

async function append(sql: Sql, tiles: TileLog, of: bigint | typeof rootLog, limit: number): Promise<number> {
  const after = BigInt(tiles.size);
  const { rows } =
    of === rootLog
      ? await sql.platform().query<Entry>(queries.root, [after, limit])
      : await sql.platform().query<Entry>(queries.tenant, [after, limit, of]);
  for (const { sequence, entry } of rows) {
    if (Number(sequence) !== tiles.size + 1) throw fault('AuditLogBroken', `Entry ${tiles.size} is missing from the store.`);
    tiles.append(entry);
  }
  return rows.length;
}

/**
 * Opens a log where its last signed checkpoint left it. Files that do not give the signed root are made anew from the
 * store; where that does not give it either the log was changed, and AuditLogBroken is thrown.
 */
export async function openLog(sql: Sql, directory: string, name: string): Promise<TileLog> {
  const note = await signedOf(sql, name);
  const signed = note === undefined ? undefined : parseCheckpoint(note);
  if (!signed) return new TileLog(directory);
  const opened = TileLog.open(directory, signed);
  if (opened) return opened;
  const made = new TileLog(directory);
  await takeEntries(sql, made, name === rootLog ? rootLog : parseLogName(name), signed.size);
  if (made.size !== signed.size || Buffer.compare(made.root(), signed.root) !== 0)
    throw fault('AuditLogBroken', `Neither the files nor the store give the root that was signed for ${signed.size} entries of ${name}.`);
  return made;
}
