import { type AuditRecord, type EventRecord, type IngestRecord, type LifeRecord, recordType, type UsageRecord } from '../audit/record.ts';
import type { JournalRecord } from '../journal/frame.ts';
import { parseId } from '../tenancy/id.ts';

/** Records of one journal batch, sorted by what they are. */
export type Sorted = {
  readonly audit: AuditRecord[];
  readonly usage: UsageRecord[];
  readonly event: EventRecord[];
  readonly ingest: IngestRecord[];
  readonly life: LifeRecord[];
};

export function sortRecords(records: readonly JournalRecord[]): Sorted {
  const sorted: Sorted = { audit: [], usage: [], event: [], ingest: [], life: [] };
  const names = new Map<number, keyof Sorted>(Object.entries(recordType).map(([name, type]) => [type, name as keyof Sorted]));
  for (const record of records) {
    const name = names.get(record.type);
    if (name === undefined) throw new TypeError(`a journal record of the unknown type ${record.type}`);
    (sorted[name] as unknown[]).push(JSON.parse(Buffer.from(record.bytes).toString()));
  }
  return sorted;
}

/** Decimal text of an id that may be empty (a caller of the platform itself). */
export function idText(id: string): string {
  return id === '' ? '0' : parseId(id).toString();
}

/** Usage of the same window added up, so that one batch touches a row once. */
export function sumUsage(
  records: readonly UsageRecord[],
): { tenant: string; scope: string; service: string; meter: string; minute: string; value: string; gauge: boolean; dimensions: string }[] {
  const sums = new Map<string, { record: UsageRecord; value: bigint }>();
  for (const record of records) {
    const key = `${record.scope} ${record.service} ${record.meter} ${record.minute} ${record.dimensions ?? ''}`;
    const known = sums.get(key);
    const value = BigInt(record.value);
    if (known) known.value = record.gauge ? value : known.value + value;
    else sums.set(key, { record, value });
  }
  return [...sums.values()].map(({ record, value }) => ({
    tenant: idText(record.tenant),
    scope: idText(record.scope),
    service: record.service,
    meter: record.meter,
    minute: new Date(record.minute).toISOString(),
    value: value.toString(),
    gauge: record.gauge === true,
    dimensions: record.dimensions ?? '',
  }));
}
