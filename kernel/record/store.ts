import type { Handle, Sql } from '#seams/sql/sql.ts';
import type { AuditRecord, EventRecord } from '../audit/record.ts';
import type { LeafSealer } from '../audit/seal.ts';
import type { Mark } from '../journal/frame.ts';
import { type Stored, storeAudit, subjectOf, tenantOf } from './audit.ts';
import { idText, type Sorted, sumUsage } from './batch.ts';
import { storeIngest } from './ingest.ts';
import { gapLookBackMs, seenDaysMax } from './limits.ts';
import { takeNumbers } from './number.ts';

/** The part of a SQL handle that a transaction offers. */
type Transaction = Pick<Handle, 'query'>;

const usageUpsert = `insert into platform.usage_window as w (tenant, scope, service, meter, minute, value, dimensions)
  select tenant, scope, service, meter, minute, value, dimensions from jsonb_to_recordset($1::jsonb) as r(tenant bigint, scope
    bigint, service text, meter text, minute timestamptz, value numeric, gauge boolean, dimensions text)
  on conflict (tenant, scope, service, meter, minute, dimensions) do update set value = case when $2::boolean then excluded.value
    else w.value + excluded.value end`;

const eventInsert = `insert into platform.event (tenant, sequence, scope, id, source, type, time, subject, data)
  select tenant, sequence, scope, id, source, type, time, subject, data
  from jsonb_to_recordset($1::jsonb) as r(tenant bigint, sequence bigint, scope bigint, id text, source text, type text,
    time timestamptz, subject text, data jsonb)`;

/** How far a journal was read, from the last transaction that stored what was read. */
export async function readCursor(sql: Sql, process: string): Promise<Mark | undefined> {
  const { rows } = await sql
    .platform()
    .query('select segment, position, sequence from platform.journal_cursor where process = $1', [process]);
  const [row] = rows as { segment: bigint; position: bigint; sequence: bigint }[];
  return row && { segment: Number(row.segment), offset: Number(row.position), sequence: Number(row.sequence) };
}

/**
 * Stores a batch and moves the journal's cursor in one transaction: whatever dies, each record counts once. Answers
 * the tenants whose audit logs have more to take.
 */
export async function storeBatch(sql: Sql, process: string, sorted: Sorted, next: Mark, sealer: LeafSealer): Promise<Set<bigint>> {
  const seal = await sealer.for(sorted.audit.map(subjectOf));
  return sql.platform().begin(async (tx) => {
    await tx.query(
      `insert into platform.journal_cursor (process, segment, position, sequence) values ($1, $2, $3, $4)
       on conflict (process) do update set segment = excluded.segment, position = excluded.position, sequence = excluded.sequence`,
      [process, BigInt(next.segment), BigInt(next.offset), BigInt(next.sequence)],
    );
    const lost = await gaps(tx, process, sorted);
    const audit = [...(await withoutRepeats(tx, sorted.audit)), ...lost];
    if (audit.length > 0) await storeAudit(tx, process, audit, lost.length > 0 ? await sealer.for(audit.map(subjectOf)) : seal);
    const usage = sumUsage(sorted.usage);
    for (const gauge of [false, true]) {
      const rows = usage.filter((row) => row.gauge === gauge);
      if (rows.length > 0) await tx.query(usageUpsert, [JSON.stringify(rows), gauge]);
    }
    if (sorted.ingest.length > 0) await storeIngest(tx, sorted.ingest);
    if (sorted.event.length > 0) await storeEvents(tx, sorted.event);
    return new Set(audit.map(tenantOf));
  });
}

/** Effects come again after a crash; a service's log counts up, so what is not beyond its cursor was stored before. */
async function withoutRepeats(tx: Transaction, records: readonly AuditRecord[]): Promise<Stored[]> {
  const logs = [...new Set(records.flatMap((record) => record.log ?? []))];
  if (logs.length === 0) return [...records];
  const { rows } = await tx.query('select log, last from platform.log_cursor where log = any($1::text[])', [logs]);
  const last = new Map((rows as { log: string; last: bigint }[]).map((row) => [row.log, BigInt(row.last)]));
  const fresh = records.filter((record) => {
    if (record.log === undefined) return true;
    const offset = BigInt(record.offset ?? '0');
    if (offset <= (last.get(record.log) ?? -1n)) return false;
    last.set(record.log, offset);
    return true;
  });
  for (const [log, value] of last) {
    await tx.query('insert into platform.log_cursor (log, last) values ($1, $2) on conflict (log) do update set last = excluded.last', [
      log,
      value,
    ]);
  }
  return fresh;
}

/** A journal that was opened again without having been closed lost its open windows: say so where it matters. */
async function gaps(tx: Transaction, process: string, { life }: Sorted): Promise<Stored[]> {
  const found: Stored[] = [];
  for (const { at, event, service } of life) {
    const { rows } = await tx.query(
      `update platform.journal_cursor c set open = $2 from platform.journal_cursor o where c.process = $1 and o.process =
       c.process returning o.open as was`,
      [process, event === 'opened'],
    );
    if (event !== 'opened' || !(rows as { was: boolean }[])[0]?.was) continue;
    const active = await tx.query(
      `select distinct tenant from platform.audit_record where service = $1 and at >= (select max(at) from
       platform.audit_record where service = $1) - $2::int * interval '1 ms'`,
      [service, gapLookBackMs],
    );
    for (const tenant of new Set([0n, ...(active.rows as { tenant: bigint }[]).map((row) => BigInt(row.tenant))])) {
      found.push({
        at,
        tenant: tenant.toString(),
        scope: '',
        service,
        operation: '',
        kind: 'Process',
        name: process,
        principal: 'platform',
        credential: '',
        face: 'service',
        outcome: 'WindowsLost',
        count: 0,
        bytes: 0,
        requestId: '',
        gap: true,
      });
    }
  }
  return found;
}

async function storeEvents(tx: Transaction, events: readonly EventRecord[]): Promise<void> {
  const tenants = events.map((event) => BigInt(idText(event.tenant)));
  const numbers = await takeNumbers(tx, 'event_head', tenants);
  const rows = events.map((event, index) => ({
    ...event,
    tenant: idText(event.tenant),
    scope: idText(event.scope),
    sequence: numbers[index]?.toString(),
  }));
  await tx.query(eventInsert, [JSON.stringify(rows)]);
}

/** Forgets the identities of usage events older than `seenDaysMax`. */
export async function forgetSeen(sql: Sql): Promise<void> {
  await sql.platform().query(`delete from platform.usage_seen where at < now() - $1::int * interval '1 day'`, [seenDaysMax]);
}
