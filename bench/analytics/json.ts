import type { Column } from '#services/analytics/domain/value.ts';
import { JsonReader } from '#services/analytics/engine/json.ts';
import { type BenchRow, compared, median } from '../result.ts';
import { Random } from '#engine/random/random.ts';
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
const listColumns: Column[] = [
  { name: 'id', type: 'int8' },
  { name: 'tags', type: 'text[]' },
  { name: 'scores', type: 'int4[]' },
];
const [tagsMost, tagNames, scoresMost] = [5, 500, 8];
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

/** Records with a list of texts and one of numbers. */
function listRecords(count: number): Buffer[] {
  const random = new Random(seed);
  const list = (most: number, item: () => string) => `[${Array.from({ length: random.below(most + 1) }, item).join(',')}]`;
  return Array.from({ length: count }, (_, at) => {
    const tags = list(tagsMost, () => `"tag-${random.below(tagNames)}"`);
    return Buffer.from(`{"id":${at},"tags":${tags},"scores":${list(scoresMost, () => String(random.below(100_000)))}}`);
  });
}

/** As many as a view takes in one commit. */
const recordsAtOnce = 4096;

/** Records one behind the other in one buffer, as a fetch brings them. */
function fetched(values: readonly Buffer[]): Buffer[] {
  const all = Buffer.concat(values);
  let from = 0;
  return values.map(({ length }) => all.subarray(from, (from += length)));
}

type Way = {
  readonly what: string;
  readonly columns?: readonly Column[];
  readonly records?: (count: number) => Buffer[];
  readonly read: (reader: JsonReader, values: Buffer[]) => unknown;
  readonly used?: number[];
  readonly goal?: number;
};

const ways: readonly Way[] = [
  { what: 'all of 7 fields into columns', read: (reader, values) => reader.read(values), goal: 4 },
  {
    what: 'all of 7 fields, each text and decimal made a value',
    read: (reader, values) => reader.read(values).batch.columns.map((column) => column.values),
  },
  { what: '2 of 7 fields into columns', read: (reader, values) => reader.read(values), used: [0, 3] },
  {
    what: 'a list of texts and one of int4, each text and number made a value',
    columns: listColumns,
    records: listRecords,
    read: (reader, values) => reader.read(values).batch.columns.map((column) => column.values),
    goal: 1,
  },
];

/** Values of JSON into columns, beside JSON.parse of the same bytes, which makes objects with text and rounded numbers. */
export async function decoding(count: number, rounds: number): Promise<BenchRow[]> {
  const found: BenchRow[] = [];
  for (const { what, columns: own = columns, records: made = records, read, used, goal } of ways) {
    const all = fetched(made(count));
    const portions = Array.from({ length: Math.ceil(count / recordsAtOnce) }, (_, at) =>
      all.slice(at * recordsAtOnce, (at + 1) * recordsAtOnce),
    );
    const reader = new JsonReader(own, used && new Set(used));
    const taken: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
    for (let round = 0; round <= rounds; round += 1) {
      const own = await cpuOf(() => {
        for (const values of portions) read(reader, values);
      });
      const other = await cpuOf(() => {
        for (const value of all) JSON.parse(value.toString());
      });
      if (round > 0) taken.ours.push(count / own / 1e6);
      if (round > 0) taken.theirs.push(count / other / 1e6);
    }
    found.push(
      compared(`JSON, ${what}, beside JSON.parse`, 'M records/CPU-s', 'more', median(taken.ours), median(taken.theirs), goal ?? null),
    );
  }
  return found;
}
