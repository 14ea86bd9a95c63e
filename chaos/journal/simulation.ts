import assert from 'node:assert/strict';
import { OperationError } from '#kernel/contract/fault.ts';
import { listSegments, trim } from '#kernel/journal/directory.ts';
import { openJournal, type Journal } from '#kernel/journal/journal.ts';
import type { JournalLimits } from '#kernel/journal/limits.ts';
import { aesSeal } from '#kernel/journal/seal.ts';
import { tail, type Batch } from '#kernel/journal/tail.ts';
import { SimulatedDisk, type Lie } from './disk.ts';
import { Model, type Appended } from './model.ts';
import { Random } from './random.ts';
import { Scheduler, type Life } from './scheduler.ts';

const dir = '/simulated';
const process = 'p';

/** One process that writes a journal, one recorder that reads it, and the machine that both run on. */
export class Simulation {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly disk: SimulatedDisk;
  readonly model = new Model();
  readonly limits: Partial<JournalLimits>;
  /** What broke a property in a place that nobody awaits. */
  failure: unknown;
  counts = { steps: 0, appended: 0, durable: 0, refused: 0, read: 0, kills: 0, crashes: 0, failedSyncs: 0, refusedEssential: 0 };
  journal: Journal | undefined;
  #writer: Life = { alive: false };
  #recorder: Life = { alive: false };
  readonly #seal: ReturnType<typeof aesSeal>;

  constructor(seed: number, limits: Partial<JournalLimits>, lie?: Lie) {
    this.random = new Random(seed);
    this.scheduler = new Scheduler(this.random);
    this.disk = new SimulatedDisk(this.random, this.scheduler, lie);
    this.limits = limits;
    const key = Buffer.alloc(32, 7);
    this.#seal = aesSeal(
      1,
      () => key,
      (into) => this.random.fill(into),
    );
  }

  /** Starts the writing process, where it is not running. */
  startWriter(): void {
    if (this.#writer.alive) return;
    const life = { alive: true };
    this.#writer = life;
    const clock = this.scheduler.clock(life);
    const options = { dir, process, seal: this.#seal, disk: this.disk.for(life), clock, limits: this.limits };
    openJournal(options).then(
      (journal) => {
        this.journal = journal;
      },
      (error: unknown) => this.#writerFailed(error, life),
    );
  }

  /** A process that cannot open its journal exits; only damage is nothing that a crash may have left. */
  #writerFailed(error: unknown, life: Life): void {
    const code = error instanceof OperationError ? error.code : 'another error';
    const excused = (code === 'JournalFailed' && this.disk.hasFailed(life)) || (code === 'JournalFull' && this.#isFull());
    if (!excused) this.failure ??= error;
    this.killWriter();
  }

  killWriter(): void {
    this.counts.kills++;
    this.scheduler.kill(this.#writer);
    this.journal = undefined;
    for (const record of this.model.appended) if (record.fate === 'pending') record.fate = 'unknown';
  }

  startRecorder(): void {
    if (this.#recorder.alive) return;
    const life = { alive: true };
    this.#recorder = life;
    this.#record(life).catch((error: unknown) => {
      this.failure ??= error;
    });
  }

  killRecorder(): void {
    this.counts.kills++;
    this.scheduler.kill(this.#recorder);
  }

  crashMachine(): void {
    this.counts.crashes++;
    this.killWriter();
    this.killRecorder();
    this.disk.crash();
  }

  /** Reads, commits records and cursor as one, and trims now and then. */
  async #record(life: Life): Promise<void> {
    const { signal } = new AbortController();
    const disk = this.disk.for(life);
    const from = this.model.cursor;
    if (from) await trim(dir, process, from, disk);
    for await (const batch of tail({ dir, process, open: this.#seal.open, from, signal, disk })) {
      const commit = () => this.model.commit(batch);
      await this.scheduler.perform(life, commit, () => this.random.chance(0.5) && commit());
      if (this.random.chance(0.5)) await trim(dir, process, batch.next, disk);
    }
  }

  append(essential: boolean): Appended | undefined {
    const { journal } = this;
    if (journal === undefined) return undefined;
    const record = this.model.create(this.random.below(300));
    this.counts.appended++;
    journal.append(record.type, record.bytes, { essential }).then(
      (position) => this.model.acknowledge(record, position),
      (error: unknown) => this.#refused(record, essential, journal, error),
    );
    return record;
  }

  #refused(record: Appended, essential: boolean, journal: Journal, error: unknown): void {
    const code = error instanceof OperationError ? error.code : undefined;
    record.fate = code === 'JournalFull' ? 'refused' : 'unknown';
    if (code === 'JournalFull' && essential) this.counts.refusedEssential++;
    const excused = code === 'JournalFull' ? !essential || this.#isFull() : code === 'JournalFailed' && journal.failure === error;
    if (!excused) this.failure ??= error;
  }

  /** True where just now not even the reserve had space left: the one reason to refuse what is essential. */
  #isFull(): boolean {
    return this.scheduler.steps - this.disk.exhaustedAtStep < 40;
  }

  appendLazy(): Appended | undefined {
    if (this.journal === undefined || this.journal.failure) return undefined;
    const record = this.model.create(this.random.below(300));
    this.counts.appended++;
    this.journal.appendLazy(record.type, record.bytes);
    return record;
  }

  /** After a flush all that was appended lazily before it is durable. */
  flush(lazy: readonly Appended[]): void {
    const { journal } = this;
    journal?.flush().then(
      () => lazy.filter((record) => record.fate === 'pending').forEach((record) => this.model.acknowledge(record, undefined)),
      (error: unknown) => {
        const code = error instanceof OperationError ? error.code : undefined;
        if (code !== 'JournalFull' && !(code === 'JournalFailed' && journal.failure === error)) this.failure ??= error;
      },
    );
  }

  /** Lets so many things happen. */
  async run(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      if (!(await this.scheduler.step())) return;
      if (this.failure) throw this.failure;
      if (this.disk.breaches.length > 0) assert.fail(this.disk.breaches[0]);
    }
  }

  /** Ends all trouble, waits until everything is read, and checks what must hold then. */
  async finish(): Promise<void> {
    this.disk.capacity = Number.POSITIVE_INFINITY;
    this.disk.failingSyncs = 0;
    await this.#appendLast();
    // A lazy record goes by itself.
    const last = this.appendLazy();
    for (let rounds = 0; !last || !this.model.store.includes(last.id); rounds++) {
      assert(rounds < 200, 'the recorder does not catch up');
      if (rounds % 20 === 19) this.killRecorder();
      this.startRecorder();
      await this.run(20);
    }
    this.model.checkComplete();
    await this.#replay();
    this.counts.steps = this.scheduler.steps;
    this.counts.failedSyncs = this.disk.failedSyncs;
    this.counts.read = this.model.store.length;
    for (const { fate } of this.model.appended) {
      if (fate === 'durable') this.counts.durable++;
      if (fate === 'refused') this.counts.refused++;
    }
  }

  /** With space, a recorder and time, an ordinary append goes through again. */
  async #appendLast(): Promise<void> {
    let last: Appended | undefined;
    for (let rounds = 0; rounds < 200; rounds++) {
      if (last?.fate === 'durable') return;
      // A recorder trims when it starts, if it has not when it last could.
      if (rounds % 20 === 19) this.killRecorder();
      if (this.journal?.failure) this.killWriter();
      this.startWriter();
      this.startRecorder();
      if (last?.fate !== 'pending') last = this.append(false);
      await this.run(20);
    }
    assert.fail('the journal takes no appends though there is room');
  }

  /** Reads again from a cursor of long ago, as a recorder does that has lost its last transactions. */
  async #replay(): Promise<void> {
    this.killRecorder();
    const life = { alive: true };
    const disk = this.disk.for(life);
    const segments = await this.#await(listSegments(disk, `${dir}/${process}`));
    const from = this.random.pick(this.model.cursors.filter((cursor) => segments.includes(cursor.segment)));
    const batches: Batch[] = [];
    const end = new AbortController();
    const read = async () => {
      for await (const batch of tail({ dir, process, open: this.#seal.open, from, signal: end.signal, disk })) {
        batches.push(batch);
        if (batch.next.sequence > this.model.store.length) end.abort();
      }
    };
    if (from.sequence <= this.model.store.length) await this.#await(read());
    this.model.checkReplay(from, batches);
    this.scheduler.kill(life);
  }

  async #await<T>(promise: Promise<T>): Promise<T> {
    let done = false;
    const settle = () => {
      done = true;
    };
    promise.then(settle, settle);
    for (let steps = 0; !done && steps < 10_000; steps++) await this.run(1);
    assert(done, 'a read does not end');
    return promise;
  }
}
