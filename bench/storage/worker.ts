import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { openHouse } from '#kernel/session/test/fixture/house.ts';
import { cpuOf, family } from '../process.ts';
import { type BenchRow, compared, median } from '../result.ts';
import { Caller } from './caller.ts';

const rounds = Number(process.env.GAMUT_BENCH_ROUNDS ?? 5);
const objects = Number(process.env.GAMUT_BENCH_OBJECTS ?? 10_000);
const callers = 64;
const small = randomBytes(4096);
/** Two buckets of each process where there are two. */
const buckets = [0, 1].flatMap((index) =>
  ['attic', 'bench', 'box', 'cellar', 'crate', 'depot'].filter((name) => crc32(name) % 2 === index).slice(0, 2),
);

type Rate = { readonly perSecond: number; readonly perCpu: number };
type Side = { put(round: number): Promise<Rate>; get(round: number): Promise<Rate>; stop(): Promise<void> };

/** A platform whose storage has so many processes, and its buckets. */
async function openSide(workers: number): Promise<Side> {
  const house = await openHouse({
    mode: 'processes',
    services: ['storage'],
    samples: false,
    quiet: true,
    settings: { workers: { storage: workers } },
  });
  const { s3 } = await house.credential({ role: 'owner' });
  const address = house.platform.doors['storage.s3']?.url ?? '';
  const used = cpuOf(house.platform.status().processes.flatMap(({ pid }) => (pid === null ? [] : family(pid))));
  const first = await Caller.open(address, s3);
  for (const bucket of buckets) await first.ask({ method: 'PUT', path: `/${bucket}` });
  first.close();
  const rate = async (ask: (caller: Caller, at: number) => Promise<unknown>): Promise<Rate> => {
    const all = await Promise.all(Array.from({ length: callers }, () => Caller.open(address, s3)));
    const [began, before] = [performance.now(), used()];
    let next = 0;
    try {
      await Promise.all(
        all.map(async (caller) => {
          while (next < objects) await ask(caller, next++);
        }),
      );
      return { perSecond: objects / ((performance.now() - began) / 1000), perCpu: objects / (used() - before) };
    } finally {
      for (const caller of all) caller.close();
    }
  };
  const path = (round: number, at: number) => `/${buckets[at % buckets.length]}/r${round}/${at}`;
  return {
    put: (round) => rate((caller, at) => caller.ask({ method: 'PUT', path: path(round, at), body: small })),
    get: (round) => rate((caller, at) => caller.ask({ method: 'GET', path: path(round, at) })),
    stop: () => house.stop(),
  };
}

/** Small objects in buckets of both of two processes, beside one process that has all of them; in turn, on one machine. */
export async function workerRows(): Promise<BenchRow[]> {
  const sides = [await openSide(1), await openSide(2)];
  const found = sides.map(() => ({ put: [] as Rate[], get: [] as Rate[] }));
  try {
    for (let round = 0; round < rounds; round += 1)
      for (const [at, side] of sides.entries()) {
        found[at]!.put.push(await side.put(round));
        found[at]!.get.push(await side.get(round));
      }
  } finally {
    for (const side of sides) await side.stop();
  }
  const [one, two] = found;
  const middle = (rates: readonly Rate[], key: keyof Rate) => median(rates.map((rate) => rate[key]));
  return (['put', 'get'] as const).flatMap((kind) => [
    compared(
      `4 KiB ${kind}, wall: two processes beside one`,
      '1/s',
      'more',
      middle(two![kind], 'perSecond'),
      middle(one![kind], 'perSecond'),
      null,
    ),
    compared(
      `4 KiB ${kind}: two processes beside one`,
      '1/CPU-s',
      'more',
      middle(two![kind], 'perCpu'),
      middle(one![kind], 'perCpu'),
      null,
    ),
  ]);
}
