import assert from 'node:assert/strict';
import { type Transfer, readAccount, writeAccount, writeTransfer } from '#wire/tigerbeetle/record.ts';
import { checksum } from '#wire/tigerbeetle/aegis.ts';
import { writeU128 } from '#wire/tigerbeetle/header.ts';
import { registerOperation } from '#wire/tigerbeetle/operation.ts';
import type { Answer, Asked } from '#services/ledger/store/asked.ts';
import { Book } from '#services/ledger/store/book.ts';
import { firstOp, isSegment } from '#services/ledger/store/log.ts';
import { Pair } from '#services/ledger/store/pair/pair.ts';
import { accountRecord, transferRecord } from '#services/ledger/test/fixtures/record.ts';
import { bodyOf, randomOf, run } from '#services/ledger/test/property/walk.ts';
import { SimulatedDisk } from './disk.ts';
import { SimulatedFence } from '../pair/fence.ts';
import { type SimulatedWire, simulatedWires } from '../pair/network.ts';

const who = { tenant: 1n, scope: 2n, credential: 3n, principal: 'someone' };
const names = ['one', 'two'] as const;
type Name = (typeof names)[number];
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A process: what it does is dropped once it has ended, and waits while it is paused. */
type Node = {
  readonly name: Name;
  disk: SimulatedDisk;
  book: Book;
  pair: Pair;
  isUp: boolean;
  isPaused: boolean;
  isFenced: boolean;
  readonly wires: SimulatedWire[];
  /** What reached it while it was paused. */
  readonly queued: (() => void)[];
};

type Inflight = { readonly asked: Asked; readonly ids: readonly bigint[]; readonly floor: number };
type Client = { readonly id: bigint; session: bigint; number: number; inflight: Inflight | undefined };

type Count = 'requests' | 'answers' | 'reads' | 'kills' | 'pauses' | 'breaks' | 'outages' | 'wipes' | 'promotions' | 'fenced';
/** What a run saw, for its summary. */
export type PairSeen = Record<Count | 'snapshots' | 'renewed' | 'copied', number>;

/**
 * The real replication between two books over simulated disks, lines and row: clients ask whichever process they like, processes
 * are killed and paused, lines break, PostgreSQL is away or late. What was acknowledged stays, what is read is the newest, and in
 * the end both have the same.
 */
export class PairSimulation {
  readonly seen: PairSeen = {
    ...{ requests: 0, answers: 0, reads: 0, kills: 0, pauses: 0, breaks: 0, outages: 0, wipes: 0 },
    ...{ promotions: 0, fenced: 0, snapshots: 0, renewed: 0, copied: 0 },
  };
  readonly #random: ReturnType<typeof randomOf>;
  readonly #fence: SimulatedFence;
  readonly #lies: boolean;
  readonly #nodes: Node[] = [];
  readonly #clients: Client[] = [1n, 2n, 3n].map((id) => ({ id, session: 0n, number: 0, inflight: undefined }));
  #now = 1_700_000_000_000_000_000n;
  #lastId = 100n;
  /** The last entry that no file may hold any more. */
  #erased = 0n;
  readonly #acknowledged = new Set<bigint>();
  #isCalm = false;
  #epoch = 0n;
  #mistake: Error | undefined;

  /** With `lies` the disks' sync does nothing. */
  constructor(seed: number, lies = false) {
    this.#lies = lies;
    this.#random = randomOf(seed);
    this.#fence = new SimulatedFence(this.#random);
    for (const name of names) this.#nodes.push(this.#start(name, new SimulatedDisk(this.#random)));
  }

  async run(actions: number): Promise<PairSeen> {
    for (let action = 0; action < actions; action += 1) await this.#act();
    await this.#calm();
    return this.seen;
  }

  #start(name: Name, disk: SimulatedDisk): Node {
    disk.lies = this.#lies;
    const book = new Book({ disk, now: () => this.#now, mayWrite: () => true, onFailure: (error) => this.#report(name, error) });
    const wires: SimulatedWire[] = [];
    const node: Node = { name, disk, book, pair: undefined as never, isUp: true, isPaused: false, isFenced: false, wires, queued: [] };
    node.pair = new Pair({
      book,
      fence: this.#fence.for(name),
      names,
      self: name,
      connect: () => this.#connect(node),
      now: () => Number(this.#now / 1_000_000n),
      log: () => undefined,
      rest: () => '',
      onFenced: () => {
        this.seen.fenced += 1;
        node.isFenced = true;
      },
    });
    return node;
  }

  /** No disk fails here: it is a mistake of ours that a write has come upon. */
  #report(name: Name, error: Error): void {
    this.#mistake ??= new Error(`the disk of ${name} failed`, { cause: error });
  }

  /** A line is opened though the other process is paused: its machine does so. */
  #connect(from: Node): Promise<SimulatedWire> {
    const to = this.#nodes.find((node) => node !== from) as Node;
    if (!to.isUp) return Promise.reject(new Error('nobody listens'));
    const [near, far] = simulatedWires();
    from.wires.push(near);
    to.wires.push(far);
    this.#reach(to, () => to.pair.accept(far));
    return Promise.resolve(near);
  }

  #reach(node: Node, arrive: () => void): void {
    if (node.isPaused) node.queued.push(arrive);
    else if (node.isUp) arrive();
  }

  async #act(): Promise<void> {
    const { chance, below, pick } = this.#random;
    this.#now += BigInt(below(120_000_000));
    const node = pick(this.#nodes);
    if (!node.isUp) this.#restart(node);
    else if (node.isFenced && !node.isPaused) this.#kill(node);
    else if (!node.isPaused && below(300) === 7) this.#kill(node);
    else if (below(250) === 7) this.#disaster();
    else if (below(250) === 7) this.#pause(this.#nodes.find(({ pair }) => pair.serves) ?? node);
    else if (node.isPaused && chance(1)) this.#resume(node);
    else if (below(600) === 7) this.#outage();
    else if (this.#fence.isDown && chance(3)) this.#fence.isDown = false;
    else if (below(300) === 7 && node.wires.length > 0) this.#break(node);
    else if (chance(1) && !node.isPaused) this.#snapshot(node);
    else if (below(250) === 7 && node.pair.serves && !node.isPaused) this.#renew(node);
    else if (chance(75)) this.#work(node);
    else this.#speak(pick(this.#clients));
    await turn();
    this.#notice();
  }

  /** Something that a process waited for happens. */
  #work(node: Node): void {
    if (node.isPaused) return;
    const { below, pick } = this.#random;
    const isRunning = (owner: string) => this.#nodes.some(({ name, isUp, isPaused }) => name === owner && isUp && !isPaused);
    const drawn = below(100);
    if (drawn < 15) node.pair.tick();
    else if (drawn < 17) node.book.tick();
    else if (drawn < 30) this.#fence.step();
    else if (drawn < 45) this.#fence.deliver(isRunning);
    else if (drawn < 70) node.disk.step();
    else if (node.wires.length > 0) pick(node.wires).deliver();
    node.wires.splice(0, node.wires.length, ...node.wires.filter((wire) => !wire.isOver));
  }

  #notice(): void {
    if (this.#mistake) throw this.#mistake;
    const epoch = this.#fence.row?.epoch ?? 0n;
    if (epoch > this.#epoch) this.seen.promotions += 1;
    this.#epoch = epoch;
  }

  #snapshot(node: Node): void {
    if (!node.book.snapshots) return;
    void node.book.snapshots.take().then(() => {
      this.seen.snapshots += 1;
    });
  }

  /** What an erasure does: the log of before goes, here and at the standby. */
  #renew(node: Node): void {
    this.seen.renewed += 1;
    const { snapshots, log } = node.book;
    const before = log.op;
    const work = async () => {
      await snapshots.renew();
      this.#erased = before > this.#erased ? before : this.#erased;
    };
    void node.pair.renew(work).then(
      (isCopied) => {
        if (isCopied) this.seen.copied += 1;
      },
      () => undefined,
    );
  }

  #outage(): void {
    this.seen.outages += 1;
    this.#fence.isDown = true;
  }

  #break(node: Node): void {
    this.seen.breaks += 1;
    this.#random.pick(node.wires).break(this.#random.below(4));
  }

  /** The primary is paused, and its standby ends and starts anew meanwhile. */
  #disaster(): void {
    for (const node of this.#nodes)
      if (node.pair.serves) this.#pause(node);
      else if (node.isUp) this.#kill(node);
  }

  #pause(node: Node): void {
    if (node.isPaused || !node.isUp) return;
    this.seen.pauses += 1;
    node.isPaused = true;
  }

  #resume(node: Node): void {
    node.isPaused = false;
    for (const arrive of node.queued.splice(0)) arrive();
  }

  #kill(node: Node): void {
    this.seen.kills += 1;
    node.isUp = false;
    node.isPaused = false;
    node.queued.length = 0;
    for (const wire of node.wires) wire.close();
    this.#fence.forget(node.name);
    const image = node.disk.crash();
    const { row } = this.#fence;
    // The directory of a process may be lost as long as the other one has all.
    const mayLose = row !== undefined && row.holder !== node.name && !this.#fence.hasLate(node.name);
    const isLost = mayLose && !this.#isCalm && this.#random.chance(15);
    if (isLost) this.seen.wipes += 1;
    node.disk = new SimulatedDisk(this.#random, isLost ? new Map() : image);
  }

  #restart(node: Node): void {
    const anew = this.#start(node.name, node.disk);
    this.#nodes[this.#nodes.indexOf(node)] = anew;
    anew.pair.tick();
  }

  /** A client asks something new, or the same once more, of any process. */
  #speak(client: Client): void {
    if (!client.inflight) client.inflight = this.#next(client);
    const node = this.#random.pick(this.#nodes);
    const { asked } = client.inflight;
    this.#reach(node, () => node.book.ask(asked, (answer) => this.#answer(client, asked, answer)));
  }

  #next(client: Client): Inflight {
    this.seen.requests += 1;
    const floor = this.#acknowledged.size;
    const request = BigInt(this.seen.requests) * 16n + client.id;
    const ask = (operation: number, number: number, body: Buffer, ids: readonly bigint[] = []): Inflight => {
      const head = { who, client: client.id, release: 4361, session: client.session, checksum: request, bodyChecksum: checksum(body) };
      return { asked: { ...head, number, operation, body }, ids, floor };
    };
    if (client.session === 0n) return ask(registerOperation, 0, Buffer.alloc(256));
    client.number += 1;
    if (client.number === 1) {
      const accounts = [1n, 2n].map((id) => writeAccount(accountRecord(id)));
      return ask(146, client.number, bodyOf(146, accounts));
    }
    if (this.#random.chance(35)) return ask(140, client.number, bodyOf(140, [1n, 2n].map(idOf)));
    const ids = Array.from({ length: 1 + this.#random.below(4) }, () => (this.#lastId += 1n));
    const transfers = ids.map((id): Transfer => transferRecord(id));
    return ask(147, client.number, bodyOf(147, transfers.map(writeTransfer)), ids);
  }

  #answer(client: Client, asked: Asked, answer: Answer): void {
    assert.equal(answer.kind, 'reply', 'a session that was acknowledged is there');
    if (answer.kind !== 'reply' || client.inflight?.asked !== asked) return;
    const { ids, floor } = client.inflight;
    this.seen.answers += 1;
    if (asked.operation === registerOperation) client.session = answer.op;
    if (asked.operation === 140) {
      this.seen.reads += 1;
      const moved = answer.body.length < 256 ? 0 : Number(readAccount(answer.body, 0).debitsPosted);
      assert.ok(moved >= floor, `a read shows ${moved} transfers, and ${floor} were acknowledged before it was asked for`);
    }
    for (const [index, id] of ids.entries()) {
      const status = answer.body.readUInt32LE(index * 16 + 8);
      // Accounts are made by the first request of each client; one that came earlier finds none.
      if (status === 0xffff_ffff) this.#acknowledged.add(id);
    }
    client.inflight = undefined;
  }

  /** Nothing fails any more: both must come to serve, agree, and have all that was acknowledged. */
  async #calm(): Promise<void> {
    this.#isCalm = true;
    this.#fence.isDown = false;
    this.#fence.settle();
    for (const node of this.#nodes) if (node.isPaused) this.#resume(node);
    for (let round = 0; !this.#isQuiet(); round += 1) {
      assert.ok(round < 4000, `the two do not come to rest: ${this.#nodes.map(({ pair }) => pair.state).join(', ')}`);
      this.#now += 20_000_000n;
      for (const node of [...this.#nodes]) {
        if (node.isUp && node.isFenced) this.#kill(node);
        if (!node.isUp) this.#restart(node);
        else if (round % 5 === 0) node.pair.tick();
        while (node.disk.step()) await turn();
        for (const wire of [...node.wires]) while (wire.deliver()) await turn();
      }
      this.#fence.step();
      while (this.#fence.deliver(() => true)) await turn();
      for (const client of this.#clients) if (client.inflight) this.#speak(client);
      await turn();
      this.#notice();
    }
    this.#compare();
  }

  #isQuiet(): boolean {
    const states = this.#nodes.map(({ pair, isFenced, isUp }) => (isUp && !isFenced ? pair.state : 'down'));
    const [one, two] = this.#nodes.map(({ book }) => book) as [Book, Book];
    const isSync = states.includes('primary sync') && states.includes('standby following');
    return isSync && this.#clients.every(({ inflight }) => !inflight) && one.stand.op === two.stand.op;
  }

  #compare(): void {
    for (const { disk } of this.#nodes)
      for (const name of disk.list().filter(isSegment)) assert.ok(firstOp(name) > this.#erased, `${name} was to go`);
    const [one, two] = this.#nodes.map(({ book }) => book.ledgers.get(who.scope)?.state);
    if (!one || !two) return assert.equal(this.#acknowledged.size, 0);
    for (const table of ['accounts', 'transfers', 'events', 'burnt'] as const) {
      assert.equal(one[table].count, two[table].count);
      for (let chunk = 0; chunk < one[table].chunks; chunk += 1) assert.deepEqual(one[table].words(chunk), two[table].words(chunk));
    }
    const ids = [...this.#acknowledged];
    assert.equal(run(one, 132, ids.map(idOf), one.timestamp).length, ids.length * 128, 'what was acknowledged is there');
    const [debit, credit] = [0, 128].map((at) => readAccount(run(one, 131, [1n, 2n].map(idOf), one.timestamp), at));
    assert.equal(debit?.debitsPosted, BigInt(one.transfers.count));
    assert.equal(credit?.creditsPosted, BigInt(one.transfers.count));
  }
}

function idOf(id: bigint): Buffer {
  const bytes = Buffer.alloc(16);
  writeU128(bytes, id, 0);
  return bytes;
}
