import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTransferStatus, type Client, type Transfer, TransferFlags } from 'tigerbeetle-node';
import { operations } from '#wire/tigerbeetle/operation.ts';
import { writeAccount, writeTransfer } from '#wire/tigerbeetle/record.ts';
import { Book } from '#services/ledger/store/book.ts';
import { directoryDisk } from '#services/ledger/store/disk.ts';
import { account, transfer } from '#services/ledger/test/fixtures/event.ts';
import { type House, openHouse } from '#services/ledger/test/fixtures/house.ts';
import { accountRecord, transferRecord, who } from '#services/ledger/test/fixtures/record.ts';
import { bodyOf } from '#services/ledger/test/property/walk.ts';
import { cpuSeconds } from '../process.ts';
import { type BenchResult, type BenchRow, bounded, compared, round } from '../result.ts';
import { storedProcedure } from './postgres.ts';

const accounts = 10_000;
const batch = 8189;
const batches = 40;
const callers = 64;
const singleMs = 5000;
const peerMs = 5000;
const recovered = 500_000;

/** Draws by Zipf's law with exponent 0.99, by its inverse over a table. */
function zipf(count: number): () => number {
  const sums = new Float64Array(count);
  let total = 0;
  for (let rank = 0; rank < count; rank += 1) sums[rank] = total += 1 / (rank + 1) ** 0.99;
  return () => {
    const drawn = Math.random() * total;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) < drawn) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

const draw = zipf(accounts);
let last = 1_000_000n;

function one(more: Partial<Transfer> = {}): Transfer {
  const debit = draw();
  const credit = (debit + 1 + Math.floor(Math.random() * (accounts - 1))) % accounts;
  last += 1n;
  return transfer({ id: last, debit: BigInt(debit + 1), credit: BigInt(credit + 1), amount: 1n, ...more });
}

/** Sends made batches two at a time and answers transfers a second. */
async function send(client: Client, made: readonly Transfer[][]): Promise<number> {
  let next = 0;
  const started = performance.now();
  const sender = async () => {
    while (next < made.length) {
      const results = await client.createTransfers(made[next++] as Transfer[]);
      if (results.some(({ status }) => status !== CreateTransferStatus.created)) throw new Error('a transfer was refused');
    }
  };
  await Promise.all([sender(), sender()]);
  return made.reduce((sum, each) => sum + each.length, 0) / ((performance.now() - started) / 1000);
}

/** CPU-seconds that the ledger's process has used. */
const used = ({ platform }: House): number => cpuSeconds(platform.status().processes.find(({ name }) => name === 'ledger')?.pid ?? 0);

type Batched = { rate: number; serverMicros: number; clientMicros: number };

/** Transfers a second, and what one costs the ledger's process and this one, which is the client's, in microseconds of CPU. */
async function batched(client: Client, house: House): Promise<Batched> {
  await send(
    client,
    Array.from({ length: 4 }, () => Array.from({ length: batch }, () => one())),
  );
  const made = Array.from({ length: batches }, () => Array.from({ length: batch }, () => one()));
  const [server, own] = [used(house), process.cpuUsage()];
  const rate = await send(client, made);
  const { user, system } = process.cpuUsage(own);
  const count = batches * batch;
  return { rate, serverMicros: ((used(house) - server) * 1e6) / count, clientMicros: (user + system) / count };
}

/** Pending transfers, of which one in five debits one hot account, then their posts. */
async function twoPhase(client: Client): Promise<number> {
  const made: Transfer[][] = [];
  for (let pair = 0; pair < batches / 4; pair += 1) {
    const pending = Array.from({ length: batch }, (_, index) =>
      one({
        flags: TransferFlags.pending,
        ...(index % 5 === 0 ? { debit_account_id: 1n, credit_account_id: BigInt(2 + (index % 5000)) } : {}),
      }),
    );
    const posts = pending.map(({ id, amount }) =>
      one({ pending_id: id, amount, flags: TransferFlags.post_pending_transfer, debit_account_id: 0n, credit_account_id: 0n }),
    );
    made.push(pending, posts);
  }
  const started = performance.now();
  for (const each of made) await send(client, [each]);
  return (made.length * batch) / ((performance.now() - started) / 1000);
}

/** So many callers of one transfer each; transfers a second and the 99th percentile in ms. */
async function singles(client: Client): Promise<{ rate: number; p99: number }> {
  const times: number[] = [];
  const until = performance.now() + singleMs;
  const caller = async () => {
    while (performance.now() < until) {
      const began = performance.now();
      await client.createTransfers([one()]);
      times.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  times.sort((a, b) => a - b);
  return { rate: times.length / (singleMs / 1000), p99: times[Math.floor(times.length * 0.99)] ?? Number.NaN };
}

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

const least = (row: string, unit: string, ours: number, goal: number): BenchRow => ({
  row,
  ours: round(ours),
  peer: null,
  unit,
  ratio: null,
  goal: `>= ${goal} ${unit}`,
  met: ours >= goal,
});

/** The ledger in its own process, durable, with audit, quota and metering on, by the unmodified client. */
export async function run(): Promise<BenchResult> {
  const house = await openHouse({ mode: 'processes' });
  const rows: BenchRow[] = [];
  try {
    const client = house.client();
    for (let from = 0; from < accounts; from += 5000)
      await client.createAccounts(Array.from({ length: 5000 }, (_, index) => account({ id: BigInt(from + index + 1) })));
    const many = await batched(client, house);
    const { rate, p99 } = await singles(client);
    const procedure = await storedProcedure(accounts, peerMs, draw);
    rows.push(
      least(`batches of ${batch}, ${accounts} accounts, Zipf 0.99`, 'transfers/s', many.rate, 400_000),
      bounded('the same: CPU of the ledger for each', 'us', many.serverMicros, null),
      bounded('the same: CPU of the client for each', 'us', many.clientMicros, null),
      compared('the same beside one TigerBeetle replica', 'transfers/s', 'more', many.rate, 'not run', 0.5),
      compared("the same beside PostgreSQL's stored procedure, 32 connections", 'transfers/s', 'more', many.rate, procedure, 50),
      least(`batch 1, ${callers} callers`, 'transfers/s', rate, 20_000),
      { row: `batch 1, ${callers} callers, p99`, ours: round(p99), peer: 'not run', unit: 'ms', ratio: null, goal: 1.5, met: false },
      least('pending and post, 20 % on one hot account', 'transfers/s', await twoPhase(client), 150_000),
    );
  } finally {
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
