import { CreateTransferStatus, type Client, type Transfer, TransferFlags } from 'tigerbeetle-node';
import { account, transfer } from '#services/ledger/test/fixtures/event.ts';

export const accounts = 10_000;
export const batch = 8189;
export const callers = 64;
const batches = 40;
const singleMs = 5000;

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

export const draw = zipf(accounts);

export type Batched = { rate: number; serverMicros: number; clientMicros: number };

/** One server and its client under the load of the figures; `base` is added to every id, for a server that keeps what earlier runs made. */
export class Load {
  readonly #client: Client;
  readonly #used: () => number;
  readonly #base: bigint;
  #last: bigint;

  /** `used` tells the CPU-seconds of the server so far. */
  constructor(client: Client, { used, base = 0n }: { used: () => number; base?: bigint }) {
    this.#client = client;
    this.#used = used;
    this.#base = base;
    this.#last = base + 1_000_000n;
  }

  async open(): Promise<void> {
    for (let from = 0; from < accounts; from += 5000)
      await this.#client.createAccounts(Array.from({ length: 5000 }, (_, index) => account({ id: this.#base + BigInt(from + index + 1) })));
  }

  #one(more: Partial<Transfer> = {}): Transfer {
    const debit = draw();
    const credit = (debit + 1 + Math.floor(Math.random() * (accounts - 1))) % accounts;
    this.#last += 1n;
    return transfer({
      id: this.#last,
      debit: this.#base + BigInt(debit + 1),
      credit: this.#base + BigInt(credit + 1),
      amount: 1n,
      ...more,
    });
  }

  #made(count: number): Transfer[][] {
    return Array.from({ length: count }, () => Array.from({ length: batch }, () => this.#one()));
  }

  /** Sends made batches two at a time and answers transfers a second. */
  async #send(made: readonly Transfer[][]): Promise<number> {
    let next = 0;
    const started = performance.now();
    const sender = async () => {
      while (next < made.length) {
        const results = await this.#client.createTransfers(made[next++] as Transfer[]);
        if (results.some(({ status }) => status !== CreateTransferStatus.created)) throw new Error('a transfer was refused');
      }
    };
    await Promise.all([sender(), sender()]);
    return made.reduce((sum, each) => sum + each.length, 0) / ((performance.now() - started) / 1000);
  }

  /** Transfers a second, and what one costs the server and this process, which is the client's, in microseconds of CPU. */
  async batched(): Promise<Batched> {
    await this.#send(this.#made(4));
    const made = this.#made(batches);
    const [server, own] = [this.#used(), process.cpuUsage()];
    const rate = await this.#send(made);
    const { user, system } = process.cpuUsage(own);
    const count = batches * batch;
    return { rate, serverMicros: ((this.#used() - server) * 1e6) / count, clientMicros: (user + system) / count };
  }

  /** Pending transfers, of which one in five debits one hot account, then their posts. */
  async twoPhase(): Promise<number> {
    const made: Transfer[][] = [];
    const hot = (index: number) => ({
      debit_account_id: this.#base + 1n,
      credit_account_id: this.#base + BigInt(2 + (index % 5000)),
    });
    for (let pair = 0; pair < batches / 4; pair += 1) {
      const pending = Array.from({ length: batch }, (_, index) =>
        this.#one({ flags: TransferFlags.pending, ...(index % 5 === 0 ? hot(index) : {}) }),
      );
      const posts = pending.map(({ id, amount }) =>
        this.#one({ pending_id: id, amount, flags: TransferFlags.post_pending_transfer, debit_account_id: 0n, credit_account_id: 0n }),
      );
      made.push(pending, posts);
    }
    const started = performance.now();
    for (const each of made) await this.#send([each]);
    return (made.length * batch) / ((performance.now() - started) / 1000);
  }

  /** So many callers of one transfer each: transfers a second, the 99th percentile in ms, and microseconds of the server's CPU for each. */
  async singles(): Promise<{ rate: number; p99: number; serverMicros: number }> {
    const times: number[] = [];
    const server = this.#used();
    const until = performance.now() + singleMs;
    const caller = async () => {
      while (performance.now() < until) {
        const began = performance.now();
        await this.#client.createTransfers([this.#one()]);
        times.push(performance.now() - began);
      }
    };
    await Promise.all(Array.from({ length: callers }, caller));
    const serverMicros = ((this.#used() - server) * 1e6) / times.length;
    times.sort((a, b) => a - b);
    return { rate: times.length / (singleMs / 1000), p99: times[Math.floor(times.length * 0.99)] ?? Number.NaN, serverMicros };
  }
}
