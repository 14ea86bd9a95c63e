import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { availableServices } from '#kernel/supervise/service.ts';
import { command, up, withData } from '../command.ts';
import { family, pssMb } from '../process.ts';
import { type BenchResult, type BenchRow, bounded } from '../result.ts';

const idleMs = 20_000;
const baseMb = 350;
const serviceMb = 45;

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

/** Idle memory with these services, some time after a warm start. */
function idle(services: string): Promise<Map<string, number>> {
  return withData(async (data) => {
    await up(data, services);
    await command(data, 'down');
    await up(data, services);
    await sleep(idleMs);
    return memory(data);
  });
}

/** Proportional memory of an idle platform: what it takes without services, and what each service adds. */
export async function run(): Promise<BenchResult> {
  const services = availableServices();
  const base = await idle('');
  const whole = await idle(services.join(','));
  const rows: BenchRow[] = [
    bounded('without services', 'MB', sum(base), baseMb),
    ...[...base].map(([name, mb]) => bounded(`  of it ${name}`, 'MB', mb, null)),
    bounded(`more per service, of ${services.length}`, 'MB', (sum(whole) - sum(base)) / Math.max(1, services.length), serviceMb),
    ...services.map((name) => bounded(`  ${name}, its own process`, 'MB', whole.get(name) ?? Number.NaN, null)),
    bounded('with all services', 'MB', sum(whole), null),
  ];
  return { name: 'memory', rows };
}
