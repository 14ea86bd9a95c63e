import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSql, type Sql } from '#seams/sql/sql.ts';
import { storeBatch } from '#kernel/record/store.ts';
import { type House, openHouse } from '#kernel/session/test/fixture/house.ts';
import { type BenchResult, type BenchRow, median, round } from '../result.ts';
import { noSeal } from '../no-seal.ts';
import { databaseOf } from '../usage/database.ts';

const rounds = 3;
const perRound = 8000;
const perTransaction = 1000;
const goal = 2000;
const callsAtOnce = 32;

/** Counts what comes. */
async function openReceiver() {
  let count = 0;
  const server = createServer((incoming, response) => {
    incoming.resume().on('end', () => {
      count += 1;
      response.writeHead(204).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port, count: () => count };
}

type Receiver = Awaited<ReturnType<typeof openReceiver>>;

/** Stores events as recorder does, and waits until the receiver has them all and their outcomes are stored. */
async function ours(system: Sql, receiver: Receiver, scope: string, number: number): Promise<number> {
  const before = receiver.count();
  const delivered = async () => {
    const { rows } = await system
      .platform()
      .query(`select count(*)::float8 as count from platform.webhook_delivery where state = 'delivered'`);
    return Number((rows[0] as { count: number }).count);
  };
  const wanted = (await delivered()) + perRound;
  const started = performance.now();
  for (let at = 0; at < perRound; at += perTransaction) {
    const event = Array.from({ length: perTransaction }, (_, index) => ({
      tenant: scope,
      scope,
      id: randomUUID(),
      source: 'gamut/bench',
      type: 'bench.Happened',
      time: new Date().toISOString(),
      subject: `Thing/${index}`,
      data: { number: index, text: 'a loaf of rye bread' },
    }));
    const mark = { segment: 1, offset: number * perRound + at, sequence: number * perRound + at };
    await storeBatch(system, 'bench', { audit: [], usage: [], ingest: [], life: [], event }, mark, noSeal);
  }
  while (receiver.count() - before < perRound || (await delivered()) < wanted) await sleep(5);
  return perRound / ((performance.now() - started) / 1000);
}

/** The same number of like requests by node's own client over kept connections: no signature, nothing stored. */
async function bare(receiver: Receiver): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: callsAtOnce });
  const body = JSON.stringify({ specversion: '1.0', id: randomUUID(), source: 'gamut/bench', type: 'bench.Happened', data: { number: 1 } });
  let next = 0;
  const once = () =>
    new Promise<void>((resolve, reject) => {
      const call = request({ host: '127.0.0.1', port: receiver.port, method: 'POST', agent }, (reply) =>
        reply.resume().on('end', () => resolve()),
      );
      call.on('error', reject);
      call.end(body);
    });
  const started = performance.now();
  const worker = async () => {
    while (next++ < perRound) await once();
  };
  await Promise.all(Array.from({ length: callsAtOnce }, worker));
  agent.destroy();
  return perRound / ((performance.now() - started) / 1000);
}

async function hookOf(house: House, receiver: Receiver): Promise<string> {
  const { body, status } = await house.call('POST', '/v1/platform/webhooks', {
    url: `http://127.0.0.1:${receiver.port}/`,
    types: ['bench.*'],
  });
  if (status !== 201) throw new Error(`no webhook: ${JSON.stringify(body)}`);
  const { body: listed } = await house.call('GET', '/v1/platform/organizations');
  return String(listed.items?.find(({ name }) => name === 'default')?.uid);
}

/** Deliveries to a receiver on this machine, signed, with their outcomes stored, beside bare requests of the same client. */
export async function run(): Promise<BenchResult> {
  const receiver = await openReceiver();
  const house = await openHouse({ mode: 'processes', quiet: true, settings: { outbound: [`127.0.0.1:${receiver.port}`] } });
  const system = openSql(databaseOf(house.data).system, { max: 2, applicationName: 'bench' });
  try {
    const scope = await hookOf(house, receiver);
    await ours(system, receiver, scope, 0);
    const [us, them]: [number[], number[]] = [[], []];
    for (let number = 1; number <= rounds; number += 1) {
      us.push(await ours(system, receiver, scope, number));
      them.push(await bare(receiver));
    }
    const [rate, beside] = [median(us), median(them)];
    const row: BenchRow = {
      row: 'deliveries to one webhook, signed and stored',
      ours: round(rate),
      peer: round(beside),
      unit: 'events/s',
      ratio: round(rate / beside),
      goal: `>= ${goal} events/s`,
      met: rate >= goal,
    };
    return { name: 'webhook', rows: [row] };
  } finally {
    await system.close();
    await house.stop();
    receiver.server.close();
    receiver.server.closeAllConnections();
  }
}
