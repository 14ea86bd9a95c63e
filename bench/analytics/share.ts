import { strict as assert } from 'node:assert';
import type { Worker } from 'node:worker_threads';
import type { Plan } from '#services/analytics/domain/plan.ts';
import { scansIn } from '#services/analytics/domain/plan.ts';
import { type Batch, gathered } from '#services/analytics/engine/batch.ts';
import { Circuit } from '#services/analytics/engine/circuit.ts';
import { noClocks } from '#services/analytics/engine/clock.ts';
import { bytesOf } from '#services/analytics/engine/worker/batch-bytes.ts';
import { Crew } from '#services/analytics/engine/worker/crew.ts';
import { SharedCircuit } from '#services/analytics/engine/worker/shared-circuit.ts';
import { type BenchRow, compared, median } from '../result.ts';
import { numberOf, planOf } from './plan.ts';
import { keysOf } from './skew.ts';

const tables = { t: { k: 'int8', ts: 'timestamp', v: 'int8' }, u: { k: 'int8', name: 'text' } };
const [workers, exponent, rowsAtOnce, firstMicros] = [2, 1.2, 4096, 1_700_000_000_000_000];
const aggregates = 'count(*) as n, sum(v) as total, min(v) as least, max(v) as most';
const queries = {
  tumble: `select k, window_start, ${aggregates} from tumble(t, ts, interval '10 seconds') where v >= 100 group by k, window_start`,
  group: `select k, ${aggregates} from t group by k`,
  join: 'select t.k, t.v, u.name from t join u on t.k = u.k',
} as const;

/** Rows of `t` by their keys; a thousand come in a second. */
function rowsOf(keys: Float64Array): Batch {
  const times = Float64Array.from(keys, (_, at) => firstMicros + at * 1000);
  const values = Float64Array.from(keys, (_, at) => (at * 7919) % 1000);
  return { size: keys.length, columns: [keys, times, values].map((each) => ({ values: each, nulls: undefined })), weights: undefined };
}

const namesOf = (keys: number): Batch => ({
  ...{ size: keys, weights: undefined },
  columns: [
    { values: Float64Array.from({ length: keys }, (_, at) => at), nulls: undefined },
    { values: Array.from({ length: keys }, (_, at) => `name ${at}`), nulls: undefined },
  ],
});

/** Seconds that some work takes, and seconds of the processor of the thread that has most to do. */
type Taken = { readonly wall: number; readonly busiest: number };

/** Two workers, and how long they are at something. */
class Threads {
  readonly crew: Crew;
  readonly #threads: Worker[] = [];
  readonly #note = (worker: Worker) => void this.#threads.push(worker);
  #views = 0;

  constructor() {
    process.on('worker', this.#note);
    this.crew = new Crew(workers);
  }

  async open(plan: Plan): Promise<SharedCircuit> {
    const sources = [...scansIn(plan).values()].map(({ relation: id, columns }) => {
      return { id, format: { kind: 'json' } as const, columns, used: new Set(columns.keys()) };
    });
    this.#views += 1;
    return await SharedCircuit.open(this.crew, { plan, sources, tag: String(this.#views) }, []);
  }

  end(): void {
    process.off('worker', this.#note);
    this.crew.end(new Error('the benchmark is over'));
  }

  async #cpu(): Promise<number[]> {
    return await Promise.all(
      this.#threads.map(async (thread) => {
        const { user, system } = await thread.cpuUsage();
        return (user + system) / 1e6;
      }),
    );
  }

  async taken(work: () => Promise<unknown>): Promise<Taken> {
    const [before, from] = [await this.#cpu(), performance.now()];
    await work();
    const wall = (performance.now() - from) / 1000;
    const after = await this.#cpu();
    return { wall, busiest: Math.max(...after.map((each, at) => each - (before[at] ?? 0))) };
  }
}

function alone(work: () => unknown): Taken {
  const [cpu, from] = [process.threadCpuUsage(), performance.now()];
  work();
  const wall = (performance.now() - from) / 1000;
  const { user, system } = process.threadCpuUsage(cpu);
  return { wall, busiest: (user + system) / 1e6 };
}

function portions(batch: Batch): Batch[] {
  return Array.from({ length: Math.ceil(batch.size / rowsAtOnce) }, (_, at) => {
    const size = Math.min(rowsAtOnce, batch.size - at * rowsAtOnce);
    return gathered(
      batch,
      Uint32Array.from({ length: size }, (_row, row) => at * rowsAtOnce + row),
    );
  });
}

/** Two workers beside one thread, over rows that lie with them: all of them in one step, with what comes out of it and is written down. */
async function resident(threads: Threads, what: 'tumble' | 'group', rows: number, keys: number, rounds: number): Promise<BenchRow[]> {
  const batch = rowsOf(keysOf(rows, keys, 0));
  const plan = await planOf(queries[what], tables);
  const source = numberOf(tables, 't');
  const rates: Record<'one' | 'two' | 'oneBusy' | 'twoBusy', number[]> = { one: [], two: [], oneBusy: [], twoBusy: [] };
  for (let round = 0; round <= rounds; round += 1) {
    const circuit = new Circuit(plan);
    const one = alone(() => {
      bytesOf(circuit.step(new Map([[source, batch]])));
      circuit.settle();
    });
    const shared = await threads.open(plan);
    const portion = await shared.give(source, batch);
    const two = await threads.taken(() => shared.step(portion, 0, batch.size, noClocks));
    assert.equal(
      Array.from({ length: 9 }, (_, at) => shared.facts(at).entries ?? 0).reduce((sum, each) => sum + each, 0),
      circuit.size,
      'both sides have the same groups',
    );
    shared.close();
    if (round === 0) continue;
    rates.one.push(rows / one.wall / 1e6);
    rates.two.push(rows / two.wall / 1e6);
    rates.oneBusy.push(rows / one.busiest / 1e6);
    rates.twoBusy.push(rows / two.busiest / 1e6);
  }
  const did = { tumble: 'filter, 10 s tumble, group by', group: 'group by' }[what];
  const name = `${did}, ${keys} keys of ${rows / 1e6} M resident rows, two workers beside one thread`;
  return [
    compared(name, 'M rows/s', 'more', median(rates.two), median(rates.one), 1.8),
    compared(`${name}: by the thread that has most to do`, 'M rows/CPU-s', 'more', median(rates.twoBusy), median(rates.oneBusy), 1.8),
  ];
}

/** Two workers over keys of which few are of most rows, beside keys that are all of equally many, in portions. */
async function skewed(threads: Threads, rows: number, keys: number, rounds: number): Promise<BenchRow[]> {
  const sides = { ours: rowsOf(keysOf(rows, keys, exponent)), theirs: rowsOf(keysOf(rows, keys, 0)) };
  const found: BenchRow[] = [];
  for (const name of ['group', 'join'] as const) {
    const plan = await planOf(queries[name], tables);
    const taken: Record<keyof typeof sides, Taken[]> = { ours: [], theirs: [] };
    for (let round = 0; round <= rounds; round += 1)
      for (const side of ['ours', 'theirs'] as const) {
        const shared = await threads.open(plan);
        const given = async (relation: 't' | 'u', batch: Batch) => {
          const portion = await shared.give(numberOf(tables, relation), batch);
          return (await shared.step(portion, 0, batch.size, noClocks)).out.size;
        };
        if (name === 'join') await given('u', namesOf(keys));
        let out = 0;
        const each = await threads.taken(async () => {
          for (const batch of portions(sides[side])) out += await given('t', batch);
        });
        if (name === 'join') assert.equal(out, rows, 'every row meets its name');
        shared.close();
        if (round > 0) taken[side].push(each);
      }
    const rate = (side: keyof typeof sides, by: keyof Taken) => median(taken[side].map((each) => rows / each[by] / 1e6));
    const row = `${name}, two workers, keys by Zipf ${exponent} of ${keys}, beside keys that are all as frequent`;
    found.push(compared(row, 'M rows/s', 'more', rate('ours', 'wall'), rate('theirs', 'wall'), 0.7));
    const busiest = `${row}: by the thread that has most to do`;
    found.push(compared(busiest, 'M rows/CPU-s', 'more', rate('ours', 'busiest'), rate('theirs', 'busiest'), 0.7));
  }
  return found;
}

/** What it brings that two workers share a view. */
export async function sharing(residentRows: number, skewRows: number, skewKeys: number, rounds: number): Promise<BenchRow[]> {
  const threads = new Threads();
  // Threads that are asked how long they were at work do not keep a process alive.
  const awake = setInterval(() => undefined, 1000);
  try {
    return [
      ...(await resident(threads, 'group', residentRows, 1000, rounds)),
      ...(await resident(threads, 'tumble', residentRows, 100, rounds)),
      ...(await resident(threads, 'tumble', residentRows, 1000, rounds)),
      ...(await skewed(threads, skewRows, skewKeys, rounds)),
    ];
  } finally {
    clearInterval(awake);
    threads.end();
  }
}
