import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import { Random } from '#engine/random/random.ts';
import { bounded } from '../domain/closing.ts';
import { placesIn } from '../domain/context.ts';
import type { Plan } from '../domain/plan.ts';
import { planRows } from '../domain/planner.ts';
import { parseStatement } from '../domain/statement.ts';
import { type Column, printRow, type Row } from '../domain/value.ts';
import { type Batch, BatchBuilder } from '../engine/batch.ts';
import { View } from '../engine/view.ts';
import { Lying, readAgain } from './fixtures/lying.ts';
import { type Fact, randomMatch } from './fixtures/pattern.ts';

const columns: readonly Column[] = [
  { name: 'k', type: 'text' },
  { name: 'at', type: 'timestamp' },
  { name: 'n', type: 'int8' },
  { name: 'b', type: 'int8' },
];
const minute = 60_000_000;

async function planOf(text: string, isTimed: boolean): Promise<Plan> {
  const statement = await parseStatement(text);
  assert.equal(statement?.kind, 'select');
  const scan: Plan = {
    ...{ kind: 'scan', relation: 0n, name: 'facts', appends: isTimed, columns },
    ...(isTimed ? { watermark: { place: 1, lateness: 0 } } : {}),
  };
  return planRows(statement.select, { relation: () => scan, named: new Map(), params: [], at: placesIn(text) });
}

const rowOf = ({ k, at, n, b }: Fact): Row => [k, at * minute, n, b];
function batchOf(rows: readonly { readonly fact: Fact; readonly weight: number }[]): Batch {
  const builder = new BatchBuilder(columns);
  for (const { fact, weight } of rows) builder.add(rowOf(fact), weight);
  return builder.finish();
}

const directory = mkdtempSync(join(tmpdir(), 'gamut-spill-'));
const opened: View[] = [];
async function closed(): Promise<void> {
  for (const view of opened.splice(0)) await view.close();
}
after(async () => {
  await closed();
  rmSync(directory, { recursive: true });
});

/** A view that is begun anew now and then from what was written down, and takes steps back. */
class Kept {
  view: View;
  readonly #plan: Plan;
  readonly #random: Random;
  readonly #written = new Lying();

  constructor(plan: Plan, random: Random) {
    this.#plan = plan;
    this.#random = random;
    this.view = this.#begun();
  }

  /** Some of them have no memory for what can be on disk. */
  #begun(): View {
    const view = new View(this.#plan, true, [], this.#random.is(0.2) ? { directory, memoryBytes: 0, diskBytes: 2 ** 30 } : undefined);
    opened.push(view);
    return view;
  }

  take(batch: Batch, clocks: ReadonlyMap<bigint, number> = new Map()): void {
    const changes = new Map([[0n, batch]]);
    if (this.#random.is(0.3)) {
      this.view.step(changes, clocks);
      this.view.undo();
    }
    this.view.step(changes, clocks);
    this.#written.keep(this.view.settle());
    if (!this.#random.is(0.3)) return;
    const entries = this.#random.is(0.5) ? readAgain(this.view.dump()) : this.#written.entries();
    this.view = this.#begun();
    this.view.load(entries);
  }

  /** Rows as the reference has them: the number of the row, then the measures. */
  rows(): string[] {
    const names = ['n', 'number', 'label', 'sum', 'size', 'a', 'b1', 'before'];
    const places = names.map((name) => this.view.columns.findIndex((column) => column.name === name));
    return [...this.view.rows()]
      .map((row) => {
        const texts = printRow(this.view.columns, row);
        const values = places.map((place) => texts[place] ?? null);
        return JSON.stringify(values.map((value, at) => (value === null || at === 2 ? value : Number(value))));
      })
      .sort();
  }
}

function factsOf(random: Random): Fact[] {
  let at = 0;
  return Array.from({ length: 3 + random.below(16) }, (_, n) => {
    at += random.below(6);
    return { k: random.of(['x', 'y']), at, n, b: random.is(0.1) ? null : random.below(5) };
  });
}

type Outcome = 'same' | 'no way on' | 'refused';

/** Rows in random portions that come and go, or in the order of a watermark: both are what the plainest search finds. */
async function compare(seed: number): Promise<Outcome[]> {
  const random = new Random(seed);
  const { textOf, answer, isBounded } = randomMatch(random);
  const facts = factsOf(random);
  const expected = answer(facts);
  const text = textOf('');
  const come = async (): Promise<Outcome> => {
    const kept = new Kept(await planOf(text, false), random);
    const extra = factsOf(random)
      .slice(0, 4)
      .map((fact) => ({ ...fact, n: fact.n + 100 }));
    const all = [...facts, ...extra].sort(() => random.next() - 0.5).map((fact) => ({ fact, weight: 1 }));
    while (all.length > 0) kept.take(batchOf(all.splice(0, 1 + random.below(8))));
    kept.take(batchOf(extra.map((fact) => ({ fact, weight: -1 }))));
    assert.deepEqual(kept.rows(), expected, `seed ${seed}\n${text}\n${JSON.stringify(facts)}`);
    return 'same';
  };
  const outcomes = [expected ? await fails(come, '22023') : 'no way on'];
  outcomes.push(await fails(() => stream(random, text, facts, isBounded, expected, seed), '0A000'));
  if (isBounded && expected) {
    // What was begun and not completed in time is the same either way.
    const timed = textOf(' with timeout rows');
    const whole = new Kept(await planOf(timed, false), random);
    whole.take(batchOf(facts.map((fact) => ({ fact, weight: 1 }))));
    outcomes.push(await fails(() => stream(random, timed, facts, isBounded, whole.rows(), seed), '0A000'));
  }
  return outcomes;
}

async function fails(work: () => Promise<Outcome>, sqlstate: string): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StatementError) || error.sqlstate !== sqlstate) throw error;
    return sqlstate === '0A000' ? 'refused' : 'no way on';
  }
}

async function stream(
  random: Random,
  text: string,
  facts: readonly Fact[],
  isBounded: boolean,
  expected: string[] | undefined,
  seed: number,
): Promise<Outcome> {
  const kept = new Kept(bounded(await planOf(text, true), { onClose: false, retention: undefined }), random);
  const all = [...facts];
  let mark = 0;
  while (all.length > 0) {
    // Rows come out of their order, as far as the watermark lets them.
    const part = all.splice(0, 1 + random.below(6));
    if (random.is(0.5) && all.length > 0) part.push(...all.splice(random.below(all.length), 1));
    const rows = part.sort(() => random.next() - 0.5).map((fact) => ({ fact, weight: 1 }));
    mark = all[0] ? Math.min(...all.map(({ at }) => at)) : mark;
    kept.take(batchOf(rows), new Map([[0n, mark * minute - random.below(3) * minute]]));
  }
  kept.take(batchOf([]), new Map([[0n, 1e6 * minute]]));
  if (!expected) return 'no way on';
  const context = `seed ${seed}, by the watermark\n${text}\n${JSON.stringify(facts)}`;
  if (isBounded && !/next\(/.test(text)) {
    assert.deepEqual(kept.rows(), expected, context);
    if (/partition by/.test(text)) assert.equal([...kept.view.dump()].filter(([at, key]) => at >= 0 && key !== '').length, 0, context);
  } else for (const row of kept.rows()) assert.ok(expected.includes(row), context);
  return 'same';
}

test('a pattern finds what the plainest search finds: asked once, over rows that come and go, and by a watermark', async () => {
  const counts: Record<string, number> = {};
  const first = Number(process.env.GAMUT_SEED ?? 1);
  const most = Number(process.env.GAMUT_SEEDS ?? 1500);
  const started = performance.now();
  for (let seed = first; seed < first + most && (seed < first + 200 || performance.now() - started < 15_000); seed += 1) {
    for (const [at, outcome] of (await compare(seed)).entries()) counts[`${at} ${outcome}`] = (counts[`${at} ${outcome}`] ?? 0) + 1;
    await closed();
  }
  assert.ok((counts['0 same'] ?? 0) > 100 && (counts['1 same'] ?? 0) > 40, JSON.stringify(counts));
  if (process.env.GAMUT_SHOW) process.stderr.write(JSON.stringify(counts));
});
