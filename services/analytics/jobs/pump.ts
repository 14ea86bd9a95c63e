import { setTimeout as pause } from 'node:timers/promises';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Log } from '#kernel/contract/implement.ts';
import type { Incoming } from '#seams/log/log.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { clocksOf } from '../domain/closing.ts';
import { deadLetter, deadRecords } from '../domain/dead-letter.ts';
import type { Format } from '../domain/format.ts';
import type { Plan } from '../domain/plan.ts';
import { readRecord, type Said } from '../domain/record.ts';
import { lettersOf } from '../domain/sink.ts';
import { BatchBuilder } from '../engine/batch.ts';
import type { CircuitEntry } from '../engine/circuit.ts';
import { type Changed, View } from '../engine/view.ts';
import type { Paced } from '../engine/watermark.ts';
import type { Changes } from '../store/change.ts';
import type { History } from '../store/history.ts';
import { commitRecordsMax, reasonMax, restMinMs } from '../store/limits.ts';
import type { Letter, Outbox } from '../store/outbox.ts';
import type { Relation, Relations } from '../store/relation.ts';
import type { SchemaStore } from '../store/schema.ts';
import type { Commit, Positions, States } from '../store/state.ts';
import { atStep } from '../store/step.ts';
import type { Plans } from '../store/view.ts';
import { Delivery } from './delivery.ts';
import { type Carriers, sinkCarrier } from './sink-carrier.ts';
import { LiveView, type LiveViews } from './live.ts';
import { topicCarrier } from './topic-carrier.ts';

export type Pumped = {
  readonly relations: Relations;
  readonly states: States;
  readonly plans: Plans;
  readonly changes: Changes;
  readonly live: LiveViews;
  readonly schemas: SchemaStore;
  readonly outbox: Outbox;
  readonly history: History;
  readonly log: Log;
  /** Why what relations gave out does not get to where it goes. */
  readonly failures: Map<bigint, string>;
} & Carriers;

/** `mark`: how far the watermark of its source had come behind it. */
type Taken = { readonly record: Incoming; readonly said: Said; readonly mark: number | undefined };
/** What some records did to a view. */
type Outcome = {
  readonly entries: CircuitEntry[];
  readonly changes: Changed[];
  readonly refused: Refused[];
  /** Why rows of records before these were left out. */
  readonly rejected: string[];
};
type Refused = { readonly record: Incoming; readonly reason: string };
/** Records of a source that a view did not take: those that do not fit, and those that come too late. */
type Sorted = { readonly source: Relation; readonly refused: readonly Refused[]; readonly late: readonly Refused[] };
/** The lane of a sink's own changes; those of refused records have the numbers of their sources, of late ones below nothing. */
const ownLane = 0n;
const lateLane = ({ id }: Relation) => -id;

/** The sources by whose watermarks a plan goes. */
function pacedBy(plan: Plan, sources: readonly Relation[]): Paced[] {
  const clocks = clocksOf(plan);
  return sources.flatMap(({ id, columns, format }) => {
    const [watermark, lateness] = [format?.watermark, clocks.get(id)];
    if (!watermark || lateness === undefined) return [];
    const place = columns.findIndex(({ name }) => name === watermark.column);
    return [{ id, place, delay: watermark.delayMs * 1000, lateness, idleMs: watermark.idleMs }];
  });
}

/** One view, from where its last commit ended. */
export class Pump {
  readonly #with: Pumped;
  readonly #at: Placed;
  readonly #view: Relation;
  readonly #signal: AbortSignal;
  readonly #deliveries = new Map<bigint, Delivery>();
  /** For how long it is remembered what rows were, and when the last commit was. */
  #historyMs: number | undefined;
  #lastMs = 0;
  #went: () => void = () => undefined;

  constructor(pumped: Pumped, at: Placed, view: Relation, signal: AbortSignal) {
    this.#with = pumped;
    this.#at = at;
    this.#view = view;
    this.#signal = signal;
  }

  /** Runs until the signal; `went` is told of each commit. */
  async run(went: () => void): Promise<void> {
    const { relations, changes, live, plans } = this.#with;
    this.#went = went;
    // Whether the commit before this one took effect may not be known, and who follows would miss it.
    changes.end(this.#view.id, new StatementError(sqlstates.unavailable, 'the view was interrupted; subscribe again'));
    live.expect(this.#view.id);
    const view = await relations.find(this.#at, this.#view.name);
    if (view?.id !== this.#view.id) return;
    const { plan, sources, historyMs } = await plans.of(this.#at, view);
    this.#historyMs = historyMs;
    const { loaded, positions } = await this.#load(new View(plan, view.kind === 'view', pacedBy(plan, sources)), view);
    // Views can be read whatever becomes of the log.
    live.put(view.id, loaded);
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.#signal]);
    try {
      const delivering = this.#deliver(loaded, sources, signal);
      await Promise.all([
        ...delivering,
        this.#rest(loaded, signal),
        ...sources.map((source) => this.#follow(loaded, source, positions.get(source.id) ?? new Map<number, number>(), signal)),
      ]);
    } finally {
      stop.abort();
    }
  }

  /** The view as its last commit left it; a new one, or one whose operators have changed, begins with nothing. */
  async #load(view: View, { id, epoch, shape }: Relation): Promise<{ loaded: LiveView; positions: Positions }> {
    const { states } = this.#with;
    const loaded = new LiveView(view, epoch);
    if (shape === view.shape) {
      view.load(await states.load(this.#at, id));
      return { loaded, positions: await states.positions(this.#at, id) };
    }
    // What was given out cannot be taken back, and would come once more.
    if (this.#view.kind === 'sink' && epoch > 0n)
      throw new StatementError(sqlstates.notBuilt, `the sink ${this.#view.name} is computed otherwise by now; it has to be made anew`);
    // What there is without any record: a sum over nothing, for one.
    const changes = view.step(new Map());
    const entries = view.settle();
    const more = [...(await this.#posting(loaded, changes)), ...(await this.#remembered(loaded, changes, true))];
    await states.commit(this.#at, {
      ...this.#base(loaded),
      isFresh: true,
      entries,
      place: undefined,
      rejected: 0,
      rejection: null,
      more,
    });
    loaded.epoch += 1n;
    return { loaded, positions: new Map() };
  }

  #base({ view, epoch }: LiveView): Omit<Commit, 'isFresh' | 'entries' | 'place' | 'rejected' | 'rejection' | 'more'> {
    return { view: this.#view.id, epoch, shape: view.shape, rows: view.size, all: () => view.dump() };
  }

  /** Begins to deliver what commits give out: changes of a sink, and refused records of sources that say where to. */
  #deliver(loaded: LiveView, sources: readonly Relation[], signal: AbortSignal): Promise<void>[] {
    const { id, target } = this.#view;
    const dead = (lane: bigint, topic: string) => ({
      lane,
      carrier: topicCarrier(this.#with.logs, this.#at, { relation: id, lane }, { topic, records: deadRecords }),
    });
    const routes = sources.flatMap((source) =>
      source.format?.deadLetters === undefined ? [] : [dead(source.id, source.format.deadLetters)],
    );
    for (const source of sources) {
      const late = loaded.view.watermarks.has(source.id) ? source.format?.watermark?.late : undefined;
      if (late !== undefined) routes.push(dead(lateLane(source), late));
    }
    if (target) routes.push({ lane: ownLane, carrier: sinkCarrier(this.#with, this.#at, this.#view, target) });
    return routes.map(({ lane, carrier }) => {
      const delivery = new Delivery(this.#with, this.#at, { relation: id, lane }, carrier, signal);
      this.#deliveries.set(lane, delivery);
      return delivery.run();
    });
  }

  /** What writes down what a commit changes, for those who ask what was. */
  #remembered({ epoch }: LiveView, changes: readonly Changed[], isFresh: boolean) {
    const { id, columns } = this.#view;
    if (this.#historyMs === undefined) return [];
    this.#lastMs = Math.max(this.#lastMs, Date.now());
    const kept = { view: id, epoch: epoch + 1n, at: this.#lastMs, keepMs: this.#historyMs, isFresh };
    return this.#with.history.posting(this.#at, kept, columns, changes);
  }

  /** What writes down what a commit gives out. */
  async #posting(loaded: LiveView, changes: readonly Changed[], from?: Sorted) {
    const { id, name, target, columns } = this.#view;
    const post = (lane: bigint, letters: readonly Letter[]) =>
      this.#with.outbox.posting(this.#at, { relation: id, lane }, loaded.epoch + 1n, letters);
    const own = target ? await post(ownLane, lettersOf(target, columns, changes)) : [];
    if (!from) return own;
    const { source, refused, late } = from;
    const { deadLetters, watermark } = source.format ?? {};
    const dead = (records: readonly Refused[]) => records.map(({ record, reason }) => deadLetter(record, name, reason));
    const both = [
      ...(deadLetters === undefined ? [] : await post(source.id, dead(refused))),
      ...(watermark?.late === undefined ? [] : await post(lateLane(source), dead(late))),
    ];
    return [...own, ...both];
  }

  async #follow(loaded: LiveView, source: Relation, at: ReadonlyMap<number, number>, signal: AbortSignal): Promise<void> {
    const log = await this.#with.logs.own(this.#at, `${this.#view.id} ${source.id}`);
    const { watermarks } = loaded.view;
    if (watermarks.has(source.id)) watermarks.expect(source.id, await log.partitions(source.topic ?? ''), Date.now());
    for await (const { records, next } of log.consume(source.topic ?? '', { from: 'earliest', at, signal }))
      for (let from = 0; from < records.length && !signal.aborted; from += commitRecordsMax) {
        const part = records.slice(from, from + commitRecordsMax);
        const isLast = from + commitRecordsMax >= records.length;
        const last = part.at(-1) as Incoming;
        const place = { source: source.id, partition: next.partition, next: isLast ? next.offset : last.offset + 1 };
        for (const delivery of this.#deliveries.values()) await delivery.room();
        await loaded.inTurn(() => this.#take(loaded, source, part, place));
      }
  }

  async #take(loaded: LiveView, source: Relation, records: readonly Incoming[], place: NonNullable<Commit['place']>): Promise<void> {
    const { schemas } = this.#with;
    const { watermarks } = loaded.view;
    const format = source.format as Format;
    const known = await schemas.of(
      this.#at,
      format,
      records.map(({ value }) => value),
    );
    const outcome: Outcome = { entries: [], changes: [], refused: [], rejected: [] };
    const taken: Taken[] = [];
    const late: Refused[] = [];
    const now = Date.now();
    for (const record of records)
      attempt(record, outcome.refused, () => {
        const said = readRecord(format, source.columns, record.value, known);
        const reasons = said.flatMap(({ row }) => watermarks.admit(source.id, record.partition, row, now) ?? []);
        if (reasons[0] === undefined) taken.push({ record, said, mark: watermarks.mark(source.id) });
        else late.push({ record, reason: reasons[0] });
      });
    if (taken.length > 0) step(loaded.view, source, taken, outcome);
    await this.#commit(loaded, outcome, place, { source, refused: outcome.refused, late });
  }

  /** Lets the watermark come farther while partitions have no records. */
  async #rest(loaded: LiveView, signal: AbortSignal): Promise<void> {
    const { watermarks } = loaded.view;
    const { idleMs } = watermarks;
    if (idleMs === undefined) return;
    while (!signal.aborted) {
      await pause(Math.max(restMinMs, idleMs / 2), undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      for (const delivery of this.#deliveries.values()) await delivery.room();
      await loaded.inTurn(async () => {
        if (!watermarks.rest(Date.now())) return;
        const changes = loaded.view.step(new Map());
        const rejected = loaded.view.rejected();
        await this.#commit(loaded, { entries: loaded.view.settle(), changes, refused: [], rejected }, undefined);
      });
    }
  }

  /** Writes down what records did, and tells those who follow the view. */
  async #commit(loaded: LiveView, outcome: Outcome, place: Commit['place'], from?: Sorted): Promise<void> {
    const { states, changes } = this.#with;
    const out = from ? [...from.late, ...from.refused] : [];
    const last = out.at(-1);
    const rejection = last
      ? `partition ${last.record.partition} offset ${last.record.offset}: ${last.reason}`.slice(0, reasonMax)
      : (outcome.rejected.at(-1)?.slice(0, reasonMax) ?? null);
    for (const entry of loaded.view.watermarks.settle()) outcome.entries.push(entry);
    const posting = await this.#posting(loaded, outcome.changes, from);
    const kept = await this.#remembered(loaded, outcome.changes, false);
    const more = {
      isFresh: false,
      entries: outcome.entries,
      place,
      rejected: out.length + outcome.rejected.length,
      rejection,
      more: [...posting, ...kept],
    };
    try {
      atStep('epoch-computed');
      await states.commit(this.#at, { ...this.#base(loaded), ...more });
      atStep('epoch-committed');
    } catch (error) {
      loaded.fail(error);
      throw error;
    }
    loaded.epoch += 1n;
    this.#went();
    if (posting.length > 0) for (const delivery of this.#deliveries.values()) delivery.posted();
    if (!changes.isFollowed(this.#view.id)) return;
    const { epoch } = loaded;
    const told = outcome.changes.flatMap(({ row, weight }) =>
      Array.from({ length: Math.abs(weight) }, () => ({ epoch, diff: weight > 0 ? (1 as const) : (-1 as const), row })),
    );
    changes.tell(this.#view.id, told);
  }
}

/** Gives records to a view together; where that fails, in halves, until those that fail are alone. */
function step(view: View, source: Relation, taken: readonly Taken[], outcome: Outcome): void {
  const builder = new BatchBuilder(source.columns);
  for (const { said } of taken) for (const { row, weight } of said) builder.add(row, weight);
  // As far as the last of these had come: what is behind it would find its windows closed.
  const mark = taken.at(-1)?.mark;
  const clocks = view.watermarks.clocks();
  try {
    const changes = view.step(
      new Map([[source.id, builder.finish()]]),
      mark === undefined ? clocks : new Map([...clocks, [source.id, mark]]),
    );
    // One by one: there may be more than a call takes arguments.
    for (const reason of view.rejected()) outcome.rejected.push(reason);
    for (const entry of view.settle()) outcome.entries.push(entry);
    for (const changed of changes) outcome.changes.push(changed);
  } catch (error) {
    view.undo();
    const [first] = taken;
    if (taken.length === 1 && first)
      attempt(first.record, outcome.refused, () => {
        throw error;
      });
    else {
      if (!isRefusal(error)) throw error;
      const half = Math.ceil(taken.length / 2);
      step(view, source, taken.slice(0, half), outcome);
      step(view, source, taken.slice(half), outcome);
    }
  }
}

// A value that is nested too deeply ends in a RangeError.
const isRefusal = (error: unknown): error is Error => error instanceof StatementError || error instanceof RangeError;

/** Takes a record, or notes why not. */
function attempt(record: Incoming, refused: Refused[], take: () => void): void {
  try {
    take();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    refused.push({ record, reason: error.message.slice(0, reasonMax) });
  }
}
