import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchRow, bounded, median } from '../result.ts';
import { Caller } from './caller.ts';
import { each, rate, type Side } from './side.ts';

const [objects, callers, atMostMs] = [16, 4, 10];
const [fullReads, looks] = [400, 1500];
const mebibyte = randomBytes(2 ** 20);

/** Milliseconds from a request to the first byte of its reply, of requests that come at even steps whether others are done or not. */
async function looked(side: Side, perSecond: number): Promise<number[]> {
  const idle: Caller[] = [];
  const times: number[] = [];
  const under: Promise<void>[] = [];
  const began = performance.now();
  for (let look = 0; look < looks; look += 1) {
    const due = began + (look / perSecond) * 1000;
    const wait = due - performance.now();
    if (wait > 1) await sleep(wait);
    const caller = idle.pop() ?? (await Caller.open(side.address, side.pair));
    const sent = performance.now();
    const ask = caller.ask({ method: 'GET', path: `/bench/mebibyte/${look % objects}` }, () => void times.push(performance.now() - sent));
    under.push(ask.then(() => void idle.push(caller)));
  }
  await Promise.all(under);
  for (const caller of idle) caller.close();
  return times;
}

/** The first byte of 1 MiB at half of what the server bears, which is measured before: the slowest of a hundred, of each round. */
export async function firstByteRow(side: Side, rounds: number): Promise<BenchRow> {
  const path = (index: number) => `/bench/mebibyte/${index % objects}`;
  await each(side, callers, objects, (caller, index) => caller.ask({ method: 'PUT', path: path(index), body: mebibyte }));
  const read = (count: number) => each(side, callers, count, (caller, index) => caller.ask({ method: 'GET', path: path(index) }));
  await read(fullReads);
  const slow: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { perSecond } = await rate(side, fullReads, () => read(fullReads));
    const times = (await looked(side, perSecond / 2)).toSorted((a, b) => a - b);
    slow.push(times[Math.floor(times.length * 0.99)] ?? Number.NaN);
  }
  return bounded('S3 door: first byte of 1 MiB at half load, p99', 'ms', median(slow), atMostMs);
}
