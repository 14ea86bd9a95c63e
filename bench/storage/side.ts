import type { Pair } from '#services/storage/test/fixtures/house.ts';
import { Caller } from './caller.ts';

/** An S3 server: where, who asks, and the CPU-seconds it has used; NaN where it runs on another machine. */
export type Side = { readonly address: string; readonly pair: Pair; readonly used: () => number };
/** Operations (or bytes, or keys) of one row: a second, and a CPU-second of the server. */
export type Rate = { readonly perSecond: number; readonly perCpu: number };

export async function rate(side: Side, count: number, work: () => Promise<void>): Promise<Rate> {
  const [began, before] = [performance.now(), side.used()];
  await work();
  return { perSecond: count / ((performance.now() - began) / 1000), perCpu: count / (side.used() - before) };
}

/** Does `count` requests by so many callers at once. */
export async function each(
  side: Side,
  atOnce: number,
  count: number,
  ask: (caller: Caller, index: number) => Promise<unknown>,
): Promise<void> {
  const all = await Promise.all(Array.from({ length: atOnce }, () => Caller.open(side.address, side.pair)));
  let next = 0;
  try {
    await Promise.all(
      all.map(async (caller) => {
        while (next < count) await ask(caller, next++);
      }),
    );
  } finally {
    for (const caller of all) caller.close();
  }
}

/** Lists everything below a prefix, a thousand keys a page, and answers how many there were. */
export async function list(side: Side, prefix: string): Promise<number> {
  const caller = await Caller.open(side.address, side.pair);
  let [found, after] = [0, ''];
  do {
    const { text } = await caller.ask({ method: 'GET', path: `/bench?list-type=2&prefix=${prefix}${after}` });
    found += text.split('<Key>').length - 1;
    const token = /<NextContinuationToken>([^<]*)</.exec(text)?.[1];
    after = token === undefined ? '' : `&continuation-token=${encodeURIComponent(token)}`;
  } while (after !== '');
  caller.close();
  return found;
}
