import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { type Contender, ourPlain, ourSafe, peerPlain, peerSafe } from './contender.ts';
import { openPlace, rows as rowCount, tenants } from './place.ts';

/** One comparison: operations per second of our side and of the peer's, both from the same run. */
export type RlsRow = {
  readonly row: string;
  readonly ours: number;
  readonly peer: number;
  readonly unit: string;
  readonly ratio: number;
  readonly goal: number | null;
  readonly met: boolean | null;
};

const seconds = 2;
const rounds = 5;
const perTenant = rowCount / tenants;
let nextId = perTenant;

type Operation = 'read' | 'insert';
type Rates = Map<string, number[]>;

/** Runs an operation from so many callers until the time is up; answers operations per second. */
async function measure(contender: Contender, operation: Operation, callers: number): Promise<number> {
  const started = performance.now();
  const until = started + seconds * 1000;
  let done = 0;
  const caller = async () => {
    while (performance.now() < until) {
      const tenant = 1 + Math.floor(Math.random() * tenants);
      if (operation === 'read') await contender.read(tenant, Math.floor(Math.random() * perTenant));
      else await contender.insert(tenant, nextId++);
      done++;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return done / ((performance.now() - started) / 1000);
}

/** All contenders take turns in every round; a row compares the medians of the rounds. */
export async function run(): Promise<{ readonly name: string; readonly rows: readonly RlsRow[]; readonly postgres: string }> {
  await using place = await openPlace();
  const { url, socket } = place;
  const contenders = [ourPlain(url), ourSafe(url), peerPlain(url, socket), peerSafe(url, socket)];
  const rates: Rates = new Map();
  try {
    for (const contender of contenders) await measure(contender, 'read', 64);
    for (let round = 0; round < rounds; round++) {
      for (const [operation, callers] of [
        ['read', 8],
        ['read', 64],
        ['insert', 8],
        ['insert', 64],
      ] as const) {
        for (const contender of contenders) {
          const key = `${contender.name}, ${operation}, ${callers}`;
          rates.set(key, [...(rates.get(key) ?? []), await measure(contender, operation, callers)]);
        }
      }
    }
  } finally {
    for (const contender of contenders) await contender.close();
  }
  return { name: 'rls', rows: compare(rates), postgres: place.version };
}

function compare(rates: Rates): RlsRow[] {
  const out: RlsRow[] = [];
  for (const [operation, callers] of [
    ['read', 8],
    ['read', 64],
    ['insert', 8],
    ['insert', 64],
  ] as const) {
    const what = `${operation === 'read' ? 'read by key' : 'insert'}, ${callers} callers, 8 connections`;
    const pair = (name: string, ours: string, peer: string, goal: number | null) => {
      const [our, their] = [ours, peer].map((side) => median(rates.get(`${side}, ${operation}, ${callers}`) ?? []));
      if (our === undefined || their === undefined) return;
      const ratio = round(our / their);
      const met = goal === null ? null : ratio >= goal;
      out.push({ row: `${what}: ${name}`, ours: round(our), peer: round(their), unit: '1/s', ratio, goal, met });
    };
    pair('safe form against the same SQL without it', 'ours, safe', 'ours, plain', operation === 'read' && callers === 8 ? 0.45 : null);
    pair('safe form against the safe form of postgres.js', 'ours, safe', 'postgres.js, safe', null);
    pair('safe form against postgres.js without it', 'ours, safe', 'postgres.js, plain', null);
    pair('without it against postgres.js without it', 'ours, plain', 'postgres.js, plain', null);
  }
  return out;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

if (import.meta.main) {
  const result = await run();
  const [cpu] = cpus();
  const peer = JSON.parse(readFileSync(join(import.meta.dirname, '../../node_modules/postgres/package.json'), 'utf8')) as {
    version: string;
  };
  const machine = {
    cpu: cpu?.model,
    cores: cpus().length,
    memoryGiB: round(totalmem() / 2 ** 30),
    node: process.version,
    postgresJs: peer.version,
  };
  const date = new Date().toISOString().slice(0, 10);
  const folder = join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  const figures = { rowCount, tenants, connections: 8, seconds, rounds };
  writeFileSync(join(folder, `${date}.json`), `${JSON.stringify({ ...result, ...figures, date, machine }, null, 2)}\n`);
  for (const { row, ours, peer: theirs, ratio, goal } of result.rows) {
    process.stdout.write(
      `${row.padEnd(92)} ${String(ours).padStart(7)} ${String(theirs).padStart(7)}  ${ratio}${goal === null ? '' : ` (goal ${goal})`}\n`,
    );
  }
}
