import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '#engine/random/random.ts';
import { placesIn } from '../domain/context.ts';
import type { Plan } from '../domain/plan.ts';
import { planRows } from '../domain/planner.ts';
import { parseStatement } from '../domain/statement.ts';
import type { Column, Row, Value } from '../domain/value.ts';
import { BatchBuilder, valueAt } from '../engine/batch.ts';
import { Texts } from '../engine/cell.ts';
import { TextTable } from '../engine/key/text-table.ts';
import { Places } from '../engine/place.ts';
import { TextColumn } from '../engine/text-column.ts';
import { View } from '../engine/view.ts';

const seed = 11;
/** Texts that look alike as bytes or as units, are empty, are none of UTF-8, or are long. */
const hostile = [
  ...['', '\0', '\0\0', '\0\0\0\0', 'a', 'a\0', 'aaaa', 'aaaaa', 'é', 'Ã©', 'ÿ', '\u00ff\u00fe', '日本', '\u{1F600}', '\ud83d', '\ude00'],
  ...['\ud800', '\udc00x', '\ufffd', 'x'.repeat(48), 'x'.repeat(49), 'é'.repeat(30), '\ud800'.repeat(60), `${'y'.repeat(100_000)}z`],
];

const textOf = (random: Random): string => (random.is(0.3) ? random.of(hostile) : `${'key '.repeat(random.below(4))}${random.below(300)}`);

test('texts that come and go keep their numbers as long as they are held, and no two have one', () => {
  const [random, table] = [new Random(seed), new TextTable()];
  const held = new Map<string, { number: number; times: number }>();
  for (let step = 0; step < 60_000; step += 1) {
    const text = textOf(random);
    const known = held.get(text);
    assert.equal(table.find(text), known?.number ?? 0, JSON.stringify(text.slice(0, 60)));
    if (known && random.is(0.55)) {
      table.release(known.number);
      known.times -= 1;
      if (known.times === 0) held.delete(text);
      continue;
    }
    const number = table.numberOf(text);
    table.hold(number);
    held.set(text, { number, times: (known?.times ?? 0) + 1 });
  }
  assert.equal(table.size, held.size);
  assert.equal(new Set([...held.values()].map(({ number }) => number)).size, held.size);
  for (const [text, { number }] of held) assert.equal(table.text(number), text);
  const texts = [...held.keys()];
  assert.deepEqual(table.column(texts.map((text) => table.find(text))).values, texts);
});

test('a text has one number, whether it came as bytes or as a text', () => {
  const table = new TextTable();
  const said = hostile.filter((text) => text.isWellFormed());
  const bytes = said.map((text) => Buffer.from(text));
  const ends = Int32Array.from(bytes.keys(), (at) => bytes.slice(0, at + 1).reduce((sum, { length }) => sum + length, 3));
  const starts = ends.map((end, at) => end - (bytes[at] as Buffer).length);
  const texts = new Texts(Buffer.concat([Buffer.from('***'), ...bytes]), starts, ends, []);
  const numbers = table.numbers(texts);
  assert.deepEqual(
    said.map((text) => table.find(text)),
    [...numbers],
  );
  assert.deepEqual([...new TextTable().fill(texts)], [...numbers], 'those that are new are put in as they are');
});

test('texts of rows come and go', () => {
  const [random, column, model] = [new Random(seed), new TextColumn(), new Map<number, string | null>()];
  for (let step = 0; step < 40_000; step += 1) {
    const [id, text] = [random.below(400) + 1, random.is(0.1) ? null : textOf(random)];
    column.reserve(id);
    if (model.has(id)) {
      assert.equal(column.get(id), model.get(id));
      assert.equal(column.is(id, text), model.get(id) === text);
      column.clear(id);
      model.delete(id);
    } else {
      column.set(id, text);
      model.set(id, text);
    }
  }
  const ids = Int32Array.from(model.keys());
  assert.deepEqual(column.gather(ids).values, [...model.values()]);
});

test('keys are found by what they are: of any type, NULL, and beyond what a number holds', () => {
  const decimal = (units: bigint, scale: number): Value => ({ units, scale });
  const keys: readonly Row[] = [
    [1, 'a', decimal(10n, 1), 0.5, true],
    [1, 'a', decimal(100n, 2), 0.5, true],
    [9223372036854775807n, 'a', null, -0, false],
    [9223372036854775806n, 'a', null, 0, false],
    [9223372036854775807n, 'a', null, 0, false],
    [null, null, null, null, null],
    [0, '', decimal(0n, 0), Number.NaN, null],
    [2 ** 32, '~', null, null, null],
  ];
  const places = new Places(['int8', 'text', 'numeric', 'float8', 'bool'], [0]);
  const slots = keys.map((row, slot) => {
    const known = places.get(row);
    if (known >= 0) return known;
    places.begin(slot, true);
    places.put(slot, row);
    places.add(places.hashOf(slot), slot);
    return slot;
  });
  assert.deepEqual(slots, [0, 0, 2, 3, 2, 5, 6, 7]);
  assert.deepEqual(places.keysOf(0), keys[0], 'equal keys are shown as the first of them was');
  assert.deepEqual(
    keys[2]?.map((_, at) => valueAt(places.column(at, [2]), 0)),
    keys[2],
  );
  places.delete(2);
  assert.deepEqual([places.get(keys[2] as Row), places.get(keys[3] as Row), places.size], [-1, 3, 5]);
});

const columns = [
  { name: 'k', type: 'int8' },
  { name: 'city', type: 'text' },
  { name: 'at', type: 'timestamp' },
] as const satisfies readonly Column[];

async function viewOf(text: string): Promise<View> {
  const statement = await parseStatement(text);
  assert.equal(statement?.kind, 'select');
  const relation = (name: string): Plan => ({ kind: 'scan', relation: 1n, name, appends: false, columns });
  return new View(planRows(statement.select, { relation, named: new Map(), params: [], at: placesIn(text) }));
}

test('groups of windows are the same in whatever order rows come and go, and after they are loaded', async () => {
  const random = new Random(seed);
  const text = `select k, city, window_start, window_end, count(*) as n from tumble(r, at, interval '10 seconds')
    group by k, city, window_start, window_end`;
  let view = await viewOf(text);
  const model = new Map<string, number>();
  for (let step = 0; step < 14; step += 1) {
    const builder = new BatchBuilder(columns);
    // Few keys and many, in order of time, all over, and later than all before with some that are late.
    const [keys, order] = [random.of([3, 900, 20_000]), random.below(3)];
    for (let at = 0; at < 3000; at += 1) {
      const second = order === 0 ? step * 20 + at / 150 : order === 1 ? random.below(600) : step * 20 + (random.is(0.01) ? -300 : 0);
      const [k, city] = [random.below(keys), random.is(0.1) ? null : random.of(['Bern', 'Basel', 'Zürich'])];
      const micros = random.is(0.01) ? null : Math.floor(second) * 1_000_000;
      const key = `${k},${city},${micros === null ? null : Math.floor(micros / 10_000_000)}`;
      const known = model.get(key) ?? 0;
      const weight = known > 0 && random.is(0.3) ? -1 : 1;
      builder.add([k, city, micros], weight);
      if (micros !== null) model.set(key, known + weight);
    }
    view.step(new Map([[1n, builder.finish()]]));
    if (step % 7 === 3) {
      view.undo();
      view.step(new Map([[1n, builder.finish()]]));
    }
    view.settle();
    if (step % 5 !== 4) continue;
    const entries = [...view.dump()];
    view = await viewOf(text);
    view.load(entries);
  }
  const shown = [...view.rows()].map(([k, city, from, to, n]) => {
    return [`${k},${city},${(from as number) / 10_000_000}`, (to as number) - (from as number), n];
  });
  const expected = [...model].filter(([, count]) => count > 0).map(([key, count]) => [key, 10_000_000, count]);
  assert.deepEqual(shown.map(String).sort(), expected.map(String).sort());
});
