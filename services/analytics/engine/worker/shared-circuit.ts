import { StatementError } from '#engine/pgwire/statement-error.ts';
import { Overrun, routineStates } from '../../domain/routine.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Column } from '../../domain/value.ts';
import { type Batch, concatenated, sliced, type Vector } from '../batch.ts';
import type { CircuitEntry } from '../circuit.ts';
import type { Clocks } from '../clock.ts';
import type { Read } from '../json.ts';
import { batchIn, bytesOf } from './batch-bytes.ts';
import type { Crew, Rings } from './crew.ts';
import type { ReadAnswer, SharedSource, StepAnswer, StepFailed, Told } from './message.ts';

/** What a step did to a circuit. */
export type Stepped = { readonly out: Batch; readonly entries: readonly CircuitEntry[]; readonly rejected: readonly string[] };

function errorOf({ sqlstate, message }: Told): Error {
  if (sqlstate === undefined) return new RangeError(message);
  return sqlstate === routineStates.memory ? new Overrun(sqlstate, message) : new StatementError(sqlstate, message);
}
const blank: Vector = { values: [], nulls: undefined };

/** A circuit whose rows workers share, as the event loop sees it. One thing is done at a time. */
export class SharedCircuit {
  readonly #crew: Crew;
  readonly #view: number;
  readonly #columns: readonly Column[];
  readonly #sources: ReadonlyMap<bigint, SharedSource>;
  /** How many rows of the portion lie with each worker. */
  #sizes: readonly number[] = [];
  /** By worker and operator. */
  #facts: readonly StepAnswer['facts'][] = [];

  private constructor(crew: Crew, plan: Plan, sources: readonly SharedSource[]) {
    this.#crew = crew;
    this.#view = crew.view();
    this.#columns = plan.columns;
    this.#sources = new Map(sources.map((source) => [source.id, source]));
  }

  /** Has workers go on from what was written down of a circuit; `tag`: that of the commit it was, so that no two are the same. */
  static async open(crew: Crew, plan: Plan, sources: readonly SharedSource[], tag: string, entries: readonly CircuitEntry[]) {
    const made = new SharedCircuit(crew, plan, sources);
    await crew.ask(made.#view, () => ({ ask: 'open', plan, sources, tag }));
    await crew.ask(made.#view, () => ({ ask: 'load', entries }));
    return made;
  }

  /** Whether the workers fell. */
  get isOver(): boolean {
    return this.#crew.isOver;
  }

  get workers(): number {
    return this.#crew.count;
  }

  /** Bytes that wait in the rings of the workers, and most that these have room for. */
  get rings(): Rings {
    return this.#crew.rings;
  }

  /** Whether workers read records of a source themselves. */
  reads(source: bigint): boolean {
    return !['avro', 'protobuf'].includes(this.#sources.get(source)?.format.kind ?? '');
  }

  /** Has workers read records, of which each gets some that follow each other. `times`: the column whose values are told. */
  async read(source: bigint, values: readonly (Buffer | null)[], times: number | undefined): Promise<Read> {
    const dealt = this.#dealt(values.length);
    const laid = dealt.map(([from, to]) => laidOut(values.slice(from, to)));
    const answers = await this.#crew.ask<ReadAnswer>(
      this.#view,
      (worker) => ({ ask: 'read', source, ...(laid[worker] as ReturnType<typeof laidOut>), times }),
      (worker) => [(laid[worker] as ReturnType<typeof laidOut>).bytes.buffer],
    );
    this.#sizes = answers.map(({ size }) => size);
    const columns = this.#sources.get(source)?.columns ?? [];
    const size = answers.reduce((sum, each) => sum + each.size, 0);
    const records = new Uint32Array(size);
    let at = 0;
    for (const [worker, each] of answers.entries()) for (const record of each.records) records[at++] = record + (dealt[worker]?.[0] ?? 0);
    const told = times === undefined ? undefined : columns[times];
    const found =
      told &&
      concatenated(
        answers.flatMap((each) => (each.times ? [batchIn(each.times, [told])] : [])),
        [told],
      ).columns[0];
    return {
      batch: { size, columns: columns.map((_, place) => (place === times && found ? found : blank)), weights: undefined },
      records,
      refused: answers.flatMap(({ refused }, worker) =>
        refused.map(({ record, error }) => ({ record: record + (dealt[worker]?.[0] ?? 0), error: errorOf(error) })),
      ),
    };
  }

  /** Gives rows to workers, of which each gets some that follow each other. */
  async give(source: bigint, batch: Batch): Promise<void> {
    const dealt = this.#dealt(batch.size);
    this.#sizes = dealt.map(([from, to]) => to - from);
    const parts = dealt.map(([from, to]) => bytesOf(sliced(batch, from, to)));
    await this.#crew.ask(this.#view, (worker) => ({ ask: 'give', source, bytes: parts[worker] as Uint8Array<ArrayBuffer> }));
  }

  /** The rows at these places are the portion from now on. */
  async keep(places: Uint32Array): Promise<void> {
    const own = this.#within((start, end) => places.filter((place) => place >= start && place < end).map((place) => place - start));
    this.#sizes = own.map(({ length }) => length);
    await this.#crew.ask(this.#view, (worker) => ({ ask: 'keep', places: own[worker] as Uint32Array }));
  }

  /** A step with rows of the portion. It is kept, or taken back where it throws. */
  async step(from: number, to: number, clocks: Clocks): Promise<Stepped> {
    const parts = this.#within((start, end) => [Math.max(from, start) - start, Math.min(to, end) - start] as const);
    const answers = await this.#crew.ask<StepAnswer | StepFailed>(this.#view, (worker) => {
      const [own, until] = parts[worker] ?? [0, 0];
      return { ask: 'step', from: own, to: until, clocks };
    });
    const failed = answers.filter((answer) => 'failed' in answer);
    if (failed.length > 0) throw errorOf(failed.find((each) => each.failed)?.failed as Told);
    const done = answers as StepAnswer[];
    this.#facts = done.map(({ facts }) => facts);
    return {
      out: concatenated(
        done.map(({ out }) => batchIn(out, this.#columns)),
        this.#columns,
      ),
      entries: done.flatMap(({ entries }) => entries),
      rejected: done.flatMap(({ rejected }) => rejected),
    };
  }

  /** All that workers remember. */
  async dump(): Promise<CircuitEntry[]> {
    const all = (await this.#crew.ask<CircuitEntry[]>(this.#view, () => ({ ask: 'dump' }))).flat();
    // How far times had come each of them knows; pages are of different keys.
    const isPage = ([, , written]: CircuitEntry) => written instanceof Uint8Array;
    const named = new Map(all.filter((entry) => !isPage(entry)).map((entry) => [`${entry[0]} ${entry[1]}`, entry]));
    return [...named.values(), ...all.filter(isPage)];
  }

  /** What is known of an operator: rows that came out of it and what is remembered. */
  facts(at: number): { readonly rows: number | undefined; readonly entries: number | undefined } {
    const sum = (place: 0 | 1) => {
      const known = this.#facts.flatMap((facts) => facts[at]?.[place] ?? []);
      return known.length === 0 ? undefined : known.reduce((total, each) => total + each, 0);
    };
    return { rows: sum(0), entries: sum(1) };
  }

  /** Rows and groups that workers remember. */
  get size(): number {
    return this.#facts.reduce((sum, facts) => sum + facts.reduce((total, [, entries = 0]) => total + entries, 0), 0);
  }

  close(): void {
    // Workers that ended know nothing of it.
    this.#crew.ask(this.#view, () => ({ ask: 'close' })).catch(() => undefined);
  }

  #dealt(count: number): (readonly [number, number])[] {
    const each = Math.ceil(count / this.#crew.count);
    return Array.from({ length: this.#crew.count }, (_, at) => [Math.min(count, at * each), Math.min(count, (at + 1) * each)] as const);
  }

  /** Something for each worker, of where its rows of the portion begin and end. */
  #within<T>(make: (start: number, end: number) => T): T[] {
    let start = 0;
    return Array.from({ length: this.#crew.count }, (_, worker) => {
      const end = start + (this.#sizes[worker] ?? 0);
      const made = make(start, end);
      start = end;
      return made;
    });
  }
}

/** Records behind each other, with the end of each; -1 for one without a value. */
function laidOut(values: readonly (Buffer | null)[]): { bytes: Uint8Array<ArrayBuffer>; ends: Int32Array } {
  const bytes = new Uint8Array(values.reduce((sum, value) => sum + (value?.length ?? 0), 0));
  const ends = new Int32Array(values.length);
  let end = 0;
  for (const [at, value] of values.entries()) {
    if (value) bytes.set(value, end);
    end += value?.length ?? 0;
    ends[at] = value ? end : -1;
  }
  return { bytes, ends };
}
