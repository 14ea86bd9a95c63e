import type { BenchResult } from '../result.ts';
import { apart } from './apart.ts';
import { door } from './door.ts';
import { besideFlink } from './flink.ts';
import { decoding } from './json.ts';
import { nexmark } from './nexmark.ts';
import { equalParts } from './part.ts';
import { recovered } from './recover.ts';
import { scoring } from './score.ts';
import { sharing } from './share.ts';
import { skewed } from './skew.ts';
import { spilling } from './spill.ts';
import { tumbling } from './tumble.ts';
import { whole } from './whole.ts';

const rounds = Number(process.env.GAMUT_BENCH_ROUNDS ?? 5);
/** How much of the usual amount is taken; a look in passing takes 0.05. */
const scale = Number(process.env.GAMUT_BENCH_SCALE ?? 1);
const amount = (count: number) => Math.ceil(count * scale);
const [tumbledRows, fewKeys, manyKeys] = [4_000_000, 100, 1000];
const [skewRows, skewKeys] = [2_000_000, 100_000];
/** A join keeps all of them, and a view that workers share a million at most. */
const sharedSkewRows = 600_000;
const [events, fileEvents, records, seconds] = [200_000, 500_000, 200_000, 20];
const [spilledRows, spilledKeys] = [1_000_000, 200_000];
const [scoredRows, recoveredKeys] = [400_000, 1_000_000];
/** Our own engine joins no more than a million rows at once. */
const [apartRows, topicRecords] = [900_000, 1_000_000];

/** SQL over resident rows beside DuckDB on one thread, JSON beside JSON.parse, and what clients of the service see. */
export async function run(): Promise<BenchResult> {
  return {
    name: 'analytics',
    rows: [
      await tumbling(amount(tumbledRows), fewKeys, rounds),
      await tumbling(amount(tumbledRows), manyKeys, rounds),
      ...(await skewed(amount(skewRows), skewKeys, rounds)),
      ...(await spilling(amount(spilledRows), amount(spilledKeys), rounds)),
      ...(await sharing(amount(tumbledRows), amount(sharedSkewRows), skewKeys, rounds)),
      ...(await nexmark(amount(events), rounds)),
      ...(await whole(amount(events), rounds)),
      ...(await besideFlink(amount(fileEvents), rounds)),
      ...(await decoding(amount(records), rounds)),
      ...(await equalParts(amount(records), rounds)),
      ...(await scoring(amount(scoredRows), rounds)),
      ...(await apart(amount(apartRows), amount(topicRecords), rounds)),
      ...(await recovered(amount(recoveredKeys), rounds)),
      ...(await door(amount(seconds))),
    ],
  };
}
