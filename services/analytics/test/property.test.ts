import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { PostgresError } from '#seams/sql/error.ts';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import { bounded } from '../domain/closing.ts';
import { placesIn } from '../domain/context.ts';
import { printTimestamp } from '../domain/datetime.ts';
import { planRows } from '../domain/planner.ts';
import { type Plan, scansIn } from '../domain/plan.ts';
import { parseJson, rowOfFields } from '../domain/json-row.ts';
import { parseStatement } from '../domain/statement.ts';
import { castValue } from '../domain/cast.ts';
import { type Column, readValue, type Row, type Type, type Value } from '../domain/value.ts';
import { type Batch, BatchBuilder, rowAt, weightAt } from '../engine/batch.ts';
import { Circuit, type CircuitEntry } from '../engine/circuit.ts';
import { type Clocks, noClocks } from '../engine/clock.ts';
import { Room } from '../engine/spill/room.ts';
import { View as Kept } from '../engine/view.ts';
import { Watermarks } from '../engine/watermark.ts';
import { Crew } from '../engine/worker/crew.ts';
import type { SharedSource } from '../engine/worker/message.ts';
import { SharedCircuit } from '../engine/worker/shared-circuit.ts';
import { unshared } from '../engine/worker/split.ts';
import { Lying, readAgain } from './fixtures/lying.ts';
import { openOracle } from './fixtures/oracle.ts';
import { Random } from '#engine/random/random.ts';
import { inAnyOrder } from './fixtures/order.ts';
import { randomSelect, randomText, tables } from './fixtures/query.ts';
import { randomWindowed } from './fixtures/window.ts';

let oracle: Awaited<ReturnType<typeof openOracle>>;
before(async () => {
  oracle = await openOracle();
});
after(async () => {
  await oracle?.[Symbol.asyncDispose]();
  rmSync(scratch, { recursive: true });
});

const scratch = mkdtempSync(join(tmpdir(), 'gamut-spill-'));
const views: View[] = [];

type Texts = (string | null)[];
const names = ['t', 'u'] as const;
const columnsOf = (name: (typeof names)[number]): Column[] =>
  Object.entries(tables[name]).map(([column, type]) => ({ name: column, type: type as Type }));

/** What is put in and taken out, in steps. */
type Step = { readonly name: (typeof names)[number]; readonly rows: readonly { readonly texts: Texts; readonly weight: number }[] };

/** Some rows of both relations in random portions and order; where rows may go, some that came go again. */
function history(random: Random, appends: boolean): { steps: Step[]; left: Record<string, Texts[]> } {
  const left: Record<string, Texts[]> = { t: [], u: [] };
  const steps = Array.from({ length: 1 + random.below(7) }, (): Step => {
    const name = random.of(names);
    const rows = Array.from({ length: random.below(14) }, () => {
      const known = left[name] as Texts[];
      if (!appends && known.length > 0 && random.is(0.35))
        return { texts: known.splice(random.below(known.length), 1)[0] as Texts, weight: -1 };
      const texts = Object.values(tables[name]).map((type) => randomText(random, type));
      known.push(texts);
      return { texts, weight: 1 };
    });
    return { name, rows };
  });
  return { steps, left };
}

function batchOf({ name, rows }: Step): Batch {
  const builder = new BatchBuilder(columnsOf(name));
  const read = (texts: Texts): Row => texts.map((text, at) => (text === null ? null : readValue(columnsOf(name)[at]?.type as Type, text)));
  for (const { texts, weight } of rows) builder.add(read(texts), weight);
  return builder.finish();
}

const literal = (text: string | null, type: string) => (text === null ? `null::${type}` : `'${text.replaceAll("'", "''")}'::${type}`);

/** The relations as PostgreSQL takes them, in front of the query. */
function batchText(left: Record<string, Texts[]>, text: string): string {
  const relations = names.map((name) => {
    const [columns, types] = [Object.keys(tables[name]), Object.values(tables[name])];
    const rows = (left[name] as Texts[]).map((texts) => `(${texts.map((each, at) => literal(each, types[at] as string)).join(', ')})`);
    const none = `select ${types.map((type) => `null::${type}`).join(', ')} where false`;
    return `${name}(${columns.join(', ')}) as (${rows.length > 0 ? `values ${rows.join(', ')}` : none})`;
  });
  return `with ${relations.join(', ')} select * from (${text}) as q`;
}

const asText = (value: Value, type: Type) => (value === null ? null : castValue(value, type, 'text'));

/** Workers by how many they are. */
const crews = new Map([2, 3].map((count) => [count, new Crew(count)]));
after(() => {
  for (const crew of crews.values()) crew.end(new Error('the test is over'));
});
let tags = 0;

/** A circuit that is fed step by step, here or shared by workers, and what its view holds. */
class View {
  circuit: Circuit;
  shared: SharedCircuit | undefined;
  room: Room | undefined;
  /** The most that was on disk. */
  away = 0;
  readonly #plan: Plan;
  readonly #sources: readonly SharedSource[];
  readonly #memoryBytes: number | undefined;
  readonly #rows = new Map<string, number>();
  #kept = new Lying();

  /** With a memory of so many bytes, what it has no room for goes to disk. */
  constructor(plan: Plan, memoryBytes?: number) {
    this.#plan = plan;
    this.#sources = [...scansIn(plan).values()].map(({ relation: id, columns }) => {
      return { id, format: { kind: 'json' }, columns, used: new Set(columns.keys()) };
    });
    this.#memoryBytes = memoryBytes;
    this.circuit = this.#begun();
  }

  #begun(): Circuit {
    if (this.#memoryBytes === undefined) return new Circuit(this.#plan);
    void this.room?.close();
    this.room = new Room({ directory: scratch, memoryBytes: this.#memoryBytes, diskBytes: 2 ** 30 });
    return new Circuit(this.#plan, this.room);
  }

  async take(changes: ReadonlyMap<bigint, Batch>, clocks: Clocks = noClocks): Promise<void> {
    const { shared } = this;
    if (shared) {
      const [[source, batch] = []] = changes;
      const portion = source !== undefined && batch ? await shared.give(source, batch) : shared.nothing;
      const { out, entries } = await shared.step(portion, 0, batch?.size ?? 0, clocks);
      this.#count(out);
      this.#kept.keep(entries);
      return;
    }
    this.#count(this.circuit.step(changes, [], clocks));
    this.#kept.keep(this.circuit.settle());
    this.away = Math.max(this.away, this.room?.kept.diskRows ?? 0);
  }

  #count(out: Batch): void {
    for (let at = 0; at < out.size; at += 1) {
      const key = JSON.stringify(rowAt(out, at).map((value, place) => asText(value, this.circuit.columns[place]?.type as Type)));
      const count = (this.#rows.get(key) ?? 0) + weightAt(out, at);
      if (count === 0) this.#rows.delete(key);
      else this.#rows.set(key, count);
    }
  }

  /** Does a step and takes it back. */
  falter(changes: ReadonlyMap<bigint, Batch>, clocks?: Clocks): void {
    if (this.shared) return;
    try {
      this.circuit.step(changes, [], clocks);
    } finally {
      this.circuit.undo();
    }
  }

  /** Goes on from what was written down: with so many workers, where there are some. */
  async restart(isWhole: boolean, workers = 1): Promise<void> {
    if (isWhole) {
      this.#kept = new Lying();
      this.#kept.keep((await this.shared?.dump()) ?? this.circuit.dump());
    }
    const entries = this.#kept.entries();
    this.shared?.close();
    this.shared = undefined;
    this.circuit = this.#begun();
    const crew = crews.get(workers);
    tags += 1;
    if (crew) this.shared = await SharedCircuit.open(crew, { plan: this.#plan, sources: this.#sources, tag: String(tags) }, entries);
    else this.circuit.load(entries);
  }

  get workers(): number {
    return this.shared?.workers ?? 1;
  }

  close(): void {
    this.shared?.close();
  }

  rows(): string[] {
    return [...this.#rows].flatMap(([key, count]) => {
      assert.ok(count > 0, `a row is there ${count} times: ${key}`);
      return new Array<string>(count).fill(key);
    });
  }
}

type Watermark = Extract<Plan, { kind: 'scan' }>['watermark'];

async function planOf(text: string, appends: boolean, watermark?: Watermark): Promise<Plan> {
  const statement = await parseStatement(text);
  assert.equal(statement?.kind, 'select');
  const relation = (name: string): Plan | undefined => {
    const at = names.indexOf(name as 't');
    return at < 0 ? undefined : { kind: 'scan', relation: BigInt(at), name, appends, columns: columnsOf(name as 't'), watermark };
  };
  return planRows(statement.select, { relation, named: new Map(), params: [], at: placesIn(text) });
}

/** Views that workers shared from the first row on. */
const shared = { views: 0 };

/** How many workers a view has behind each restart. */
function workersOf(seed: number, plan: Plan): () => number {
  const random = new Random(seed + 1_000_000);
  return () => (unshared(plan) === undefined ? random.of([1, 2, 3]) : 1);
}

/** The outcome of a query on either side: its rows, or that it has none because it fails. */
async function compare(seed: number): Promise<'same' | 'equal' | 'both fail' | 'not built'> {
  const random = new Random(seed);
  const { text, columns } = randomSelect(random);
  const appends = random.is(0.5);
  const { steps, left } = history(random, appends);
  const shown = Object.keys(columns)
    .map((name) => `${name}::text as ${name}`)
    .join(', ');
  const batch = oracle.sql
    .platform()
    .query<Record<string, string | null>>(batchText(left, `select ${shown} from (${text}) as p`))
    .then(({ rows }) => rows.map((row) => JSON.stringify(Object.keys(columns).map((name) => row[name] ?? null))))
    .catch((error: unknown) => {
      if (error instanceof PostgresError) return error;
      throw error;
    });
  let ours: string[] | StatementError;
  try {
    const plan = inAnyOrder(await planOf(text, appends), random);
    const view = new View(plan, memoryOf(seed));
    views.push(view);
    const workers = workersOf(seed, plan);
    await view.take(new Map());
    await view.restart(true, workers());
    shared.views += Number(view.workers > 1);
    for (const step of steps) {
      const changes = new Map([[BigInt(names.indexOf(step.name)), batchOf(step)]]);
      if (random.is(0.3)) view.falter(changes);
      if (random.is(0.3)) await view.restart(random.is(0.5), workers());
      await view.take(changes);
    }
    view.close();
    ours = view.rows();
  } catch (error) {
    if (!(error instanceof StatementError)) throw new Error(`seed ${seed}: ${text}`, { cause: error });
    ours = error;
  }
  const theirs = await batch;
  if (ours instanceof StatementError && ours.sqlstate === '0A000') return 'not built';
  // A row that fails on the way may be gone at the end, and what is never needed is not evaluated by the one or the other.
  if (ours instanceof StatementError || theirs instanceof PostgresError) {
    const [mine, other] = [ours, theirs].map((each) => (each instanceof Error ? (each as { sqlstate?: string }).sqlstate : 'rows'));
    if (theirs instanceof PostgresError && !(ours instanceof StatementError) && /^22/.test(theirs.sqlstate ?? '')) return 'both fail';
    assert.ok(
      ours instanceof StatementError && /^22/.test(ours.sqlstate),
      `seed ${seed}: ${mine} and ${other} ${String(ours)} ${String(theirs)}\n${text}`,
    );
    return 'both fail';
  }
  // Which of several equal decimals stands for all of them (0, 0.00) is nobody's promise.
  const plain = (rows: readonly string[]) =>
    rows.map((row) => row.replaceAll(/"(-?\d+)\.(\d*?)0*"/g, (_, whole, part) => `"${whole}${part === '' ? '' : `.${part}`}"`)).sort();
  if (JSON.stringify(ours.sort()) === JSON.stringify(theirs.sort())) return 'same';
  assert.deepEqual(plain(ours), plain(theirs), `seed ${seed} (${appends ? 'rows only come' : 'rows come and go'})\n${text}`);
  return 'equal';
}

/** Of each three views one has no memory at all for what can be on disk, and one has little. */
const memoryOf = (seed: number): number | undefined => [undefined, 0, 1_000][seed % 3];

/** Views since the last time, closed; answers the rows and groups that were on disk. */
async function closed(): Promise<number> {
  const away = views.reduce((sum, view) => sum + view.away, 0);
  for (const view of views.splice(0)) await view.room?.close();
  return away;
}

/** So many random queries, or fewer on a machine that is busy. */
const seeds = Number(process.env.GAMUT_SEEDS ?? 600);
const [enough, enoughMs] = [60, 20_000];
const first = Number(process.env.GAMUT_SEED ?? 1);

/** Rows of `t` in portions, from two partitions of its topic: those on time, how far the watermark is then, and that of the end. */
function timedHistory(random: Random, { lateness, place }: NonNullable<Watermark>) {
  const delay = random.below(6) * 3_600_000_000;
  const begun = () => {
    const made = new Watermarks([{ id: 0n, place, delay, lateness, idleMs: 60_000 }]);
    made.expect(0n, 2, 0);
    return made;
  };
  let watermarks = begun();
  const onTime: Texts[] = [];
  let late = 0;
  const steps = Array.from({ length: 2 + random.below(8) }, () => {
    const rows = Array.from({ length: random.below(10) }, () => {
      const texts = Object.values(tables.t).map((type) => randomText(random, type));
      const row = texts.map((text, at) => (text === null ? null : readValue(columnsOf('t')[at]?.type as Type, text)));
      if (watermarks.admit(0n, random.below(2), row[place] ?? null, 0) !== undefined) {
        late += 1;
        return [];
      }
      onTime.push(texts);
      return [{ texts, weight: 1 }];
    });
    if (random.is(0.2)) watermarks.rest(60_000);
    if (random.is(0.3)) {
      const written = JSON.parse(JSON.stringify([...watermarks.dump()])) as CircuitEntry[];
      watermarks = begun();
      for (const entry of written) watermarks.load(entry, 0);
    }
    return { step: { name: 't', rows: rows.flat() } as const, clocks: watermarks.clocks() };
  });
  return { steps, onTime, late, mark: watermarks.mark(0n) };
}

/** One view in three ways: as its windows close, as rows come, and over the rows of the last hours alone. */
async function compareTimed(seed: number): Promise<{ late: number; rows: number }> {
  const random = new Random(seed);
  const { ours, theirs, closed, isFinal = false } = randomWindowed(random);
  const watermark = { place: Object.keys(tables.t).indexOf('e'), lateness: random.of([0, 0, 2 * 3_600_000_000]) };
  const how = random.of(['close', 'close', 'update', isFinal ? 'close' : 'retention'] as const);
  const retention = how === 'retention' ? (1 + random.below(20)) * 3_600_000_000 : undefined;
  const plan = bounded(await planOf(ours, true, watermark), { onClose: how === 'close', retention });
  const { steps, onTime, late, mark } = timedHistory(random, { ...watermark, lateness: retention ?? watermark.lateness });
  const view = new View(plan, memoryOf(seed));
  views.push(view);
  const workers = workersOf(seed, plan);
  await view.take(new Map());
  for (const { step, clocks } of steps) {
    const changes = new Map([[0n, batchOf(step)]]);
    if (random.is(0.3)) view.falter(changes, clocks);
    if (random.is(0.3)) await view.restart(random.is(0.5), workers());
    await view.take(changes, clocks);
  }
  const timeOf = (by: number) => (mark === undefined ? "timestamp '-infinity'" : `timestamp '${printTimestamp(mark - by, false)}'`);
  const w = timeOf(0);
  const shown = plan.columns.map(({ name }) => `${name}::text as ${name}`).join(', ');
  const where = how === 'close' || isFinal ? ` where ${closed.replaceAll('$w', w).replaceAll('$f', timeOf(watermark.lateness))}` : '';
  const kept = retention === undefined ? '' : ` where e >= ${w} - interval '${retention / 1_000_000} seconds'`;
  const numbered = `with raw as (${batchText({ t: onTime, u: [] }, 'select * from t')}),
    t as (select *, row_number() over () as ctid_ from raw${kept}) select ${shown} from (${theirs}) q${where}`;
  const { rows } = await oracle.sql.platform().query<Record<string, string | null>>(numbered);
  const expected = rows.map((row) => JSON.stringify(plan.columns.map(({ name }) => row[name] ?? null)));
  assert.deepEqual(view.rows().sort(), expected.sort(), `seed ${seed} ${how}\n${ours}`);
  // When the watermark has passed all, nothing but the rows of a retention is remembered.
  if (how === 'retention') return { late, rows: expected.length };
  await view.take(new Map(), new Map([[0n, readValue('timestamp', '2050-01-01') as number]]));
  await view.restart(true);
  // Of versions the last one of each key.
  const most = isFinal ? 8 : 0;
  assert.ok(view.circuit.size <= most, `seed ${seed} ${how}\n${ours}`);
  await view.restart(false);
  assert.ok(view.circuit.size <= most, `seed ${seed} ${how}, after a restart\n${ours}`);
  return { late, rows: expected.length };
}

test('views of windows have the rows on time, give them out when their windows close, and forget what is past', {
  timeout: 100_000,
}, async () => {
  const counts = { late: 0, rows: 0 };
  const most = Number(process.env.GAMUT_SEEDS ?? 250);
  const isTelling = () => counts.late > 100 && counts.rows > 500;
  const started = performance.now();
  const isEnough = (seed: number) => seed >= first + enough && isTelling() && performance.now() - started >= enoughMs;
  for (let seed = first; seed < first + most && !isEnough(seed); seed += 1) {
    const { late, rows } = await compareTimed(seed);
    await closed();
    counts.late += late;
    counts.rows += rows;
  }
  assert.ok(isTelling(), JSON.stringify(counts));
});

test(`a view is what PostgreSQL computes over the same rows, however they came: up to ${seeds} random queries`, {
  timeout: 150_000,
}, async () => {
  const counts = { same: 0, equal: 0, 'both fail': 0, 'not built': 0 };
  const wrong: unknown[] = [];
  const started = performance.now();
  let seed = first;
  for (; seed < first + seeds && wrong.length < 3 && (seed < first + enough || performance.now() - started < enoughMs); seed += 1)
    await compare(seed).then(
      (found) => (counts[found] += 1),
      (error: unknown) => wrong.push(error),
    );
  const away = await closed();
  if (wrong.length > 0) throw new AggregateError(wrong, wrong.map(String).join('\n'));
  assert.ok(away > (seed - first) / 8, String(away));
  assert.ok(counts.same > (seed - first) * 0.8 && counts.equal < (seed - first) * 0.05, JSON.stringify(counts));
  assert.ok(shared.views > (seed - first) * 0.4, `${shared.views} of ${seed - first} views were shared`);
  if (process.env.GAMUT_SHOW) process.stderr.write(JSON.stringify(counts));
});

test('a view that begins again knows how far its times had come, and what waits for its windows', async () => {
  const watermark = { place: Object.keys(tables.t).indexOf('e'), lateness: 0 };
  const text = "select window_end, count(*) as n from tumble(t, e, interval '1 hour') w group by window_end";
  const plan = bounded(await planOf(text, true, watermark), { onClose: true, retention: undefined });
  const begun = () => new Kept(plan, true, [{ id: 0n, ...watermark, delay: 0, idleMs: 1000 }]);
  const texts = (time: string) => Object.keys(tables.t).map((name) => (name === 'e' ? `2024-02-28 ${time}` : null));
  const take = (view: Kept, ...times: string[]) => {
    const rows = times.map((time) => ({ texts: texts(time), weight: 1 }));
    const batch = batchOf({ name: 't', rows });
    const late = rows
      .map((_, at) => view.watermarks.admit(0n, 0, rowAt(batch, at)[watermark.place] ?? null, 0))
      .filter((reason) => reason !== undefined);
    const changes = late.length > 0 ? [] : view.step(new Map([[0n, batch]]));
    return { late, changes: changes.map(({ row, weight }) => [printTimestamp(row[0] as number, false), row[1], weight]) };
  };
  const first = begun();
  assert.deepEqual(take(first, '10:10', '10:20', '11:30').changes, [['2024-02-28 11:00:00', 2, 1]]);
  const settled = [...first.settle(), ...first.watermarks.settle()];
  for (const written of [settled, [...first.dump()]]) {
    const again = begun();
    again.load(readAgain(written));
    assert.deepEqual([...again.rows()], [...first.rows()]);
    assert.match(String(take(again, '11:29').late), /it is late: 2024-02-28 11:29:00 is before 2024-02-28 11:30:00/);
    assert.deepEqual(take(again, '11:31', '12:00').changes, [['2024-02-28 12:00:00', 2, 1]]);
  }
});

test('groups in their thousands come and go, with sums and bounds of integers of any size', async () => {
  const columns: Column[] = [
    { name: 'k', type: 'int8' },
    { name: 'at', type: 'timestamp' },
    { name: 'v', type: 'int8' },
  ];
  const text = `select k, window_start, count(*) as n, sum(v) as s, min(v) as least, max(v) as most
    from tumble(w, at, interval '10 seconds') where v <> 7 group by k, window_start`;
  const statement = await parseStatement(text);
  assert.equal(statement?.kind, 'select');
  for (const [appends, memoryBytes] of [
    [true, undefined],
    [false, undefined],
    [true, 20_000],
    [false, 20_000],
  ] as const) {
    const random = new Random(appends ? 3 : 4);
    const scan: Plan = { kind: 'scan', relation: 0n, name: 'w', appends, columns };
    const plan = planRows(statement.select, { relation: () => scan, named: new Map(), params: [], at: placesIn(text) });
    const view = new View(plan, memoryBytes);
    views.push(view);
    const small = () => random.below(200) - 100;
    const any = () =>
      readValue('int8', String(BigInt(small()) * random.of([1n, 1n, 1n, 2n ** 33n, 2n ** 53n + 1n, 2n ** 56n - 1n]))) as number;
    const held: Row[] = [];
    for (let step = 0; step < 6; step += 1) {
      const builder = new BatchBuilder(columns);
      for (let count = 0; count < 1000; count += 1) {
        const [gone] = !appends && held.length > 0 && random.is(0.48) ? held.splice(random.below(held.length), 1) : [];
        const row = gone ?? [random.is(0.1) ? null : any(), random.below(60_000_000), any()];
        const weight = gone ? -1 : random.of([1, 1, 3]);
        for (let each = 0; each < weight; each += 1) held.push(row);
        builder.add(row, weight);
      }
      const changes = new Map([[0n, builder.finish()]]);
      if (random.is(0.5)) view.falter(changes);
      const workers = random.of([1, 2, 3]);
      if (random.is(0.3)) await view.restart(random.is(0.5), memoryBytes === undefined ? workers : 1);
      await view.take(changes);
    }
    const groups = Map.groupBy(
      held.filter(([, , v]) => v !== 7),
      ([k, at]) => `${k} ${Math.floor((at as number) / 10_000_000)}`,
    );
    const expected = [...groups.values()].map((rows) => {
      const [[k = null, at = 0] = []] = rows;
      const values = rows.map(([, , v]) => BigInt(v as number)).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      const start = printTimestamp(Math.floor((at as number) / 10_000_000) * 10_000_000, false);
      const sum = values.reduce((total, value) => total + value, 0n);
      const told = [values.length, sum, values[0], values.at(-1)].map(String);
      return JSON.stringify([k === null ? null : String(k), start, ...told]);
    });
    assert.ok(expected.length > 500);
    assert.deepEqual(view.rows().sort(), expected.sort());
    assert.ok(memoryBytes === undefined || view.away > expected.length / 2, String(view.away));
    await closed();
  }
});

test('names and literals of any kind are values and never code', async () => {
  const hostile = ['__proto__', 'constructor', "'];throw 1;//", '`${process.exit(9)}`', '\u2028', '\\', '*/', 'c0', 'r', 'return'];
  const columns = hostile.map((name): Column => ({ name, type: 'text' }));
  const quoted = (name: string) => `"${name}"`;
  const literals = hostile.map((text) => `'${text.replaceAll("'", "''")}'`);
  const text = `select ${hostile.map((name, at) => `${quoted(name)} || ${literals[at]} as ${quoted(name)}`).join(', ')}, count(distinct ${quoted('r')})
    from evil where ${hostile.map((name, at) => `${quoted(name)} <> ${literals[at]} || 'x'`).join(' and ')}
    group by ${hostile.map(quoted).join(', ')}`;
  const statement = await parseStatement(text);
  assert.equal(statement?.kind, 'select');
  const evil: Plan = { kind: 'scan', relation: 0n, name: 'evil', appends: false, columns };
  const circuit = new Circuit(planRows(statement.select, { relation: () => evil, named: new Map(), params: [], at: placesIn(text) }));
  const code = [...circuit.code()].filter((line) => !line.startsWith('--')).join('\n');
  for (const word of ['process', 'throw', '__proto__', 'constructor', '\u2028', '`']) assert.ok(!code.includes(word), word);
  const builder = new BatchBuilder(columns);
  const json = `{${hostile.map((name) => `${JSON.stringify(name)}: ${JSON.stringify(name)}`).join(', ')}}`;
  const row = rowOfFields(columns, parseJson(Buffer.from(json)));
  assert.deepEqual(row, hostile);
  builder.add(row, 1);
  const out = circuit.step(new Map([[0n, builder.finish()]]));
  assert.deepEqual(rowAt(out, 0), [...hostile.map((name) => `${name}${name}`), 1]);
});
