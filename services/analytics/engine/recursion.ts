import { setImmediate } from 'node:timers/promises';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { allOf, type Plan } from '../domain/plan.ts';
import type { Query } from '../domain/planner.ts';
import type { Recursion } from '../domain/recursive.ts';
import type { Column, Row } from '../domain/value.ts';
import { arranged, boundsOf, Tally } from './answer.ts';
import { answered, type Asking } from './asking.ts';
import { type Batch, BatchBuilder, concatenated, emptyBatch, sliced, weightAt } from './batch.ts';
import { Circuit } from './circuit.ts';
import { recursionMs, recursionRoundsMax, recursionRowsMax, turnMs } from './limits.ts';

type Relations = ReadonlyMap<bigint, Batch>;
/** `askings` are made anew for each step, of which every one may ask. */
type Asked = { readonly params: Row; readonly signal: AbortSignal; readonly askings: () => readonly Asking[] };

/** Answers a query with recursions in it, a little at a time, so that others have their turn. */
export async function answerRecursive(
  query: Query & { readonly recursions: readonly Recursion[] },
  relations: Relations,
  asked: Asked,
): Promise<Row[]> {
  const known = new Map(relations);
  const turns = new Turns(asked.signal);
  const most = rowsAsked(query, asked.params);
  for (const each of query.recursions)
    known.set(each.id, await rowsOf(each, known, asked, turns, most?.id === each.id ? most.rows : undefined));
  const [first] = query.recursions;
  const machine = new Machine(query.plan, asked, turns);
  const tally = new Tally();
  await machine.step(known, first && { id: first.id, batch: known.get(first.id) ?? emptyBatch(first.columns) }, tally);
  return arranged(query, tally.rows(), asked.params);
}

/** How many rows of a recursion are enough, where a query shows no more of it than the first. */
function rowsAsked(query: Query, params: Row): { readonly id: bigint; readonly rows: number } | undefined {
  let below = query.plan;
  while (below.kind === 'map' && !below.where) below = below.input;
  const { offset, limit } = boundsOf(query, params);
  return below.kind === 'scan' && query.order.length === 0 ? { id: below.relation, rows: offset + limit } : undefined;
}

/** All rows of a recursion, or the first `most`. */
async function rowsOf(
  recursion: Recursion,
  relations: Relations,
  asked: Asked,
  turns: Turns,
  most = Number.POSITIVE_INFINITY,
): Promise<Batch> {
  const { id, last, first, again, columns, isDistinct, name } = recursion;
  const start = new Tally();
  await new Machine(first, asked, turns).step(relations, undefined, start);
  const machine = new Machine(again, asked, turns);
  const sieve = isDistinct ? new Machine(distinctOf(id, columns), asked, turns) : undefined;
  const found: Batch[] = [];
  let [count, before] = [0, emptyBatch(columns)];
  const tally = new Tally();
  for (let [round, rows] = [0, start.rows()]; ; round += 1, rows = tally.rows()) {
    const fresh = sieve ? await sieved(sieve, id, batchOf(columns, rows, 1)) : batchOf(columns, rows, 1);
    found.push(fresh);
    count += fresh.size;
    if (fresh.size === 0 || count >= most) return concatenated(found, columns);
    if (count > recursionRowsMax) throw tooLong(name, `comes to more than ${recursionRowsMax} rows`);
    if (round >= recursionRoundsMax) throw tooLong(name, `goes on for more than ${recursionRoundsMax} rounds`);
    // The rows of the last round go, and those of this one come.
    const changes = concatenated([negated(before), fresh], columns);
    await machine.step(round === 0 ? relations : new Map(), { id: last, batch: changes }, tally);
    if (tally.size > recursionRowsMax) throw tooLong(name, `comes to more than ${recursionRowsMax} rows`);
    before = fresh;
  }
}

const tooLong = (name: string, what: string) => new StatementError(sqlstates.tooLarge, `the recursive query "${name}" ${what}`);

/** The rows that were not there before. */
async function sieved(sieve: Machine, id: bigint, rows: Batch): Promise<Batch> {
  const fresh = new Tally();
  await sieve.step(new Map(), { id, batch: rows }, fresh);
  return batchOf(sieve.columns, fresh.rows(), 1);
}

const distinctOf = (relation: bigint, columns: readonly Column[]): Plan => {
  const input: Plan = { kind: 'scan', relation, name: '', columns, appends: false };
  return { kind: 'group', input, keys: allOf(columns), aggregates: [], columns };
};

function batchOf(columns: readonly Column[], rows: readonly Row[], weight: number): Batch {
  const builder = new BatchBuilder(columns);
  for (const row of rows) builder.add(row, weight);
  return builder.finish();
}

const negated = (batch: Batch): Batch => ({
  ...batch,
  weights: Float64Array.from({ length: batch.size }, (_, at) => -weightAt(batch, at)),
});

/** A plan at work, one portion of rows after the other. */
class Machine {
  readonly columns: readonly Column[];
  readonly #circuit: Circuit;
  readonly #asked: Asked;
  readonly #turns: Turns;
  /** Rows of a portion: as many as take about the time of a turn. */
  #portion = 64;

  constructor(plan: Plan, asked: Asked, turns: Turns) {
    this.columns = plan.columns;
    this.#circuit = new Circuit(plan);
    this.#asked = asked;
    this.#turns = turns;
  }

  /** Takes relations as they are, and then the changes of one, in portions. */
  async step(relations: Relations, changing: { readonly id: bigint; readonly batch: Batch } | undefined, tally: Tally): Promise<void> {
    const size = changing?.batch.size ?? 0;
    let from = 0;
    do {
      const to = Math.min(size, from + this.#portion);
      const portion = new Map(from === 0 ? relations : []);
      if (changing) portion.set(changing.id, sliced(changing.batch, from, to));
      const begun = performance.now();
      tally.take(await this.#one(portion));
      const ms = performance.now() - begun;
      this.#portion = Math.max(1, ms > turnMs ? this.#portion >> 1 : ms < turnMs / 4 ? this.#portion * 2 : this.#portion);
      await this.#turns.pass();
      from = to;
    } while (from < size);
  }

  async #one(changes: Relations): Promise<Batch> {
    const { params, askings } = this.#asked;
    const circuit = this.#circuit;
    const batch = await answered(
      askings(),
      () => circuit.step(changes, params),
      () => circuit.undo(),
    );
    circuit.settle();
    return batch;
  }
}

/** Lets others have their turn, and ends what is cancelled or takes too long. */
class Turns {
  readonly #signal: AbortSignal;
  readonly #end = performance.now() + recursionMs;
  #begun = performance.now();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  async pass(): Promise<void> {
    const now = performance.now();
    if (now > this.#end) throw new StatementError(sqlstates.cancelled, `a recursive query takes at most ${recursionMs / 1000} s`);
    if (now - this.#begun < turnMs) return;
    await setImmediate();
    this.#signal.throwIfAborted();
    this.#begun = performance.now();
  }
}
