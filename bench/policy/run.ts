import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { engineSet, engineVersion, parsePolicies } from '#kernel/policy/authority.ts';
import { compilePolicySet, type Decision } from '#kernel/policy/compile.ts';
import { entityStore } from '#kernel/policy/entity-store.ts';
import { type Workload, workload } from './workload.ts';

/** One line of a result: ours and the peer's figure, how many times ours is better, and what was aimed at, if anything. */
export type BenchRow = {
  readonly row: string;
  readonly ours: number;
  readonly peer: number;
  readonly unit: string;
  readonly ratio: number;
  readonly goal: number | null;
  readonly met: boolean | null;
};
export type BenchResult = { readonly name: string; readonly rows: readonly BenchRow[] };

type Side = (index: number) => Decision;

const rounds = 9;
const oursPerRound = 20_000;
const peerPerRound = 120;

/** Nanoseconds per decision in one stretch of work. */
function stretch(side: Side, decisions: number): number {
  const start = process.hrtime.bigint();
  for (let index = 0; index < decisions; index++) side(index);
  return Number(process.hrtime.bigint() - start) / decisions;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

/** Both sides of a workload: ours reads the context and finds its entities each time, the peer gets all as JSON each time. */
function sides({ policies, entities, requests }: Workload): { ours: Side; peer: Side } {
  const compiled = compilePolicySet(policies.map(({ id, text }) => ({ id, est: parsePolicies(text)[0]?.est })));
  const engine = engineSet(policies);
  const store = entityStore(entities);
  const request = (index: number) => requests[index % requests.length] as (typeof requests)[number];
  return { ours: (index) => compiled.decide(request(index), store), peer: (index) => engine.decide(request(index), entities) };
}

/** Both sides must agree before their speed means anything. */
function agree({ ours, peer }: { ours: Side; peer: Side }, count: number): void {
  const named = ({ allow, reasons, errors }: Decision) => ({
    allow,
    reasons: [...reasons].sort(),
    errors: errors.map(({ policy }) => policy).sort(),
  });
  for (let index = 0; index < count; index++) assert.deepEqual(named(ours(index)), named(peer(index)));
}

function measure(row: string, load: Workload, goal: number | null): BenchRow {
  const both = sides(load);
  agree(both, load.requests.length);
  stretch(both.ours, oursPerRound);
  stretch(both.peer, peerPerRound);
  const taken = Array.from({ length: rounds }, () => [stretch(both.ours, oursPerRound), stretch(both.peer, peerPerRound)] as const);
  const [ours, peer] = [median(taken.map(([ns]) => ns)), median(taken.map(([, ns]) => ns))];
  const ratio = peer / ours;
  return {
    row,
    ours: round(ours / 1000),
    peer: round(peer / 1000),
    unit: 'us/decision',
    ratio: round(ratio),
    goal,
    met: goal === null ? null : ratio >= goal,
  };
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

/** Decides the same requests with compiled closures and with the preparsed engine, in turns, on one thread. */
export async function run(): Promise<BenchResult> {
  const rows = [
    measure('10 policies', workload(10), null),
    measure('100 policies', workload(100), 100),
    measure('1,000 policies', workload(1000), null),
    measure('100 policies, all in scope', workload(100, true), null),
  ];
  return { name: 'policy', rows };
}

function machine(): Record<string, string | number> {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: round(totalmem() / 2 ** 30),
    node: process.version,
    peer: engineVersion().engine,
  };
}

function lineOf({ row, ours, peer, unit, ratio, goal, met }: BenchRow): string {
  const aim = goal === null ? '' : `  goal ${goal}x ${met ? 'met' : 'missed'}`;
  const sides = `ours ${String(ours).padStart(8)}  peer ${String(peer).padStart(8)} ${unit}`;
  return `${row.padEnd(28)} ${sides}  ${String(ratio).padStart(7)}x${aim}\n`;
}

if (import.meta.main) {
  const result = await run();
  const folder = join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(join(folder, `${date}.json`), `${JSON.stringify({ ...result, date, machine: machine() }, null, 2)}\n`);
  process.stdout.write(result.rows.map(lineOf).join(''));
}
