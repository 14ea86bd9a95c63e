import { strict as assert } from 'node:assert';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openLog } from '#seams/log/log.ts';
import { type House, openHouse } from '#services/analytics/test/fixtures/house.ts';
import { nexmarkQueries, streaming } from '../nexmark/query.ts';
import { type BenchRow, compared, median } from '../result.ts';
import { fileOf, streamTables, writeEvents } from './stream.ts';

/** Queries of Nexmark that filter, group, rank, join and count what is different. */
const asked = ['q2', 'q16', 'q17', 'q19', 'q20'] as const;
const [recordsAtOnce, lookMs, ticksPerSecond] = [1000, 20, 100];

/** Processor seconds of threads by their names, of the process of analytics that this one began. */
function cpuOf(): { readonly all: number; readonly main: number } {
  const own = readdirSync('/proc').flatMap((pid) => (/^\d+$/.test(pid) && isOurs(pid) ? pid : []));
  assert.equal(own.length, 1, 'one process of analytics');
  const [pid = ''] = own;
  return { all: secondsIn(`/proc/${pid}/stat`), main: secondsIn(`/proc/${pid}/task/${pid}/stat`) };
}

function isOurs(pid: string): boolean {
  try {
    const parent = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
    return parent === String(process.pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('services/analytics/main');
  } catch {
    // It ended meanwhile.
    return false;
  }
}

function secondsIn(path: string): number {
  const fields = readFileSync(path, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

type Taken = { readonly wall: number; readonly all: number; readonly main: number };
const middle = (all: readonly Taken[], of: keyof Taken) => median(all.map((each) => each[of]));

async function fill(house: House, client: pg.Client, folder: string): Promise<number> {
  const { username, password } = house.faces.sasl;
  const broker = (house.platform.doors['log.kafka']?.url ?? '').replace('//', `//${username}:${encodeURIComponent(password)}@`);
  await using log = openLog(broker, { clientId: 'bench', loginOf: async () => house.faces.sasl });
  let count = 0;
  for (const [name, columns] of Object.entries(streamTables)) {
    const typed = Object.entries(columns).map(([column, type]) => `${column} ${type}`);
    await client.query(`create source ${name} (${typed.join(', ')}) with (topic = '${name}', format = 'json')`);
    const lines = readFileSync(fileOf(folder, name), 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    count += lines.length;
    for (let from = 0; from < lines.length; from += recordsAtOnce)
      await log.at('own').produce(
        name,
        lines.slice(from, from + recordsAtOnce).map((value) => ({ key: null, value })),
      );
  }
  return count;
}

/** What it takes until a view of a query has read all that there is. */
async function caughtUp(client: pg.Client, name: string, text: string): Promise<Taken> {
  const [before, from] = [cpuOf(), performance.now()];
  await client.query(`create materialized view ${name} as ${text}`);
  for (;;) {
    const { rows } = await client.query<Record<string, string>>('show lag');
    const own = rows.filter((row) => row.name === name);
    if (own.length > 0 && own.every(({ records }) => records === '0')) break;
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  const wall = (performance.now() - from) / 1000;
  const after = cpuOf();
  await client.query(`drop materialized view ${name}`);
  return { wall, all: after.all - before.all, main: after.main - before.main };
}

async function measured(workers: number, folder: string, rounds: number): Promise<{ count: number; taken: Map<string, Taken[]> }> {
  process.env.GAMUT_ANALYTICS_WORKERS = String(workers);
  const house = await openHouse({ mode: 'processes', quiet: true });
  const client = new pg.Client(house.login());
  try {
    await client.connect();
    const count = await fill(house, client, folder);
    const taken = new Map<string, Taken[]>(asked.map((name) => [name, []]));
    const queries = nexmarkQueries(streaming);
    for (let round = 0; round <= rounds; round += 1)
      for (const name of asked) {
        const one = await caughtUp(client, `${name}_${round}`, queries[name] ?? '');
        if (round > 0) taken.get(name)?.push(one);
      }
    return { count, taken };
  } finally {
    delete process.env.GAMUT_ANALYTICS_WORKERS;
    await client.end().catch(() => undefined);
    await house.stop();
  }
}

/** Views of Nexmark that catch up with topics of a platform whose service has two workers, beside one without. */
export async function whole(events: number, rounds: number): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gamut-bench-'));
  try {
    writeEvents(folder, events);
    const [one, two] = [await measured(1, folder, rounds), await measured(2, folder, rounds)];
    return asked.flatMap((name) => {
      const [ours, theirs] = [two.taken.get(name) ?? [], one.taken.get(name) ?? []];
      const row = `${name} of Nexmark from topics of a platform, two workers beside none`;
      const rate = (all: readonly Taken[], of: keyof Taken) => one.count / middle(all, of) / 1e6;
      return [
        compared(row, 'M records/s', 'more', rate(ours, 'wall'), rate(theirs, 'wall'), null),
        compared(`${row}: by all threads of the service`, 'M records/CPU-s', 'more', rate(ours, 'all'), rate(theirs, 'all'), null),
        compared(`${row}: by its own thread`, 'M records/CPU-s', 'more', rate(ours, 'main'), rate(theirs, 'main'), null),
      ];
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
