import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batchOf } from '#wire/kafka/record/record.ts';
import { appendBatch } from '#services/log/store/append.ts';
import { type Broker, openBroker } from '#services/log/store/broker.ts';
import { recordsFrom } from '#services/log/store/offset.ts';
import { filesOf } from '#services/log/store/pair/file.ts';
import { Follow } from '#services/log/store/pair/follow.ts';
import { Lead } from '#services/log/store/pair/lead.ts';
import { takeSeat } from '#services/log/store/pair/seat.ts';
import { sealer } from '#services/log/test/fixtures/sealer.ts';
import { Random } from '../journal/random.ts';
import { SimulatedFence } from '../pair/fence.ts';
import { type SimulatedWire, simulatedWires } from '../pair/network.ts';

const names = ['one', 'two'] as const;
type Name = (typeof names)[number];
const owner = { tenant: 1n, scope: 2n };
const config = { 'segment.bytes': '3000', 'retention.ms': '-1' };

/** Waits until the system has done what it was asked for, so that a seed says everything. */
async function rest(): Promise<void> {
  for (let quiet = 0; quiet < 2; ) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    quiet = process.getActiveResourcesInfo().some((kind) => kind.startsWith('FSReq')) ? 0 : quiet + 1;
  }
}

/** A process: what it does is dropped once it has ended, and waits while it is paused. */
type Node = {
  readonly name: Name;
  readonly root: string;
  broker: Broker | undefined;
  lead: Lead | undefined;
  follow: Follow | undefined;
  isSeating: boolean;
  isUp: boolean;
  isPaused: boolean;
  /** It has found that it must start anew. */
  isOver: boolean;
  /** Who keeps files from being rewritten, and what rewrites them. */
  holders: number;
  sweeping: Promise<void>;
  readonly wires: SimulatedWire[];
  readonly queued: (() => void)[];
};

type Client = { readonly id: number; sequence: number; inflight: string | undefined };
type Count = 'produced' | 'read' | 'kills' | 'pauses' | 'breaks' | 'outages' | 'wipes' | 'promotions' | 'fenced' | 'sweeps' | 'copies';
export type Seen = Record<Count, number>;

/**
 * The real replication between two logs, in directories of their own, over simulated lines and a simulated row: clients produce
 * to and read from whichever process they like, processes are killed and paused, lines break, directories are lost, PostgreSQL
 * is away or late. What was acknowledged stays, once and in order; what was read stays; in the end both have the same files.
 */
export class PairSimulation {
  readonly seen: Seen = {
    ...{ produced: 0, read: 0, kills: 0, pauses: 0, breaks: 0, outages: 0, wipes: 0, promotions: 0, fenced: 0, sweeps: 0, copies: 0 },
  };
  readonly #random: Random;
  readonly #fence: SimulatedFence;
  readonly #hasty: boolean;
  readonly #data = mkdtempSync(join(tmpdir(), 'gamut-log-pair-'));
  readonly #nodes: Node[] = [];
  readonly #clients: Client[] = [1, 2, 3].map((id) => ({ id, sequence: 0, inflight: undefined }));
  #now = 1_700_000_000_000;
  #epoch = 0n;
  #roots = 0;
  /** What every log must have from now on, in this order, of what was read; and what was acknowledged. */
  #shown: readonly string[] = [];
  readonly #acknowledged = new Set<string>();
  #mistake: unknown;

  /** `hasty` is a leader that answers without its standby: the simulation must find out. */
  constructor(seed: number, hasty = false) {
    this.#hasty = hasty;
    this.#random = new Random(seed);
    const below = (count: number) => this.#random.below(count);
    this.#fence = new SimulatedFence({ below, chance: (percent) => below(100) < percent });
    for (const name of names) this.#nodes.push(this.#start(name, this.#root()));
  }

  #root(): string {
    return join(this.#data, `${(this.#roots += 1)}`);
  }

  async run(actions: number): Promise<Seen> {
    try {
      for (let action = 0; action < actions; action += 1) await this.#act();
      await this.#calm();
      return this.seen;
    } finally {
      for (const node of this.#nodes) await this.#vanish(node);
      rmSync(this.#data, { recursive: true, force: true });
    }
  }

  #start(name: Name, root: string): Node {
    const node: Node = {
      ...{ name, root, broker: undefined, lead: undefined, follow: undefined, isSeating: false, isUp: true, isPaused: false },
      ...{ isOver: false, holders: 0, sweeping: Promise.resolve(), wires: [], queued: [] },
    };
    void this.#seat(node);
    return node;
  }

  /** Asks the row what the process is to be; tried again by a tick where PostgreSQL is away. */
  async #seat(node: Node): Promise<void> {
    if (node.isSeating || node.lead || node.follow) return;
    node.isSeating = true;
    const fence = this.#fence.for(node.name);
    const { root, name: self } = node;
    try {
      const { leads } = await takeSeat({ fence, names, self, root });
      if (!node.isUp) return;
      if (leads) this.#leads(node, leads);
      else this.#follows(node);
    } catch {
      // The next tick asks again.
    } finally {
      node.isSeating = false;
    }
  }

  #leads(node: Node, row: ConstructorParameters<typeof Lead>[0]['row']): void {
    const broker = openBroker({ directory: node.root, log: () => undefined, now: () => this.#now, mayWrite: () => true, sealer });
    node.broker = broker;
    node.lead = new Lead({
      ...{ disk: broker.disk, fence: this.#fence.for(node.name), row, doors: () => ({}), now: () => this.#now, log: () => undefined },
      async hold() {
        node.holders += 1;
        await node.sweeping;
        return () => void (node.holders -= 1);
      },
      onFenced: () => {
        this.seen.fenced += 1;
        node.isOver = true;
      },
    });
    node.lead.tick();
  }

  #follows(node: Node): void {
    node.follow = new Follow({
      ...{ root: node.root, fence: this.#fence.for(node.name), self: node.name, doors: () => ({}), now: () => this.#now },
      log: (level, text) => {
        if (level === 'info' && text === 'the standby follows the leader') this.seen.copies += 1;
      },
      connect: () => this.#connect(node),
      onPromoted: () => {
        node.isOver = true;
      },
    });
    node.follow.tick();
  }

  /** A line is opened though the other process is paused: its machine does so. */
  #connect(from: Node): Promise<SimulatedWire> {
    const to = this.#nodes.find((node) => node !== from) as Node;
    if (!to.isUp || !to.lead) return Promise.reject(new Error('nobody listens'));
    const [near, far] = simulatedWires();
    from.wires.push(near);
    to.wires.push(far);
    this.#reach(to, () => to.lead?.accept(far));
    return Promise.resolve(near);
  }

  #reach(node: Node, arrive: () => void): void {
    if (node.isPaused) node.queued.push(arrive);
    else if (node.isUp && !node.isOver) arrive();
  }

  async #act(): Promise<void> {
    const below = (count: number) => this.#random.below(count);
    this.#now += below(120);
    const node = this.#random.pick(this.#nodes);
    if (!node.isUp) this.#restart(node);
    else if (node.isOver && !node.isPaused) await this.#kill(node);
    else if (!node.isPaused && below(250) === 7) await this.#kill(node);
    else if (this.#fence.row?.synced && below(150) === 7) await this.#disaster();
    else if (below(250) === 7) this.#pause(this.#nodes.find(({ lead }) => lead) ?? node);
    else if (node.isPaused && below(300) < 1) this.#resume(node);
    else if (below(500) === 7) this.#outage();
    else if (this.#fence.isDown && below(100) < 3) this.#fence.isDown = false;
    else if (below(250) === 7 && node.wires.length > 0) this.#break(node);
    else if (below(100) < 2) this.#sweep(node);
    else if (below(100) < 60) for (let times = 1 + below(10); times > 0; times -= 1) this.#work(this.#random.pick(this.#nodes));
    else this.#speak(this.#random.pick(this.#clients));
    await rest();
    this.#notice();
  }

  #tick(node: Node): void {
    if (node.lead) node.lead.tick();
    else if (node.follow) node.follow.tick();
    else void this.#seat(node);
  }

  /** Something that a process waited for happens. */
  #work(node: Node): void {
    if (node.isPaused || node.isOver) return;
    const isRunning = (name: string) => this.#nodes.some((one) => one.name === name && one.isUp && !one.isPaused && !one.isOver);
    const drawn = this.#random.below(100);
    if (drawn < 15) this.#tick(node);
    else if (drawn < 35) this.#fence.step();
    else if (drawn < 55) this.#fence.deliver(isRunning);
    else if (node.wires.length > 0) this.#random.pick(node.wires).deliver();
    node.wires.splice(0, node.wires.length, ...node.wires.filter((wire) => !wire.isOver));
  }

  #notice(): void {
    if (this.#mistake) throw this.#mistake;
    const epoch = this.#fence.row?.epoch ?? 0n;
    if (epoch > this.#epoch) this.seen.promotions += 1;
    this.#epoch = epoch;
  }

  /** What rewrites files: compaction of what the log remembers, and notes of how far segments have come. */
  #sweep(node: Node): void {
    const { broker } = node;
    if (!broker || node.holders > 0 || node.isPaused) return;
    this.seen.sweeps += 1;
    const before = node.sweeping;
    node.sweeping = before.then(() => broker.sweep()).catch((error: unknown) => void (this.#mistake ??= error));
  }

  #outage(): void {
    this.seen.outages += 1;
    this.#fence.isDown = true;
  }

  #break(node: Node): void {
    this.seen.breaks += 1;
    this.#random.pick(node.wires).break(this.#random.below(4));
  }

  /** The leader is paused, and its standby ends and starts anew meanwhile. */
  async #disaster(): Promise<void> {
    for (const node of [...this.#nodes])
      if (node.lead) this.#pause(node);
      else if (node.isUp) await this.#kill(node);
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

  /** The process is gone with all it had in memory; what it had written is in its files. */
  async #kill(node: Node, mayLose = true): Promise<void> {
    this.seen.kills += 1;
    const { row } = this.#fence;
    // The directory of a process may be lost as long as the other one has all.
    const isSpare = row !== undefined && row.holder !== node.name && !this.#fence.hasLate(node.name);
    const isLost = mayLose && isSpare && this.#random.below(100) < 15;
    const root = this.#root();
    if (isLost) this.seen.wipes += 1;
    else if (existsSync(node.root)) cpSync(node.root, root, { recursive: true });
    await this.#vanish(node);
    this.#fence.forget(node.name);
    const gone: Node = { ...node, root, broker: undefined, lead: undefined, follow: undefined, isUp: false, isPaused: false };
    this.#nodes[this.#nodes.indexOf(node)] = gone;
  }

  async #vanish(node: Node): Promise<void> {
    node.isUp = false;
    node.queued.length = 0;
    for (const wire of node.wires) wire.close();
    node.follow?.stop();
    node.lead?.stop();
    await node.broker?.close();
    rmSync(node.root, { recursive: true, force: true });
  }

  #restart(node: Node): void {
    this.#nodes[this.#nodes.indexOf(node)] = this.#start(node.name, node.root);
  }

  /** A client says something new, or the same once more, or reads; to any process. */
  #speak(client: Client): void {
    const node = this.#random.pick(this.#nodes);
    const isReading = this.#random.below(100) < 25;
    this.#reach(node, () => {
      const { broker, lead } = node;
      if (!broker || !lead) return;
      const work = isReading ? this.#read(node, broker, lead) : this.#produce(client, node, broker, lead);
      // Whoever is killed while it reads finds its files gone.
      work.catch((error: unknown) => node.isUp && (this.#mistake ??= error));
    });
  }

  /** Resolves with whether the process is still there to answer, when it may. */
  async #told(node: Node, lead: Lead): Promise<boolean> {
    const confirmed = this.#hasty ? undefined : lead.confirm();
    if (confirmed) await confirmed;
    return node.isUp && !node.isOver;
  }

  async #produce(client: Client, node: Node, broker: Broker, lead: Lead): Promise<void> {
    client.inflight ??= `${client.id}-${client.sequence}`;
    const value = client.inflight;
    const topic = broker.topics.find(owner.scope, 't') ?? broker.topics.create(owner, 't', { partitions: 1, config });
    const partition = topic.partitions[0] ?? assert.fail('no partition');
    const producer = { producerId: client.id, producerEpoch: 0, baseSequence: client.sequence };
    const batch = batchOf([{ key: null, value: Buffer.from(value.padEnd(300, '.')), timestamp: this.#now }], producer);
    const told = await appendBatch(broker, topic, partition, batch, { scope: owner.scope, transactionalId: null, adds: false });
    // A refusal is an answer, too: a leader that is none any more may not know what came before.
    if (!(await this.#told(node, lead)) || client.inflight !== value) return;
    if ('error' in told) throw new Error(`${value} is refused: ${told.error}`);
    this.seen.produced += 1;
    this.#acknowledged.add(value);
    client.sequence += 1;
    client.inflight = undefined;
  }

  async #read(node: Node, broker: Broker, lead: Lead): Promise<void> {
    const floor = this.#acknowledged.size;
    const values = await valuesOf(broker);
    if (!(await this.#told(node, lead))) return;
    this.seen.read += 1;
    assert.ok(values.length >= floor, `${values.length} records are read, and ${floor} were acknowledged before it was asked for`);
    const both = Math.min(values.length, this.#shown.length);
    assert.deepEqual(values.slice(0, both), this.#shown.slice(0, both), 'what is read is another than what was read before');
    if (values.length > this.#shown.length) this.#shown = values;
  }

  /** Nothing fails any more: both must come to agree, and have all that was acknowledged. */
  async #calm(): Promise<void> {
    this.#fence.isDown = false;
    this.#fence.settle();
    for (const node of this.#nodes) if (node.isPaused) this.#resume(node);
    for (let round = 0; !this.#isQuiet(); round += 1) {
      assert.ok(round < 2000, `the two do not come to rest: ${this.#nodes.map(({ follow }) => follow?.state ?? 'leader').join(', ')}`);
      this.#now += 20;
      for (const node of [...this.#nodes]) {
        if (node.isUp && node.isOver) await this.#kill(node, false);
        else if (!node.isUp) this.#restart(node);
        else if (round % 5 === 0) this.#tick(node);
        for (const wire of [...node.wires]) while (wire.deliver()) await rest();
      }
      this.#fence.step();
      while (this.#fence.deliver(() => true)) await rest();
      for (const client of this.#clients) if (client.inflight) this.#speak(client);
      await rest();
      this.#notice();
    }
    await this.#compare();
  }

  #isQuiet(): boolean {
    const isFollowed = this.#nodes.some(({ lead }) => lead?.isInSync) && this.#nodes.some(({ follow }) => follow?.state === 'following');
    return isFollowed && this.#nodes.every(({ isUp, isOver }) => isUp && !isOver) && this.#clients.every(({ inflight }) => !inflight);
  }

  async #compare(): Promise<void> {
    const [leader, standby] = [this.#nodes.find(({ lead }) => lead) as Node, this.#nodes.find(({ follow }) => follow) as Node];
    const files = [...filesOf(leader.root).keys()].sort();
    assert.deepEqual([...filesOf(standby.root).keys()].sort(), files);
    for (const path of files)
      assert.ok(readFileSync(join(standby.root, path)).equals(readFileSync(join(leader.root, path))), `${path} is another`);
    // The copy is opened as a promoted standby opens it.
    const root = this.#root();
    cpSync(standby.root, root, { recursive: true });
    const broker = openBroker({ directory: root, log: () => undefined, now: () => this.#now, mayWrite: () => true, sealer });
    const values = await valuesOf(broker);
    await broker.close();
    assert.equal(new Set(values).size, values.length, 'a record is there twice');
    for (const value of this.#acknowledged) assert.ok(values.includes(value), `${value} was acknowledged and is lost`);
    assert.deepEqual(values.slice(0, this.#shown.length), this.#shown, 'what was read is gone');
    for (const { id } of this.#clients) {
      const own = values.filter((value) => value.startsWith(`${id}-`));
      assert.deepEqual(own, own.map((_, at) => `${id}-${at}`), 'the records of a producer are out of order');
    }
  }
}

async function valuesOf(broker: Broker): Promise<string[]> {
  const partition = broker.topics.find(owner.scope, 't')?.partitions[0];
  const values: string[] = [];
  if (!partition) return values;
  for await (const { record } of recordsFrom(partition, 0, partition.next)) values.push(String(record.value).replace(/\.+$/, ''));
  return values;
}
