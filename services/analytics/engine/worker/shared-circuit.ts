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

/** What workers share. `tag`: no two are the same of one view. */
export type Opened = {
  readonly plan: Plan;
  readonly sources: readonly SharedSource[];
  readonly tag: string;
};

const blank: Vector = { values: [], nulls: undefined };

/** Rows that lie with workers, each of which has some that follow each other. */
export type Portion = { readonly number: number; readonly sizes: readonly number[] };

/**
 * A circuit whose rows workers share, as the event loop sees it. Workers do what they are asked for in the order in which they are:
 * portions may be read while one before them is computed.
 */
export class SharedCircuit {
  readonly #crew: Crew;
  readonly #view: number;
  readonly #columns: readonly Column[];
  readonly #sources: ReadonlyMap<bigint, SharedSource>;
  #portions = 0;
  /** By worker and operator. */
  #facts: readonly StepAnswer['facts'][] = [];

  private constructor(crew: Crew, { plan, sources }: Opened) {
    this.#crew = crew;
    this.#view = crew.view();
    this.#columns = plan.columns;
    this.#sources = new Map(sources.map((source) => [source.id, source]));
  }

  /** Has workers go on from what was written down of a circuit. */
  static async open(crew: Crew, opened: Opened, entries: readonly CircuitEntry[]) {
    const { plan, sources, tag } = opened;
    const made = new SharedCircuit(crew, opened);
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

  /**
   * Has workers read records, of which each gets some that follow each other. `times`: the column whose values are told. They are
   * asked at once, whenever the answer is waited for.
   */
  async read(source: bigint, values: readonly (Buffer | null)[], times: number | undefined): Promise<{ portion: Portion; read: Read }> {
    const number = (this.#portions += 1);
    const dealt = this.#dealt(values.length);
    const laid = dealt.map(([from, to]) => laidOut(values.slice(from, to)));
    const answers = await this.#crew.ask<ReadAnswer>(
      this.#view,
      (worker) => ({ ask: 'read', portion: number, source, ...(laid[worker] as Laid), times }),
      (worker) => [(laid[worker] as Laid).bytes.buffer],
    );
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
    const read: Read = {
      batch: { size, columns: columns.map((_, place) => (place === times && found ? found : blank)), weights: undefined },
      records,
      refused: answers.flatMap(({ refused }, worker) =>
        refused.map(({ record, error }) => ({ record: record + (dealt[worker]?.[0] ?? 0), error: errorOf(error) })),
      ),
    };
    return { portion: { number, sizes: answers.map((each) => each.size) }, read };
  }

  /** Gives rows to workers, of which each gets some that follow each other. */
  async give(source: bigint, batch: Batch): Promise<Portion> {
    const number = (this.#portions += 1);
    const dealt = this.#dealt(batch.size);
    const parts = dealt.map(([from, to]) => bytesOf(sliced(batch, from, to)));
    await this.#crew.ask(this.#view, (worker) => ({
      ask: 'give',
      portion: number,
      source,
      bytes: parts[worker] as Uint8Array<ArrayBuffer>,
    }));
    return { number, sizes: dealt.map(([from, to]) => to - from) };
  }

  /** The rows of a portion at these places are the portion from now on. */
  keep(portion: Portion, places: Uint32Array): Portion {
    const own = within(portion, (start, end) => places.filter((place) => place >= start && place < end).map((place) => place - start));
    const { number } = portion;
    // Where workers fell, the step that follows says so.
    this.#crew.ask(this.#view, (worker) => ({ ask: 'keep', portion: number, places: own[worker] as Uint32Array })).catch(() => undefined);
    return { number, sizes: own.map(({ length }) => length) };
  }

  /** A step with rows of a portion, or none. It is kept, or taken back where it throws. */
  async step(portion: Portion, from: number, to: number, clocks: Clocks): Promise<Stepped> {
    const parts = within(portion, (start, end) => [Math.max(from, start) - start, Math.min(to, end) - start] as const);
    const answers = await this.#crew.ask<StepAnswer | StepFailed>(this.#view, (worker) => {
      const [own, until] = parts[worker] ?? [0, 0];
      return { ask: 'step', portion: portion.number, from: own, to: until, clocks };
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

  /** A portion without rows, with which times alone go on. */
  get nothing(): Portion {
    return { number: 0, sizes: Array.from({ length: this.#crew.count }, () => 0) };
  }

  close(): void {
    // Workers that ended know nothing of it.
    this.#crew.ask(this.#view, () => ({ ask: 'close' })).catch(() => undefined);
  }

  #dealt(count: number): (readonly [number, number])[] {
    const each = Math.ceil(count / this.#crew.count);
    return Array.from({ length: this.#crew.count }, (_, at) => [Math.min(count, at * each), Math.min(count, (at + 1) * each)] as const);
  }
}

/** Something for each worker, of where its rows of a portion begin and end. */
function within<T>({ sizes }: Portion, make: (start: number, end: number) => T): T[] {
  let start = 0;
  return sizes.map((size) => {
    const end = start + size;
    const made = make(start, end);
    start = end;
    return made;
  });
}

type Laid = { readonly bytes: Uint8Array<ArrayBuffer>; readonly spans: Int32Array };

/** Records as bytes, and where each of them begins and ends in these; -1 where one has no value. */
function laidOut(values: readonly (Buffer | null)[]): Laid {
  return asTheyLie(values) ?? copied(values);
}

/** What came in one piece goes in one piece, with what lies between records. */
function asTheyLie(values: readonly (Buffer | null)[]): Laid | undefined {
  const first = values.find((value) => value !== null);
  if (!first) return undefined;
  const { buffer, byteOffset } = first;
  const spans = new Int32Array(values.length * 2).fill(-1);
  let [end, size] = [byteOffset, 0];
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at];
    if (!value) continue;
    const from = value.byteOffset;
    if (from < end || value.buffer !== buffer) return undefined;
    end = from + value.length;
    size += value.length;
    spans[at * 2] = from - byteOffset;
    spans[at * 2 + 1] = end - byteOffset;
  }
  if (end - byteOffset > 2 * size) return undefined;
  return { bytes: new Uint8Array(buffer.slice(byteOffset, end) as ArrayBuffer), spans };
}

function copied(values: readonly (Buffer | null)[]): Laid {
  const bytes = new Uint8Array(values.reduce((sum, value) => sum + (value?.length ?? 0), 0));
  const spans = new Int32Array(values.length * 2).fill(-1);
  let end = 0;
  for (const [at, value] of values.entries()) {
    if (!value) continue;
    bytes.set(value, end);
    spans[at * 2] = end;
    end += value.length;
    spans[at * 2 + 1] = end;
  }
  return { bytes, spans };
}
