import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batchOf } from '#wire/kafka/record/record.ts';
import { appendBatch, batchFlushed } from '#services/log/store/append.ts';
import { type Broker, openBroker } from '#services/log/store/broker.ts';
import { recordsFrom } from '#services/log/store/offset.ts';
import type { Partition } from '#services/log/store/partition.ts';
import { sealer } from '#services/log/test/fixtures/sealer.ts';
import { Random } from '../journal/random.ts';
import { Trace } from './trace.ts';

const owner = { tenant: 1n, scope: 2n };
const writer = 'writer';
const config = { flush: 'commit', 'segment.bytes': '1500', 'retention.ms': '-1' };
const configs = { plain: config, keyed: { ...config, 'cleanup.policy': 'compact' }, moved: config } as const;
type Name = keyof typeof configs;
const names = Object.keys(configs) as Name[];
const none = { producerId: -1, epoch: -1 };
type Identity = { readonly producerId: number; readonly epoch: number };

/** Something that was answered, after so many steps of the file system. */
type Told<T> = { readonly after: number; readonly what: T };
type Count = 'steps' | 'lost' | 'kills' | 'rolls' | 'sweeps' | 'commits' | 'aborts' | 'duplicates' | 'fenced';
export type Seen = Record<Count, number>;

/**
 * The real log over a real directory, of which every step is noted: appends, indexes with snapshots of producers, compaction,
 * transactions and their ends. Then the power, or the process alone, ends after each of these steps, and the log is opened on what a
 * disk may have kept. What was acknowledged under `flush=commit` is there, once and in order; no transaction is torn, none that was
 * aborted is read; what comes again is known again; an older epoch is refused.
 */
export class PowerSimulation {
  readonly seen: Seen = { steps: 0, lost: 0, kills: 0, rolls: 0, sweeps: 0, commits: 0, aborts: 0, duplicates: 0, fenced: 0 };
  readonly #random: Random;
  readonly #data = mkdtempSync(join(tmpdir(), 'gamut-log-power-'));
  readonly #root = join(this.#data, 'log');
  readonly #trace: Trace;
  #now = 1_700_000_000_000;
  #transaction = 0;
  #identity: Identity = none;
  readonly #made: Told<Name>[] = [];
  readonly #plain: Told<number>[] = [];
  readonly #keyed: Told<{ readonly key: string; readonly value: number }>[] = [];
  readonly #committed: Told<string>[] = [];
  readonly #aborted = new Set<string>();
  readonly #identities: Told<Identity>[] = [];

  constructor(seed: number, lies = false) {
    this.#trace = new Trace(this.#root, lies);
    this.#random = new Random(seed);
  }

  async run(actions: number): Promise<Seen> {
    try {
      this.#trace.begin();
      try {
        await this.#work(actions);
      } finally {
        this.#trace.end();
      }
      const { length } = this.#trace.steps;
      for (let count = 0; count <= length; count += 1) {
        await this.#check(count, false);
        if (count % 4 === 0) await this.#check(count, true);
      }
      this.seen.steps = length;
      return this.seen;
    } finally {
      rmSync(this.#data, { recursive: true, force: true });
    }
  }

  #open(directory: string): Broker {
    return openBroker({ directory, log: () => undefined, now: () => this.#now, steady: () => this.#now, mayWrite: () => true, sealer });
  }

  #told<T>(what: T): Told<T> {
    return { after: this.#trace.steps.length, what };
  }

  async #work(actions: number): Promise<void> {
    const broker = this.#open(this.#root);
    for (const name of names) {
      const topic = broker.topics.create(owner, name, { partitions: name === 'moved' ? 2 : 1, config: configs[name] });
      await broker.topics.flushed(topic);
      this.#made.push(this.#told(name));
    }
    await this.#init(broker);
    for (let action = 0; action < actions; action += 1) {
      this.#now += this.#random.below(50);
      const way = this.#random.below(100);
      if (way < 35) await this.#producePlain(broker);
      else if (way < 65) await this.#produceKeyed(broker);
      else if (way < 92) await this.#transact(broker);
      else if (way < 96) await this.#init(broker);
      else {
        await broker.sweep();
        this.seen.sweeps += 1;
      }
    }
    this.seen.rolls += names.reduce((sum, name) => sum + partitionOf(broker, name).segments.length - 1, 0);
    await broker.close();
  }

  async #init(broker: Broker): Promise<void> {
    const identity = await broker.transactions.init(owner.scope, writer, 60_000, none);
    assert.ok(!('error' in identity));
    this.#identity = identity;
    await broker.transactions.saved();
    this.#identities.push(this.#told(identity));
  }

  async #producePlain(broker: Broker): Promise<void> {
    const value = this.#plain.length;
    assert.deepEqual(await put(broker, 'plain', plainBatch(value)), { baseOffset: value, duplicate: false, appendTimeMs: -1 });
    await partitionOf(broker, 'plain').flushed();
    this.#plain.push(this.#told(value));
  }

  async #produceKeyed(broker: Broker): Promise<void> {
    const what = { key: `k${this.#random.below(5)}`, value: this.#keyed.length };
    const record = { key: Buffer.from(what.key), value: Buffer.from(`${what.value}`.padEnd(60)), timestamp: this.#now };
    await put(broker, 'keyed', batchOf([record]));
    await partitionOf(broker, 'keyed').flushed();
    this.#keyed.push(this.#told(what));
  }

  async #transact(broker: Broker): Promise<void> {
    const name = `t${(this.#transaction += 1)}`;
    const commits = this.#random.chance(0.6);
    if (!commits) this.#aborted.add(name);
    for (const [index, sequence] of moves) {
      const appended = await put(broker, 'moved', movedBatch(name, sequence, this.#identity), writer, index);
      assert.ok(!('error' in appended), JSON.stringify(appended));
      await batchFlushed(broker, partitionOf(broker, 'moved', index), { scope: owner.scope, transactionalId: writer, adds: true });
    }
    const next = broker.transactions.end(owner.scope, writer, this.#identity, commits ? 'commit' : 'abort', true);
    assert.ok(!('error' in next));
    assert.ok(await broker.transactions.ended(owner.scope, writer, ['moved 0', 'moved 1']));
    this.#identity = next;
    this.#identities.push(this.#told(next));
    if (commits) this.#committed.push(this.#told(name));
    this.seen[commits ? 'commits' : 'aborts'] += 1;
  }

  async #check(count: number, kill: boolean): Promise<void> {
    const root = join(this.#data, `${count}-${kill}`);
    this.#trace.crash(count, root, this.#random, kill);
    this.seen[kill ? 'kills' : 'lost'] += 1;
    const known = <T>(all: readonly Told<T>[]): T[] => all.filter(({ after }) => after <= count).map(({ what }) => what);
    try {
      const broker = this.#open(root);
      for (const name of known(this.#made)) assert.ok(broker.topics.find(owner.scope, name), `the topic ${name} is lost`);
      if (known(this.#made).length === names.length) {
        await this.#checkPlain(broker, known(this.#plain).length);
        await this.#checkKeyed(broker, known(this.#keyed));
        await this.#checkMoved(broker, known(this.#committed), known(this.#identities).at(-1));
      }
      await broker.close();
    } catch (cause) {
      const last = JSON.stringify(this.#trace.steps[count - 1]);
      throw new Error(`after step ${count}, ${kill ? 'a kill' : 'a loss of power'}: ${last}`, { cause });
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }

  async #checkPlain(broker: Broker, acknowledged: number): Promise<void> {
    const partition = partitionOf(broker, 'plain');
    const found = (await valuesOf(partition)).map(Number);
    assert.deepEqual(found, [...found.keys()], 'records are there twice, or not in order');
    assert.ok(found.length >= acknowledged, `${acknowledged} were acknowledged, ${found.length} are there`);
    assert.equal(partition.next, found.length);
    const again = found.length - 1;
    if (again >= 0) {
      assert.deepEqual(await put(broker, 'plain', plainBatch(again)), { baseOffset: again, duplicate: true, appendTimeMs: -1 });
      this.seen.duplicates += 1;
    }
    const next = await put(broker, 'plain', plainBatch(found.length));
    assert.deepEqual(next, { baseOffset: found.length, duplicate: false, appendTimeMs: -1 });
    assert.equal((await valuesOf(partition)).length, found.length + 1, 'the log does not go on');
  }

  async #checkKeyed(broker: Broker, acknowledged: readonly { readonly key: string; readonly value: number }[]): Promise<void> {
    const partition = partitionOf(broker, 'keyed');
    const found = new Map<string, number>();
    for await (const { record } of recordsFrom(partition, 0, partition.next)) found.set(String(record.key), Number(String(record.value)));
    const last = new Map(acknowledged.map(({ key, value }) => [key, value]));
    for (const [key, value] of last)
      assert.ok((found.get(key) ?? -1) >= value, `${key}: ${value} was acknowledged, ${found.get(key)} is there`);
  }

  async #checkMoved(broker: Broker, committed: readonly string[], identity: Identity | undefined): Promise<void> {
    // Whoever takes the name ends what was open.
    const fresh = await broker.transactions.init(owner.scope, writer, 60_000, none);
    assert.ok(!('error' in fresh));
    const values = [await valuesOf(partitionOf(broker, 'moved', 0)), await valuesOf(partitionOf(broker, 'moved', 1))];
    const found = [...new Set(values.flat().map((value) => value.split(' ')[0] ?? ''))];
    for (const [index, read] of values.entries())
      assert.deepEqual(
        read,
        found.flatMap((name) => moves.filter(([to]) => to === index).map(([, sequence]) => `${name} ${sequence}`)),
        `a transaction is torn in partition ${index}`,
      );
    for (const name of found) assert.ok(!this.#aborted.has(name), `${name} was aborted and is read`);
    for (const name of committed) assert.ok(found.includes(name), `${name} was committed and is lost`);
    if (!identity) return;
    for (const index of [0, 1]) {
      const late = await put(broker, 'moved', movedBatch('late', 0, identity), writer, index);
      assert.ok('error' in late, 'an older epoch writes');
    }
    this.seen.fenced += 1;
  }
}

/** What each transaction writes: to which partition, as which record of its own there. */
const moves = [
  [0, 0],
  [1, 0],
  [0, 1],
] as const;

const partitionOf = ({ topics }: Broker, name: Name, index = 0): Partition =>
  topics.find(owner.scope, name)?.partitions[index] ?? assert.fail(`${name} is not there`);

function put(broker: Broker, name: Name, batch: Buffer, transactionalId: string | null = null, index = 0) {
  const topic = broker.topics.find(owner.scope, name) ?? assert.fail(`${name} is not there`);
  return appendBatch(broker, topic, partitionOf(broker, name, index), batch, { scope: owner.scope, transactionalId, adds: true });
}

const plainBatch = (value: number): Buffer =>
  batchOf([{ key: null, value: Buffer.from(`${value}`.padEnd(100)), timestamp: 1 }], {
    ...{ producerId: 77, producerEpoch: 0, baseSequence: value },
  });

const movedBatch = (name: string, baseSequence: number, { producerId, epoch }: Identity): Buffer =>
  batchOf([{ key: null, value: Buffer.from(`${name} ${baseSequence}`), timestamp: 1 }], {
    ...{ producerId, producerEpoch: epoch, baseSequence, transactional: true },
  });

/** What a reader of committed records sees. */
async function valuesOf(partition: Partition): Promise<string[]> {
  const aborted = partition.producers.abortedWithin(0, partition.stable);
  const values: string[] = [];
  for await (const { head, record } of recordsFrom(partition, partition.logStart, partition.stable)) {
    const isAborted = aborted.some(
      ({ producerId, first, last }) => producerId === head.producerId && record.offset >= first && record.offset <= last,
    );
    if (!isAborted) values.push(String(record.value).trimEnd());
  }
  return values;
}
