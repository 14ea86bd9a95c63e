import { fileURLToPath } from 'node:url';
import { type House, openHouse } from '#kernel/session/test/fixture/house.ts';
import { type Forked, forked } from '../fork.ts';
import type { Asked, Told } from '../invoke/generator.main.ts';
import { type BenchResult, type BenchRow, bounded, compared, median, round } from '../result.ts';

const rounds = 5;
const roundMs = 3000;
const warmMs = 3000;
const noisyConnections = 256;
const quietConnections = 9;
const quietPerSecond = 270;
const worseMost = 1.5;
const path = '/v1/echo/channels/x/no-op';
const generatorPath = fileURLToPath(new URL('../invoke/generator.main.ts', import.meta.url));

type Tenant = { readonly generator: Forked; readonly bearer: string; readonly connections: number; readonly perSecond?: number };

/** A credential of a new organization. */
async function bearerOf(house: House, name: string): Promise<string> {
  const made = await house.call('POST', '/v1/platform/organizations', { name });
  if (made.status !== 201) throw new Error(`no organization: ${JSON.stringify(made.body)}`);
  return (await house.credential({ role: 'reader' }, String(made.body.uid))).bearer;
}

/**
 * What one tenant's calls wait because of another's: a quiet tenant at a steady rate, alone and beside one that keeps 256
 * connections busy with the same operation, in turns.
 */
export async function run(): Promise<BenchResult> {
  const house = await openHouse({ mode: 'processes', quiet: true });
  const generators = [forked(generatorPath), forked(generatorPath)] as const;
  try {
    const port = Number(new URL(house.platform.doors['echo.http']?.url ?? '').port);
    const [first, second] = [await bearerOf(house, 'quiet'), await bearerOf(house, 'noisy')];
    const quiet: Tenant = { generator: generators[0], bearer: first, connections: quietConnections, perSecond: quietPerSecond };
    const noisy: Tenant = { generator: generators[1], bearer: second, connections: noisyConnections };
    const load = async ({ generator, bearer, connections, perSecond }: Tenant, ms: number) => {
      const asked: Asked = { port, path, bearer, connections, ms, perSecond };
      const told = await generator.ask<Told>(asked);
      if (told.failed > 0) throw new Error(`${told.failed} of ${told.requests} requests failed`);
      return told;
    };
    const both = (ms: number) => Promise.all([load(quiet, ms), load(noisy, ms)]);
    await both(warmMs);
    const taken = { alone: [] as Told[], beside: [] as Told[], noisy: [] as Told[], single: [] as Told[] };
    for (let index = 0; index < rounds; index += 1) {
      taken.alone.push(await load(quiet, roundMs));
      const [told, loud] = await both(roundMs);
      taken.beside.push(told);
      taken.noisy.push(loud);
      taken.single.push(await load(noisy, roundMs));
    }
    const of = (side: keyof typeof taken, figure: (told: Told) => number) => median(taken[side].map(figure));
    const [alone, beside] = [of('alone', ({ p99Ms }) => p99Ms), of('beside', ({ p99Ms }) => p99Ms)];
    const rate = ({ requests, seconds }: Told) => requests / seconds;
    return {
      name: 'fair',
      rows: [
        within('p99 of the quiet tenant beside the noisy one (peer: alone)', beside, alone),
        compared(
          'median of the quiet tenant (peer: alone)',
          'ms',
          'less',
          of('beside', ({ p50Ms }) => p50Ms),
          of('alone', ({ p50Ms }) => p50Ms),
          null,
        ),
        bounded(
          'median of the noisy tenant beside the quiet one',
          'ms',
          of('noisy', ({ p50Ms }) => p50Ms),
          null,
        ),
        compared('calls of the noisy tenant (peer: alone)', 'calls/s', 'more', of('noisy', rate), of('single', rate), null),
      ],
    };
  } finally {
    await Promise.all(generators.map((generator) => generator.end()));
    await house.stop();
  }
}

function within(row: string, beside: number, alone: number): BenchRow {
  const times = beside / alone;
  const plain = compared(row, 'ms', 'less', beside, alone, null);
  return { ...plain, goal: `<= ${worseMost} times alone (is ${round(times)})`, met: times <= worseMost };
}
