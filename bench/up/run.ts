import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { availableServices } from '#kernel/supervise/service.ts';
import { family, pssMb } from '../process.ts';
import { type BenchResult, type BenchRow, bounded, median } from '../result.ts';

const runs = 3;
const idleMs = 20_000;
const goals = { warmS: 8, firstS: 60, baseMb: 350, serviceMb: 45 };
const gamut = join(import.meta.dirname, '..', '..', 'gamut');
const execute = promisify(execFile);

async function command(data: string, ...words: string[]): Promise<string> {
  return (await execute(gamut, [...words, '--data', data, '-o', 'json'], { maxBuffer: 16 * 2 ** 20 })).stdout;
}

/** Seconds from the command's start until it has printed that all is ready. */
async function up(data: string, only: string): Promise<number> {
  const began = performance.now();
  const { admin } = JSON.parse(await command(data, 'up', '--detach', '--ports', 'auto', '--only', only)) as { admin?: { bearer?: string } };
  if (!admin?.bearer) throw new Error('up printed no administrator');
  return (performance.now() - began) / 1000;
}

type Status = { processes: { name: string; pid: number | null }[] };

/** Proportional memory of each process in MB, children under the name of their process; `supervisor` is what is above them all. */
async function memory(data: string): Promise<Map<string, number>> {
  const { processes } = JSON.parse(await command(data, 'status')) as Status;
  const found = new Map<string, number>();
  const seen = new Set<number>();
  const add = (name: string, pid: number) => {
    for (const one of family(pid)) {
      if (seen.has(one)) continue;
      seen.add(one);
      found.set(name, (found.get(name) ?? 0) + pssMb(one));
    }
  };
  for (const { name, pid } of processes) if (pid !== null) add(name, pid);
  const first = processes.find(({ name }) => name === 'control')?.pid;
  if (first) add('supervisor', parentOf(first));
  return found;
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

const sum = (found: ReadonlyMap<string, number>) => [...found.values()].reduce((total, mb) => total + mb, 0);

async function withData<T>(work: (data: string) => Promise<T>): Promise<T> {
  const data = mkdtempSync(join(tmpdir(), 'gamut-bench-'));
  try {
    return await work(data);
  } finally {
    await command(data, 'down').catch(() => '');
    rmSync(data, { recursive: true, force: true });
  }
}

async function times(services: string): Promise<{ first: number[]; warm: number[] }> {
  const first: number[] = [];
  const warm: number[] = [];
  for (let at = 0; at < runs; at += 1) {
    await withData(async (data) => {
      first.push(await up(data, services));
      await command(data, 'down');
      warm.push(await up(data, services));
    });
  }
  return { first, warm };
}

/** Idle memory with these services, some time after start. */
function idle(services: string): Promise<Map<string, number>> {
  return withData(async (data) => {
    await up(data, services);
    await command(data, 'down');
    await up(data, services);
    await sleep(idleMs);
    return memory(data);
  });
}

/** `gamut up` from the command to ready, and what an idle platform holds in memory. */
export async function run(): Promise<BenchResult> {
  const services = availableServices();
  const { first, warm } = await times(services.join(','));
  const base = await idle('');
  const whole = await idle(services.join(','));
  const rows: BenchRow[] = [
    bounded(`up, fresh data directory, most of ${runs}`, 's', Math.max(...first), goals.firstS),
    bounded('the same, median', 's', median(first), null),
    bounded(`up, warm, most of ${runs}`, 's', Math.max(...warm), goals.warmS),
    bounded('the same, median', 's', median(warm), null),
    bounded('idle memory without services', 'MB', sum(base), goals.baseMb),
    ...[...base].map(([name, mb]) => bounded(`  of it ${name}`, 'MB', mb, null)),
    bounded(`more per service (${services.length})`, 'MB', (sum(whole) - sum(base)) / Math.max(1, services.length), goals.serviceMb),
    ...services.map((name) => bounded(`  ${name}, its own process`, 'MB', whole.get(name) ?? Number.NaN, null)),
  ];
  return { name: 'up', rows };
}
