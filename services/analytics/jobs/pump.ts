import { setTimeout as pause } from 'node:timers/promises';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Log } from '#kernel/contract/implement.ts';
import type { Heard } from '#seams/log/log.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { deadLetter, deadRecords } from '../domain/dead-letter.ts';
import { begunAt } from '../domain/start.ts';
import type { Format } from '../domain/format.ts';
import { lettersOf } from '../domain/sink.ts';
import { readsOf } from '../domain/wanted.ts';
import { sliced } from '../engine/batch.ts';
import type { CircuitEntry } from '../engine/circuit.ts';
import type { Spills } from '../engine/spill/room.ts';
import { type Changed, type Done, View } from '../engine/view.ts';
import type { Crews } from '../engine/worker/crew.ts';
import type { Stepped } from '../engine/worker/shared-circuit.ts';
import type { Changes } from '../store/change.ts';
import type { Files } from '../store/file.ts';
import type { History } from '../store/history.ts';
import { commitRecordsMax, portionRecordsMax, restMinMs } from '../store/limits.ts';
import type { Letter, Outbox } from '../store/outbox.ts';
import type { Relation, Relations } from '../store/relation.ts';
import type { SchemaStore } from '../store/schema.ts';
import { type Commit, overtaken, type Positions, type States } from '../store/state.ts';
import { atStep } from '../store/step.ts';
import type { Plans } from '../store/view.ts';
import { Balance } from './balance.ts';
import { Delivery } from './delivery.ts';
import type { Fed, Feeds } from './feed.ts';
import { Gathered, type Outcome, type Refused, type Sorted } from './gathered.ts';
import { type Carriers, sinkCarrier } from './sink-carrier.ts';
import { type Lags, SourceLag } from './lag.ts';
import { LiveView, type LiveViews } from './live.ts';
import { pacedBy } from './paced.ts';
import { oneAhead, Passage } from './passage.ts';
import { type Asked, type Computed, computed, computedThere, handedOver, stepped, type Take, type Ways } from './portion.ts';
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
  /** The workers that share views of which many records come. */
  readonly crews: Crews;
  /** Where views put what their memory has no room for. */
  readonly spills: Spills;
  /** Why what relations gave out does not get to where it goes. */
  readonly failures: Map<bigint, string>;
} & Carriers &
  Asked;

/** The lane of a sink's own changes; those of refused records have the numbers of their sources, of late ones below nothing. */
const ownLane = 0n;
const lateLane = ({ id }: Relation) => -id;

/** A source that a view reads, from where on, and where its records are computed. */
type Followed = {
  readonly source: Relation;
  readonly used: ReadonlySet<number>;
  readonly balance: Balance;
  readonly at: ReadonlyMap<number, number>;
  readonly lag: SourceLag;
};

/** One view, from where its last commit ended. */
export class Pump {
  readonly #with: Pumped;
  readonly #at: Placed;
  readonly #view: Relation;
  readonly #signal: AbortSignal;
  readonly #ways: Ways;
  readonly #deliveries = new Map<bigint, Delivery>();
  /** For how long it is remembered what rows were, and when the last commit was. */
  #historyMs: number | undefined;
  #lastMs = 0;
  #went: () => void = () => undefined;
  /** What is to be committed next, told when there is some, and when it is taken. */
  #gathered = new Gathered();
  #some = Promise.withResolvers<void>();
  #taken = Promise.withResolvers<void>();
  /** Records that were taken up and are not gathered yet. */
  #coming = 0;

  constructor(pumped: Pumped, at: Placed, view: Relation, signal: AbortSignal) {
    this.#with = pumped;
    this.#at = at;
    this.#view = view;
    this.#signal = signal;
    this.#ways = { call: pumped.routines.of(at), lookUp: pumped.lookups.of(at, signal) };
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
    const read = sources.map(({ id, format, columns }) => ({
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
    const passage = new Passage(loaded, signal);
    const balance = new Balance(this.#with.crews, view.id, loaded, passage, { sources: read });
    const committing = this.#commits(loaded, passage, signal);
    try {
      const delivering = this.#deliver(loaded, sources, signal);
      await Promise.all([
        ...delivering,
        committing,
        passage.failing,
        this.#rest(loaded, passage, signal),
        ...sources.map((source) => {
          const at = positions.get(source.id) ?? new Map<number, number>();
          const used = reads.get(source.id) ?? new Set(source.columns.keys());
          return this.#follow(loaded, passage, { source, used, balance, at, lag: lags.get(source.id) as SourceLag }, signal);
        }),
      ]);
    } finally {
      stop.abort();
      // Whoever goes on is to know how far this came.
      await committing.catch(() => undefined);
      await passage.end();
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
    const { changes, entries } = await stepped(this.#ways, view, new Map());
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

  async #follow(loaded: LiveView, passage: Passage, followed: Followed, signal: AbortSignal): Promise<void> {
    const { source, used, at, lag } = followed;
    const { logs, feeds } = this.#with;
    const { watermarks } = loaded.view;
    if (watermarks.has(source.id)) {
      const log = await logs.own(this.#at, `${this.#view.id} ${source.id}`);
      watermarks.expect(source.id, await log.partitions(source.topic ?? ''), Date.now());
    }
    const places = new Map([...begunAt(source.format?.begun), ...at]);
    const heard = (found: Heard) => lag.heard(found, Date.now());
    for await (const fed of oneAhead(feeds.follow(this.#at, source, { used, from: places, heard }, signal))) {
      while (this.#isFull(fed.records.length) && !signal.aborted) await this.#taken.promise;
      if (signal.aborted) return;
      this.#coming += fed.records.length;
      await this.#take(loaded, passage, followed, fed);
    }
  }

  /** Whether so many records would be more than a commit takes, with those that are under way to the next one. */
  #isFull(records: number): boolean {
    const all = this.#gathered.records + this.#coming;
    return all > 0 && all + records > (this.#view.kind === 'sink' ? portionRecordsMax : commitRecordsMax);
  }

  /** Takes records: here and now, or, where workers share the view, so that the next may be handed to them meanwhile. */
  async #take(loaded: LiveView, passage: Passage, { source, balance, lag }: Followed, fed: Fed): Promise<void> {
    const { records, place } = fed;
    const { view } = loaded;
    const { watermarks } = view;
    const values = records.map(({ value }) => value);
    const known = await this.#with.schemas.of(this.#at, source.format as Format, values);
    await balance.weigh(records.length);
    for (let shut = passage.shut; shut; shut = passage.shut) await shut;
    if (passage.isOver) return;
    const tell = (found: Computed<Done | Stepped>, done: readonly Done[]) => {
      this.#coming -= records.length;
      this.#gathered.read(place, records.length, { source, ...found });
      this.#gather(loaded, done, found.marks);
      lag.took(place.partition, place.next, records.at(-1)?.timestamp ?? 0);
    };
    const { shared } = view;
    if (!shared) {
      const take: Take<Done> = ({ batch }, start, end, clocks) =>
        stepped(this.#ways, view, new Map([[source.id, sliced(batch, start, end)]]), clocks);
      return await loaded.inTurn(async () => {
        const found = await computed(watermarks, source.id, records, fed.read(known), take);
        tell(found, found.steps);
      });
    }
    const handed = handedOver(shared, source.id, values, watermarks.placeOf(source.id), () => fed.read(known));
    // Whoever computes hears of it.
    handed.catch(() => undefined);
    void passage.pass(
      async () => computedThere(shared, await handed, watermarks, source.id, records),
      (found) =>
        tell(
          found,
          found.steps.map((each) => view.told(each)),
        ),
    );
  }

  /** Notes what a step did for the next commit, and tells it at once to those who follow the view. */
  #gather(loaded: LiveView, steps: readonly Done[], marks: readonly CircuitEntry[]): void {
    const outcome: Outcome = { entries: [...marks], changes: [], rejected: [] };
    // One by one: there may be more than a call takes arguments.
    for (const done of steps) {
      for (const reason of done.rejected) outcome.rejected.push(reason);
      for (const entry of done.entries) outcome.entries.push(entry);
      for (const changed of done.changes) outcome.changes.push(changed);
    }
    this.#gathered.add(outcome, loaded.view.size);
    // The commit that is under way, if there is one, takes no more.
    if (this.#view.kind === 'view') this.#with.changes.tell(this.#view.id, loaded.epoch + (loaded.isCommitting ? 2n : 1n), outcome.changes);
    this.#some.resolve();
  }

  /** Lets the watermark come farther while partitions have no records. */
  async #rest(loaded: LiveView, passage: Passage, signal: AbortSignal): Promise<void> {
    const { view } = loaded;
    const { watermarks } = view;
    const { idleMs } = watermarks;
    if (idleMs === undefined) return;
    while (!signal.aborted) {
      await pause(Math.max(restMinMs, idleMs / 2), undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      for (let shut = passage.shut; shut; shut = passage.shut) await shut;
      if (passage.isOver) return;
      const { shared } = view;
      const marks = () => (watermarks.rest(Date.now()) ? watermarks.settle() : undefined);
      if (shared)
        await passage.pass(
          async () => {
            const found = marks();
            return found && { found, done: await shared.step(shared.nothing, 0, 0, watermarks.clocks()) };
          },
          (of) => of && this.#gather(loaded, [view.told(of.done)], of.found),
        );
      else
        await loaded.inTurn(async () => {
          const found = marks();
          if (found) this.#gather(loaded, [await stepped(this.#ways, view, new Map())], found);
        });
    }
  }

  /** Commits what was gathered, again and again; steps go on meanwhile. */
  async #commits(loaded: LiveView, passage: Passage, signal: AbortSignal): Promise<void> {
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
        if (this.#with.states.isDue(this.#view.id)) await passage.alone(() => this.#commit(loaded));
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
