import type { Plan } from '../domain/plan.ts';
import type { Column, Row } from '../domain/value.ts';
import { type Batch, BatchBuilder, rowAt, weightAt } from './batch.ts';
import { Circuit, type CircuitEntry } from './circuit.ts';
import { Heap } from './heap.ts';
import { type Paced, watermarkEntries, Watermarks } from './watermark.ts';

/** The number of a view's own rows among the operators whose entries are written down. */
const own = -1;

export type Changed = { readonly row: Row; readonly weight: number };

/** A view: its circuit, and the rows that the circuit's changes add up to. */
export class View {
  readonly columns: readonly Column[];
  readonly shape: string;
  readonly watermarks: Watermarks;
  readonly #circuit: Circuit;
  readonly #rows: Heap;
  readonly #keeps: boolean;

  /** Without `keeps` the view tells what changes and does not know its rows. */
  constructor(plan: Plan, keeps = true, paced: readonly Paced[] = []) {
    this.watermarks = new Watermarks(paced);
    this.#keeps = keeps;
    this.#circuit = new Circuit(plan);
    this.#rows = new Heap(plan.columns);
    this.columns = plan.columns;
    this.shape = this.#circuit.shape;
  }

  /** One step, up to some watermarks: what it changed of the view's rows. It is then to be settled or undone. */
  step(changes: ReadonlyMap<bigint, Batch>, clocks = this.watermarks.clocks()): Changed[] {
    const out = this.#circuit.step(changes, [], clocks);
    const found: Changed[] = [];
    for (let at = 0; at < out.size; at += 1) {
      const changed = { row: rowAt(out, at), weight: weightAt(out, at) };
      if (this.#keeps) this.#rows.change('', changed.row, changed.weight);
      found.push(changed);
    }
    return found;
  }

  /** Takes out why rows were left out that had been taken before. */
  rejected(): string[] {
    return this.#circuit.rejected();
  }

  settle(): CircuitEntry[] {
    return [...this.#circuit.settle(), ...this.#rows.settle().map(([key, written]): CircuitEntry => [own, key, written])];
  }

  undo(): void {
    this.#circuit.undo();
    this.#rows.undo();
  }

  *dump(): Generator<CircuitEntry> {
    yield* this.#circuit.dump();
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

  *rows(): Generator<Row> {
    for (const { row, weight } of this.#rows.under('')) for (let count = 0; count < weight; count += 1) yield row;
  }

  /** All rows as a batch. */
  batch(): Batch {
    const builder = new BatchBuilder(this.columns);
    for (const { row, weight } of this.#rows.under('')) builder.add(row, weight);
    return builder.finish();
  }
}
