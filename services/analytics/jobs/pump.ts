import { setTimeout as pause } from 'node:timers/promises';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Log } from '#kernel/contract/implement.ts';
import type { Heard, Incoming } from '#seams/log/log.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { clocksOf } from '../domain/closing.ts';
import { deadLetter, deadRecords } from '../domain/dead-letter.ts';
import { begunAt } from '../domain/start.ts';
import type { Format } from '../domain/format.ts';
import type { Plan } from '../domain/plan.ts';
import { lettersOf } from '../domain/sink.ts';
import { readsOf } from '../domain/wanted.ts';
import { sliced } from '../engine/batch.ts';
import type { CircuitEntry } from '../engine/circuit.ts';
import type { Clocks } from '../engine/clock.ts';
import type { Spills } from '../engine/spill/room.ts';
import { type Changed, View } from '../engine/view.ts';
import type { Answering, RoutineCalls } from '../engine/routine/calls.ts';
import type { Paced } from '../engine/watermark.ts';
import type { Crews } from '../engine/worker/crew.ts';
import { sharedRecordsMin } from '../engine/worker/limits.ts';
import type { SharedSource } from '../engine/worker/message.ts';
import type { Changes } from '../store/change.ts';
import type { Files } from '../store/file.ts';
import type { History } from '../store/history.ts';
import { commitRecordsMax, restMinMs } from '../store/limits.ts';
import type { Letter, Outbox } from '../store/outbox.ts';
import type { Relation, Relations } from '../store/relation.ts';
import type { SchemaStore } from '../store/schema.ts';
import { type Commit, overtaken, type Positions, type States } from '../store/state.ts';
import { atStep } from '../store/step.ts';
import type { Plans } from '../store/view.ts';
import { Delivery } from './delivery.ts';
import type { Fed, Feeds } from './feed.ts';
import { Gathered, type Outcome, type Refused, type Sorted } from './gathered.ts';
import { type Carriers, sinkCarrier } from './sink-carrier.ts';
import { type Lags, SourceLag } from './lag.ts';
import { LiveView, type LiveViews } from './live.ts';
import { admitted, refuse, step, stepped } from './portion.ts';
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
  /** What sources found of files. */
  readonly files: Files;
  readonly log: Log;
  readonly feeds: Feeds;
  /** How far views are behind their sources. */
  readonly lags: Lags;
  readonly routines: RoutineCalls;
  /** The workers that share views of which many records come. */
  readonly crews: Crews;
  /** Where views put what their memory has no room for. */
  readonly spills: Spills;
  /** Why what relations gave out does not get to where it goes. */
  readonly failures: Map<bigint, string>;
} & Carriers;

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

/** A source that a view reads, and from where on. */
type Followed = {
  readonly source: Relation;
  readonly at: ReadonlyMap<number, number>;
  readonly lag: SourceLag;
};

/** One view, from where its last commit ended. */
export class Pump {
  readonly #with: Pumped;
  readonly #at: Placed;
  readonly #view: Relation;
  readonly #signal: AbortSignal;
  readonly #call: Answering;
  readonly #deliveries = new Map<bigint, Delivery>();
  /** For how long it is remembered what rows were, and when the last commit was. */
  #historyMs: number | undefined;
  #lastMs = 0;
  #went: () => void = () => undefined;
  /** What is to be committed next, told when there is some, and when it is taken. */
  #gathered = new Gathered();
  #some = Promise.withResolvers<void>();
  #taken = Promise.withResolvers<void>();
  #sources: readonly SharedSource[] = [];

  constructor(pumped: Pumped, at: Placed, view: Relation, signal: AbortSignal) {
    this.#with = pumped;
    this.#at = at;
    this.#view = view;
    this.#signal = signal;
    this.#call = pumped.routines.of(at);
  }

  /** Runs until the signal; `went` is told of each commit. */
  async run(went: () => void): Promise<void> {
    const { relations, changes, live, plans } = this.#with;
    this.#went = went;
    await live.renew(this.#view.id);
    const view = await relations.byId(this.#at, this.#view.id);
    if (!view) return;
    const { plan, sources, historyMs } = await plans.of(this.#at, view);
    this.#historyMs = historyMs;
    const reads = readsOf(plan);
    this.#sources = sources.map(({ id, format, columns }) => ({
      ...{ id, columns, format: format as Format },
      used: reads.get(id) ?? new Set(columns.keys()),
    }));
    const begun = new View(plan, view.kind === 'view', pacedBy(plan, sources), this.#with.spills.of(this.#at.scope));
    const loaded = new LiveView(begun, view.epoch, () => begun.close());
    const positions = await this.#load(loaded, view).catch(async (error: unknown) => {
      await loaded.end();
      throw error;
    });
    changes.rollback(view.id, loaded.epoch);
    // Views can be read whatever becomes of the log.
    live.put(view.id, loaded);
    const lags = new Map(sources.map(({ id, name, topic }) => [id, new SourceLag(this.#at, name, topic ?? '', positions.get(id))]));
    this.#with.lags.put(view.id, view.name, [...lags.values()]);
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.#signal]);
    const committing = this.#commits(loaded, signal);
    try {
      const delivering = this.#deliver(loaded, sources, signal);
      await Promise.all([
        ...delivering,
        committing,
        this.#rest(loaded, signal),
        ...sources.map((source) => {
          const at = positions.get(source.id) ?? new Map<number, number>();
          return this.#follow(loaded, { source, at, lag: lags.get(source.id) as SourceLag }, signal);
        }),
      ]);
    } finally {
      stop.abort();
      // Whoever goes on is to know how far this came.
      await committing.catch(() => undefined);
      const { shared } = loaded.view;
      if (shared?.isOver) this.#with.crews.fell(this.#view.id);
      shared?.close();
    }
  }

  /** The view as its last commit left it; a new one, or one whose operators have changed, begins with nothing. */
  async #load(loaded: LiveView, { id, epoch, shape }: Relation): Promise<Positions> {
    const { states } = this.#with;
    const { view } = loaded;
    if (shape === view.shape) {
      await states.load(this.#at, id, (entries) => view.load(entries), this.#with.spills.of(this.#at.scope));
      return await states.positions(this.#at, id);
    }
    // What was given out cannot be taken back, and would come once more.
    if (this.#view.kind === 'sink' && epoch > 0n)
      throw new StatementError(sqlstates.notBuilt, `the sink ${this.#view.name} is computed otherwise by now; it has to be made anew`);
    // What there is without any record: a sum over nothing, for one.
    this.#interrupt();
    const { changes, entries } = await stepped(this.#call, view, new Map());
    const more = [...(await this.#posting(loaded, changes)), ...(await this.#remembered(loaded, changes, true))];
    await states.commit(this.#at, {
      ...this.#base(loaded),
      isFresh: true,
      ...{ entries, places: [], rows: view.size, rejected: 0, rejection: null, more },
    });
    loaded.epoch += 1n;
    return new Map();
  }

  /** `shared`: all that workers remember, where they share the view. */
  #base({ view, epoch }: LiveView, shared?: readonly CircuitEntry[]): Pick<Commit, 'view' | 'epoch' | 'shape' | 'all'> {
    return { view: this.#view.id, epoch, shape: view.shape, all: () => view.dump(shared) };
  }

  /** What was told to whoever follows is not what the view goes on from. */
  #interrupt(): void {
    this.#with.changes.end(this.#view.id, new StatementError(sqlstates.unavailable, 'the view was interrupted; subscribe again'));
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
  async #posting(loaded: LiveView, changes: readonly Changed[], from: Iterable<Sorted> = []) {
    const { id, name, target, columns } = this.#view;
    const post = (lane: bigint, letters: readonly Letter[]) =>
      this.#with.outbox.posting(this.#at, { relation: id, lane }, loaded.epoch + 1n, letters);
    const posted = target ? [...(await post(ownLane, lettersOf(target, columns, changes)))] : [];
    const dead = (records: readonly Refused[]) => records.map(({ record, reason }) => deadLetter(record, name, reason));
    for (const { source, refused, late } of from) {
      const { deadLetters, watermark } = source.format ?? {};
      if (deadLetters !== undefined) posted.push(...(await post(source.id, dead(refused))));
      if (watermark?.late !== undefined) posted.push(...(await post(lateLane(source), dead(late))));
    }
    return posted;
  }

  async #follow(loaded: LiveView, { source, at, lag }: Followed, signal: AbortSignal): Promise<void> {
    const { logs, feeds } = this.#with;
    const { watermarks } = loaded.view;
    if (watermarks.has(source.id)) {
      const log = await logs.own(this.#at, `${this.#view.id} ${source.id}`);
      watermarks.expect(source.id, await log.partitions(source.topic ?? ''), Date.now());
    }
    const places = new Map([...begunAt(source.format?.begun), ...at]);
    const used = this.#sources.find(({ id }) => id === source.id)?.used ?? new Set();
    const heard = (found: Heard) => lag.heard(found, Date.now());
    for await (const fed of feeds.follow(this.#at, source, { used, from: places, heard }, signal)) {
      while (this.#gathered.records > 0 && this.#gathered.records + fed.records.length > commitRecordsMax && !signal.aborted)
        await this.#taken.promise;
      if (signal.aborted) return;
      await loaded.inTurn(() => this.#take(loaded, source, fed));
      lag.took(fed.place.partition, fed.place.next, fed.records.at(-1)?.timestamp ?? 0);
    }
  }

  async #take(loaded: LiveView, source: Relation, { records, place, read: decoded }: Fed): Promise<void> {
    const { schemas } = this.#with;
    const format = source.format as Format;
    const known = await schemas.of(
      this.#at,
      format,
      records.map(({ value }) => value),
    );
    const { view } = loaded;
    const outcome: Outcome = { entries: [], changes: [], rejected: [] };
    const values = records.map(({ value }) => value);
    await this.#share(loaded, records.length);
    const { shared } = view;
    const isReadThere = shared?.reads(source.id) ?? false;
    const read =
      shared && isReadThere ? await shared.read(source.id, values, view.watermarks.placeOf(source.id)) : decoded(known);
    const refused: Refused[] = [];
    for (const { record, error } of read.refused) refuse(refused, records[record] as Incoming, error);
    const { taken, late } = admitted(view.watermarks, source.id, records, read);
    const { batch, kept } = taken;
    if (shared && isReadThere && kept) await shared.keep(kept);
    if (shared && !isReadThere) await shared.give(source.id, batch);
    const take = (from: number, to: number, clocks: Clocks) => {
      if (shared) return view.stepShared(shared, from, to, clocks);
      return stepped(this.#call, view, new Map([[source.id, sliced(batch, from, to)]]), clocks);
    };
    if (batch.size > 0) await step(view, source.id, { records, ...taken, size: batch.size, take }, outcome, refused);
    this.#gathered.read(place, records.length, { source, refused, late });
    this.#gather(loaded, outcome);
  }

  /** Lets workers share the view when so many records come at once that it is worth it. */
  async #share({ view, epoch }: LiveView, records: number): Promise<void> {
    await view.unshare();
    if (view.shared || records < sharedRecordsMin || !view.isShareable) return;
    const crew = this.#with.crews.for(this.#view.id);
    if (!crew) return;
    try {
      await view.share(crew, this.#sources, String(epoch));
    } finally {
      if (crew.isOver) this.#with.crews.fell(this.#view.id);
    }
  }

  /** Notes what a step did for the next commit, and tells it at once to those who follow the view. */
  #gather(loaded: LiveView, outcome: Outcome): void {
    for (const entry of loaded.view.watermarks.settle()) outcome.entries.push(entry);
    this.#gathered.add(outcome, loaded.view.size);
    // The commit that is under way, if there is one, takes no more.
    if (this.#view.kind === 'view') this.#with.changes.tell(this.#view.id, loaded.epoch + (loaded.isCommitting ? 2n : 1n), outcome.changes);
    this.#some.resolve();
  }

  /** Lets the watermark come farther while partitions have no records. */
  async #rest(loaded: LiveView, signal: AbortSignal): Promise<void> {
    const { watermarks } = loaded.view;
    const { idleMs } = watermarks;
    if (idleMs === undefined) return;
    while (!signal.aborted) {
      await pause(Math.max(restMinMs, idleMs / 2), undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      await loaded.inTurn(async () => {
        if (!watermarks.rest(Date.now())) return;
        const { shared } = loaded.view;
        const done = shared ? await loaded.view.stepShared(shared, 0, 0) : await stepped(this.#call, loaded.view, new Map());
        this.#gather(loaded, { ...done, entries: [...done.entries], rejected: [...done.rejected] });
      });
    }
  }

  /** Commits what was gathered, again and again; steps go on meanwhile. */
  async #commits(loaded: LiveView, signal: AbortSignal): Promise<void> {
    const stop = () => {
      this.#some.resolve();
      this.#taken.resolve();
    };
    signal.addEventListener('abort', stop);
    try {
      while (!signal.aborted) {
        await this.#some.promise;
        for (const delivery of this.#deliveries.values()) await delivery.room();
        if (signal.aborted) return;
        // All that is remembered is written down as it is between two steps.
        if (this.#with.states.isDue(this.#view.id)) await loaded.inTurn(() => this.#commit(loaded));
        else await this.#commit(loaded);
      }
    } catch (error) {
      loaded.fail(error);
      if (overtaken(error)) this.#interrupt();
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
    }
  }

  /** Writes down what steps did, and tells those who follow the view that it stays. */
  async #commit(loaded: LiveView): Promise<void> {
    const { states, changes } = this.#with;
    const taken = this.#gathered;
    this.#gathered = new Gathered();
    this.#some = Promise.withResolvers();
    this.#taken.resolve();
    this.#taken = Promise.withResolvers();
    if (taken.isEmpty) return;
    loaded.isCommitting = true;
    const posting = await this.#posting(loaded, taken.changes, taken.sorted.values());
    const kept = await this.#remembered(loaded, taken.changes, false);
    const { entries, places, rows, rejected, rejection } = taken;
    const { shared } = loaded.view;
    const all = shared && states.isDue(this.#view.id) ? await shared.dump() : undefined;
    atStep('epoch-computed');
    await states.commit(this.#at, {
      ...this.#base(loaded, all),
      isFresh: false,
      ...{ entries, places, rows, rejected, rejection, more: [...posting, ...kept] },
    });
    atStep('epoch-committed');
    loaded.epoch += 1n;
    loaded.isCommitting = false;
    if (shared) this.#with.crews.stood(this.#view.id);
    this.#went();
    if (posting.length > 0) for (const delivery of this.#deliveries.values()) delivery.posted();
    if (this.#view.kind === 'view') changes.commit(this.#view.id, loaded.epoch);
  }
}
