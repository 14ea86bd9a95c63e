import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Random } from '#engine/random/random.ts';
import { bounded } from '../domain/closing.ts';
import { placesIn } from '../domain/context.ts';
import { inputsOf, type Plan } from '../domain/plan.ts';
import { planQuery } from '../domain/planner.ts';
import { parseStatement } from '../domain/statement.ts';
import { tableOf } from '../domain/table.ts';
import { type Column, printRow, type Row } from '../domain/value.ts';
import { answer } from '../engine/answer.ts';
import { type Batch, BatchBuilder } from '../engine/batch.ts';
import { type Clocks, noClocks } from '../engine/clock.ts';
import { Draft, TableRows } from '../engine/table.ts';
import { type Changed, View } from '../engine/view.ts';
import { Lying } from './fixtures/lying.ts';

const directory = mkdtempSync(join(tmpdir(), 'gamut-spill-'));
after(() => rmSync(directory, { recursive: true }));

const columns: readonly Column[] = [
  { name: 'k', type: 'int8' },
  { name: 'name', type: 'text' },
  { name: 'at', type: 'timestamp' },
  { name: 'v', type: 'int4' },
];
const minute = 60_000_000;
const diskBytes = 2 ** 30;

/** What remembers something; a lookup waits for answers, and has a test of its own (`lookup-model.test.ts`). */
type Remembering = Exclude<Plan['kind'], 'scan' | 'one' | 'map' | 'series' | 'unnest' | 'window' | 'union' | 'lookup'>;
type Case = {
  readonly text: string;
  /** How rows come: some go again, they only come, or they come with a watermark, and what is past is forgotten. */
  readonly rows: 'come and go' | 'come' | 'close' | 'on close' | 'retention';
  /** Whether it stands still, and says so, because it cannot leave the memory. */
  readonly isHeld?: true;
  /** Of what it remembers a part cannot leave the memory. */
  readonly isPartlyHeld?: true;
};

const tumbled = "tumble(t, at, interval '4 minutes') w";

/** Every operator that remembers, in each of its forms. */
const operators = {
  group: [
    { rows: 'come and go', text: 'select name, k % 7 as r, count(*) as n, sum(v) as s, min(v) as least from t group by name, k % 7' },
    { rows: 'come and go', text: 'select k, count(distinct v) as n, string_agg(name, $$,$$) as names from t group by k' },
    { rows: 'come', text: 'select distinct name, v from t' },
    { rows: 'close', text: `select k, window_end, count(*) as n, max(name) as most from ${tumbled} group by k, window_end` },
    { rows: 'close', text: `select name, window_end, count(distinct v) as n from ${tumbled} group by name, window_end` },
    { rows: 'on close', text: `select k, window_end, count(*) as n, max(name) as most from ${tumbled} group by k, window_end` },
    { rows: 'come', text: 'select count(distinct name || v) as n from t', isHeld: true },
  ],
  join: [
    { rows: 'come and go', text: 'select a.k, a.name, b.v from t a left join (select k, v from t where v > 900) b on a.k = b.k' },
    { rows: 'come', text: 'select a.name, a.v, b.v as other from t a join (select name, v from t where v > 900) b on a.name = b.name' },
    {
      rows: 'close',
      text: `select a.k, a.window_end, a.v, b.v as other from ${tumbled.replace(' w', ' a')}
        left join (select k, v, window_end from ${tumbled} where v > 700) b on a.k = b.k and a.window_end = b.window_end`,
    },
    {
      rows: 'close',
      text: `select a.name, a.at, b.at as other, b.v from t a join t b
        on a.name = b.name and a.at >= b.at - interval '90 seconds' and a.at < b.at + interval '2 minutes'`,
    },
    { rows: 'come', text: 'select a.name, b.v from t a join (select v from t where v > 998) b on a.v > b.v', isHeld: true },
  ],
  over: [
    { rows: 'come and go', text: 'select k, name, v, sum(v) over (partition by k order by v, name) as s from t' },
    {
      rows: 'come',
      text: 'select * from (select name, v, at, row_number() over (partition by name order by v desc) as n from t) q where n <= 2',
    },
    {
      rows: 'come',
      text: 'select * from (select k, v, at, row_number() over (partition by k order by v desc) as n from t) q where n <= 40',
    },
    {
      rows: 'close',
      text: `select * from (select k, name, window_end, v, row_number() over
        (partition by k, window_end order by v desc, at) as n from ${tumbled}) q where n <= 3`,
    },
    {
      rows: 'close',
      text: `select k, window_end, v, rank() over (partition by k, window_end order by v desc) as n from ${tumbled}`,
    },
  ],
  session: [
    { rows: 'come and go', text: "select k, window_start, window_end, v from session(t, k, at, interval '20 seconds')" },
    {
      rows: 'come',
      text: "select name, window_start, window_end, count(*) as n from session(t, name, at, interval '20 seconds') group by 1, 2, 3",
    },
    {
      rows: 'close',
      text: "select k, window_start, window_end, count(*) as n from session(t, k, at, interval '1 minute') group by 1, 2, 3",
    },
  ],
  match: [
    {
      rows: 'come and go',
      text: `select k, f, l from t match_recognize (partition by k order by at, v measures first(a.v) as f, last(b.v) as l
        one row per match pattern (a b+) define b as b.v < prev(b.v))`,
    },
    {
      rows: 'close',
      text: `select k, f, l from t match_recognize (partition by k order by at measures first(a.v) as f, last(b.v) as l
        one row per match pattern (a b+) within interval '2 minutes' define b as b.v < prev(b.v))`,
    },
    {
      rows: 'close',
      text: `select k, f, l from ${tumbled.slice(0, -2)} match_recognize (partition by k, window_end order by at
        measures first(a.v) as f, last(b.v) as l one row per match pattern (a b+) define b as b.v < prev(b.v))`,
    },
  ],
  temporal: [
    {
      rows: 'close',
      text: 'select l.k, l.at, m.v from t l left join t for system_time as of l.at as m on l.k = m.k + 1',
      isPartlyHeld: true,
    },
  ],
  emit: [{ rows: 'on close', text: `select name, window_end, v from ${tumbled}` }],
  retain: [{ rows: 'retention', text: 'select name, v, at from t' }],
} as const satisfies Readonly<Record<Remembering, readonly Case[]>>;

type Step = { readonly changes: ReadonlyMap<bigint, Batch>; readonly clocks: Clocks; readonly rows: readonly (readonly [Row, number])[] };

/** Rows in steps. With a watermark it is three minutes behind, and comes farther by half a minute with each step. */
function* history({ rows }: Case, count: number): Generator<Step> {
  const random = new Random(11);
  const held: Row[] = [];
  for (let step = 0; step < count; step += 1) {
    const taken = Array.from({ length: 120 }, (_, at): readonly [Row, number] => {
      if (rows === 'come and go' && held.length > 0 && random.is(0.3)) return [held.splice(random.below(held.length), 1)[0] as Row, -1];
      const key = random.is(0.2) ? random.below(20) : random.below(400);
      // No two rows have one time, so that their order is one.
      const row = [
        key,
        `the name of ${key}`,
        (step - random.below(4)) * (minute / 2) + random.below(30) * 1_000_000 + step * 1000 + at,
        random.below(1000),
      ];
      held.push(row);
      return [row, 1];
    });
    const builder = new BatchBuilder(columns);
    for (const [row, weight] of taken) builder.add(row, weight);
    const isTimed = rows !== 'come and go' && rows !== 'come';
    yield {
      changes: new Map([[0n, builder.finish()]]),
      clocks: isTimed ? new Map([[0n, (step - 6) * (minute / 2)]]) : noClocks,
      rows: taken,
    };
  }
}

async function planned({ text, rows }: Case) {
  const statement = await parseStatement(text);
  assert.equal(statement?.kind, 'select');
  const isTimed = rows !== 'come and go' && rows !== 'come';
  const watermark = isTimed ? { watermark: { place: 2, lateness: 0 } } : {};
  const relation = (): Plan => ({ kind: 'scan', relation: 0n, name: 't', appends: rows !== 'come and go', columns, ...watermark });
  const query = planQuery(statement.select, { relation, named: new Map(), params: [], at: placesIn(text) });
  const pace = { onClose: rows === 'on close', retention: rows === 'retention' ? 5 * minute : undefined };
  return { query, plan: isTimed ? bounded(query.plan, pace) : query.plan };
}

const printed = (view: { columns: readonly Column[] }, rows: Iterable<Row>) =>
  Array.from(rows, (row) => JSON.stringify(printRow(view.columns, row))).sort();
const told = (view: View, changed: readonly Changed[]) => {
  const sums = new Map<string, number>();
  for (const { row, weight } of changed) {
    const text = JSON.stringify(printRow(view.columns, row));
    sums.set(text, (sums.get(text) ?? 0) + weight);
  }
  return [...sums].filter(([, weight]) => weight !== 0).sort();
};

const steps = 14;

for (const [kind, cases] of Object.entries(operators) as [Remembering, readonly Case[]][])
  for (const each of cases)
    test(`${kind} of rows that ${each.rows}, four times its memory: ${each.text.replaceAll(/\s+/g, ' ')}`, async () => {
      const { plan, query } = await planned(each);
      assert.ok(kinds(plan).has(kind), [...kinds(plan)].join());
      const open = (memoryBytes: number, heldBytes?: number) =>
        new View(plan, true, [], { directory, memoryBytes, diskBytes, ...(heldBytes === undefined ? {} : { heldBytes }) });
      const whole = open(2 ** 40);
      const expected = [...history(each, steps)].map(({ changes, clocks }) => {
        const changed = told(whole, whole.step(changes, clocks));
        whole.settle();
        return { changed, bytes: whole.kept?.memoryBytes ?? 0 };
      });
      const memoryBytes = Math.max(...expected.map(({ bytes }) => bytes)) / 4;
      if (each.isHeld) {
        const held = open(0, memoryBytes);
        assert.throws(() => fill(held, each), {
          sqlstate: '53200',
          message: /takes .* of memory and cannot leave it.*GAMUT_ANALYTICS_MEMORY_MB/,
        });
        return;
      }
      let small = open(memoryBytes);
      const random = new Random(3);
      const lying = new Lying();
      let [away, least] = [0, Number.POSITIVE_INFINITY];
      for (const [at, { changes, clocks }] of [...history(each, steps)].entries()) {
        if (random.is(0.3)) {
          small.step(changes, clocks);
          small.undo();
        }
        assert.deepEqual(told(small, small.step(changes, clocks)), expected[at]?.changed, `step ${at}`);
        lying.keep(small.settle());
        if (random.is(0.2)) {
          await small.close();
          small = open(memoryBytes);
          await lying.load(small, { directory, memoryBytes, diskBytes });
        }
        // What a step brought back leaves before the next one.
        assert.deepEqual(small.step(new Map(), clocks), []);
        lying.keep(small.settle());
        const { kept } = small;
        if ((expected[at]?.bytes ?? 0) < 3 * memoryBytes || !kept) continue;
        away = Math.max(away, kept.diskRows);
        least = Math.min(least, kept.memoryBytes);
      }
      const most = each.isPartlyHeld ? memoryBytes * 2 : memoryBytes;
      assert.ok(away > 100 && least <= most, JSON.stringify({ away, least, memoryBytes }));
      assert.deepEqual(printed(small, small.rows()), printed(whole, whole.rows()));
      if (each.rows === 'come' || each.rows === 'come and go' || (each.rows === 'close' && kind !== 'match' && kind !== 'temporal')) {
        const builder = new BatchBuilder(columns);
        for (const { rows } of history(each, steps)) for (const [row, weight] of rows) builder.add(row, weight);
        assert.deepEqual(printed(small, small.rows()), printed(small, answer(query, new Map([[0n, builder.finish()]]), [])));
      }
      await Promise.all([whole.close(), small.close()]);
    });

function kinds(plan: Plan): Set<Plan['kind']> {
  const found = new Set<Plan['kind']>();
  const open = [plan];
  for (let next = open.pop(); next; next = open.pop()) {
    found.add(next.kind);
    open.push(...inputsOf(next));
  }
  return found;
}

function fill(view: View, each: Case): void {
  for (const { changes, clocks } of history(each, steps)) {
    view.step(changes, clocks);
    view.settle();
  }
}

test('a table has no more bytes than its rows may have in memory: the statement that adds one is refused', async () => {
  const statement = await parseStatement('create table t (k int4 primary key, text text)');
  assert.equal(statement?.kind, 'createTable');
  const rows = new TableRows('t', tableOf(statement.made));
  const text = 'x'.repeat(2 ** 20);
  const put = (from: number, to: number, weight = 1) => {
    const draft = new Draft(rows);
    draft.take(Array.from({ length: to - from }, (_, at) => ({ row: [from + at, text], weight })));
    rows.settle(draft);
  };
  put(0, 200);
  assert.throws(() => put(200, 300), { sqlstate: '54000', message: /at most 268435456 bytes/ });
  put(0, 100, -1);
  put(200, 300);
  assert.equal(rows.size, 200);
});
