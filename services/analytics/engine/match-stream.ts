import type { Plan } from '../domain/plan.ts';
import { type Column, keyOf, type Row, rowKey, type Value } from '../domain/value.ts';
import { type Batch, BatchBuilder, rowAt, weightAt } from './batch.ts';
import { type Clocks, limitOf } from './clock.ts';
import { Expiry } from './expiry.ts';
import { Heap } from './heap.ts';
import { matchStepsMax } from './limits.ts';
import { Recognizer } from './match.ts';
import { type Entry, named, type Operator, type State } from './operator.ts';
import { keyOfRow, keysOf } from './pipeline.ts';
import type { Spilling } from './spill/room.ts';
import type { Beside } from './spill/spilled-heap.ts';
import { attempted, type Handler, type Place, type Scan } from './scan.ts';

type Waiting = { readonly key: Value; readonly name: string };

/**
 * Matches in partitions that never end: rows are matched in their order when the watermark has passed them, and forgotten when
 * no match that is still sought may need them.
 */
export class StreamMatch implements Operator, State {
  readonly columns: readonly Column[];
  readonly code: Operator['code'];
  readonly state: State = this;
  readonly #recognizer: Recognizer;
  readonly #rows: Heap;
  readonly #keys: ReturnType<typeof keysOf>;
  readonly #keyOf: (row: Row) => Value;
  readonly #limit: (clocks: Clocks) => number;
  readonly #waiting = new Expiry<Waiting>();
  /** When a match that is sought is too late. */
  readonly #deadlines = new Expiry<Value>();
  readonly #scans = new Map<Value, Scan>();
  readonly #places = new Map<string, Place>();
  readonly #placesBefore = new Map<string, Place | undefined>();
  readonly #touched = new Set<Value>();
  /** Rows before this were matched. */
  #passed = Number.NEGATIVE_INFINITY;
  #passedBefore = Number.NEGATIVE_INFINITY;
  #rejected: string[] = [];

  constructor(plan: Extract<Plan, { kind: 'match' }>) {
    this.columns = plan.columns;
    this.#recognizer = new Recognizer(plan);
    this.#rows = new Heap(plan.input.columns, () => 0, this.#beside());
    this.#keys = keysOf(plan.match.partition, false);
    this.#keyOf = keyOfRow(plan.match.partition);
    this.#limit = limitOf(plan.closing?.bound ?? [], 'forgotten');
    this.code = [['keys', this.#keys.code]];
  }

  /** What is known of a partition leaves the memory with its rows: how far matches were told, and when it is looked at again. */
  #beside(): Beside {
    const touched = this.#touched;
    return {
      get isSettled() {
        return touched.size === 0;
      },
      timeOf: (key) => {
        let least = Number.POSITIVE_INFINITY;
        for (const { row } of this.#rows.under(key)) {
          const time = this.#recognizer.timeOf(row);
          if (time >= this.#passed) least = Math.min(least, time);
        }
        const { within } = this.#recognizer.match;
        return within === undefined ? least : Math.min(least, (this.#scanOf(key).begun ?? Number.POSITIVE_INFINITY) + within);
      },
      written: (key) => writtenOf(this.#places.get(keyOf(key))),
      left: (keys) => this.#left(keys),
      back: (key, written) => {
        if (written) this.#places.set(keyOf(key), placeOf(written));
        for (const { row } of this.#rows.under(key)) this.#await(key, row);
      },
      keyOf: (row) => this.#keyOf(row),
    };
  }

  #left(keys: ReadonlySet<Value>): void {
    const [times, deadlines] = [new Set<number>(), new Set<number>()];
    const { within = 0 } = this.#recognizer.match;
    for (const key of keys) {
      for (const { row } of this.#rows.under(key)) {
        const time = this.#recognizer.timeOf(row);
        times.add(time);
        deadlines.add(time + within);
      }
      this.#scans.delete(key);
      this.#places.delete(keyOf(key));
    }
    this.#waiting.drop(times, ({ key }) => keys.has(key));
    this.#deadlines.drop(deadlines, (key) => keys.has(key));
  }

  step([batch]: readonly Batch[], params: Row, _isFirst: boolean, clocks: Clocks): Batch {
    const out = new BatchBuilder(this.columns);
    if (batch && batch.size > 0) this.#take(batch, params);
    const limit = this.#limit(clocks);
    this.#rows.spilling.recallDue(limit + 1);
    const due = this.#due(limit);
    for (const key of this.#deadlines.take(limit + 1)) if (!due.has(key)) due.set(key, new Map());
    const budget = { left: matchStepsMax };
    for (const [key, rows] of due) {
      const scan = this.#scanOf(key);
      const more = [...rows.values()].flatMap(({ row, weight }) => Array.from({ length: Math.max(0, weight) }, () => row));
      for (const row of this.#recognizer.sorted(more, params)) scan.rows.push(row);
      const give = this.#recognizer.shows(scan, params, (row) => out.add(row, 1));
      this.#advance(key, scan, limit, params, budget, give);
    }
    this.#passed = Math.max(this.#passed, limit);
    return out.finish();
  }

  /** Notes when a row that was written down is due. */
  #await(key: Value, row: Row): void {
    const { within } = this.#recognizer.match;
    const time = this.#recognizer.timeOf(row);
    if (time >= this.#passed) this.#waiting.add(time, { key, name: rowKey(row) });
    else if (within !== undefined) this.#deadlines.add(time + within, key);
  }

  #take(batch: Batch, params: Row): void {
    const keys = this.#keys.run(batch, params);
    for (let at = 0; at < batch.size; at += 1) {
      const [row, key] = [rowAt(batch, at), keys[at] ?? null];
      const time = this.#recognizer.timeOf(row) as number | null;
      // What has no time has no place in the order.
      if (time === null) continue;
      if (time < this.#passed) {
        this.#rejected.push('a row is late: rows behind it were matched');
        continue;
      }
      this.#rows.change(key, row, weightAt(batch, at));
      this.#waiting.add(time, { key, name: rowKey(row) });
    }
  }

  /** Rows that the watermark has passed, each once, by their partitions. */
  #due(limit: number): Map<Value, Map<string, { readonly row: Row; readonly weight: number }>> {
    const due = new Map<Value, Map<string, { readonly row: Row; readonly weight: number }>>();
    for (const { key, name } of this.#waiting.take(limit)) {
      const held = this.#rows.find(key, name);
      if (!held) continue;
      const known = due.get(key);
      if (known) known.set(name, held);
      else due.set(key, new Map([[name, held]]));
    }
    return due;
  }

  #advance(key: Value, scan: Scan, limit: number, params: Row, budget: { left: number }, give: Handler['give']): void {
    const fail: Handler['fail'] = (error, row) => {
      this.#rejected.push(this.#recognizer.reason(error, row));
      if (row) this.#rows.change(key, row, -1);
    };
    this.#touched.add(key);
    scan.advance({ isWhole: false, limit }, params, budget, { give: attempted(give, fail), fail });
    for (const row of scan.cut()) this.#rows.change(key, row, -1);
    const { begun } = scan;
    if (begun !== undefined && this.#recognizer.match.within !== undefined) this.#deadlines.add(begun + this.#recognizer.match.within, key);
    this.#note(key, scan.place);
    if (scan.rows.length === 0) this.#scans.delete(key);
  }

  #note(key: Value, { start, covered, number, isBegun }: Place): void {
    const { isNumbered, partition } = this.#recognizer.match;
    // In partitions that there may be any number of neither is asked for.
    const isOne = partition.length === 0;
    const kept: Place = { start, covered, number: isNumbered && isOne ? number : 0, isBegun: isBegun && isOne };
    const name = keyOf(key);
    if (!this.#placesBefore.has(name)) this.#placesBefore.set(name, this.#places.get(name));
    if (start === 0 && covered === 0 && kept.number === 0 && !kept.isBegun) this.#places.delete(name);
    else this.#places.set(name, kept);
  }

  /** The scan of a partition, as it was left. */
  #scanOf(key: Value): Scan {
    const known = this.#scans.get(key);
    if (known) return known;
    const scan = this.#recognizer.scan(this.#places.get(keyOf(key)));
    const rows: Row[] = [];
    for (const { row, weight } of this.#rows.under(key))
      if (this.#recognizer.timeOf(row) < this.#passed) for (let count = 0; count < weight; count += 1) rows.push(row);
    for (const row of this.#recognizer.sorted(rows)) scan.rows.push(row);
    this.#scans.set(key, scan);
    return scan;
  }

  rejected(): string[] {
    const found = this.#rejected;
    this.#rejected = [];
    return found;
  }

  get spilling(): Spilling {
    return this.#rows.spilling;
  }

  get size(): number {
    return this.#rows.size;
  }

  settle(): Entry[] {
    this.#waiting.settle();
    this.#deadlines.settle();
    const places = [...this.#placesBefore.keys()].map((name): Entry => [name, writtenOf(this.#places.get(name))]);
    const passed: Entry[] = this.#passed > this.#passedBefore ? [['', this.#passed]] : [];
    this.#placesBefore.clear();
    this.#touched.clear();
    this.#passedBefore = this.#passed;
    return [...named('r', this.#rows.settle()), ...named('p', places), ...passed];
  }

  undo(): void {
    this.#rejected = [];
    this.#rows.undo();
    this.#waiting.undo();
    this.#deadlines.undo();
    for (const [name, before] of this.#placesBefore) {
      if (before) this.#places.set(name, before);
      else this.#places.delete(name);
    }
    for (const key of this.#touched) this.#scans.delete(key);
    this.#placesBefore.clear();
    this.#touched.clear();
    this.#passed = this.#passedBefore;
  }

  *dump(): Generator<Entry> {
    // By this it is told of rows whether they are still to be matched.
    if (this.#passed > Number.NEGATIVE_INFINITY) yield ['', this.#passed];
    yield* named('r', this.#rows.dump());
    yield* named('p', this.#rows.spilling.besideOnDisk());
    for (const [name, place] of this.#places) yield [`p${name}`, writtenOf(place)];
  }

  load([name, written]: Entry): void {
    if (name === '') this.#passed = this.#passedBefore = written as number;
    else if (name.startsWith('p')) {
      this.#places.set(name.slice(1), placeOf(written));
    } else {
      const row = this.#rows.load([name.slice(1), written], this.#keyOf);
      this.#await(this.#keyOf(row), row);
    }
  }
}

const placeOf = (written: unknown): Place => {
  const [start, covered, number, isBegun] = written as [number, number, number, boolean];
  return { start, covered, number, isBegun };
};
const writtenOf = (place: Place | undefined) => (place ? [place.start, place.covered, place.number, place.isBegun] : null);
