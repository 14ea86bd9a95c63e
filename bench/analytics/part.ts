import { strict as assert } from 'node:assert';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { partRelation } from '#services/analytics/domain/part.ts';
import type { Plan } from '#services/analytics/domain/plan.ts';
import { Intake } from '#services/analytics/engine/intake.ts';
import { View } from '#services/analytics/engine/view.ts';
import { readsOf } from '#services/analytics/domain/wanted.ts';
import type { Relation } from '#services/analytics/store/relation.ts';
import { shareIn } from '#services/analytics/store/share.ts';
import { type BenchRow, compared, median } from '../result.ts';
import { cpuOf } from './measure.ts';
import { columnsOf, numberOf, planOf } from './plan.ts';

const tables = { none: {}, visits: { id: 'int8', city: 'text', page: 'int4', ms: 'int8', at: 'timestamp', note: 'text' } };
const [recordsAtOnce, cities, pages] = [4096, 500, 40];
const part = 'select city, page, count(*) as n, sum(ms) as ms, max(ms) as longest from visits where ms > 10 group by city, page';
/** Ten views, which all have the same groups. */
const texts = [
  `select city, page, n from (${part}) as v`,
  `select city, page, ms / n as mean from (${part}) as v`,
  `select city, page, longest from (${part}) as v where longest > 900`,
  `select city, page, n, ms from (${part}) as v where n > 100`,
  `select page, city, ms from (${part}) as v where page < 10`,
  ...[1, 2, 3, 4, 5].map((page) => `select city, n, longest - ms / n as above from (${part}) as v where page = ${page}`),
];

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;
function memoryOf(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function recordsOf(count: number): Buffer[][] {
  const all = Array.from({ length: count }, (_, id) => {
    const at = new Date(1_700_000_000_000 + id * 7).toISOString();
    const [city, page, ms] = [(id * 7919) % cities, (id * 104_729) % pages, (id * 31) % 1000];
    return Buffer.from(JSON.stringify({ id, city: `city ${city}`, page, ms, at, note: 'of no use to anybody' }));
  });
  return Array.from({ length: Math.ceil(count / recordsAtOnce) }, (_, at) => all.slice(at * recordsAtOnce, (at + 1) * recordsAtOnce));
}

type Side = { readonly seconds: number; readonly bytes: number; readonly rows: readonly number[] };

/** Each view by itself, its records decoded for it alone. */
async function apart(plans: readonly Plan[], portions: readonly Buffer[][]): Promise<Side> {
  const before = memoryOf();
  const views = plans.map((plan) => new View(plan));
  const source = numberOf(tables, 'visits');
  const intakes = plans.map((plan) => new Intake({ kind: 'json' }, columnsOf(tables, 'visits'), readsOf(plan).get(source)));
  const seconds = await cpuOf(() => {
    for (const portion of portions)
      for (const [at, view] of views.entries()) {
        view.step(new Map([[source, (intakes[at] as Intake).read(portion, new Map()).batch]]));
        view.settle();
      }
  });
  return { seconds, bytes: memoryOf() - before, rows: views.map(({ size }) => size) };
}

/** The first view with what the others have of it. */
async function together(plans: readonly Plan[], portions: readonly Buffer[][]): Promise<Side> {
  const before = memoryOf();
  const [first, ...others] = plans as [Plan, ...Plan[]];
  const owner = new View(first);
  const relation = { name: 'first' } as Relation;
  const riders = others.map((plan) => {
    const share = shareIn(plan, [{ relation, plan: first, view: owner }]);
    assert.ok(share);
    const tapped = owner.partOf(share.cut.hash);
    assert.ok(tapped && !tapped.isLast);
    return { tapped, view: new View(share.cut.rest) };
  });
  owner.tap(riders.map(({ tapped }) => tapped));
  const source = numberOf(tables, 'visits');
  const intake = new Intake({ kind: 'json' }, columnsOf(tables, 'visits'), readsOf(first).get(source));
  const seconds = await cpuOf(() => {
    for (const portion of portions) {
      owner.step(new Map([[source, intake.read(portion, new Map()).batch]]));
      owner.settle();
      for (const { tapped, view } of riders) {
        view.step(new Map([[partRelation, owner.tapped(tapped)]]));
        view.settle();
      }
    }
  });
  return { seconds, bytes: memoryOf() - before, rows: [owner, ...riders.map(({ view }) => view)].map(({ size }) => size) };
}

/** Ten views over one topic that have the same groups: computed once beside computed in each of them. */
export async function equalParts(records: number, rounds: number): Promise<BenchRow[]> {
  const portions = recordsOf(records);
  const plans = await Promise.all(texts.map((text) => planOf(text, tables)));
  const [ours, theirs]: [Side[], Side[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    theirs.push(await apart(plans, portions));
    ours.push(await together(plans, portions));
    assert.deepEqual(ours.at(-1)?.rows, theirs.at(-1)?.rows);
  }
  const of = (sides: readonly Side[], value: (side: Side) => number) => median(sides.map(value));
  const what = `ten views over one topic with equal groups, ${records} records of JSON: once beside each by itself`;
  const mib = ({ bytes }: Side) => bytes / 2 ** 20;
  return [
    compared(`${what}, CPU`, 'CPU-s', 'less', of(ours, ({ seconds }) => seconds), of(theirs, ({ seconds }) => seconds), null),
    compared(`${what}, memory`, 'MiB', 'less', of(ours, mib), of(theirs, mib), null),
  ];
}
