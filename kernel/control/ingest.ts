import type { IngestRecord } from '../audit/record.ts';
import { recordMaxBytes } from '../journal/limits.ts';

/** A batch as records of a journal: one, or as many halves as it takes for each to fit. */
export function ingestRecords(batch: IngestRecord): Buffer[] {
  const bytes = Buffer.from(JSON.stringify(batch));
  if (bytes.length <= recordMaxBytes || batch.events.length < 2) return [bytes];
  const middle = batch.events.length >> 1;
  return [batch.events.slice(0, middle), batch.events.slice(middle)].flatMap((events) => ingestRecords({ ...batch, events }));
}
