import { fileURLToPath } from 'node:url';
import { openHouse } from '#kernel/session/test/fixture/house.ts';
import { type Forked, forked } from '../fork.ts';
import { cpuSeconds } from '../process.ts';
import { type BenchResult, type BenchRow, compared, median, round } from '../result.ts';
import type { Asked, Told } from './generator.main.ts';

const rounds = 5;
const roundMs = 3000;
const warmMs = 4000;
const connections = 32;
const p99MoreMs = 2;
/** What both sides carry with ease: at full load a latency is that of the queue before the slower one. */
const pacedPerSecond = 1000;
const path = '/v1/echo/channels/x/no-op';
const module = (name: string) => fileURLToPath(new URL(`./${name}.main.ts`, import.meta.url));

type Side = { readonly pid: number; readonly port: number; readonly bearer?: string };
type Taken = { readonly perSecond: number; readonly cpuUs: number; readonly p50Ms: number; readonly p99Ms: number };

async function load(generator: Forked, side: Side, ms: number, perSecond?: number): Promise<Taken> {
  const before = cpuSeconds(side.pid);
  const asked: Asked = { port: side.port, path, bearer: side.bearer, connections, ms, perSecond };
  const told = await generator.ask<Told>(asked);
  if (told.failed > 0) throw new Error(`${told.failed} of ${told.requests} requests failed`);
  return {
    perSecond: told.requests / told.seconds,
    cpuUs: ((cpuSeconds(side.pid) - before) * 1e6) / told.requests,
    p50Ms: told.p50Ms,
    p99Ms: told.p99Ms,
  };
}

/** Both sides in turns, so that what else the machine does meets both. */
async function measure(generator: Forked, ours: Side, peer: Side, perSecond?: number): Promise<{ ours: Taken[]; peer: Taken[] }> {
  const taken = { ours: [] as Taken[], peer: [] as Taken[] };
  await load(generator, ours, warmMs, perSecond);
  await load(generator, peer, warmMs, perSecond);
  for (let index = 0; index < rounds; index += 1) {
    taken.ours.push(await load(generator, ours, roundMs, perSecond));
    taken.peer.push(await load(generator, peer, roundMs, perSecond));
  }
  return taken;
}

/** What our side has more at the 99th percentile, with the goal. */
function p99(row: string, ours: number, peer: number): BenchRow {
  const more = ours - peer;
  const plain = compared(row, 'ms', 'less', ours, peer, null);
  return { ...plain, goal: `peer + ${p99MoreMs} ms (is + ${round(more)})`, met: more < p99MoreMs };
}

/** `invoke` of an operation that does nothing, over HTTP with everything the kernel does for a request, against bare Fastify. */
export async function run(): Promise<BenchResult> {
  const house = await openHouse({ mode: 'processes', quiet: true });
  const [generator, fastify] = [forked(module('generator')), forked(module('fastify'))];
  try {
    const { port } = await fastify.ask<{ port: number }>();
    const { bearer } = await house.credential({ role: 'reader' });
    const pid = house.platform.status().processes.find(({ name }) => name === 'echo')?.pid;
    if (!pid) throw new Error('the sample service does not run');
    const ours = { pid, port: Number(new URL(house.platform.doors['echo.http']?.url ?? '').port), bearer };
    const beside = { pid: fastify.pid, port };
    const full = await measure(generator, ours, beside);
    const paced = await measure(generator, ours, beside, pacedPerSecond);
    const of = (taken: typeof full, side: 'ours' | 'peer', figure: keyof Taken) => median(taken[side].map((one) => one[figure]));
    const both = (taken: typeof full, figure: keyof Taken) => [of(taken, 'ours', figure), of(taken, 'peer', figure)] as const;
    return {
      name: 'invoke',
      rows: [
        compared('requests, 32 connections', 'requests/s', 'more', ...both(full, 'perSecond'), 0.45),
        compared('CPU of the server process', 'us/request', 'less', ...both(full, 'cpuUs'), null),
        compared('median latency at full load', 'ms', 'less', ...both(full, 'p50Ms'), null),
        compared('p99 latency at full load', 'ms', 'less', ...both(full, 'p99Ms'), null),
        compared(`median latency at ${pacedPerSecond} requests/s`, 'ms', 'less', ...both(paced, 'p50Ms'), null),
        p99(`p99 latency at ${pacedPerSecond} requests/s`, ...both(paced, 'p99Ms')),
      ],
    };
  } finally {
    await Promise.all([generator.end(), fastify.end()]);
    await house.stop();
  }
}
