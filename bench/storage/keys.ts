import { type BenchRow, bounded, compared, median } from '../result.ts';
import { Caller } from './caller.ts';
import { each, list, type Rate, rate, type Side } from './side.ts';

/** Keys of the rows about many of them; a million, as the goal has it, take a peer on sixteen directories most of an hour to store. */
const keys = Number(process.env.GAMUT_BENCH_KEYS ?? 100_000);
const [callers, folders, looks] = [64, 20, 300];
/** The hundredth part of the keys, beside which a look at the root must not take longer. */
const fewKeys = keys / 100;

type Resident = { readonly own: number; readonly file: number };
/** One round of a side: the list of all keys, and milliseconds of a look at the root of many and of few. */
export type KeysFound = { readonly listed: Rate; readonly rootMs: number; readonly fewRootMs: number };

const body = Buffer.from('x');
const pathOf = (name: string, index: number) => `/bench/${name}/${index % folders}/${index}`;

/** Stores the keys, of one byte each; resolves with how many bytes more of memory a million of them take where `resident` tells. */
export async function fillKeys(side: Side, resident?: () => Resident): Promise<Resident> {
  const store = (name: string, count: number) =>
    each(side, callers, count, (caller, index) => caller.ask({ method: 'PUT', path: pathOf(name, index), body }));
  await store('few', fewKeys);
  const before = resident?.();
  await store('many', keys);
  const after = resident?.();
  const more = (of: keyof Resident) => (((after?.[of] ?? Number.NaN) - (before?.[of] ?? Number.NaN)) / keys) * 1e6;
  return { own: more('own'), file: more('file') };
}

/** Median milliseconds of a list of the folders at a root. */
async function rootMs(side: Side, name: string): Promise<number> {
  const caller = await Caller.open(side.address, side.pair);
  const times: number[] = [];
  for (let look = 0; look < looks; look += 1) {
    const began = performance.now();
    const { text } = await caller.ask({ method: 'GET', path: `/bench?list-type=2&delimiter=%2F&prefix=${name}%2F` });
    times.push(performance.now() - began);
    const found = text.split('<CommonPrefixes>').length - 1;
    if (found !== folders) throw new Error(`${found} of ${folders} folders were listed`);
  }
  caller.close();
  return median(times);
}

export async function measureKeys(side: Side): Promise<KeysFound> {
  const listed = await rate(side, keys, async () => {
    const found = await list(side, 'many%2F');
    if (found !== keys) throw new Error(`${found} of ${keys} keys were listed`);
  });
  return { listed, rootMs: await rootMs(side, 'many'), fewRootMs: await rootMs(side, 'few') };
}

export function keyRows(ours: readonly KeysFound[], theirs: readonly KeysFound[] | undefined, memory: Resident): BenchRow[] {
  const middle = (of: readonly KeysFound[], what: (found: KeysFound) => number) => median(of.map(what));
  const beside = (what: (found: KeysFound) => number) => (theirs ? middle(theirs, what) : ('not run' as const));
  const [many, root] = [(found: KeysFound) => found.listed.perCpu, (found: KeysFound) => found.rootMs];
  return [
    compared(`S3 door: list of ${keys} keys`, 'keys/CPU-s', 'more', middle(ours, many), beside(many), 5),
    compared(`S3 door: list by delimiter at the root of ${keys} keys`, 'ms', 'less', middle(ours, root), beside(root), null),
    compared(
      `the same, of ${keys} keys beside ${fewKeys}`,
      'ms',
      'less',
      middle(ours, root),
      middle(ours, ({ fewRootMs }) => fewRootMs),
      0.8,
    ),
    bounded('memory for a million objects, of all processes', 'MB', memory.own / 1e6, 50),
    bounded('the same, of mapped files, which the system takes back', 'MB', memory.file / 1e6, null),
  ];
}
