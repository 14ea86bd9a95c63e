import { StatementError } from '#engine/pgwire/statement-error.ts';
import { Overrun, routineStates } from '../../domain/routine.ts';
import { type Batch, gathered, sliced } from '../batch.ts';
import { Circuit, type CircuitEntry } from '../circuit.ts';
import { Intake } from '../intake.ts';
import { entriesMax } from '../limits.ts';
import { batchIn, bytesOf } from './batch-bytes.ts';
import type { Exchange } from './exchange.ts';
import { portionsMax } from './limits.ts';
import type { Asked, ReadAnswer, StepAnswer, StepFailed, Told } from './message.ts';
import { Abandoned, type Peers, said } from './peer.ts';

type Portion = { readonly source: bigint; readonly batch: Batch };
type Of<A extends Asked['ask']> = Extract<Asked, { ask: A }>;

const told = (error: Error): Told => ({
  sqlstate: error instanceof StatementError ? error.sqlstate : undefined,
  message: error.message,
});

/** One worker's share of a view: its circuit over the rows that are its own, and the portions of records that it has read. */
export class Share {
  readonly #peers: Peers;
  readonly #circuit: Circuit;
  readonly #intakes: ReadonlyMap<bigint, Intake>;
  readonly #columns: ReadonlyMap<bigint, Of<'open'>['sources'][number]['columns']>;
  readonly #tag: string;
  readonly #portions = new Map<number, Portion>();

  constructor({ plan, sources, tag }: Of<'open'>, peers: Peers, exchange: Exchange) {
    this.#peers = peers;
    this.#tag = tag;
    this.#circuit = new Circuit(plan, undefined, exchange);
    this.#intakes = new Map(sources.map(({ id, format, columns, used }) => [id, new Intake(format, columns, used)]));
    this.#columns = new Map(sources.map(({ id, columns }) => [id, columns]));
  }

  load({ entries }: Of<'load'>): void {
    this.#circuit.load(entries.map(([at, name, written]): CircuitEntry => [at, this.#own(at, name), written]));
  }

  read({ portion, source, bytes, spans, times }: Of<'read'>): ReadAnswer {
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const values = Array.from({ length: spans.length / 2 }, (_, at) => {
      const start = spans[at * 2] as number;
      return start < 0 ? null : all.subarray(start, spans[at * 2 + 1]);
    });
    const intake = this.#intakes.get(source);
    if (!intake) throw new TypeError('a view is given records of a source that it does not read');
    const { batch, records, refused } = intake.read(values, new Map());
    this.#put(portion, { source, batch });
    const column = times === undefined ? undefined : batch.columns[times];
    return {
      ...{ size: batch.size, records: records.slice() },
      refused: refused.map(({ record, error }) => ({ record, error: told(error) })),
      times: column && bytesOf({ size: batch.size, columns: [column], weights: undefined }),
    };
  }

  give({ portion, source, bytes }: Of<'give'>): void {
    this.#put(portion, { source, batch: batchIn(bytes, this.#columns.get(source) ?? []) });
  }

  keep({ portion, places }: Of<'keep'>): void {
    const known = this.#portions.get(portion);
    if (known) this.#portions.set(portion, { ...known, batch: gathered(known.batch, places) });
  }

  /** Keeps a portion, and lets go of those that are computed by then. */
  #put(number: number, portion: Portion): void {
    for (const each of this.#portions.keys()) if (each <= number - portionsMax) this.#portions.delete(each);
    this.#portions.set(number, portion);
  }

  /** A step that all workers keep, or none does. */
  step({ portion, from, to, clocks }: Of<'step'>): StepAnswer | StepFailed {
    const circuit = this.#circuit;
    let [out, failure]: [Batch | undefined, unknown] = [undefined, undefined];
    try {
      out = circuit.step(this.#changes(portion, from, to), [], clocks);
    } catch (error) {
      failure = error;
    }
    const size = Float64Array.of(circuit.size);
    const ends = this.#peers.end(out ? said.done : said.failed, new Uint8Array(size.buffer));
    const total = ends?.reduce((sum, { buffer }) => sum + (new Float64Array(buffer)[0] as number), circuit.size) ?? 0;
    if (total > entriesMax)
      failure = new Overrun(routineStates.memory, `a view that workers share keeps at most ${entriesMax} rows and groups`);
    const rejected = circuit.rejected();
    if (out && ends && failure === undefined) {
      const facts = circuit.operators().map(({ rows, entries }) => [rows, entries] as const);
      const made = bytesOf(out);
      return { out: made, entries: circuit.settle().map((entry) => this.#named(entry)), rejected, facts };
    }
    circuit.undo();
    if (failure instanceof StatementError || failure instanceof RangeError) return { failed: told(failure) };
    // What nobody expected ends all workers.
    if (failure !== undefined && !(failure instanceof Abandoned)) throw failure;
    return { failed: undefined };
  }

  #changes(portion: number, from: number, to: number): ReadonlyMap<bigint, Batch> {
    if (from >= to) return new Map();
    const known = this.#portions.get(portion);
    if (!known) throw new TypeError('a step is taken with rows of a portion that is not there');
    const { source, batch } = known;
    return new Map([[source, sliced(batch, from, to)]]);
  }

  dump(): CircuitEntry[] {
    return [...this.#circuit.dump()].map((entry) => this.#named(entry));
  }

  /**
   * Numbers are given by each worker for itself: behind one stands who gave it and when. What was written down with other
   * workers, or without, is taken as a name that was given up, and gets a number here.
   */
  #named([at, name, written]: CircuitEntry): CircuitEntry {
    if (!this.#circuit.isNumbered(at)) return [at, name, written];
    return [at, name.endsWith('.') ? name.slice(0, -1) : /^[lr]?\d+$/.test(name) ? `${name}.${this.#tag}` : name, written];
  }

  #own(at: number, name: string): string {
    return this.#circuit.isNumbered(at) && /^[lr]?\d+$/.test(name) ? `${name}.` : name;
  }
}
