import { setTimeout as pause } from 'node:timers/promises';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Heard } from '#seams/log/log.ts';
import { begunAt } from '../domain/start.ts';
import type { Format } from '../domain/format.ts';
import { readsOf } from '../domain/wanted.ts';
import { sliced } from '../engine/batch.ts';
import type { CircuitEntry } from '../engine/circuit.ts';
import { type Done, View } from '../engine/view.ts';
import type { Stepped } from '../engine/worker/shared-circuit.ts';
import { commitRecordsMax, portionRecordsMax, restMinMs } from '../store/limits.ts';
import type { Relation } from '../store/relation.ts';
import { overtaken } from '../store/state.ts';
import { atStep } from '../store/step.ts';
import { Balance } from './balance.ts';
import type { Fed } from './feed.ts';
import type { Outcome } from './gathered.ts';
import { SourceLag } from './lag.ts';
import { LiveView } from './live.ts';
import { loadOwn } from './load.ts';
import { Member } from './member.ts';
import { pacedBy } from './paced.ts';
import { oneAhead, Passage } from './passage.ts';
import { type Computed, computed, computedThere, handedOver, stepped, type Take, type Ways } from './portion.ts';
import type { Pumped } from './pumped.ts';
import { checkAlike } from './rider.ts';
import { Riders } from './riders.ts';

/** A source that a view reads, from where on, and where its records are computed. */
type Followed = {
  readonly source: Relation;
  readonly used: ReadonlySet<number>;
  readonly balance: Balance;
  readonly at: ReadonlyMap<number, number>;
  readonly lag: SourceLag;
};

/** One view, from where its last commit ended, with the views that read a part of it: their commits are one. */
export class Pump {
  readonly #with: Pumped;
  readonly #at: Placed;
  readonly #view: Relation;
  readonly #signal: AbortSignal;
  readonly #ways: Ways;
  #went: () => void = () => undefined;
  #own: Member | undefined;
  /** The views that read a part of this one. */
  readonly riders: Riders;
  /** Told when there is something to be committed, and when it is taken. */
  #some = Promise.withResolvers<void>();
  #taken = Promise.withResolvers<void>();
  #committing: Promise<unknown> = Promise.resolve();
  /** Records that were taken up and are not gathered yet. */
  #coming = 0;
  #lags: ReadonlyMap<bigint, SourceLag> = new Map();

  constructor(pumped: Pumped, at: Placed, view: Relation, signal: AbortSignal, leave: (rider: Relation) => void) {
    this.#with = pumped;
    this.#at = at;
    this.#view = view;
    this.#signal = signal;
    this.#ways = { call: pumped.routines.of(at), lookUp: pumped.lookups.of(at, signal) };
    this.riders = new Riders(pumped, at, this.#ways, { leave, commit: () => this.#commit() });
  }

  /** Runs until the signal; `went` is told of each commit. */
  async run(went: () => void): Promise<void> {
    const { relations, live, plans } = this.#with;
    this.#went = went;
    await live.renew(this.#view.id);
    const view = await relations.byId(this.#at, this.#view.id);
    if (!view) return;
    const plan = await plans.of(this.#at, view);
    const { sources } = plan;
    const reads = readsOf(plan.plan);
    const read = sources.map(({ id, format, columns }) => ({
      ...{ id, columns, format: format as Format },
      used: reads.get(id) ?? new Set(columns.keys()),
    }));
    const begun = new View(plan.plan, view.kind === 'view', pacedBy(plan.plan, sources), this.#with.spills.of(this.#at.scope));
    const loaded = new LiveView(begun, view.epoch, () => begun.close());
    const own = new Member(this.#with, this.#at, { relation: view, loaded, plan });
    this.#own = own;
    const positions = await loadOwn(this.#with, this.#at, own, this.#ways).catch(async (error: unknown) => {
      await loaded.end();
      throw error;
    });
    own.show();
    const lags = sources.map(({ id, name, topic }) => [id, new SourceLag(this.#at, name, topic ?? '', positions.of.get(id))] as const);
    this.#lags = new Map(lags);
    this.#with.lags.put(view.id, view.name, [...this.#lags.values()]);
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.#signal]);
    // Those that were there before this one takes a step; which of them are loaded depends on what it is loaded from.
    const passage = new Passage(loaded, signal);
    await this.riders.begin(own, { passage, signal, lags: this.#lags, isFresh: positions.isFresh });
    const balance = new Balance(this.#with.crews, view.id, loaded, passage, { sources: read });
    const committing = this.#commits(own, passage, signal);
    try {
      await Promise.all([
        ...own.deliver((source) => loaded.view.watermarks.has(source), signal),
        committing,
        passage.failing,
        this.#rest(own, passage, signal),
        this.riders.run(),
        ...read.map(({ id, used }, place) => {
          const at = positions.of.get(id) ?? new Map<number, number>();
          const lag = this.#lags.get(id) as SourceLag;
          return this.#follow(own, passage, { source: sources[place] as Relation, used, balance, at, lag }, signal);
        }),
      ]);
    } finally {
      stop.abort();
      // Whoever goes on is to know how far this came.
      await committing.catch(() => undefined);
      await passage.end();
      await this.#committing;
      for (const rider of this.riders.all) await live.renew(rider.id);
      const { shared } = loaded.view;
      if (shared?.isOver) this.#with.crews.fell(this.#view.id);
      shared?.close();
    }
  }

  async #follow(own: Member, passage: Passage, followed: Followed, signal: AbortSignal): Promise<void> {
    const { source, used, at, lag } = followed;
    const { logs, feeds } = this.#with;
    const { watermarks } = own.loaded.view;
    if (watermarks.has(source.id)) {
      const log = await logs.own(this.#at, `${this.#view.id} ${source.id}`);
      watermarks.expect(source.id, await log.partitions(source.topic ?? ''), Date.now());
    }
    const places = new Map([...begunAt(source.format?.begun), ...at]);
    const heard = (found: Heard) => lag.heard(found, Date.now());
    for await (const fed of oneAhead(feeds.follow(this.#at, source, { used, from: places, heard }, signal))) {
      while (this.#isFull(own, fed.records.length) && !signal.aborted) await this.#taken.promise;
      if (signal.aborted) return;
      this.#coming += fed.records.length;
      await this.#take(own, passage, followed, fed);
    }
  }

  /** Whether so many records would be more than a commit takes, with those that are under way to the next one. */
  #isFull(own: Member, records: number): boolean {
    const all = own.gathered.records + this.#coming;
    return all > 0 && all + records > (this.#view.kind === 'sink' ? portionRecordsMax : commitRecordsMax);
  }

  /** A step of all. Where it ends some may have taken it, and nobody is to see them; a view by itself has taken it back, and is read on. */
  async #alone(own: Member, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const riders = this.riders.all;
      if (riders.length > 0) for (const { loaded } of [own, ...riders]) loaded.fail(error);
      throw error;
    }
  }

  /** Takes records: here and now, or, where workers share the view, so that the next may be handed to them meanwhile. */
  async #take(own: Member, passage: Passage, { source, balance, lag }: Followed, fed: Fed): Promise<void> {
    const { records, place } = fed;
    const { loaded } = own;
    const { view } = loaded;
    const { watermarks } = view;
    const values = records.map(({ value }) => value);
    const known = await this.#with.schemas.of(this.#at, source.format as Format, values);
    await balance.weigh(records.length);
    for (let shut = passage.shut; shut; shut = passage.shut) await shut;
    if (passage.isOver) return;
    const reading = () => this.riders.all.filter((rider) => rider.reads(source.id));
    const tell = (found: Computed<Done | Stepped>, done: readonly Done[]) => {
      this.#coming -= records.length;
      for (const member of [own, ...reading()]) member.gathered.read(place, records.length, { source, ...found });
      this.#gather(own, done, found.marks);
      lag.took(place.partition, place.next, records.at(-1)?.timestamp ?? 0);
    };
    const { shared } = view;
    if (!shared)
      return await loaded.inTurn(() =>
        this.#alone(own, async () => {
          const read = fed.read(known);
          if (read.refused.length > 0) checkAlike(reading(), false);
          const take: Take<Done> = async ({ batch }, start, end, clocks) => {
            const done = await stepped(this.#ways, view, new Map([[source.id, sliced(batch, start, end)]]), clocks);
            await this.riders.follow(clocks);
            return done;
          };
          const found = await computed(watermarks, source.id, records, read, take, () => checkAlike(reading(), true));
          tell(found, found.steps);
        }),
      );
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

  /** Notes what a step did for the next commit. */
  #gather(own: Member, steps: readonly Done[], marks: readonly CircuitEntry[]): void {
    const outcome: Outcome = { entries: [...marks], changes: [], rejected: [] };
    // One by one: there may be more than a call takes arguments.
    for (const done of steps) {
      for (const reason of done.rejected) outcome.rejected.push(reason);
      for (const entry of done.entries) outcome.entries.push(entry);
      for (const changed of done.changes) outcome.changes.push(changed);
    }
    own.gather(outcome);
    for (const rider of this.riders.all) rider.settle();
    this.#some.resolve();
  }

  /** Lets the watermark come farther while partitions have no records. */
  async #rest(own: Member, passage: Passage, signal: AbortSignal): Promise<void> {
    const { view } = own.loaded;
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
          (of) => of && this.#gather(own, [view.told(of.done)], of.found),
        );
      else
        await own.loaded.inTurn(() =>
          this.#alone(own, async () => {
            const found = marks();
            if (!found) return;
            const done = await stepped(this.#ways, view, new Map());
            await this.riders.follow(watermarks.clocks());
            this.#gather(own, [done], found);
          }),
        );
    }
  }

  /** Commits what was gathered, again and again; steps go on meanwhile. */
  async #commits(own: Member, passage: Passage, signal: AbortSignal): Promise<void> {
    const { states } = this.#with;
    const stop = () => {
      this.#some.resolve();
      this.#taken.resolve();
    };
    signal.addEventListener('abort', stop);
    try {
      while (!signal.aborted) {
        await this.#some.promise;
        this.#some = Promise.withResolvers();
        for (const member of [own, ...this.riders.all]) await member.room();
        if (signal.aborted) return;
        // All that is remembered is written down as it is between two steps.
        const isDue = [own, ...this.riders.all].some(({ id }) => states.isDue(id));
        if (isDue) await passage.alone(() => this.#commit());
        else await this.#commit();
      }
    } catch (error) {
      for (const member of [own, ...this.riders.all]) {
        member.loaded.fail(error);
        if (overtaken(error)) member.interrupt();
      }
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
    }
  }

  /** Writes down what steps did, one commit after the other. */
  #commit(): Promise<void> {
    const commit = this.#committing.then(() => this.#own && this.#commitOnce(this.#own));
    this.#committing = commit.catch(() => undefined);
    return commit;
  }

  /** Writes down what steps did, and tells those who follow the views that it stays. */
  async #commitOnce(own: Member): Promise<void> {
    const { states } = this.#with;
    const taken = [own, ...this.riders.all].flatMap((member) => {
      const gathered = member.take();
      return gathered ? [{ member, gathered }] : [];
    });
    this.#taken.resolve();
    this.#taken = Promise.withResolvers();
    if (taken.length === 0) return;
    const { shared } = own.loaded.view;
    const all = shared && states.isDue(own.id) ? await shared.dump() : undefined;
    const commits = await Promise.all(taken.map(({ member, gathered }) => member.commit(gathered, member === own ? all : undefined)));
    atStep('epoch-computed');
    await states.commit(this.#at, ...commits);
    atStep('epoch-committed');
    if (shared) this.#with.crews.stood(this.#view.id);
    this.#went();
    for (const { member } of taken) member.committed();
  }
}
