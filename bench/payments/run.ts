import { fileURLToPath } from 'node:url';
import { openSql } from '#seams/sql/sql.ts';
import { startStranger } from '#seams/sql/test/server.ts';
import { type House, openHouse } from '#services/payments/test/fixtures/house.ts';
import { type Forked, forked } from '../fork.ts';
import type { Asked, Told } from '../invoke/generator.main.ts';
import { cpuSeconds, family } from '../process.ts';
import { type BenchResult, bounded, compared, median } from '../result.ts';

const rounds = Number(process.env.GAMUT_BENCH_ROUNDS ?? 3);
const roundMs = 3000;
/** Code is compiled as it is used: rates rise for about ten seconds. */
const warmMs = 12_000;
const connections = 32;
const part = 0.7;
const issuerMs = 20;
/** What is changed of the simulated networks holds within a second. */
const changedMs = 1500;
const manySecond = 100_000;
const path = '/v1/payment_intents';
const form = 'amount=2000&currency=usd&confirm=true&payment_method=pm_card_visa';

/** `pids` are the processes whose time counts. */
type Side = { readonly pids: () => readonly number[]; readonly port: number; readonly bearer?: string };
type Taken = { readonly perSecond: number; readonly cpuUs: number; readonly p50Ms: number; readonly p99Ms: number };

const usedOf = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
const usedBy = (side: Side): number => usedOf(side.pids());

async function load(generator: Forked, side: Side, ms: number, perSecond?: number): Promise<Taken> {
  const before = usedBy(side);
  const asked: Asked = { port: side.port, path, bearer: side.bearer, form, connections, ms, perSecond };
  const told = await generator.ask<Told>(asked);
  if (told.failed > 0) throw new Error(`${told.failed} of ${told.requests} requests failed`);
  const cpuUs = ((usedBy(side) - before) * 1e6) / told.requests;
  return { perSecond: told.requests / told.seconds, cpuUs, p50Ms: told.p50Ms, p99Ms: told.p99Ms };
}

/** From now on the simulated issuer takes its time over each answer. */
async function slowIssuer(house: House): Promise<void> {
  const { bearer } = await house.credential({ environment: 'test', role: 'admin' });
  const asked = { door: 'payments.rest', bearer };
  const { status } = await house.call('POST', '/v1/payments/card-networks/-/put-card-network', { latency_ms: issuerMs }, asked);
  if (status !== 200) throw new Error(`the simulated network was not changed: ${status}`);
}

/** A payment that is made and confirmed, against a handler that writes one row; both sync each commit to the disk. */
export async function run(): Promise<BenchResult> {
  const house = await openHouse({ mode: 'processes', quiet: true });
  const server = await startStranger();
  await using admin = openSql(server.url, { max: 1 });
  await admin.platform().script('grant create on schema public to stranger');
  const generator = forked(fileURLToPath(new URL('../invoke/generator.main.ts', import.meta.url)));
  const fastify = forked(fileURLToPath(new URL('./fastify.main.ts', import.meta.url)), [server.strangerUrl]);
  try {
    const { port } = await fastify.ask<{ port: number }>();
    const own = house.platform.status().processes.flatMap(({ name, pid }) => (pid ? [{ name, pid }] : []));
    const pids = () => own.flatMap(({ pid }) => family(pid));
    const ours: Side = { pids, port: house.at.port, bearer: house.faces.stripe.secretKey };
    const peer: Side = { pids: () => [fastify.pid, ...family(server.running.pid)], port };
    const taken = { ours: [] as Taken[], peer: [] as Taken[] };
    await load(generator, ours, warmMs);
    await load(generator, peer, warmMs);
    for (let round = 0; round < rounds; round += 1) {
      taken.ours.push(await load(generator, ours, roundMs));
      taken.peer.push(await load(generator, peer, roundMs));
    }
    const of = (side: 'ours' | 'peer', figure: keyof Taken) => median(taken[side].map((one) => one[figure]));
    const both = (figure: keyof Taken) => [of('ours', figure), of('peer', figure)] as const;
    const paced = await load(generator, ours, roundMs, of('ours', 'perSecond') * part);
    const parts = () => own.map(({ name, pid }) => ({ name, seconds: usedOf(family(pid)) }));
    const before = parts();
    const asked: Asked = { port: ours.port, path, bearer: ours.bearer, form, connections, ms: roundMs };
    const { requests } = await generator.ask<Told>(asked);
    const each = parts().map(({ name, seconds }, index) => ({ name, us: ((seconds - (before[index]?.seconds ?? 0)) * 1e6) / requests }));
    await slowIssuer(house);
    await load(generator, ours, changedMs);
    const slow = await load(generator, ours, roundMs, of('ours', 'perSecond') * part);
    return {
      name: 'payments',
      rows: [
        compared('payments made and confirmed, 32 connections', 'payments/s', 'more', ...both('perSecond'), 0.4),
        compared('CPU of all processes, PostgreSQL among them', 'us/payment', 'less', ...both('cpuUs'), null),
        compared('median latency at full load', 'ms', 'less', ...both('p50Ms'), null),
        compared('p99 latency at full load', 'ms', 'less', ...both('p99Ms'), null),
        bounded('p99 latency at 70 % of full load', 'ms', paced.p99Ms, 25),
        bounded(`median latency of that with an issuer of ${issuerMs} ms`, 'ms', slow.p50Ms, null),
        bounded(`p99 latency of that with an issuer of ${issuerMs} ms`, 'ms', slow.p99Ms, 100),
        ...each.map(({ name, us }) => bounded(`CPU of ${name} and what it started`, 'us/payment', us, null)),
        bounded('payments a second for each core', 'payments/s', 1e6 / of('ours', 'cpuUs'), null),
        bounded('cores for 100,000 payments/s, if all of it scaled', 'cores', (of('ours', 'cpuUs') * manySecond) / 1e6, null),
      ],
    };
  } finally {
    await Promise.all([generator.end(), fastify.end()]);
    await server[Symbol.asyncDispose]();
    await house.stop();
  }
}
