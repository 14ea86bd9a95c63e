import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'tigerbeetle-node';
import { operations } from '#wire/tigerbeetle/operation.ts';
import { writeAccount, writeTransfer } from '#wire/tigerbeetle/record.ts';
import { Book } from '#services/ledger/store/book.ts';
import { directoryDisk } from '#services/ledger/store/disk.ts';
import { type House, openHouse } from '#services/ledger/test/fixtures/house.ts';
import { accountRecord, transferRecord, who } from '#services/ledger/test/fixtures/record.ts';
import { bodyOf } from '#services/ledger/test/property/walk.ts';
import { peerAddress, usedBy } from '../peer.ts';
import { cpuSeconds } from '../process.ts';
import { type BenchResult, type BenchRow, compared, least, median, round } from '../result.ts';
import { accounts, batch, type Batched, callers, draw, Load } from './load.ts';
import { storedProcedure } from './postgres.ts';

const rounds = Number(process.env.GAMUT_BENCH_ROUNDS ?? 1);
/** Our 99th percentile may be 1.5 times the peer's. */
const atMostTimes = 1 / 1.5;
const peerMs = 5000;
const recovered = 500_000;

/** CPU-seconds that the ledger's process has used. */
const used = ({ platform }: House): number => cpuSeconds(platform.status().processes.find(({ name }) => name === 'ledger')?.pid ?? 0);

/** Writes a log and starts from it: transfers replayed a second; then from a snapshot: seconds until it is ready. */
async function recovery(): Promise<{ replay: number; snapshotMs: number }> {
  const directory = mkdtempSync(join(tmpdir(), 'gamut-ledger-recovery-'));
  const open = () =>
    Book.open({
      disk: directoryDisk(directory),
      now: () => BigInt(Date.now()) * 1_000_000n,
      mayWrite: () => true,
      onFailure: (error) => {
        throw error;
      },
    });
  const operation = (code: number) => operations.get(code) as NonNullable<ReturnType<typeof operations.get>>;
  const book = await open();
  for (let from = 0; from < accounts; from += 5000)
    await book.change(
      who,
      operation(146),
      bodyOf(
        146,
        Array.from({ length: 5000 }, (_, index) => writeAccount(accountRecord(BigInt(from + index + 1)))),
      ),
    );
  for (let from = 0; from < recovered; from += batch)
    await book.change(
      who,
      operation(147),
      bodyOf(
        147,
        Array.from({ length: batch }, (_, index) =>
          writeTransfer(
            transferRecord(BigInt(from + index + 1), { debitAccountId: BigInt(draw() + 1), creditAccountId: BigInt(accounts) }),
          ),
        ),
      ),
    );
  await book.log.close();
  const began = performance.now();
  const replayed = await open();
  const replayMs = performance.now() - began;
  await replayed.close();
  const again = performance.now();
  const restored = await open();
  const snapshotMs = performance.now() - again;
  const count = restored.ledgers.get(who.scope)?.state.transfers.count ?? 0;
  await restored.log.close();
  rmSync(directory, { recursive: true, force: true });
  return { replay: count / (replayMs / 1000), snapshotMs };
}

type Measured = { many: Batched[]; single: Awaited<ReturnType<Load['singles']>>[]; twoPhase: number[] };

/** Both sides in turn, so that what else the machine does falls on both. */
async function measure(sides: readonly Load[]): Promise<Measured[]> {
  const found = sides.map((): Measured => ({ many: [], single: [], twoPhase: [] }));
  for (const side of sides) await side.open();
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, side] of sides.entries()) found[index]?.many.push(await side.batched());
    for (const [index, side] of sides.entries()) found[index]?.single.push(await side.singles());
    for (const [index, side] of sides.entries()) found[index]?.twoPhase.push(await side.twoPhase());
  }
  return found;
}

const middle = <Key extends string>(of: readonly Record<Key, number>[] | undefined, key: Key): number | undefined =>
  of && median(of.map((each) => each[key]));

/** The ledger in its own process, durable, with audit, quota and metering on, by the unmodified client; the peer durable as well. */
export async function run(): Promise<BenchResult> {
  const house = await openHouse({ mode: 'processes' });
  const address = peerAddress('TIGERBEETLE');
  const peer = address === undefined ? undefined : createClient({ cluster_id: 0n, replica_addresses: [address] });
  const port = Number(address?.split(':').at(-1));
  const sides = [new Load(house.client(), { used: () => used(house) })];
  if (peer) sides.push(new Load(peer, { used: usedBy(port), base: BigInt(Date.now()) << 40n }));
  const rows: BenchRow[] = [];
  try {
    const [own, beside] = (await measure(sides)) as [Measured, Measured | undefined];
    const procedure = await storedProcedure(accounts, peerMs, draw);
    const [rate, single, twoPhase] = [middle(own.many, 'rate')!, middle(own.single, 'rate')!, median(own.twoPhase)];
    const theirs = <Key extends string>(of: readonly Record<Key, number>[] | undefined, key: Key) =>
      middle(of, key) ?? ('not run' as const);
    rows.push(
      least(`batches of ${batch}, ${accounts} accounts, Zipf 0.99`, 'transfers/s', rate, 400_000),
      compared(
        'the same: CPU of the server for each',
        'us',
        'less',
        middle(own.many, 'serverMicros')!,
        theirs(beside?.many, 'serverMicros'),
        null,
      ),
      compared(
        'the same: CPU of the client for each',
        'us',
        'less',
        middle(own.many, 'clientMicros')!,
        theirs(beside?.many, 'clientMicros'),
        null,
      ),
      compared('the same beside one TigerBeetle replica', 'transfers/s', 'more', rate, theirs(beside?.many, 'rate'), 0.5),
      compared("the same beside PostgreSQL's stored procedure, 32 connections", 'transfers/s', 'more', rate, procedure, 50),
      least(`batch 1, ${callers} callers`, 'transfers/s', single, 20_000),
      compared('the same beside one TigerBeetle replica', 'transfers/s', 'more', single, theirs(beside?.single, 'rate'), 0.8),
      compared(
        'the same: CPU of the server for each',
        'us',
        'less',
        middle(own.single, 'serverMicros')!,
        theirs(beside?.single, 'serverMicros'),
        null,
      ),
      compared(`batch 1, ${callers} callers, p99`, 'ms', 'less', middle(own.single, 'p99')!, theirs(beside?.single, 'p99'), atMostTimes),
      least('pending and post, 20 % on one hot account', 'transfers/s', twoPhase, 150_000),
      compared(
        'the same beside one TigerBeetle replica',
        'transfers/s',
        'more',
        twoPhase,
        beside ? median(beside.twoPhase) : 'not run',
        null,
      ),
    );
  } finally {
    peer?.destroy();
    await house.stop();
  }
  const { replay, snapshotMs } = await recovery();
  rows.push(least(`replay of ${recovered} transfers from the log`, 'transfers/s', replay, 2_000_000));
  rows.push({
    row: `start from a snapshot of ${recovered} transfers`,
    ours: round(snapshotMs),
    peer: null,
    unit: 'ms',
    ratio: null,
    goal: null,
    met: null,
  });
  return { name: 'ledger', rows };
}
