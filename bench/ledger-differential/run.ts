import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, createClient } from 'tigerbeetle-node';
import { type Account, accountFlag, type Transfer, transferFlag } from '#wire/tigerbeetle/record.ts';
import { accountStatusName, transferStatusName } from '#wire/tigerbeetle/status.ts';
import { openHouse } from '#services/ledger/test/fixtures/house.ts';
import { Generator, randomOf } from '#services/ledger/test/property/walk.ts';
import { peerAddress } from '../peer.ts';
import { bounded } from '../result.ts';
import { type Answer, type Question, Side } from './side.ts';
import { virtualTime } from './timeline.ts';

const events = Number(process.env.GAMUT_BENCH_EVENTS ?? 200_000);
const seed = Number(process.env.GAMUT_BENCH_SEED ?? Date.now() % 1_000_000);
/** So many events, and other accounts begin: after more, balances overflow and accounts are closed, and little succeeds. */
const eraEvents = 2500;
const endsMs = 1200;
const tries = 100;
const answerMs = 30_000;
const told = 20;
const created = 0xffff_ffff;
const row = 'random events, every answer compared with one TigerBeetle replica';

const textOf = (value: unknown) => JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `${each}` : each));

/** Both servers are asked the same; what differs is kept and told. */
class Differential {
  readonly #sides: readonly [Side, Side];
  readonly #random: ReturnType<typeof randomOf>;
  #generator: Generator;
  #eraMade = 0;
  readonly seen = new Map<string, number>();
  readonly #transferEvents: number[] = [];
  readonly #ending = new Set<bigint>();
  divergences = 0;
  questions = 0;
  made = 0;

  constructor(sides: readonly [Side, Side]) {
    this.#sides = sides;
    this.#random = randomOf(seed);
    this.#generator = new Generator(this.#random);
  }

  get #now(): bigint {
    return virtualTime(this.#sides[0].timeline.length);
  }

  /** Asks both, and answers what the first said. */
  async #both(question: Question): Promise<Answer> {
    const [ours, theirs] = await Promise.all(this.#sides.map((side) => this.#within(side, question)));
    if (!ours || !theirs) throw new Error('a side was not asked');
    this.questions += 1;
    if (!isDeepStrictEqual(ours, theirs)) this.#diverged(question, ours, theirs);
    return ours;
  }

  /** A server that ends or hangs is told with what it was asked. */
  async #within(side: Side, question: Question): Promise<Answer> {
    const over = new AbortController();
    const late = delay(answerMs, undefined, { signal: over.signal }).then(() => {
      throw new Error(`${side.name} did not answer, seed ${seed}, after ${this.made} events: ${textOf(question)}`);
    });
    late.catch(() => undefined);
    try {
      return await Promise.race([side.ask(question), late]);
    } finally {
      over.abort();
    }
  }

  #diverged(question: Question, ours: Answer, theirs: Answer): void {
    this.divergences += 1;
    if (this.divergences > told) return;
    const at = Array.from({ length: Math.max(ours.length, theirs.length) }).findIndex((_, i) => !isDeepStrictEqual(ours[i], theirs[i]));
    const asked = 'events' in question ? { ask: question.ask, before: question.events.slice(0, at), event: question.events[at] } : question;
    process.stderr.write(
      `seed ${seed}, after ${this.made} events, row ${at} of ${ours.length} and ${theirs.length}\n  asked  ${textOf(asked)}\n` +
        `  ours   ${textOf(ours[at])}\n  theirs ${textOf(theirs[at])}\n`,
    );
  }

  async #create(kind: 'account' | 'transfer', batch: readonly (Account | Transfer)[], exact = false): Promise<void> {
    const first = this.#sides[0].timeline.length;
    const results = await this.#both({ ask: kind === 'account' ? 'createAccounts' : 'createTransfers', events: batch, exact });
    this.made += batch.length;
    this.#eraMade += batch.length;
    for (const [index, { status }] of results.entries()) {
      const name = (kind === 'account' ? accountStatusName : transferStatusName)(status as number);
      this.seen.set(`${kind} ${name}`, (this.seen.get(`${kind} ${name}`) ?? 0) + 1);
      if (kind === 'transfer' && status === created) this.#transferEvents.push(first + index);
    }
    const last = results.findLastIndex(({ status }) => status === created);
    if (last < 0) return;
    this.#generator.newest = kind === 'account' ? { id: (batch[last] as Account).id, timestamp: virtualTime(first + last) } : undefined;
  }

  async #batch(): Promise<void> {
    const { below, chance } = this.#random;
    const kind = chance(this.#eraMade < 200 ? 60 : 4) ? 'account' : 'transfer';
    const imported = chance(10);
    const count = chance(90) ? 1 + below(12) : 1 + below(200);
    const one = () => (kind === 'account' ? this.#account(imported) : this.#transfer(imported));
    await this.#create(kind, Array.from({ length: count }, one));
  }

  /** The generator's, of which every other one has nothing against it, so that there is much to move between. */
  #account(imported: boolean): Account {
    const { below, chance } = this.#random;
    const made = this.#generator.account(imported, this.#now);
    if (imported || chance(50)) return made;
    const empty = { debitsPending: 0n, debitsPosted: 0n, creditsPending: 0n, creditsPosted: 0n, reserved: 0, timestamp: 0n };
    return { ...made, ...empty, id: BigInt(1 + below(40)), ledger: 1, code: 1 + below(2), flags: made.flags & accountFlag.history };
  }

  /**
   * The generator's, of which two in three are plain. TigerBeetle 0.17.9 ends by an assertion when a hold that has a timeout is
   * resolved by an imported transfer: that is not asked.
   */
  #transfer(imported: boolean): Transfer {
    const { below, chance } = this.#random;
    let made = this.#generator.transfer(imported, this.#now);
    const resolves = (made.flags & (transferFlag.post | transferFlag.void)) !== 0;
    if (!imported && !resolves && chance(66)) {
      const sides = { debitAccountId: BigInt(1 + below(20)), creditAccountId: BigInt(21 + below(20)) };
      const flags = made.flags & (transferFlag.pending | transferFlag.balancingDebit);
      made = { ...made, ...sides, flags, amount: BigInt(below(200)), pendingId: 0n, ledger: 1, code: 1, timestamp: 0n };
      if ((flags & transferFlag.pending) === 0) made = { ...made, timeout: 0 };
    }
    if (made.timeout > 0) this.#ending.add(made.id);
    return resolves && this.#ending.has(made.pendingId) ? { ...made, flags: made.flags & ~transferFlag.imported } : made;
  }

  /** Holds that end by themselves: nothing else is asked until both servers have let go of them. */
  async #expiring(): Promise<void> {
    const accounts = { ask: 'lookupAccounts', ids: Array.from({ length: 42 }, (_, index) => BigInt(index + 1)) } as const;
    const before = await this.#both(accounts);
    const held = Array.from({ length: 100 }, () => this.#transfer(false))
      .filter(({ flags }) => (flags & 2) !== 0)
      .map((transfer) => ({ ...transfer, timeout: 1 }));
    for (const { id } of held) this.#ending.add(id);
    if (held.length > 0) await this.#create('transfer', held, true);
    await delay(endsMs);
    for (const side of this.#sides) {
      let now: Answer = [];
      for (let tried = 0; tried < tries && !isDeepStrictEqual(now, before); tried += 1) {
        now = await side.ask(accounts);
        await delay(endsMs / 12);
      }
      if (!isDeepStrictEqual(now, before)) this.#diverged({ ask: 'lookupAccounts', ids: [] }, before, now);
    }
  }

  async #queries(): Promise<void> {
    const { below, chance, pick } = this.#random;
    const some = () => (chance(70) ? 0 : below(3));
    const time = () => (chance(60) || this.#transferEvents.length === 0 ? 0n : virtualTime(pick(this.#transferEvents)) - BigInt(below(2)));
    const shared = {
      userData128: BigInt(some()),
      userData64: BigInt(some()),
      userData32: some(),
      code: some(),
      timestampMin: time(),
      timestampMax: time(),
      limit: chance(3) ? 0 : chance(10) ? 8189 : 1 + below(40),
    };
    const query = { ...shared, ledger: some(), flags: chance(2) ? 2 : below(2) };
    const account = { ...shared, accountId: BigInt(1 + below(42)), flags: chance(2) ? 8 : below(8) };
    for (const ask of ['queryAccounts', 'queryTransfers'] as const) await this.#both({ ask, filter: query });
    for (const ask of ['getAccountTransfers', 'getAccountBalances'] as const) await this.#both({ ask, filter: account });
  }

  /** Everything that was ever made, by its id, and some that never were. */
  async #lookups(): Promise<void> {
    const accounts = Array.from({ length: 9200 }, (_, index) => BigInt(index));
    for (let from = 0; from < accounts.length; from += 8000)
      await this.#both({ ask: 'lookupAccounts', ids: accounts.slice(from, from + 8000) });
    for (let from = 0; from < this.#generator.ids.length; from += 8000)
      await this.#both({ ask: 'lookupTransfers', ids: this.#generator.ids.slice(from, from + 8000) });
  }

  /** Accounts and transfers of their own, and holds that end by themselves halfway. */
  async #era(): Promise<void> {
    this.#generator = new Generator(this.#random);
    this.#eraMade = 0;
    this.#ending.clear();
    const most = Math.min(eraEvents, events - this.made);
    const batches = async (until: number) => {
      while (this.#eraMade < until && this.divergences < told) {
        await this.#batch();
        if (this.#random.chance(20)) await this.#queries();
      }
    };
    await batches(most / 2);
    await this.#expiring();
    await batches(most);
    await this.#lookups();
  }

  async run(): Promise<void> {
    while (this.made < events && this.divergences < told) {
      await this.#era();
      for (const side of this.#sides) side.moveOn();
    }
  }
}

/** The statuses that came most often, and how often. */
const often = (seen: ReadonlyMap<string, number>) => Object.fromEntries([...seen].sort(([, one], [, other]) => other - one).slice(0, 12));

/** Whether a cluster was used before: then ids of this run begin elsewhere, and queries leave out what is older. */
async function usedBefore(client: Client): Promise<boolean> {
  const all = { user_data_128: 0n, user_data_64: 0n, user_data_32: 0, ledger: 0, code: 0, timestamp_min: 0n, timestamp_max: 0n };
  return (await client.queryAccounts({ ...all, limit: 1, flags: 0 })).length > 0;
}

/** The same seeded requests to the ledger and to a TigerBeetle replica, by the unmodified client; every answer is compared. */
export async function run(): Promise<{ name: string; rows: readonly object[] }> {
  const name = 'ledger-differential';
  const address = peerAddress('TIGERBEETLE');
  if (address === undefined) return { name, rows: [{ row, peer: 'not run' }] };
  const house = await openHouse();
  const client = createClient({ cluster_id: 0n, replica_addresses: [address] });
  try {
    const since = await usedBefore(client);
    const how = { since, base: since ? BigInt(Date.now()) << 40n : 0n };
    const differential = new Differential([new Side('ours', house.client(), how), new Side('theirs', client, how)]);
    await differential.run();
    const { made, questions, seen, divergences } = differential;
    return {
      name,
      rows: [
        { row, seed, events: made, answers: questions, statuses: seen.size, transfersCreated: seen.get('transfer created') ?? 0 },
        { row: 'what became of them', ...often(seen) },
        bounded('answers that differ', 'answers', divergences, 0),
      ],
    };
  } finally {
    client.destroy();
    await house.stop();
  }
}
