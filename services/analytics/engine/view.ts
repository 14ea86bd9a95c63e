import { setImmediate as immediate } from 'node:timers/promises';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import { hashesIn } from '../domain/part.ts';
import type { Plan } from '../domain/plan.ts';
import { routineStates } from '../domain/routine.ts';
import type { Column, Row } from '../domain/value.ts';
import { type Batch, BatchBuilder, concatenated, emptyBatch, rowAt, sliced, weightAt } from './batch.ts';
import { Circuit, type CircuitEntry, type OperatorFacts, type Tapped } from './circuit.ts';
import { readersMax, standingRows } from './limits.ts';
import { type Changed, OwnRows, type Partly } from './own-rows.ts';
import { Snapshot } from './snapshot.ts';
import { sharedEntryBytes } from './spill/limits.ts';
import { sharedEntriesMax } from './worker/limits.ts';
import { type Kept, Room, type Spill } from './spill/room.ts';
import type { Crew } from './worker/crew.ts';
import { type Opened, SharedCircuit, type Stepped } from './worker/shared-circuit.ts';
import { unshared } from './worker/split.ts';
import { type Paced, watermarkEntries, Watermarks } from './watermark.ts';

export type { Changed } from './own-rows.ts';

/** So many entries, or one page, are loaded before there is room made for more. */
const loadedBetween = 4096;
/** So many rows are read from disk before others have their turn. */
const readBetween = 1024;

/** The number of a view's own rows among the operators whose entries are written down. */
const own = -1;

/** What a step did: changes of the view's rows, what is to be written down, and why rows were left out. */
export type Done = { readonly changes: Changed[]; readonly entries: readonly CircuitEntry[]; readonly rejected: readonly string[] };

/** A view: its circuit, and the rows that the circuit's changes add up to. */
export class View {
  readonly columns: readonly Column[];
  readonly shape: string;
  readonly watermarks: Watermarks;
  readonly #plan: Plan;
  #circuit: Circuit;
  #shared: SharedCircuit | undefined;
  /** Whether workers cannot share it any more: it came to remember too much. */
  #isAlone = false;
  readonly #rows: OwnRows;
  readonly #room: Room | undefined;
  readonly #keeps: boolean;
  /** How many read it as it was. */
  #reading = 0;
  #hashes: ReadonlyMap<Plan, string> | undefined;
  /** What came out of the last step. */
  #out: Batch;
  /** Whether others read what comes out of a part. */
  #isTapped = false;

  /** Without `keeps` the view tells what changes and does not know its rows; without `spill` all of it is in memory. */
  constructor(plan: Plan, keeps = true, paced: readonly Paced[] = [], spill?: Spill) {
    this.watermarks = new Watermarks(paced);
    this.#keeps = keeps;
    this.#plan = plan;
    this.#room = spill && new Room(spill);
    this.#circuit = new Circuit(plan, this.#room);
    this.#out = emptyBatch(plan.columns);
    this.#rows = new OwnRows(plan.columns);
    if (keeps) this.#room?.add(this.#rows);
    this.columns = plan.columns;
    this.shape = this.#circuit.shape;
  }

  /** One step, up to some watermarks: what it changed of the view's rows. It is then to be settled or undone. */
  step(changes: ReadonlyMap<bigint, Batch>, clocks = this.watermarks.clocks()): Changed[] {
    return this.#taken(this.#circuit.step(changes, [], clocks));
  }

  /** Where it computes a part that has a hash, if other views can have what comes out of it. */
  partOf(hash: string): Tapped | undefined {
    this.#hashes ??= hashesIn(this.#plan);
    return this.#circuit.nodeOf((plan) => this.#hashes?.get(plan) === hash);
  }

  /** Whether it can be told what rows a part stands for. */
  isTold({ at, isLast }: Tapped): boolean {
    return isLast || this.#circuit.isTold(at);
  }

  /** The rows that a part stands for, while no step is taken. */
  async *standing({ at, isLast }: Tapped): AsyncGenerator<Batch> {
    if (!isLast) {
      yield* this.#circuit.standing(at);
      return;
    }
    const all = await this.batch();
    for (let from = 0; from < all.size; from += standingRows) yield sliced(all, from, Math.min(all.size, from + standingRows));
  }

  /** Keeps what comes out of some parts with each step, which is taken here, as workers do not tell it. */
  tap(parts: readonly Tapped[]): void {
    this.#isTapped = parts.length > 0;
    this.#circuit.untap();
    for (const { at, isLast } of parts) if (!isLast) this.#circuit.tap(at);
  }

  /** What came out of a part in the last step. */
  tapped({ at, isLast }: Tapped): Batch {
    return isLast ? this.#out : this.#circuit.tapped(at);
  }

  /** Whether the last step failed within a part, so that it fails for all who have that. */
  hasFailedIn({ at }: Tapped): boolean {
    return this.#circuit.hasFailedIn(at);
  }

  /** Whether workers can share what is computed of it. */
  get isShareable(): boolean {
    return !this.#isTapped && unshared(this.#plan) === undefined && !this.#isAlone && !this.#isTooMuch(this.#circuit.size);
  }

  /** What workers compute of it, once they share it. */
  get shared(): SharedCircuit | undefined {
    return this.#shared;
  }

  /** Has workers go on with what is computed of it. */
  async share(crew: Crew, opened: Omit<Opened, 'plan'>): Promise<void> {
    this.#shared = await SharedCircuit.open(crew, { ...opened, plan: this.#plan }, [...this.#circuit.dump()]);
    this.#circuit.end();
    this.#circuit = new Circuit(this.#plan);
  }

  /** Whether so many rows and groups are too many to be in memory, where they could be on disk. */
  #isTooMuch(entries: number): boolean {
    if (!this.#circuit.canSpill || this.#room === undefined) return false;
    // What workers share is in memory, all of it, and records that would add too much to that are refused.
    return entries > Math.min(sharedEntriesMax, this.#room.memoryBytes / sharedEntryBytes);
  }

  /** Whether workers remember too much of it. */
  get isTooMuch(): boolean {
    return this.#shared !== undefined && this.#isTooMuch(this.#shared.size);
  }

  /** Takes back what workers share; for good, where it is too much for them. */
  async unshare(): Promise<void> {
    const shared = this.#shared;
    if (!shared) return;
    this.#isAlone ||= this.isTooMuch;
    const entries = await shared.dump();
    shared.close();
    this.#shared = undefined;
    this.#circuit = new Circuit(this.#plan, this.#room);
    this.#circuit.load(entries);
    this.#room?.make();
  }

  /** What workers computed in one step becomes part of it. */
  told({ out, entries, rejected }: Stepped): Done {
    this.#room?.make();
    const changes = this.#taken(out);
    return { changes, entries: [...entries, ...this.#settleRows()], rejected };
  }

  /** One step here, which is kept. */
  settled(changes: Changed[]): Done {
    return { changes, rejected: this.rejected(), entries: this.settle() };
  }

  #taken(out: Batch): Changed[] {
    this.#out = out;
    const found: Changed[] = [];
    for (let at = 0; at < out.size; at += 1) {
      const changed = { row: rowAt(out, at), weight: weightAt(out, at) };
      if (this.#keeps) this.#rows.change(changed.row, changed.weight);
      found.push(changed);
    }
    return found;
  }

  /** Its operators at work. */
  operators(): OperatorFacts[] {
    const shared = this.#shared;
    return this.#circuit.operators().map((known, at) => (shared ? { ...known, ...shared.facts(at) } : known));
  }

  /** The source that was generated for it. */
  code(): string[] {
    return [...this.#circuit.code()];
  }

  /** Takes out why rows were left out that had been taken before. */
  rejected(): string[] {
    return this.#circuit.rejected();
  }

  settle(): CircuitEntry[] {
    return [...this.#circuit.settle(), ...this.#settleRows()];
  }

  #settleRows(): CircuitEntry[] {
    return this.#rows.settle().map(([key, written]): CircuitEntry => [own, key, written]);
  }

  undo(): void {
    this.#circuit.undo();
    this.#rows.undo();
  }

  /** All that is remembered; `shared`: what workers do. */
  *dump(shared?: readonly CircuitEntry[]): Generator<CircuitEntry> {
    yield* shared ?? this.#circuit.dump();
    yield* this.watermarks.dump();
    for (const [key, written] of this.#rows.dump()) yield [own, key, written];
  }

  load(entries: Iterable<CircuitEntry>): void {
    this.#circuit.load(this.#loaded(entries));
    this.#room?.make();
  }

  /** Takes the entries that are not the circuit's. */
  *#loaded(entries: Iterable<CircuitEntry>): Generator<CircuitEntry> {
    let count = 0;
    for (const entry of entries) {
      const [at, key, written] = entry;
      if (at === own) this.#rows.load([key, written]);
      else if (at === watermarkEntries) this.watermarks.load(entry, Date.now());
      else yield entry;
      count += written instanceof Uint8Array ? loadedBetween : 1;
      if (count < loadedBetween) continue;
      this.#room?.make();
      count = 0;
    }
  }

  /** What is where of what it remembers; undefined where all of it is in memory. */
  get kept(): (Kept & { readonly memoryRows: number }) | undefined {
    const kept = this.#room?.kept;
    return kept && { ...kept, memoryRows: this.#circuit.size + this.#rows.size - kept.diskRows };
  }

  /** Takes what it put on disk away; it is not to be used any more. */
  async close(): Promise<void> {
    await this.#room?.close();
  }

  /** How many different rows there are. */
  get size(): number {
    return this.#rows.size;
  }

  /** All rows, as if some changes had not been; those that are there twice come twice. */
  *rows(ahead: readonly Changed[] = []): Generator<Row> {
    const building = this.#building(ahead);
    let next = building.next();
    while (!next.done) next = building.next();
    yield* rowsIn(next.value);
  }

  /** All rows as they are now, as if some changes had not been, to be gone through while the view goes on. */
  snapshot(ahead: readonly Changed[]): Snapshot {
    if (this.#reading >= readersMax)
      throw new StatementError(
        routineStates.memory,
        `at most ${readersMax} read all of a view at once; ask again when one of them is done`,
      );
    this.#reading += 1;
    return new Snapshot(this.columns, this.#rows.inMemory(ahead), this.#rows.diskSnapshot(), () => (this.#reading -= 1));
  }

  /** The rows that are in memory. */
  sample(): Batch {
    return this.#rows.inMemory([]).batch;
  }

  /** All rows as a batch, as if some changes had not been. Nothing else is to be done with the view meanwhile. */
  async batch(ahead: readonly Changed[] = []): Promise<Batch> {
    const building = this.#building(ahead);
    for (;;) {
      const next = building.next();
      if (next.done) return next.value;
      await immediate();
    }
  }

  *#building(ahead: readonly Changed[]): Generator<void, Batch> {
    const adding = new Adding(this.columns, this.#rows.inMemory(ahead));
    let count = 0;
    for (const each of this.#rows.onDisk()) {
      adding.add(each);
      count += 1;
      if (count % readBetween === 0) yield;
    }
    return adding.finish();
  }

  /** The rows that have some values in some columns, as if some changes had not been; the first time all are gone through. */
  matching(places: readonly number[], values: Row, ahead: readonly Changed[]): readonly Changed[] | Promise<readonly Changed[]> {
    return this.#rows.isIndexed(places) ? this.#rows.matching(places, values, ahead) : this.#indexed(places, values, ahead);
  }

  async #indexed(places: readonly number[], values: Row, ahead: readonly Changed[]): Promise<readonly Changed[]> {
    for (const _ of this.#rows.index(places)) await immediate();
    return this.matching(places, values, ahead);
  }
}

/** The rows of a batch, those that are there twice twice. */
export function* rowsIn(batch: Batch): Generator<Row> {
  for (let at = 0; at < batch.size; at += 1) for (let left = weightAt(batch, at); left > 0; left -= 1) yield rowAt(batch, at);
}

/** Rows in memory, to which those on disk come. */
class Adding {
  readonly #columns: readonly Column[];
  readonly #partly: Partly;
  readonly #builder: BatchBuilder;

  constructor(columns: readonly Column[], partly: Partly) {
    this.#columns = columns;
    this.#partly = partly;
    this.#builder = new BatchBuilder(columns);
  }

  add([name, { row, weight }]: readonly [string, Changed]): void {
    const { rest } = this.#partly;
    const total = weight + (rest.get(name)?.weight ?? 0);
    rest.delete(name);
    if (total !== 0) this.#builder.add(row, total);
  }

  finish(): Batch {
    const { batch, rest } = this.#partly;
    for (const { row, weight } of rest.values()) if (weight !== 0) this.#builder.add(row, weight);
    return concatenated([batch, this.#builder.finish()], this.#columns);
  }
}
