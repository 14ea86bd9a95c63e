import type { Format } from '#services/analytics/domain/format.ts';
import { readRecord } from '#services/analytics/domain/record.ts';
import type { Column } from '#services/analytics/domain/value.ts';
import { type BenchRow, compared, median } from '../result.ts';
import { Random } from '../nexmark/random.ts';
import { cpuOf } from './measure.ts';

const columns: Column[] = [
  { name: 'id', type: 'int8' },
  { name: 'customer', type: 'text' },
  { name: 'amount', type: 'numeric' },
  { name: 'quantity', type: 'int4' },
  { name: 'at', type: 'timestamp' },
  { name: 'paid', type: 'bool' },
  { name: 'note', type: 'text' },
];
const format: Format = { kind: 'json' };
const [seed, noteLength, firstMs] = [5, 60, 1_700_000_000_000];

/** Records of seven fields and some two hundred bytes. */
function records(count: number): Buffer[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, at) => {
    const when = new Date(firstMs + at).toISOString().replace('T', ' ').replace('Z', '');
    const amount = (random.below(1_000_000) / 100).toFixed(2);
    const note = Array.from({ length: noteLength }, () => String.fromCharCode(97 + random.below(26))).join('');
    const who = `"id":${at},"customer":"customer-${random.below(10_000)}"`;
    const what = `"amount":${amount},"quantity":${random.below(100)},"at":"${when}","paid":${random.is(0.5)}`;
    return Buffer.from(`{${who},${what},"note":"${note}"}`);
  });
}

/** Values of JSON to rows with all fields, beside JSON.parse of the same bytes, which makes objects with text and rounded numbers. */
export async function decoding(count: number, rounds: number): Promise<BenchRow> {
  const all = records(count);
  const taken: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
  for (let round = 0; round <= rounds; round += 1) {
    const own = await cpuOf(() => {
      for (const value of all) readRecord(format, columns, value, new Map());
    });
    const other = await cpuOf(() => {
      for (const value of all) JSON.parse(value.toString());
    });
    if (round > 0) taken.ours.push(count / own / 1e6);
    if (round > 0) taken.theirs.push(count / other / 1e6);
  }
  return compared('JSON, all of 7 fields, beside JSON.parse', 'M records/CPU-s', 'more', median(taken.ours), median(taken.theirs), 4);
}
