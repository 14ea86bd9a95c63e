import type { Placed } from '#kernel/contract/provider.ts';
import { cutAt } from '../domain/part.ts';
import type { Clocks } from '../engine/clock.ts';
import type { Relation } from '../store/relation.ts';
import type { SourceLag } from './lag.ts';
import type { Member } from './member.ts';
import type { Passage } from './passage.ts';
import type { Ways } from './portion.ts';
import type { Pumped } from './pumped.ts';
import { canBegin, Parting, Rider } from './rider.ts';

/** What a view is at work with. */
type Within = {
  readonly own: Member;
  readonly passage: Passage;
  readonly signal: AbortSignal;
  readonly lags: ReadonlyMap<bigint, SourceLag>;
};

/** Has a view computed by itself that cannot be computed here; commits what steps did. */
type Doing = { readonly leave: (rider: Relation) => void; readonly commit: () => Promise<void> };

/** The views that read a part of one, which come in and go between two of its steps. */
export class Riders {
  readonly #with: Pumped;
  readonly #at: Placed;
  readonly #ways: Ways;
  readonly #leave: Doing['leave'];
  readonly #commit: Doing['commit'];
  #within: Within | undefined;
  #all: readonly Rider[] = [];
  /** Views that are to come in, and that are told of. */
  readonly #entering: Relation[] = [];
  #entered = Promise.withResolvers<void>();
  /** Rejects where what commits of them give out cannot be delivered. */
  readonly #failed = Promise.withResolvers<never>();

  constructor(pumped: Pumped, at: Placed, ways: Ways, { leave, commit }: Doing) {
    this.#with = pumped;
    this.#at = at;
    this.#ways = ways;
    this.#leave = leave;
    this.#commit = commit;
    this.#failed.promise.catch(() => undefined);
  }

  get all(): readonly Rider[] {
    return this.#all;
  }

  /** Takes in those that there are, before a step is taken. Where the view is computed anew, so are they. */
  async begin(own: Member, { isFresh, ...more }: Omit<Within, 'own'> & { readonly isFresh: boolean }): Promise<void> {
    const within = { own, ...more };
    for (const rider of await this.#with.relations.sharers(this.#at, own.id)) await this.#enter(within, rider, isFresh);
    this.#within = within;
  }

  /** Takes in those that are told of, until the signal. */
  async run(): Promise<void> {
    const within = this.#within;
    if (!within) return;
    const { passage, signal } = within;
    const stop = () => this.#entered.resolve();
    signal.addEventListener('abort', stop);
    try {
      while (!signal.aborted) {
        for (let rider = this.#entering.shift(); rider && !signal.aborted; rider = this.#entering.shift())
          await passage.alone(() => this.#enter(within, rider, false));
        if (signal.aborted) return;
        await Promise.race([this.#entered.promise, this.#failed.promise]);
        this.#entered = Promise.withResolvers();
      }
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Lets another view come in. */
  adopt(rider: Relation): void {
    this.#entering.push(rider);
    this.#entered.resolve();
  }

  /** Drops a view between two steps, as `work` does; where that cannot be done it stays. */
  async release(id: bigint, work: () => Promise<void>): Promise<void> {
    const within = this.#within;
    let isBegun = false;
    const leave = async () => {
      await this.#commit();
      isBegun = true;
      await work();
      this.#all.find((rider) => rider.id === id)?.stop();
      this.#all = this.#all.filter((rider) => rider.id !== id);
      within?.own.loaded.view.tap(this.#all.map(({ tapped }) => tapped));
    };
    try {
      await within?.passage.alone(leave);
    } catch (error) {
      if (isBegun) throw error;
    }
    // What is not at work takes no step.
    if (!isBegun) await work();
  }

  /** Gives all of them what the last step gave out. */
  async follow(clocks: Clocks): Promise<void> {
    for (const rider of this.#all) await rider.follow(this.#ways, clocks);
  }

  /** Takes in a view: as its last commit left it, or with what its part stands for now. */
  async #enter(within: Within, { id }: Relation, isFresh: boolean): Promise<void> {
    const { own, signal, lags } = within;
    const { relations, plans, states, spills, live } = this.#with;
    if (this.#all.some((rider) => rider.id === id)) return;
    const relation = await relations.byId(this.#at, id);
    if (relation?.shares !== own.id) return;
    const plan = await plans.of(this.#at, relation);
    const cut = relation.part ? cutAt(plan.plan, relation.part.hash, own.relation.name) : undefined;
    const tapped = cut && own.loaded.view.partOf(cut.hash);
    if (!cut || !tapped) return this.#leave(relation);
    await live.renew(id);
    const rider = new Rider(this.#with, this.#at, own, { relation, plan, cut, tapped });
    const { view } = own.loaded;
    try {
      // What comes out of a part is told in this thread.
      await view.unshare();
      view.tap([...this.#all.map((each) => each.tapped), tapped]);
      if (!isFresh && relation.shape === rider.loaded.view.shape)
        await states.load(this.#at, id, (entries) => rider.loaded.view.load(entries), spills.of(this.#at.scope));
      else if (!(await this.#begin(own, rider))) return await this.#refuse(own, rider);
    } catch (error) {
      if (!(error instanceof Parting)) {
        await rider.loaded.end();
        throw error;
      }
      return await this.#refuse(own, rider);
    }
    this.#all = [...this.#all, rider];
    rider.show();
    const read = plan.sources.flatMap((source) => lags.get(source.id) ?? []);
    this.#with.lags.put(id, relation.name, read);
    for (const delivery of rider.deliver((source) => view.watermarks.has(source), signal)) delivery.catch(this.#failed.reject);
  }

  async #refuse(own: Member, rider: Rider): Promise<void> {
    own.loaded.view.tap(this.#all.map(({ tapped }) => tapped));
    await rider.loaded.end();
    this.#leave(rider.relation);
  }

  /** Begins a view with what the last commit of this one left; answers whether it can. */
  async #begin(own: Member, rider: Rider): Promise<boolean> {
    const { relations, states } = this.#with;
    await this.#commit();
    const now = await relations.byId(this.#at, own.id);
    if (!now || !canBegin(own, now, rider)) return false;
    rider.interrupt();
    const changes = await rider.begin(this.#ways);
    await states.commit(this.#at, await rider.first(changes, []));
    rider.loaded.epoch += 1n;
    return true;
  }
}
