import assert from 'node:assert/strict';
import {
  type Account,
  type Transfer,
  readAccount,
  readBalance,
  readTransfer,
  writeAccount,
  writeAccountFilter,
  writeQueryFilter,
  writeTransfer,
} from '#wire/tigerbeetle/record.ts';
import { changeTypes, readChangeEvent, writeChangeFilter } from '#wire/tigerbeetle/change-event.ts';
import { trailerBytes, writeTrailer } from '#wire/tigerbeetle/multi-batch.ts';
import { operations } from '#wire/tigerbeetle/operation.ts';
import { writeU128 } from '#wire/tigerbeetle/header.ts';
import { expire, isDue } from '../../engine/expire.ts';
import { batchesOf, execute } from '../../engine/machine.ts';
import { createState, type State } from '../../engine/state.ts';
import { Model, type Outcome } from './model.ts';

/** xorshift32, so that a seed says everything. */
export function randomOf(seed: number) {
  let state = seed | 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  next();
  const below = (count: number) => next() % count;
  return { below, chance: (percent: number) => below(100) < percent, pick: <T>(items: readonly T[]): T => items[below(items.length)] as T };
}
type Random = ReturnType<typeof randomOf>;
const max = (1n << 128n) - 1n;

/** Batches that hit every rule now and then, and mostly succeed. */
export class Generator {
  readonly #random: Random;
  #id = 1000n;
  readonly ids: bigint[] = [];
  readonly pending: bigint[] = [];
  readonly #sent: Transfer[] = [];
  /** The account made last, if nothing was made since. */
  newest: { id: bigint; timestamp: bigint } | undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  #flags(table: readonly (readonly [percent: number, bit: number])[]): number {
    return table.reduce((bits, [percent, bit]) => bits | (this.#random.chance(percent) ? bit : 0), 0);
  }

  account(imported: boolean, now: bigint): Account {
    const { below, chance, pick } = this.#random;
    return {
      id: chance(2) ? pick([0n, max]) : chance(10) ? BigInt(100 + below(9000)) : BigInt(1 + below(40)),
      debitsPending: chance(1) ? 1n : 0n,
      debitsPosted: chance(1) ? 1n : 0n,
      creditsPending: chance(1) ? 1n : 0n,
      creditsPosted: chance(1) ? 1n : 0n,
      userData128: chance(20) ? BigInt(below(3)) : 0n,
      userData64: chance(20) ? BigInt(below(3)) : 0n,
      userData32: chance(20) ? below(3) : 0,
      reserved: chance(1) ? 1 : 0,
      ledger: chance(2) ? 0 : chance(10) ? 2 : 1,
      code: chance(2) ? 0 : 1 + below(2),
      flags:
        this.#flags([
          [8, 1],
          [15, 2],
          [10, 4],
          [50, 8],
          [1, 32],
          [1, 64],
        ]) | (imported !== chance(3) ? 16 : 0),
      timestamp: this.#time(imported, now),
    };
  }

  #time(imported: boolean, now: bigint): bigint {
    const { below, chance } = this.#random;
    if (!imported) return chance(1) ? 5n : 0n;
    if (this.newest && chance(60)) return this.newest.timestamp - BigInt(below(2));
    return chance(3) ? 1n << 63n : chance(3) ? now * 2n : now - BigInt(below(5_000));
  }

  transfer(imported: boolean, now: bigint): Transfer {
    const { chance, pick } = this.#random;
    const made = chance(12) && this.#sent.length > 0 ? this.#again(pick(this.#sent.slice(-200))) : this.#fresh(imported, now);
    this.#sent.push(made);
    return made;
  }

  /** A transfer that was sent before, with one field changed or none. */
  #again(sent: Transfer): Transfer {
    const field = this.#random.pick(Object.keys(sent).filter((name) => name !== 'id' && name !== 'timestamp') as (keyof Transfer)[]);
    if (this.#random.chance(25)) return { ...sent };
    const value = sent[field];
    return { ...sent, [field]: typeof value === 'bigint' ? value ^ 1n : field === 'flags' ? value ^ 16 : (value ^ 1) >>> 0 };
  }

  #fresh(imported: boolean, now: bigint): Transfer {
    const { below, chance, pick } = this.#random;
    const fresh = !chance(12) || this.ids.length === 0;
    const id = chance(1) ? pick([0n, max]) : fresh ? (this.#id += 1n) : pick(this.ids);
    if (fresh) this.ids.push(id);
    const resolves = chance(25);
    const isPending = !resolves && chance(35);
    if (isPending) this.pending.push(id);
    const side = () => (this.newest && chance(40) ? this.newest.id : chance(1) ? pick([0n, max]) : BigInt(1 + below(42)));
    const amount = chance(2)
      ? max
      : chance(5)
        ? (1n << 127n) + BigInt(below(9))
        : chance(5)
          ? 0n
          : chance(5)
            ? BigInt(below(9)) << 60n
            : BigInt(below(200));
    const flags =
      this.#flags([
        [8, 1],
        [1, 512],
      ]) |
      (isPending
        ? this.#flags([
            [100, 2],
            [3, 64],
            [3, 128],
          ])
        : 0) |
      (resolves
        ? (chance(60) ? 4 : 8) |
          this.#flags([
            [2, 12],
            [1, 2],
            [1, 16],
          ])
        : this.#flags([
            [8, 16],
            [8, 32],
            [1, 64],
          ])) |
      (imported !== chance(3) ? 256 : 0);
    return {
      id,
      debitAccountId: resolves && chance(80) ? 0n : side(),
      creditAccountId: resolves && chance(80) ? 0n : side(),
      amount: resolves && chance(50) ? ((flags & 4) !== 0 ? max : 0n) : amount,
      pendingId: resolves
        ? chance(3)
          ? pick([0n, max, id])
          : chance(10)
            ? pick([...this.ids, 7n])
            : pick([...this.pending.slice(-30), 7n])
        : chance(1)
          ? 3n
          : 0n,
      userData128: chance(20) ? BigInt(below(3)) : 0n,
      userData64: chance(20) ? BigInt(below(3)) : 0n,
      userData32: chance(20) ? below(3) : 0,
      timeout: isPending ? (chance(50) ? 1 + below(3) : chance(2) ? 0xffff_ffff : 0) : chance(1) ? 1 : 0,
      ledger: resolves ? (chance(90) ? 0 : 1 + below(2)) : chance(2) ? 0 : chance(4) ? 2 : 1,
      code: resolves ? (chance(90) ? 0 : 1) : chance(2) ? 0 : 1 + below(2),
      flags,
      timestamp: this.#time(imported, now),
    };
  }
}

/** Events as the body of an operation, whatever its form. */
export function bodyOf(code: number, events: readonly Buffer[]): Buffer {
  const operation = operations.get(code) as NonNullable<ReturnType<typeof operations.get>>;
  if (!operation.batched) return Buffer.concat(events);
  const payload = events.length * operation.eventBytes;
  const body = Buffer.concat([...events, Buffer.alloc(trailerBytes(operation.eventBytes, 1))]);
  writeTrailer(body, payload, operation.eventBytes, [events.length]);
  return body;
}

export function run(state: State, code: number, events: readonly Buffer[], timestamp: bigint): Buffer {
  const operation = operations.get(code) as NonNullable<ReturnType<typeof operations.get>>;
  const body = bodyOf(code, events);
  const counts = batchesOf(operation, body);
  assert.ok(counts);
  return Buffer.from(execute(state, operation, body, counts, timestamp));
}

function outcomes(reply: Buffer, count: number): Outcome[] {
  return Array.from({ length: count }, (_, index) => ({
    status: reply.readUInt32LE(index * 16 + 8),
    timestamp: reply.readBigUInt64LE(index * 16),
  }));
}

/** The sparse form of results: index and status of those that were not created. */
function sparseOf(results: readonly Outcome[]): [number, number][] {
  return results.flatMap(({ status }, index): [number, number][] => (status === 0xffff_ffff ? [] : [[index, status]]));
}

const rowsOf = <T>(reply: Buffer, size: number, read: (bytes: Buffer, at: number) => T, batched: boolean): T[] => {
  const rows: T[] = [];
  const end = batched ? reply.readUInt16LE(reply.length - 4) * size : reply.length;
  for (let at = 0; at < end; at += size) rows.push(read(reply, at));
  return rows;
};

/** Walks the state machine and the model side by side; answers how often each status came. `between` is called behind each batch. */
export async function walk(
  seed: number,
  events: number,
  state: State = createState(),
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<Map<string, number>> {
  const random = randomOf(seed);
  const { below, chance, pick } = random;
  const generator = new Generator(random);
  const model = new Model();
  const seen = new Map<string, number>();
  let now = 1_700_000_000_000_000_000n;
  for (let done = 0; done < events; ) {
    now += BigInt(below(1_500_000_000)) + 1_000n;
    if (isDue(state, now)) {
      const last = expire(state, now);
      const count = model.expire(now);
      assert.equal(last, now + BigInt(count) - 1n);
      now = last + 1n;
    } else assert.equal(model.expire(now), 0);
    const kind = chance(done < 200 ? 60 : 4) ? 'account' : 'transfer';
    const imported = chance(10);
    const count = 1 + below(12);
    const batch = Array.from({ length: count }, () =>
      kind === 'account' ? generator.account(imported, now) : generator.transfer(imported, now),
    );
    const bytes = batch.map((event) => (kind === 'account' ? writeAccount(event as Account) : writeTransfer(event as Transfer)));
    now += BigInt(count);
    const expected = model.create(kind, batch, now);
    const [dense, sparse, plain] = kind === 'account' ? [146, 138, 129] : [147, 139, 130];
    const code = chance(80) ? dense : pick([sparse, plain]);
    const reply = run(state, code, bytes, now);
    if (code === dense) assert.deepEqual(outcomes(reply, count), expected, `seed ${seed}, event ${done}`);
    else {
      const rows = rowsOf(reply, 8, (at, from): [number, number] => [at.readUInt32LE(from), at.readUInt32LE(from + 4)], code === sparse);
      assert.deepEqual(rows, sparseOf(expected), `seed ${seed}, event ${done}`);
    }
    for (const { status } of expected) seen.set(`${kind} ${status}`, (seen.get(`${kind} ${status}`) ?? 0) + 1);
    const last = batch[expected.findLastIndex(({ status }) => status === 0xffff_ffff)];
    if (kind === 'transfer' && last) generator.newest = undefined;
    if (kind === 'account' && last) generator.newest = { id: last.id, timestamp: model.accounts.get(last.id)?.timestamp ?? 0n };
    done += count;
    await between();
    if (chance(3)) compareQueries(state, model, random, now);
  }
  compareAll(state, model);
  return seen;
}

export function compareQueries(state: State, model: Model, { below, chance, pick }: Random, now: bigint): void {
  const some = () => (chance(70) ? 0 : below(3));
  const times = [...model.transfers.values()].map(({ timestamp }) => timestamp);
  const time = () => (chance(60) || times.length === 0 ? 0n : pick(times));
  const shared = {
    userData128: BigInt(some()),
    userData64: BigInt(some()),
    userData32: some(),
    code: some(),
    timestampMin: time(),
    timestampMax: time(),
    limit: chance(3) ? 0 : 1 + below(40),
  };
  const query = { ...shared, ledger: some(), flags: chance(2) ? 2 : below(2) };
  const account = { ...shared, accountId: BigInt(1 + below(42)), flags: chance(2) ? 8 : below(8) };
  const empty = query.flags === 2;
  assert.deepEqual(
    rowsOf(run(state, 144, [writeQueryFilter(query)], now), 128, readAccount, true),
    empty ? [] : model.query(model.accounts.values(), query, 8189),
  );
  assert.deepEqual(
    rowsOf(run(state, 136, [writeQueryFilter(query)], now), 128, readTransfer, false),
    empty ? [] : model.query(model.transfers.values(), query, 8190),
  );
  const transfers = model.accountTransfers(account, 8189);
  assert.deepEqual(rowsOf(run(state, 142, [writeAccountFilter(account)], now), 128, readTransfer, true), transfers);
  const keeps = ((model.accounts.get(account.accountId)?.flags ?? 0) & 8) !== 0;
  const balances = transfers.map((transfer) => {
    const event = model.happened.find((each) => each.transfer === transfer && each.status !== 'expired');
    const { flags: _, ...side } = pickBalances(transfer.debitAccountId === account.accountId ? event!.debit : event!.credit);
    return { ...side, timestamp: transfer.timestamp };
  });
  assert.deepEqual(rowsOf(run(state, 143, [writeAccountFilter(account)], now), 128, readBalance, true), keeps ? balances : []);
  const limit = 1 + below(30);
  const changes = rowsOf(
    run(state, 137, [writeChangeFilter({ timestampMin: shared.timestampMin, timestampMax: shared.timestampMax, limit })], now),
    384,
    readChangeEvent,
    false,
  );
  const names = ['none', 'pending', 'posted', 'voided', 'expired'];
  const wanted = [...model.happened]
    .sort((one, other) => (one.timestamp < other.timestamp ? -1 : 1))
    .filter(({ timestamp }) => timestamp >= shared.timestampMin && (shared.timestampMax === 0n || timestamp <= shared.timestampMax))
    .slice(0, limit);
  const inOrder = shared.timestampMax === 0n || shared.timestampMin <= shared.timestampMax;
  assert.deepEqual(
    changes.map(({ type, timestamp, transfer, debit, credit }) => ({
      type,
      timestamp,
      id: transfer.id,
      amount: transfer.amount,
      debit: pickBalances(debit),
      credit: pickBalances(credit),
    })),
    (inOrder ? wanted : []).map(({ status, timestamp, transfer, debit, credit }) => ({
      type: changeTypes[names.indexOf(status)],
      timestamp,
      id: transfer.id,
      amount: transfer.amount,
      debit: pickBalances(debit),
      credit: pickBalances(credit),
    })),
  );
}

const pickBalances = ({
  debitsPending,
  debitsPosted,
  creditsPending,
  creditsPosted,
  flags,
}: {
  debitsPending: bigint;
  debitsPosted: bigint;
  creditsPending: bigint;
  creditsPosted: bigint;
  flags: number;
}) => ({
  debitsPending,
  debitsPosted,
  creditsPending,
  creditsPosted,
  flags,
});

/** Every account and transfer is the model's, and double entry holds in each ledger. */
export function compareAll(state: State, model: Model): void {
  const lookUp = <T>(code: number, ids: Iterable<bigint>, read: (bytes: Buffer, at: number) => T): T[] => {
    const all = [...ids];
    const found: T[] = [];
    for (let from = 0; from < all.length; from += 8000) {
      const body = all.slice(from, from + 8000).map((id) => {
        const bytes = Buffer.alloc(16);
        writeU128(bytes, id, 0);
        return bytes;
      });
      found.push(...rowsOf(run(state, code, body, state.timestamp), 128, read, false));
    }
    return found;
  };
  assert.deepEqual(lookUp(131, model.accounts.keys(), readAccount), [...model.accounts.values()]);
  assert.deepEqual(lookUp(132, model.transfers.keys(), readTransfer), [...model.transfers.values()]);
  assert.equal(state.accounts.count, model.accounts.size);
  assert.equal(state.transfers.count, model.transfers.size);
  for (const ledger of new Set([...model.accounts.values()].map((row) => row.ledger))) {
    const rows = [...model.accounts.values()].filter((row) => row.ledger === ledger);
    const sum = (field: 'debitsPending' | 'debitsPosted' | 'creditsPending' | 'creditsPosted') =>
      rows.reduce((total, row) => total + row[field], 0n);
    assert.equal(sum('debitsPending'), sum('creditsPending'));
    assert.equal(sum('debitsPosted'), sum('creditsPosted'));
  }
}
