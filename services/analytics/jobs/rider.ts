import type { Placed } from '#kernel/contract/provider.ts';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import { clocksOf } from '../domain/closing.ts';
import { type Cut, partRelation } from '../domain/part.ts';
import { isRefusal } from '../domain/record.ts';
import { type Batch, emptyBatch } from '../engine/batch.ts';
import type { Tapped } from '../engine/circuit.ts';
import type { Clocks } from '../engine/clock.ts';
import { type Changed, type Done, View } from '../engine/view.ts';
import type { Relation } from '../store/relation.ts';
import { canShare, readsAs } from '../store/share.ts';
import type { ViewPlan } from '../store/view.ts';
import type { Outcome } from './gathered.ts';
import { LiveView } from './live.ts';
import { Member } from './member.ts';
import { stepped, type Ways } from './portion.ts';
import type { Pumped } from './pumped.ts';

/** Views of these numbers cannot go on with the part that they have of another: each is to compute it by itself again. */
export class Parting extends Error {
  readonly riders: readonly Relation[];

  constructor(riders: readonly Relation[]) {
    super('a view computes by itself what it had of another');
    this.riders = riders;
  }
}

/** A view that reads a part which another computes, and goes on with its steps and commits. */
export class Rider extends Member {
  readonly cut: Cut;
  readonly tapped: Tapped;
  readonly #isPaced: boolean;
  readonly #owner: Member;
  #outcome: Outcome = { entries: [], changes: [], rejected: [] };

  constructor(pumped: Pumped, at: Placed, owner: Member, of: { relation: Relation; plan: ViewPlan; cut: Cut; tapped: Tapped }) {
    const view = new View(of.cut.rest, true, [], pumped.spills.of(at.scope));
    super(pumped, at, { ...of, loaded: new LiveView(view, of.relation.epoch, () => view.close()) });
    this.#owner = owner;
    this.cut = of.cut;
    this.tapped = of.tapped;
    this.#isPaced = clocksOf(of.plan.plan).size > 0;
  }

  reads(source: bigint): boolean {
    return this.plan.sources.some(({ id }) => id === source);
  }

  /** Whether a record that the other could not take is none that this one could: it is alone with what it reads besides. */
  refusesAlike(isStep: boolean): boolean {
    const { plan, loaded } = this.#owner;
    return isStep ? loaded.view.hasFailedIn(this.tapped) : readsAs(this.plan.plan, plan.plan, true);
  }

  /** Takes what the other's last step gave out. */
  async follow(ways: Ways, clocks: Clocks): Promise<void> {
    const rows = this.#owner.loaded.view.tapped(this.tapped);
    if (rows.size === 0 && !this.#isPaced) return;
    const done = await this.loaded.inTurn(() => this.#step(ways, rows, clocks));
    for (const entry of done.entries) this.#outcome.entries.push(entry);
    for (const changed of done.changes) this.#outcome.changes.push(changed);
    for (const reason of done.rejected) this.#outcome.rejected.push(reason);
  }

  async #step(ways: Ways, rows: Batch, clocks: Clocks): Promise<Done> {
    try {
      return await stepped(ways, this.loaded.view, new Map([[partRelation, rows]]), clocks);
    } catch (error) {
      throw isRefusal(error) || error instanceof StatementError ? new Parting([this.relation]) : error;
    }
  }

  /** Gathers what it took since the last time. */
  settle(): void {
    const outcome = this.#outcome;
    this.#outcome = { entries: [], changes: [], rejected: [] };
    this.gather(outcome);
  }

  /** Begins with the rows that the part stands for, while the other takes no step; answers what it has then. */
  async begin(ways: Ways): Promise<readonly Changed[]> {
    const { view } = this.#owner.loaded;
    const changes: Changed[] = [];
    const take = async (rows: Batch) => {
      const done = await this.#step(ways, rows, view.watermarks.clocks());
      if (this.plan.historyMs !== undefined) for (const changed of done.changes) changes.push(changed);
    };
    let isBegun = false;
    for await (const rows of view.standing(this.tapped)) {
      await take(rows);
      isBegun = true;
    }
    // What there is without any row: a sum over nothing, for one.
    if (!isBegun) await take(emptyBatch(this.cut.part.columns));
    return changes;
  }
}

/** Whether the other took every record so far, and can still tell what the part stands for. */
export const canBegin = (owner: Member, now: Relation, { plan, cut }: Rider): boolean =>
  now.rejected === 0n && canShare(plan.plan, cut, { plan: owner.plan.plan, view: owner.loaded.view });

/** Whether what a view cannot take is what none of those could that read a part of it; they part from it where that is not sure. */
export function checkAlike(riders: readonly Rider[], isStep: boolean): void {
  if (riders.some((rider) => !rider.refusesAlike(isStep))) throw new Parting(riders.map(({ relation }) => relation));
}
