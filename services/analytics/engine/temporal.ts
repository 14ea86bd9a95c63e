import type { Plan } from '../domain/plan.ts';
import { type Column, compareValues, type Row, rowKey, type Value } from '../domain/value.ts';
import { type Batch, BatchBuilder, rowAt, weightAt } from './batch.ts';
import { type Clocks, limitOf } from './clock.ts';
import { Expiry } from './expiry.ts';
import { Heap } from './heap.ts';
import { type Entry, named, type Operator, type State } from './operator.ts';
import { keyOfRow, keysOf, pairTest, valuesOf } from './pipeline.ts';
import type { Spilling } from './spill/room.ts';

type Waiting = { readonly key: Value; readonly name: string };

/**
 * Rows of the left, each beside the version of its key that held at its time. They wait until no row of that time comes any
 * more on either side, and are final then; of versions that are past the last one is kept.
 */
export class Temporal implements Operator, State {
  readonly columns: readonly Column[];
  readonly code: Operator['code'];
  readonly state: State = this;
  readonly #plan: Extract<Plan, { kind: 'temporal' }>;
  readonly #left: Heap;
  readonly #right: Heap;
  readonly #keys: readonly [ReturnType<typeof keysOf>, ReturnType<typeof keysOf>];
  readonly #keyOf: readonly [(row: Row) => Value, (row: Row) => Value];
  readonly #time: (row: Row) => Value;
  readonly #version: (row: Row) => Value;
  readonly #test: ((left: Row, right: Row, params: Row) => boolean) | undefined;
  readonly #limit: (clocks: Clocks) => number;
  readonly #waiting = new Expiry<Waiting>();
  readonly #versions = new Expiry<Value>();

  constructor(plan: Extract<Plan, { kind: 'temporal' }>) {
    this.columns = plan.columns;
    this.#plan = plan;
    this.#left = new Heap(plan.left.columns);
    this.#right = new Heap(plan.right.columns, () => this.#left.size);
    this.#keys = [keysOf(plan.leftKeys, true), keysOf(plan.rightKeys, true)];
    this.#keyOf = [keyOfRow(plan.leftKeys), keyOfRow(plan.rightKeys)];
    const [time, version] = [valuesOf([plan.time]), valuesOf([plan.version])];
    this.#time = (row) => time.run(row, [])[0] ?? null;
    this.#version = (row) => version.run(row, [])[0] ?? null;
    this.#test = plan.residual && pairTest(plan.residual, plan.left.columns.length).run;
    // Asked once, all rows are there.
    this.#limit = plan.closing ? limitOf(plan.closing.bound, 'forgotten') : () => Number.POSITIVE_INFINITY;
    this.code = [
      ['left keys', this.#keys[0].code],
      ['right keys', this.#keys[1].code],
    ];
  }

  step([left, right]: readonly Batch[], params: Row, _isFirst: boolean, clocks: Clocks): Batch {
    const out = new BatchBuilder(this.columns);
    if (right) this.#take(right, this.#right, 1, params, (key, row) => key !== null && this.#versions.add(this.#version(row), key));
    if (left) this.#take(left, this.#left, 0, params, (key, row) => this.#waiting.add(this.#time(row), { key, name: rowKey(row) }));
    const limit = this.#limit(clocks);
    for (const { key, name } of this.#waiting.take(limit)) {
      const held = this.#left.find(key, name);
      if (!held) continue;
      this.#left.change(key, held.row, -held.weight, name);
      const version = this.#at(key, this.#time(held.row) as number);
      const isMet = version && (!this.#test || this.#test(held.row, version, params));
      if (isMet) out.add([...held.row, ...version], held.weight);
      else if (this.#plan.how === 'left') out.add([...held.row, ...this.#plan.right.columns.map(() => null)], held.weight);
    }
    for (const key of new Set(this.#versions.take(limit))) this.#prune(key, limit);
    return out.finish();
  }

  #take(batch: Batch, rows: Heap, side: 0 | 1, params: Row, added: (key: Value, row: Row) => void): void {
    if (batch.size === 0) return;
    const keys = this.#keys[side].run(batch, params);
    for (let at = 0; at < batch.size; at += 1) {
      const [row, weight, key] = [rowAt(batch, at), weightAt(batch, at), keys[at] ?? null];
      // A version without a key or a time is none, and a row without a time has none.
      const time = side === 0 ? this.#time(row) : this.#version(row);
      if (time === null || (side === 1 && key === null)) continue;
      if (rows.change(key, row, weight)) added(key, row);
    }
  }

  /** The last version that is not after a time; of versions of one time the one whose columns come last. */
  #at(key: Value, time: number): Row | undefined {
    let best: Row | undefined;
    for (const { row, weight } of key === null ? [] : this.#right.under(key)) {
      if (weight <= 0 || (this.#version(row) as number) > time) continue;
      if (!best || this.#isAfter(row, best)) best = row;
    }
    return best;
  }

  #isAfter(row: Row, other: Row): boolean {
    const [own, theirs] = [
      [this.#version(row), ...row],
      [this.#version(other), ...other],
    ];
    for (const [at, value] of own.entries()) {
      const against = theirs[at] ?? null;
      if (value === null || against === null) {
        if (value !== against) return value === null;
        continue;
      }
      const found = compareValues(value, against);
      if (found !== 0) return found > 0;
    }
    return false;
  }

  /** Forgets versions that another has taken the place of, for all times that may still be asked for. */
  #prune(key: Value, limit: number): void {
    const last = this.#at(key, limit - 1);
    if (!last) return;
    for (const { row, weight } of [...this.#right.under(key)])
      if ((this.#version(row) as number) < limit && row !== last) this.#right.change(key, row, -weight);
  }

  get size(): number {
    return this.#left.size + this.#right.size;
  }

  get heldBytes(): number {
    return this.#left.spilling.bytes;
  }

  /** Versions; rows that wait for their time are soon gone. */
  get spilling(): Spilling {
    return this.#right.spilling;
  }

  settle(): Entry[] {
    this.#waiting.settle();
    this.#versions.settle();
    return [...named('l', this.#left.settle()), ...named('r', this.#right.settle())];
  }

  undo(): void {
    this.#waiting.undo();
    this.#versions.undo();
    this.#left.undo();
    this.#right.undo();
  }

  *dump(): Generator<Entry> {
    yield* named('l', this.#left.dump());
    yield* named('r', this.#right.dump());
  }

  load([name, written]: Entry): void {
    const isLeft = name.startsWith('l');
    const keyOf = this.#keyOf[isLeft ? 0 : 1];
    const row = (isLeft ? this.#left : this.#right).load([name.slice(1), written], keyOf);
    if (isLeft) this.#waiting.add(this.#time(row), { key: keyOf(row), name: name.slice(1) });
    else this.#versions.add(this.#version(row), keyOf(row));
  }
}
