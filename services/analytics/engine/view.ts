import type { Plan } from '../domain/plan.ts';
import { type Column, keyOf, type Row, rowKey } from '../domain/value.ts';
import { type Batch, BatchBuilder, rowAt, weightAt } from './batch.ts';
import { Circuit, type CircuitEntry, type OperatorFacts } from './circuit.ts';
import { Heap } from './heap.ts';
import type { Crew } from './worker/crew.ts';
import type { SharedSource } from './worker/message.ts';
import { SharedCircuit } from './worker/shared-circuit.ts';
import { unshared } from './worker/split.ts';
import { type Paced, watermarkEntries, Watermarks } from './watermark.ts';

/** The number of a view's own rows among the operators whose entries are written down. */
const own = -1;

export type Changed = { readonly row: Row; readonly weight: number };
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
  readonly #rows: Heap;
  readonly #keeps: boolean;

  /** Without `keeps` the view tells what changes and does not know its rows. */
  constructor(plan: Plan, keeps = true, paced: readonly Paced[] = []) {
    this.watermarks = new Watermarks(paced);
    this.#keeps = keeps;
    this.#plan = plan;
    this.#circuit = new Circuit(plan);
    this.#rows = new Heap(plan.columns);
    this.columns = plan.columns;
    this.shape = this.#circuit.shape;
  }

  /** One step, up to some watermarks: what it changed of the view's rows. It is then to be settled or undone. */
  step(changes: ReadonlyMap<bigint, Batch>, clocks = this.watermarks.clocks()): Changed[] {
    return this.#taken(this.#circuit.step(changes, [], clocks));
  }

  /** Whether workers can share what is computed of it. */
  get isShareable(): boolean {
    return unshared(this.#plan) === undefined;
  }

  /** What workers compute of it, once they share it. */
  get shared(): SharedCircuit | undefined {
    return this.#shared;
  }

  /** Has workers go on with what is computed of it; `tag`: that of the commit it goes on from. */
  async share(crew: Crew, sources: readonly SharedSource[], tag: string): Promise<void> {
    this.#shared = await SharedCircuit.open(crew, this.#plan, sources, tag, [...this.#circuit.dump()]);
    this.#circuit = new Circuit(this.#plan);
  }

  /** One step of workers, with rows of their portion; it is kept, or undone where it throws. */
  async stepShared(shared: SharedCircuit, from: number, to: number, clocks = this.watermarks.clocks()): Promise<Done> {
    const { out, entries, rejected } = await shared.step(from, to, clocks);
    const changes = this.#taken(out);
    return { changes, entries: [...entries, ...this.#settleRows()], rejected };
  }

  /** One step here, which is kept. */
  settled(changes: Changed[]): Done {
    return { changes, rejected: this.rejected(), entries: this.settle() };
  }

  #taken(out: Batch): Changed[] {
    const found: Changed[] = [];
    for (let at = 0; at < out.size; at += 1) {
      const changed = { row: rowAt(out, at), weight: weightAt(out, at) };
      if (this.#keeps) this.#rows.change('', changed.row, changed.weight);
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

  load(entries: readonly CircuitEntry[]): void {
    this.#circuit.load(entries.filter(([at]) => at >= 0));
    for (const entry of entries) {
      const [at, key, written] = entry;
      if (at === own) this.#rows.load([key, written], () => '');
      if (at === watermarkEntries) this.watermarks.load(entry, Date.now());
    }
  }

  /** How many different rows there are. */
  get size(): number {
    return this.#rows.size;
  }

  *rows(ahead: readonly Changed[] = []): Generator<Row> {
    const batch = this.batch(ahead);
    for (let at = 0; at < batch.size; at += 1) for (let left = weightAt(batch, at); left > 0; left -= 1) yield rowAt(batch, at);
  }

  /** All rows as a batch, as if some changes had not been. */
  batch(ahead: readonly Changed[] = []): Batch {
    return this.#built(this.#rows.named(''), ahead);
  }

  /** The rows that have some values in some columns, as if some changes had not been. */
  matching(places: readonly number[], values: Row, ahead: readonly Changed[]): Batch {
    const wanted = values.map(keyOf).join('');
    const own = ahead.filter(({ row }) => places.map((place) => keyOf(row[place] ?? null)).join('') === wanted);
    return this.#built(this.#rows.matching(places, values), own);
  }

  #built(rows: Iterable<readonly [string, Changed]>, ahead: readonly Changed[]): Batch {
    const sums = new Map<string, Changed>();
    for (const { row, weight } of ahead) {
      const name = rowKey(row);
      sums.set(name, { row, weight: (sums.get(name)?.weight ?? 0) - weight });
    }
    const builder = new BatchBuilder(this.columns);
    for (const [name, { row, weight }] of rows) {
      const total = weight + (sums.get(name)?.weight ?? 0);
      sums.delete(name);
      if (total !== 0) builder.add(row, total);
    }
    for (const { row, weight } of sums.values()) if (weight !== 0) builder.add(row, weight);
    return builder.finish();
  }
}
