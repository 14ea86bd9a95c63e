import { json, type Sql } from '#seams/sql/sql.ts';
import type { RepeatOutcome, RepeatStore, StoredReply } from '../contract/repeat.ts';
import { repeatKeptMs } from '../session/limits.ts';

type Row = { hash: Buffer; status: number; headers: Record<string, string>; reply: Buffer };

/** Keeps replies to keyed requests in the service's own tables. Two requests with one key meet at an advisory lock. */
export function sqlRepeats(sql: Sql, service: string, published: (tx: object) => Promise<void>): RepeatStore {
  const table = `"${service}_kernel".repeat`;
  return {
    async claim(entry) {
      const made = await sql
        .as(entry)
        .query(
          `insert into ${table} (operation, key, hash, status, headers, reply) values ($1, $2, $3, 0, '{}', '') on conflict do nothing`,
          [entry.operation, entry.key, Buffer.from(entry.hash)],
        );
      return made.count > 0;
    },
    async release(entry) {
      await sql.as(entry).query(`delete from ${table} where operation = $1 and key = $2`, [entry.operation, entry.key]);
    },
    async run(entry, work) {
      let used: object | undefined;
      const outcome = await sql.as(entry).begin(async (tx): Promise<RepeatOutcome> => {
        const lock = `${entry.tenant} ${entry.scope} ${entry.operation} ${entry.key}`;
        const { rows: got } = await tx.query<{ locked: boolean }>('select pg_try_advisory_xact_lock(hashtextextended($1, 1)) as locked', [
          lock,
        ]);
        if (!got[0]?.locked) return { kind: 'in-flight' };
        const { rows } = await tx.query<Row>(
          `select hash, status, headers, reply from ${table} where operation = $1 and key = $2 and at > now() -
           $3::bigint * interval '1 ms'`,
          [entry.operation, entry.key, BigInt(repeatKeptMs)],
        );
        const [known] = rows;
        if (known)
          return Buffer.compare(known.hash, entry.hash) === 0
            ? { kind: 'replay', reply: { status: known.status, headers: known.headers, bytes: known.reply } }
            : { kind: 'conflict' };
        used = tx;
        const reply: StoredReply = await work(tx);
        await tx.query(
          `insert into ${table} (operation, key, hash, status, headers, reply) values ($1, $2, $3, $4, $5, $6)
           on conflict (tenant, scope, operation, key) do update set hash = excluded.hash, status = excluded.status,
             headers = excluded.headers, reply = excluded.reply, at = now()`,
          [entry.operation, entry.key, Buffer.from(entry.hash), reply.status, json(reply.headers), Buffer.from(reply.bytes)],
        );
        return { kind: 'fresh', reply };
      });
      if (used) await published(used);
      return outcome;
    },
  };
}
