import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '#engine/random/random.ts';
import { placesIn } from '../domain/context.ts';
import type { Plan } from '../domain/plan.ts';
import { planRows } from '../domain/planner.ts';
import { parseStatement } from '../domain/statement.ts';
import { type Column, keyOf, printRow, readValue, type Row, rowKey, type Type, type Value } from '../domain/value.ts';
import { type Batch, BatchBuilder, rowAt, weightAt } from '../engine/batch.ts';
import type { CircuitEntry } from '../engine/circuit.ts';
import { type Changed, View } from '../engine/view.ts';
import { Lying, readAgain } from './fixtures/lying.ts';
import { openStates } from './fixtures/states.ts';

/** Values that are easily written down wrongly, by type. */
const hostile: Partial<Record<Type, readonly string[]>> = {
  bool: ['t', 'f'],
  int2: ['-32768', '32767', '0'],
  int4: ['-2147483648', '2147483647', '0', '7'],
  int8: ['9223372036854775807', '-9223372036854775808', '9007199254740993', '-9007199254740992', '9007199254740991', '0', '-1'],
  numeric: [
    '0',
    '0.00',
    '-0.10',
    '0.1',
    '1e130',
    '-12345678901234567890.00010',
    '9007199254740991',
    '9007199254740992.5',
    `0.${'0'.repeat(300)}1`,
  ],
  float4: ['-0', '0', '1.5', '3.4e38', '1e-45'],
  float8: ['-0', '0', '0.1', '5e-324', '-1.7976931348623157e308', '9007199254740993'],
  text: ['', 'a', 'null', '~', 'ÿ', 'Ā', '日本', '\u{1F600}', '\ud800', '\udc00x', `${'x'.repeat(99_999)}y`, 'é'.repeat(20_000)],
  bytea: ['\\x', '\\x00ff', `\\x${'ab'.repeat(5000)}`],
  uuid: ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  jsonb: ['null', '""', '{"a": [1, 2.50, null]}'],
  date: ['1970-01-01', '1700-01-01', '2254-12-31'],
  time: ['00:00:00', '23:59:59.999999'],
  timestamp: ['1970-01-01 00:00:00', '1969-12-31 23:59:59.999999', '2200-12-31 23:59:59.999999'],
  timestamptz: ['2024-02-29 12:00:00+00', '1700-01-01 00:00:00+00'],
  interval: ['1 mon', '30 days', '-1 mon 3 days -04:05:06.000007', '00:00:00'],
};
const columns: readonly Column[] = (Object.keys(hostile) as Type[]).map((type) => ({ name: `c_${type}`, type }));

function randomRow(random: Random): Value[] {
  return columns.map(({ type }) => (random.is(0.2) ? null : readValue(type, random.of(hostile[type] ?? []))));
}

async function viewOf(text: string, appends: boolean): Promise<() => View> {
  const statement = await parseStatement(text);
  assert.equal(statement?.kind, 'select');
  const relation = (name: string): Plan => ({ kind: 'scan', relation: 1n, name, appends, columns });
  const plan = planRows(statement.select, { relation, named: new Map(), params: [], at: placesIn(text) });
  return () => new View(plan);
}

function changes(...rows: readonly (readonly [Row, number])[]): ReadonlyMap<bigint, Batch> {
  const builder = new BatchBuilder(columns);
  for (const [row, weight] of rows) builder.add(row, weight);
  return new Map([[1n, builder.finish()]]);
}

/** Rows so often as they are there, as they look and as they are: equal decimals of another scale are others. */
const shown = (batch: Batch, view: View): string[] =>
  listed(
    Array.from({ length: batch.size }, (_, at) => ({ row: rowAt(batch, at), weight: weightAt(batch, at) })),
    view,
  );

const listed = (rows: readonly Changed[], view: View): string[] =>
  rows.map(({ row, weight }) => `${weight} ${rowKey(row)} ${JSON.stringify(printRow(view.columns, row))}`).sort();

const all = columns.map(({ name }) => name).join(', ');
const texts = {
  'rows as they are': `select ${all} from r`,
  'groups by values of every type': `select ${all}, count(*) as n, sum(c_int8) as s, sum(c_numeric) as d, avg(c_float4) as f,
    min(c_text) as least, max(c_int8) as most, count(distinct c_numeric) as different, string_agg(c_text, ',') as joined,
    stddev(c_int4) as spread, bit_and(c_int4) as bits, min(c_interval) as shortest from r group by ${all}`,
  'groups by numbers alone': `select c_int4, c_int8, c_timestamp, count(*) as n, sum(c_int8) as s, sum(c_numeric) as d,
    max(c_text) as last, min(c_int8) as least from r group by c_int4, c_int8, c_timestamp`,
  'one group': 'select count(*) as n, sum(c_numeric) as d, min(c_int8) as least, max(c_float8) as most from r',
};

for (const [what, text] of Object.entries(texts))
  for (const appends of [true, false])
    test(`${what}, of rows that ${appends ? 'only come' : 'come and go'}, are read back as they were`, async () => {
      const random = new Random(7);
      const begun = await viewOf(text, appends);
      let view = begun();
      let lying = new Lying();
      const there: Value[][] = [];
      const step = () => {
        const rows: [Row, number][] = Array.from({ length: 1 + random.below(12) }, () => [
          there[there.push(randomRow(random)) - 1] as Row,
          1,
        ]);
        if (!appends) while (there.length > 0 && random.is(0.7)) rows.push([there.splice(random.below(there.length), 1)[0] as Row, -1]);
        return changes(...rows);
      };
      for (let round = 0; round < 16; round += 1) {
        const before = there.length;
        const kept = [...there];
        view.step(step());
        if (random.is(0.2)) {
          view.undo();
          there.splice(0, Math.max(there.length, before), ...kept);
        }
        lying.keep(view.settle());
        if (random.is(0.2)) {
          lying = new Lying();
          lying.keep(view.dump());
        }
        if (!random.is(0.4)) continue;
        for (const entries of [lying.entries(), readAgain(view.dump())]) {
          const again = begun();
          again.load(entries);
          assert.deepEqual(shown(await again.batch(), again), shown(await view.batch(), view));
          assert.equal(again.size, view.size);
          view = again;
        }
      }
      if (appends) return;
      for (const row of there.splice(0)) view.step(changes([row, -1]));
      lying.keep(view.settle());
      const last = begun();
      last.load(lying.entries());
      assert.equal(last.size, what === 'one group' ? 1 : 0);
    });

test('rows are found by values of any type, beside changes that are told ahead', async () => {
  const random = new Random(11);
  const begun = await viewOf(`select ${all} from r`, false);
  let view = begun();
  const there = new Map<string, { row: Row; weight: number }>();
  const change = (row: Row, weight: number) => {
    const name = rowKey(row);
    const total = (there.get(name)?.weight ?? 0) + weight;
    if (total === 0) there.delete(name);
    else there.set(name, { row, weight: total });
  };
  for (let round = 0; round < 50; round += 1) {
    const ahead = Array.from({ length: random.below(6) }, () => {
      const known = [...there.values()];
      return known.length > 0 && random.is(0.5) ? { row: random.of(known).row, weight: -1 } : { row: randomRow(random), weight: 1 };
    });
    const before = [...there.values()];
    view.step(changes(...ahead.map(({ row, weight }): [Row, number] => [row, weight])));
    for (const { row, weight } of ahead) change(row, weight);
    const places = [random.below(columns.length), random.below(columns.length)].filter((place, at, own) => own.indexOf(place) === at);
    const wanted = random.is(0.8) && there.size > 0 ? random.of([...there.values()]).row : randomRow(random);
    const values = places.map((place) => wanted[place] ?? null);
    const matching = (rows: Iterable<{ row: Row; weight: number }>) =>
      [...rows]
        .filter(({ row }) => places.every((place, at) => keyOf(row[place] ?? null) === keyOf(values[at] ?? null)))
        .map(({ row, weight }) => `${weight} ${rowKey(row)} ${JSON.stringify(printRow(columns, row))}`)
        .sort();
    assert.deepEqual(listed(await view.matching(places, values, []), view), matching(there.values()));
    assert.deepEqual(listed(await view.matching(places, values, ahead), view), matching(before));
    assert.equal(shown(await view.batch(ahead), view).length, before.length);
    if (random.is(0.3)) {
      view.undo();
      there.clear();
      for (const { row, weight } of before) there.set(rowKey(row), { row, weight });
      assert.deepEqual(listed(await view.matching(places, values, []), view), matching(before));
    } else view.settle();
    if (random.is(0.2)) {
      const entries = readAgain(view.dump());
      view = begun();
      view.load(entries);
    }
  }
});

test('groups that were once written down one by one are taken, and what changes of them is written down in pages', async () => {
  const text = 'select c_int4, count(*) as n, sum(c_int8) as s, count(distinct c_text) as different from r group by c_int4';
  const begun = await viewOf(text, false);
  const group = (key: string | null, n: number, sum: string, words: string[]): CircuitEntry[] => {
    const name = JSON.stringify([key]);
    return [
      ...words.map((word): CircuitEntry => [1, `${name} 3 ${keyOf(word)}`, [[key], 3, word, 1]]),
      [1, name, [[key], n, [n, n, sum, null, words.length]]],
      [-1, `a row of ${key}`, [[key, String(n), sum, String(words.length)], 1, 0]],
    ];
  };
  const view = begun();
  const lying = new Lying();
  const large = '36893488147419103232';
  lying.keep([...group('1', 2, '30', ['a', 'b']), ...group(null, 1, '5', ['x']), ...group('2', 4, large, ['a', 'b', 'c'])]);
  view.load(lying.entries());
  const rows = () => [...view.rows()].map((row) => printRow(view.columns, row).join()).sort();
  assert.deepEqual(rows(), [',1,5,1', '1,2,30,2', `2,4,${large},3`]);
  const row = (key: number | null, sum: number, word: string): Row =>
    columns.map(({ type }) => (type === 'int4' ? key : type === 'int8' ? sum : type === 'text' ? word : null));
  view.step(changes([row(1, 10, 'b'), -1], [row(null, 5, 'x'), -1], [row(2, 1, 'd'), 1], [row(3, 0, 'z'), 1]));
  lying.keep(view.settle());
  const expected = ['1,1,20,1', `2,5,${BigInt(large) + 1n},4`, '3,1,0,1'];
  assert.deepEqual(rows(), expected);
  const again = begun();
  again.load(lying.entries());
  assert.deepEqual(shown(await again.batch(), again), shown(await view.batch(), view));
  again.step(changes([row(1, 20, 'a'), -1], [row(2, 0, 'a'), 1]));
  assert.deepEqual([...again.rows()].map((each) => printRow(again.columns, each).join()).sort(), [
    `2,6,${BigInt(large) + 1n},4`,
    '3,1,0,1',
  ]);
});

test('what a view remembers is refused, and is said to be, where a byte of it is another', async () => {
  await using opened = await openStates();
  const { states, sql, at } = opened;
  const begun = await viewOf('select c_int8, c_text, count(*) as n from r group by c_int8, c_text', false);
  const [view, random] = [begun(), new Random(3)];
  for (let epoch = 0n; epoch < 3n; epoch += 1n) {
    view.step(changes(...Array.from({ length: 20 }, (): [Row, number] => [randomRow(random), 1])));
    const commit = { view: 1n, epoch, shape: '', isFresh: epoch === 1n, entries: view.settle(), places: [], rows: view.size, more: [] };
    await states.commit(at, { ...commit, rejected: 0, rejection: null, all: () => view.dump() });
  }
  const again = begun();
  const drain = (entries: Iterable<CircuitEntry>) => void [...entries];
  await states.load(at, 1n, (entries) => again.load(entries));
  assert.deepEqual(shown(await again.batch(), again), shown(await view.batch(), view));
  const { rows } = await sql
    .platform()
    .query<{ epoch: bigint; size: number }>('select epoch, length(sealed) as size from state order by 1');
  assert.deepEqual(
    rows.map(({ epoch }) => epoch),
    [2n, 3n],
  );
  for (const { epoch, size } of rows)
    for (const place of [20, size >> 1, size - 1]) {
      const flip = 'update state set sealed = set_byte(sealed, $2, get_byte(sealed, $2) # 4) where epoch = $1';
      await sql.platform().query(flip, [epoch, place]);
      await assert.rejects(states.load(at, 1n, drain), { name: 'StatementError', sqlstate: 'XX001', message: /was changed where it lies/ });
      await sql.platform().query(flip, [epoch, place]);
    }
  await states.load(at, 1n, drain);
});
