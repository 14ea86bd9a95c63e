import { setTimeout as pause } from 'node:timers/promises';
import type { Placed } from '#kernel/contract/provider.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { isFollowed } from '../domain/origin.ts';
import { reasonMax, retryMaxMs, retryMs } from '../store/limits.ts';
import type { Relation } from '../store/relation.ts';
import { Intake } from './intake.ts';
import { Keep, type LiveTables } from './keep.ts';
import { Pump } from './pump.ts';
import type { Pumped } from './pumped.ts';
import { Parting } from './rider.ts';
import { separate } from './separate.ts';

export type Maintained = Pumped & { readonly tables: LiveTables; readonly scopes: () => readonly Placed[] };

type Running = { readonly stop: AbortController; readonly done: Promise<void> };

/** Keeps views up with their topics and tables ready, each in a loop of its own. */
export class Maintenance {
  readonly #with: Maintained;
  readonly #running = new Map<bigint, Running>();
  readonly #stop = new AbortController();
  #beginning: Promise<void> = Promise.resolve();
  readonly #pumps = new Map<bigint, Pump>();
  /** Views that are about to be computed by themselves. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(maintained: Maintained) {
    this.#with = maintained;
  }

  /** Takes up the views that there are, in the background. */
  begin(): void {
    this.#beginning = (async () => {
      for (const at of this.#with.scopes()) {
        for (const kind of ['source', 'table', 'view', 'sink'] as const) {
          const found = await this.#retried(() => this.#with.relations.list(at, kind), this.#stop.signal);
          for (const view of found ?? []) if (kind !== 'source' || isFollowed(view.origin)) this.start(at, view);
        }
      }
    })();
  }

  start(at: Placed, view: Relation): void {
    if (this.#running.has(view.id) || this.#stop.signal.aborted) return;
    if (view.shares !== null) {
      this.#with.live.expect(view.id);
      this.#pumps.get(view.shares)?.riders.adopt(view);
      return;
    }
    const stop = new AbortController();
    const isTable = view.kind === 'table';
    if (view.kind !== 'source') (isTable ? this.#with.tables : this.#with.live).expect(view.id);
    const run = (went: () => void) => {
      if (view.kind === 'source') return new Intake(this.#with, at, view, stop.signal).run();
      return isTable ? new Keep(this.#with, at, view, stop.signal).run() : this.#pump(at, view, stop.signal, went);
    };
    const done = this.#retried(run, stop.signal, view.id).then(() => undefined);
    this.#running.set(view.id, { stop, done });
  }

  async #pump(at: Placed, view: Relation, signal: AbortSignal, went: () => void): Promise<void> {
    for (;;) {
      const pump = new Pump(this.#with, at, view, signal, (rider) => this.#leave(at, rider));
      this.#pumps.set(view.id, pump);
      try {
        return await pump.run(went);
      } catch (error) {
        if (!(error instanceof Parting) || signal.aborted) throw error;
        await this.#separate(at, view, error.riders);
      }
    }
  }

  async #separate(at: Placed, view: Relation, riders: readonly Relation[]): Promise<void> {
    const alone = await separate(this.#with, at, view, new Set(riders.map(({ id }) => id)));
    for (const rider of alone) this.start(at, rider);
  }

  /** Has a view computed by itself, from its first record on. */
  #leave(at: Placed, rider: Relation): void {
    const left = (async () => {
      await this.#retried(() => this.#with.relations.unshare(at, rider.id), this.#stop.signal);
      this.#with.plans.forget(rider.id);
      this.start(at, { ...rider, shares: null, part: null });
    })();
    this.#leaving.add(left);
    left.finally(() => this.#leaving.delete(left));
  }

  /** Drops views, as `work` does: what others have of them goes on with one of those; where it cannot be done nothing is changed. */
  async dropping(at: Placed, gone: readonly Relation[], work: () => Promise<void>): Promise<void> {
    const { relations } = this.#with;
    const stopped: Relation[] = [];
    try {
      for (const view of gone.filter(({ kind }) => kind === 'view')) {
        const left = (await relations.sharers(at, view.id)).filter(({ id }) => !gone.some((each) => each.id === id));
        if (left.length === 0) continue;
        stopped.push(view);
        const known = this.#running.get(view.id);
        known?.stop.abort();
        await known?.done;
        this.#running.delete(view.id);
        await this.#separate(at, view, left);
      }
      const within = (place: number): Promise<void> => {
        const view = gone[place];
        if (!view) return work();
        const pump = view.shares === null ? undefined : this.#pumps.get(view.shares);
        return pump ? pump.riders.release(view.id, () => within(place + 1)) : within(place + 1);
      };
      await within(0);
    } catch (error) {
      for (const view of stopped) this.start(at, view);
      throw error;
    }
  }

  /** Lets a relation that was altered go on as it is now. */
  async again(at: Placed, view: Relation): Promise<void> {
    if (view.shares !== null) {
      const owner = await this.#with.relations.byId(at, view.shares);
      if (owner) await this.again(at, owner);
      return;
    }
    const known = this.#running.get(view.id);
    if (!known) return;
    known.stop.abort();
    this.#with.failures.delete(view.id);
    await known.done;
    this.#running.delete(view.id);
    this.start(at, view);
  }

  async forget(view: Relation): Promise<void> {
    this.#with.failures.delete(view.id);
    this.#with.lags.forget(view.id);
    const known = this.#running.get(view.id);
    this.#running.delete(view.id);
    this.#pumps.delete(view.id);
    known?.stop.abort();
    const ended = Promise.all([this.#with.live.forget(view.id), this.#with.tables.forget(view.id)]);
    this.#with.changes.end(view.id, new StatementError(sqlstates.relationMissing, 'the relation was dropped'));
    await Promise.all([known?.done, ended]);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    for (const { stop } of this.#running.values()) stop.abort();
    await Promise.all([this.#beginning, ...this.#leaving, ...[...this.#running.values()].map(({ done }) => done)]);
  }

  /** Does something until it is done, whatever is away meanwhile; where it goes on, pauses are short again. */
  async #retried<T>(work: (went: () => void) => Promise<T>, signal: AbortSignal, of?: bigint): Promise<T | undefined> {
    const { failures, log } = this.#with;
    for (let waitMs = retryMs; !signal.aborted; waitMs = Math.min(waitMs * 2, retryMaxMs)) {
      try {
        return await work(() => {
          waitMs = retryMs;
          if (of !== undefined) failures.delete(of);
        });
      } catch (error) {
        if (signal.aborted) return undefined;
        // What a statement asks of it is told; what is wrong with the platform is not its owner's to see.
        if (of !== undefined && error instanceof StatementError) failures.set(of, error.message.slice(0, reasonMax));
        log('warn', 'a view or table could not go on; it is tried again', { error: String(error) });
        await pause(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
    return undefined;
  }
}
