import assert from 'node:assert/strict';
import { OperationError } from '#kernel/contract/fault.ts';
import { type Account, type Transfer, writeAccount, writeTransfer } from '#wire/tigerbeetle/record.ts';
import { checksum } from '#wire/tigerbeetle/aegis.ts';
import { registerOperation } from '#wire/tigerbeetle/operation.ts';
import type { Answer, Asked } from '#services/ledger/store/asked.ts';
import { Book } from '#services/ledger/store/book.ts';
import { readHeadOnly } from '#services/ledger/store/entry.ts';
import { Model, type Outcome } from '#services/ledger/test/property/model.ts';
import { bodyOf, compareAll, compareQueries, Generator, randomOf } from '#services/ledger/test/property/walk.ts';
import { SimulatedDisk } from './disk.ts';

const who = { tenant: 1n, scope: 2n, credential: 3n, principal: 'someone' };
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

type Step = { readonly op: bigint; readonly apply: (model: Model) => void };
type Reply = Extract<Answer, { kind: 'reply' }>;
type Client = {
  readonly id: bigint;
  session: bigint;
  number: number;
  inflight: { asked: Asked; answered: Reply | undefined; expected: Outcome[] | undefined } | undefined;
  last: { asked: Asked; reply: Reply } | undefined;
};

/** What a run saw, for its summary. */
export type Seen = {
  requests: number;
  answers: number;
  crashes: number;
  refusals: number;
  duplicates: number;
  failedSyncs: number;
  snapshots: number;
  /** Starts that found ids and lists in files. */
  spilled: number;
};

/**
 * The real book over a simulated disk, clock and network, beside the plain model: clients ask, ask again and ask late; the
 * process dies at any point; bits turn. Everything that was answered must be there afterwards, and all of it as the model has it.
 */
export class Simulation {
  readonly seen: Seen = { requests: 0, answers: 0, crashes: 0, refusals: 0, duplicates: 0, failedSyncs: 0, snapshots: 0, spilled: 0 };
  readonly #random: ReturnType<typeof randomOf>;
  readonly #generator: Generator;
  readonly #clients: Client[];
  #disk: SimulatedDisk;
  #book!: Book;
  #now = 1_700_000_000_000_000_000n;
  #model = new Model();
  /** The model's own clock: the timestamp of what changed it last. */
  #modelTime = 0n;
  #steps: (Step & { readonly time: bigint })[] = [];
  #acknowledged = 0n;
  #failed = false;

  readonly #lies: boolean;
  readonly #memory: { readonly memoryRows?: number };

  /** With `lies` the disk's sync does nothing. */
  constructor(seed: number, lies = false) {
    this.#lies = lies;
    // In two of three runs most ids and lists lie in files.
    this.#memory = seed % 3 === 0 ? {} : { memoryRows: 16 };
    this.#random = randomOf(seed);
    this.#generator = new Generator(this.#random);
    this.#disk = new SimulatedDisk(this.#random);
    this.#clients = [1n, 2n, 3n].map((id) => ({ id, session: 0n, number: 0, inflight: undefined, last: undefined }));
  }

  async run(actions: number): Promise<Seen> {
    await this.#open();
    for (let action = 0; action < actions; action += 1) await this.#act();
    while (this.#disk.step()) await turn();
    await this.#crash();
    return this.seen;
  }

  async #open(): Promise<void> {
    this.#disk.lies = this.#lies;
    this.#book = await this.#opened(this.#disk, () => {
      this.#failed = true;
    });
  }

  /** A book on a disk that does what it is asked for while the book opens. */
  async #opened(disk: SimulatedDisk, onFailure: () => void): Promise<Book> {
    let isOpen = false;
    const opening = Book.open({ ...this.#memory, disk, now: () => this.#now, mayWrite: () => true, onFailure }).finally(() => {
      isOpen = true;
    });
    opening.catch(() => undefined);
    for (; !isOpen; await turn()) disk.step();
    return opening;
  }

  async #act(): Promise<void> {
    const { chance, below, pick } = this.#random;
    this.#now += BigInt(below(400_000_000)) - 20_000_000n;
    const client = pick(this.#clients);
    if (this.#failed || chance(1)) await this.#crash();
    else if (chance(1)) this.#disk.failSync = true;
    else if (chance(35)) this.#disk.step();
    else if (chance(3)) this.#book.tick();
    else if (chance(3)) this.#snapshot();
    // As an erasure does; where the disk fails or the process dies meanwhile, it is asked for again.
    else if (chance(2)) void this.#book.snapshots.renew().catch(() => undefined);
    else if (client.inflight && chance(20)) this.#send(client, client.inflight.asked);
    else if (client.last && chance(10)) this.#late(client, client.last);
    else if (!client.inflight) this.#ask(client);
    await turn();
    if (this.#steps.length === 0 || this.#book.log.op > (this.#steps.at(-1)?.op ?? 0n)) this.#noticeTick();
  }

  #snapshot(): void {
    const { book, seen } = { book: this.#book, seen: this.seen };
    void book.snapshots.take().then(() => {
      seen.snapshots += 1;
    });
  }

  /** A tick may have let transfers expire; the model follows. */
  #noticeTick(): void {
    const ledger = this.#book.ledgers.get(who.scope);
    if (!ledger || ledger.op <= (this.#steps.at(-1)?.op ?? 0n)) return;
    const base = this.#base();
    const expired = this.#model.expire(base);
    assert.ok(expired > 0);
    this.#apply(ledger.op, base, (model) => void model.expire(base), BigInt(expired) - 1n);
  }

  #base(): bigint {
    return this.#now > this.#modelTime ? this.#now : this.#modelTime + 1n;
  }

  #apply(op: bigint, time: bigint, apply: (model: Model) => void, more: bigint): void {
    this.#modelTime = time + more;
    this.#steps.push({ op, time: this.#modelTime, apply });
  }

  /** A new request of a client: its first opens the session. */
  #ask(client: Client): void {
    const base = { who, client: client.id, release: 4361, session: client.session };
    const number = client.session === 0n ? 0 : client.number + 1;
    const request = BigInt(this.seen.requests + 1) * 16n + client.id;
    this.seen.requests += 1;
    if (client.session === 0n) {
      const body = Buffer.alloc(256);
      const asked = { ...base, number, operation: registerOperation, checksum: request, bodyChecksum: checksum(body), body };
      client.inflight = { asked, answered: undefined, expected: undefined };
      this.#send(client, asked);
      return;
    }
    client.number = number;
    const kind = this.#random.chance(this.#model.accounts.size < 20 ? 70 : 5) ? 'account' : 'transfer';
    const count = 1 + this.#random.below(6);
    const imported = this.#random.chance(10);
    const events = Array.from({ length: count }, () =>
      kind === 'account' ? this.#generator.account(imported, this.#now) : this.#generator.transfer(imported, this.#now),
    );
    const body = bodyOf(
      kind === 'account' ? 146 : 147,
      events.map((event) => (kind === 'account' ? writeAccount(event as Account) : writeTransfer(event as Transfer))),
    );
    const asked = { ...base, number, operation: kind === 'account' ? 146 : 147, checksum: request, bodyChecksum: checksum(body), body };
    client.inflight = { asked, answered: undefined, expected: this.#execute(kind, events) };
    this.#send(client, asked);
  }

  /** What the model makes of a batch, before the book does. */
  #execute(kind: 'account' | 'transfer', events: readonly (Account | Transfer)[]): Outcome[] {
    const op = this.#book.log.op;
    const base = this.#base();
    const expired = this.#model.expire(base);
    if (expired > 0) this.#apply(op + 1n, base, (model) => void model.expire(base), BigInt(expired) - 1n);
    const timestamp = this.#base() + BigInt(events.length);
    const results = this.#model.create(kind, events, timestamp);
    this.#apply(op + (expired > 0 ? 2n : 1n), timestamp, (model) => void model.create(kind, events, timestamp), 0n);
    return results;
  }

  #send(client: Client, asked: Asked): void {
    if (client.inflight?.answered) return;
    this.#book.ask(asked, (answer) => this.#answer(client, asked, answer));
  }

  #answer(client: Client, asked: Asked, answer: Answer): void {
    assert.equal(answer.kind, 'reply');
    const reply = answer as Reply;
    if (client.inflight?.asked !== asked) return;
    const { expected } = client.inflight;
    assert.equal(reply.request, asked.checksum);
    if (asked.operation === registerOperation) client.session = reply.op;
    if (expected) {
      const results = expected.map((_, index) => ({
        status: reply.body.readUInt32LE(index * 16 + 8),
        timestamp: reply.body.readBigUInt64LE(index * 16),
      }));
      assert.deepEqual(results, expected);
    }
    this.#acknowledged = reply.op > this.#acknowledged ? reply.op : this.#acknowledged;
    this.seen.answers += 1;
    client.last = { asked, reply };
    client.inflight = undefined;
  }

  /** The last request comes once more, late: it is answered as before, or not at all when a newer one is on its way. */
  #late(client: Client, { asked, reply }: NonNullable<Client['last']>): void {
    this.seen.duplicates += 1;
    this.#book.ask(asked, (again) => {
      if (client.last?.asked !== asked) return;
      assert.equal(again.kind, 'reply');
      assert.deepEqual((again as Reply).body, reply.body);
      assert.equal((again as Reply).op, reply.op);
    });
  }

  async #crash(): Promise<void> {
    this.seen.crashes += 1;
    if (this.#failed) this.seen.failedSyncs += 1;
    this.#failed = false;
    const image = this.#disk.crash();
    if (this.#random.chance(30)) await this.#corrupt(image);
    this.#disk = new SimulatedDisk(this.#random, image);
    await this.#open();
    this.#recovered(this.#book);
    if ([...image.keys()].some((name) => name.startsWith('run-'))) this.seen.spilled += 1;
    for (const client of this.#clients) {
      // A client whose request is lost asks again; the number of a request that left no trace is used again.
      const { inflight } = client;
      if (!inflight) continue;
      if (inflight.asked.operation === registerOperation) this.#send(client, inflight.asked);
      else this.#again(client, inflight.asked);
      await turn();
    }
  }

  /** After a crash a request on its way is either in the log, then its reply is the same, or it is executed anew. */
  #again(client: Client, asked: Asked): void {
    const kept = this.#book.sessions.find(who, client.id);
    assert.ok(kept, 'a session that was answered is there');
    if (kept.last.number === asked.number) {
      this.#send(client, asked);
      return;
    }
    client.number -= 1;
    client.inflight = undefined;
  }

  /** Everything answered is there, and the state is the model's at the last entry kept. */
  #recovered(book: Book): void {
    assert.ok(book.log.op >= this.#acknowledged, `entry ${this.#acknowledged} was answered, the log ends at ${book.log.op}`);
    this.#steps = this.#steps.filter((step) => step.op <= book.log.op);
    this.#model = this.#compare(book);
    this.#modelTime = this.#steps.at(-1)?.time ?? 0n;
  }

  /** The model of what a book has kept, which is found the same. */
  #compare(book: Book): Model {
    const model = new Model();
    for (const step of this.#steps) if (step.op <= book.log.op) step.apply(model);
    const ledger = book.ledgers.get(who.scope);
    if (ledger) {
      compareAll(ledger.state, model);
      for (let query = 0; query < 5; query += 1) compareQueries(ledger.state, model, this.#random, this.#now);
    } else assert.equal(model.accounts.size, 0);
    return model;
  }

  /** A turned bit in a copy of the disk: the copy is refused, or holds everything that was answered. */
  async #corrupt(image: ReadonlyMap<string, Buffer>): Promise<void> {
    const names = [...image.keys()].filter((name) => (image.get(name) as Buffer).length > 0);
    if (names.length === 0) return;
    const name = this.#random.pick(names);
    const bytes = Buffer.from(image.get(name) as Buffer);
    bytes[this.#random.below(bytes.length)]! ^= 1 << this.#random.below(8);
    const copy = new SimulatedDisk(this.#random, new Map([...image, [name, bytes]]));
    try {
      const book = await this.#opened(copy, () => undefined);
      assert.ok(book.log.op >= provenBy(image), `a turned bit in ${name} took an entry away`);
      this.#compare(book);
    } catch (error) {
      assert.ok(error instanceof OperationError && error.code === 'LogDamaged', String(error));
      this.seen.refusals += 1;
    }
  }
}

/** The last entry that the log itself proves to have been on disk: what came after it says so. */
function provenBy(image: ReadonlyMap<string, Buffer>): bigint {
  let proven = 0n;
  for (const bytes of image.values())
    for (let at = 0; at < bytes.length; at += 16) {
      const durable = readHeadOnly(bytes, at)?.durable ?? 0n;
      if (durable > proven) proven = durable;
    }
  return proven;
}
