import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type House, openHouse } from '#kernel/session/test/fixture/house.ts';
import { type BenchResult, bounded, median } from '../result.ts';

const runs = 5;
const goalMs = 2000;
const lookMs = 5;
const longestMs = 30_000;
const callersAtOnce = 4;

/** Reads, changes and management calls without end, some of which fail while something is away; returns how to stop. */
function load(house: House): () => Promise<number> {
  let over = false;
  let answered = 0;
  const caller = async (number: number) => {
    for (let at = 0; !over; at += 1) {
      const calls = [
        () => house.call('GET', '/v1/echo/channels/x/no-op', undefined, { door: 'echo.http' }),
        () => house.call('POST', '/v1/echo/channels/x/say', { text: `${number} ${at}` }, { door: 'echo.http' }),
        () => house.call('GET', '/v1/notes/notes', undefined, { door: 'notes.rest' }),
        () => house.call('GET', '/v1/platform/credentials'),
      ];
      await calls[at % calls.length]?.().then(
        ({ status }) => (answered += status === 200 ? 1 : 0),
        () => sleep(lookMs),
      );
    }
  };
  const callers = Array.from({ length: callersAtOnce }, (_, number) => caller(number));
  return async () => {
    over = true;
    await Promise.all(callers);
    return answered;
  };
}

/** Milliseconds from SIGKILL until the supervisor calls the process ready again, under another pid. */
async function kill(house: House, name: string): Promise<number> {
  const find = () => house.platform.status().processes.find((process) => process.name === name);
  const pid = find()?.pid;
  if (!pid) throw new Error(`${name} does not run`);
  const killed = performance.now();
  process.kill(pid, 'SIGKILL');
  for (;;) {
    const now = find();
    if (now?.state === 'ready' && now.pid !== pid) return performance.now() - killed;
    if (performance.now() - killed > longestMs) throw new Error(`${name} did not come back within ${longestMs} ms: it is ${now?.state}`);
    await sleep(lookMs);
  }
}

/** A house on the directory, each of its processes killed once; back-off counts exits of one house only. */
async function round(data: string, taken: Map<string, number[]>): Promise<void> {
  const house = await openHouse({ mode: 'processes', data, quiet: true });
  const stop = load(house);
  let answered = 0;
  try {
    await sleep(1000);
    for (const { name } of house.platform.status().processes) {
      taken.set(name, [...(taken.get(name) ?? []), await kill(house, name)]);
      await sleep(500);
    }
  } finally {
    answered = await stop();
    await house.stop();
  }
  if (answered === 0) throw new Error('the load did nothing');
}

/** Each process below the supervisor killed under load: how long until it is ready again. */
export async function run(): Promise<BenchResult> {
  const data = mkdtempSync(join(tmpdir(), 'gamut-bench-'));
  const taken = new Map<string, number[]>();
  try {
    for (let at = 0; at < runs; at += 1) await round(data, taken);
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
  const rows = [...taken].flatMap(([name, times]) => [
    bounded(`${name}: most of ${runs}`, 'ms', Math.max(...times), goalMs),
    bounded(`${name}: median`, 'ms', median(times), null),
  ]);
  return { name: 'restart', rows };
}
