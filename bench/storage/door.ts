import { randomBytes } from 'node:crypto';
import { openHouse } from '#kernel/session/test/fixture/house.ts';
import { peerAddress, usedBy } from '../peer.ts';
import { cpuOf, family, residentBytes } from '../process.ts';
import { type BenchRow, compared, least, median } from '../result.ts';
import { firstByteRow } from './first-byte.ts';
import { fillKeys, keyRows, measureKeys, type KeysFound } from './keys.ts';
import { each, list, type Rate, rate, type Side } from './side.ts';

const rounds = Number(process.env.GAMUT_BENCH_ROUNDS ?? 5);
const objects = Number(process.env.GAMUT_BENCH_OBJECTS ?? 10_000);
const [callers, largeCallers, largeObjects] = [64, 4, 8];
const [small, large] = [randomBytes(4096), randomBytes(64 * 2 ** 20)];

/** One round of every row on one side, in a part of the bucket that it leaves empty. */
async function measured(side: Side, round: number): Promise<Map<string, Rate>> {
  const path = (index: number) => `/bench/r${round}/${index}`;
  const smallRow = (method: string, more: object = {}) =>
    rate(side, objects, () => each(side, callers, objects, (caller, index) => caller.ask({ method, path: path(index), ...more })));
  const largeRow = (method: string, more: object = {}) =>
    rate(side, (largeObjects * large.length) / 1e9, () =>
      each(side, largeCallers, largeObjects, (caller, index) => caller.ask({ method, path: `/bench/large${round}/${index}`, ...more })),
    );
  const rates = new Map<string, Rate>();
  rates.set('4 KiB put', await smallRow('PUT', { body: small }));
  rates.set('4 KiB get', await smallRow('GET'));
  rates.set('stat', await smallRow('HEAD'));
  const listed = await rate(side, objects, async () => {
    const found = await list(side, `r${round}%2F`);
    if (found !== objects) throw new Error(`${found} of ${objects} keys were listed`);
  });
  rates.set('list', listed);
  rates.set('delete', await smallRow('DELETE'));
  rates.set('64 MiB put', await largeRow('PUT', { body: large }));
  rates.set('64 MiB get', await largeRow('GET'));
  await largeRow('DELETE');
  return rates;
}

const goals: readonly (readonly [row: string, unit: string, ratio: number, absolute: number | null])[] = [
  ['4 KiB put', '1', 4, 12_000],
  ['4 KiB get', '1', 4, 35_000],
  ['stat', '1', 4, null],
  ['delete', '1', 4, null],
  ['list', 'keys', 5, 300_000],
  ['64 MiB put', 'GB', 1, null],
  ['64 MiB get', 'GB', 0.8, null],
];

function rowsOf(ours: readonly Map<string, Rate>[], theirs: readonly Map<string, Rate>[] | undefined): BenchRow[] {
  const middle = (of: readonly Map<string, Rate>[], row: string, key: keyof Rate) =>
    median(of.map((rates) => rates.get(row)?.[key] ?? Number.NaN));
  return goals.flatMap(([row, unit, ratio, absolute]): BenchRow[] => {
    const beside = (key: keyof Rate) => (theirs ? middle(theirs, row, key) : ('not run' as const));
    const [perCpu, perSecond] = [middle(ours, row, 'perCpu'), middle(ours, row, 'perSecond')];
    return [
      compared(`S3 door: ${row}`, `${unit}/CPU-s`, 'more', perCpu, beside('perCpu'), ratio),
      ...(absolute === null ? [] : [least(`S3 door: ${row}, absolute`, `${unit}/CPU-s`, perCpu, absolute)]),
      compared(`S3 door: ${row}, wall`, `${unit}/s`, 'more', perSecond, beside('perSecond'), null),
    ];
  });
}

/** The peer by `GAMUT_BENCH_S3`, `http://KEY:SECRET@HOST:PORT`. */
function peerSide(): Side | undefined {
  const given = peerAddress('S3');
  if (given === undefined) return undefined;
  const { username, password, origin, port } = new URL(given);
  const pair = { accessKeyId: decodeURIComponent(username), secretAccessKey: decodeURIComponent(password), region: 'us-east-1' };
  return { address: origin, pair, used: usedBy(Number(port)) };
}

/** The S3 door in the platform's own processes, beside a peer, in turn; all CPU of the platform is counted, PostgreSQL's too. */
export async function doorRows(): Promise<BenchRow[]> {
  const house = await openHouse({ mode: 'processes', services: ['storage'], samples: false, quiet: true });
  try {
    const { s3 } = await house.credential({ role: 'owner' });
    const pids = house.platform.status().processes.flatMap(({ pid }) => (pid === null ? [] : family(pid)));
    const used = cpuOf(pids);
    const own: Side = { address: house.platform.doors['storage.s3']?.url ?? '', pair: s3, used };
    const peer = peerSide();
    const sides = peer ? [own, peer] : [own];
    const found: Map<string, Rate>[][] = sides.map(() => []);
    for (const side of sides)
      await each(side, 1, 1, (caller) => caller.ask({ method: 'PUT', path: '/bench' }).catch((error: Error) => allowExisting(error)));
    for (let round = 0; round < rounds; round += 1) for (const [at, side] of sides.entries()) found[at]?.push(await measured(side, round));
    const [memory, firstByte] = [await fillKeys(own, () => residentBytes(pids)), await firstByteRow(own, rounds)];
    if (peer) await fillKeys(peer);
    const keys: KeysFound[][] = sides.map(() => []);
    for (let round = 0; round < rounds; round += 1) for (const [at, side] of sides.entries()) keys[at]?.push(await measureKeys(side));
    return [...rowsOf(found[0] ?? [], peer && found[1]), ...keyRows(keys[0] ?? [], peer && keys[1], memory), firstByte];
  } finally {
    await house.stop();
  }
}

/** The peer may have the bucket from a run before. */
function allowExisting(error: Error): void {
  if (!error.message.includes('BucketAlready')) throw error;
}
