import type { Handle } from '#seams/sql/sql.ts';
import { entryBytesMax } from '#wire/tlog/limits.ts';
import type { LeafSeal, Subject } from '../audit/seal.ts';
import { type ApiActivity, toOcsf } from '../audit/ocsf.ts';
import type { AuditRecord } from '../audit/record.ts';
import { formatId } from '../tenancy/id.ts';
import { idText } from './batch.ts';
import { entriesPerInsert } from './limits.ts';
import { takeNumbers } from './number.ts';

/** An audit record to be stored; `gap` marks one of recorder's own, whose tenant is a decimal number already. */
export type Stored = AuditRecord & { readonly gap?: boolean };

const insert = `insert into platform.audit_record
  (tenant, sequence, at, scope, service, operation, kind, outcome, count, bytes, gap, name_hash, subject_hash, entry)
  select * from unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::bigint[], $10::bigint[], $11::boolean[], $12::bytea[], $13::bytea[], $14::bytea[])`;

export const tenantOf = (record: Stored): bigint => BigInt(record.gap ? record.tenant : idText(record.tenant));

/** What a seal, its key and the line before it may add to a record; a larger detail is left out, and the record says so. */
const detailLengthMax = entryBytesMax / 3;
const nameKept = 4096;

function eventOf(record: Stored): ApiActivity {
  const event = toOcsf(record);
  if (record.detail === undefined && record.name.length < nameKept) return event;
  if (Buffer.byteLength(JSON.stringify(event)) <= detailLengthMax) return event;
  return toOcsf({ ...record, name: record.name.slice(0, nameKept), detail: { leftOut: 'the detail was too large' } });
}

/** Whose keys a record takes. */
export const subjectOf = (record: Stored): Subject => ({ tenant: tenantOf(record), principal: record.principal });

/** Stores records as entries of their tenants' logs, in the transaction that moves the journal's cursor. */
export async function storeAudit(tx: Pick<Handle, 'query'>, process: string, records: readonly Stored[], seal: LeafSeal): Promise<void> {
  const tenants = records.map(tenantOf);
  const sequences = await takeNumbers(tx, 'audit_head', tenants);
  const { rows } = await tx.query('update platform.journal_cursor set audited = audited + $2 where process = $1 returning audited', [
    process,
    BigInt(records.length),
  ]);
  const first = Number((rows[0] as { audited: bigint }).audited) - records.length + 1;
  const sent: Promise<unknown>[] = [];
  for (let from = 0; from < records.length; from += entriesPerInsert) {
    const some = records.slice(from, from + entriesPerInsert);
    const numbered = some.map((record, index) => ({
      record,
      tenant: tenants[from + index] ?? 0n,
      sequence: sequences[from + index] ?? 0n,
    }));
    const inserting = tx.query(insert, rowsOf(numbered, { process, first: first + from }, seal));
    // Whoever waits for all of them is told.
    inserting.catch(() => undefined);
    sent.push(inserting);
    // PostgreSQL takes these while the next are sealed.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(sent);
}

type Numbered = { readonly record: Stored; readonly tenant: bigint; readonly sequence: bigint };

/** The columns of some rows; `first` is the number of the first record among those of the process. */
function rowsOf(rows: readonly Numbered[], { process, first }: { process: string; first: number }, seal: LeafSeal): unknown[][] {
  const entries = rows.map(({ record, tenant, sequence }, index) => {
    const header = { log: formatId(tenant), sequence: Number(sequence), at: record.at, process, number: first + index };
    return seal.leaf({ tenant, principal: record.principal }, header, eventOf(record));
  });
  const column = (of: (record: Stored) => unknown) => rows.map(({ record }) => of(record));
  return [
    rows.map(({ tenant }) => tenant),
    rows.map(({ sequence }) => sequence),
    column(({ at }) => new Date(at)),
    column(({ scope }) => idText(scope)),
    column(({ service }) => service),
    column(({ operation }) => operation),
    column(({ kind }) => kind),
    column(({ outcome }) => outcome),
    column(({ count }) => count),
    column(({ bytes }) => bytes),
    column(({ gap }) => gap === true),
    rows.map(({ record, tenant }) => seal.index(tenant, record.name)),
    rows.map(({ record, tenant }) => seal.index(tenant, record.principal)),
    entries,
  ];
}
