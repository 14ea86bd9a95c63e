import type { Placed } from '#kernel/contract/provider.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { deadLetter, deadRecords } from '../domain/dead-letter.ts';
import { lettersOf } from '../domain/sink.ts';
import type { CircuitEntry } from '../engine/circuit.ts';
import type { Changed } from '../engine/view.ts';
import type { Letter } from '../store/outbox.ts';
import type { Relation } from '../store/relation.ts';
import type { Commit } from '../store/state.ts';
import type { ViewPlan } from '../store/view.ts';
import { Delivery } from './delivery.ts';
import { Gathered, type Outcome, type Refused, type Sorted } from './gathered.ts';
import type { LiveView } from './live.ts';
import type { Pumped } from './pumped.ts';
import { sinkCarrier } from './sink-carrier.ts';
import { topicCarrier } from './topic-carrier.ts';

/** The lane of a sink's own changes; those of refused records have the numbers of their sources, of late ones below nothing. */
const ownLane = 0n;
const lateLane = ({ id }: Relation) => -id;

/** One of the views and sinks that are kept up together: what its next commit has, and what its commits give out. */
export class Member {
  readonly relation: Relation;
  readonly loaded: LiveView;
  readonly plan: ViewPlan;
  readonly #with: Pumped;
  readonly #at: Placed;
  readonly #stop = new AbortController();
  readonly #deliveries = new Map<bigint, Delivery>();
  /** When the last commit was. */
  #lastMs = 0;
  #gathered = new Gathered();
  #isPosting = false;

  constructor(pumped: Pumped, at: Placed, of: { readonly relation: Relation; readonly loaded: LiveView; readonly plan: ViewPlan }) {
    this.#with = pumped;
    this.#at = at;
    this.relation = of.relation;
    this.loaded = of.loaded;
    this.plan = of.plan;
  }

  get id(): bigint {
    return this.relation.id;
  }

  /** What is loaded can be read, whatever becomes of the log. */
  show(): void {
    this.#with.changes.rollback(this.id, this.loaded.epoch);
    this.#with.live.put(this.id, this.loaded);
  }

  /** What is to be committed next. */
  get gathered(): Gathered {
    return this.#gathered;
  }

  /** Begins to deliver what commits give out: changes of a sink, and refused records of sources that say where to. */
  deliver(isPaced: (source: bigint) => boolean, until: AbortSignal): Promise<void>[] {
    const { id, target } = this.relation;
    const signal = AbortSignal.any([this.#stop.signal, until]);
    const dead = (lane: bigint, topic: string) => ({
      lane,
      carrier: topicCarrier(this.#with.logs, this.#at, { relation: id, lane }, { topic, records: deadRecords }),
    });
    const { sources } = this.plan;
    const routes = sources.flatMap((source) =>
      source.format?.deadLetters === undefined ? [] : [dead(source.id, source.format.deadLetters)],
    );
    for (const source of sources) {
      const late = isPaced(source.id) ? source.format?.watermark?.late : undefined;
      if (late !== undefined) routes.push(dead(lateLane(source), late));
    }
    if (target) routes.push({ lane: ownLane, carrier: sinkCarrier(this.#with, this.#at, this.relation, target) });
    return routes.map(({ lane, carrier }) => {
      const delivery = new Delivery(this.#with, this.#at, { relation: id, lane }, carrier, signal);
      this.#deliveries.set(lane, delivery);
      return delivery.run();
    });
  }

  /** Waits while much waits to be delivered. */
  async room(): Promise<void> {
    for (const delivery of this.#deliveries.values()) await delivery.room();
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Notes what a step did for the next commit, and tells it at once to those who follow the view. */
  gather(outcome: Outcome): void {
    const { loaded } = this;
    this.#gathered.add(outcome, loaded.view.size);
    // The commit that is under way, if there is one, takes no more.
    if (this.relation.kind === 'view') this.#with.changes.tell(this.id, loaded.epoch + (loaded.isCommitting ? 2n : 1n), outcome.changes);
  }

  /** What was told to whoever follows is not what the view goes on from. */
  interrupt(): void {
    this.#with.changes.end(this.id, new StatementError(sqlstates.unavailable, 'the view was interrupted; subscribe again'));
  }

  /** Takes out what was gathered; undefined where there is nothing. */
  take(): Gathered | undefined {
    const taken = this.#gathered;
    this.#gathered = new Gathered();
    return (this.relation.shares === null ? taken.isEmpty : taken.isIdle) ? undefined : taken;
  }

  /** The commit of what was gathered; `all`: all that workers remember, where they share the view. */
  async commit(taken: Gathered, all?: readonly CircuitEntry[]): Promise<Commit> {
    this.loaded.isCommitting = true;
    const posting = await this.#posting(taken.changes, taken.sorted.values());
    this.#isPosting = posting.length > 0;
    const more = [...posting, ...(await this.#remembered(taken.changes, false))];
    const { entries, places, rows, rejected, rejection } = taken;
    // How far sources were read is known of the view that reads them.
    const own = this.relation.shares === null ? places : [];
    return { ...this.#base(all), isFresh: false, ...{ entries, places: own, rows, rejected, rejection, more } };
  }

  /** The commit of a view that is computed anew, with what changed from nothing. */
  async first(changes: readonly Changed[], entries: readonly CircuitEntry[]): Promise<Commit> {
    const more = [...(await this.#posting(changes)), ...(await this.#remembered(changes, true))];
    const { size } = this.loaded.view;
    return { ...this.#base(), isFresh: true, ...{ entries, places: [], rows: size, rejected: 0, rejection: null, more } };
  }

  /** Tells those who follow the view that what was committed stays. */
  committed(): void {
    const { loaded } = this;
    loaded.epoch += 1n;
    loaded.isCommitting = false;
    if (this.#isPosting) for (const delivery of this.#deliveries.values()) delivery.posted();
    if (this.relation.kind === 'view') this.#with.changes.commit(this.id, loaded.epoch);
  }

  #base(shared?: readonly CircuitEntry[]): Pick<Commit, 'view' | 'epoch' | 'shape' | 'all'> {
    const { view, epoch } = this.loaded;
    return { view: this.id, epoch, shape: view.shape, all: () => view.dump(shared) };
  }

  /** What writes down what a commit changes, for those who ask what was. */
  #remembered(changes: readonly Changed[], isFresh: boolean) {
    const { historyMs } = this.plan;
    if (historyMs === undefined) return [];
    this.#lastMs = Math.max(this.#lastMs, Date.now());
    const kept = { view: this.id, epoch: this.loaded.epoch + 1n, at: this.#lastMs, keepMs: historyMs, isFresh };
    return this.#with.history.posting(this.#at, kept, this.relation.columns, changes);
  }

  /** What writes down what a commit gives out. */
  async #posting(changes: readonly Changed[], from: Iterable<Sorted> = []) {
    const { id, name, target, columns } = this.relation;
    const post = (lane: bigint, letters: readonly Letter[]) =>
      this.#with.outbox.posting(this.#at, { relation: id, lane }, this.loaded.epoch + 1n, letters);
    const posted = target ? [...(await post(ownLane, lettersOf(target, columns, changes)))] : [];
    const dead = (records: readonly Refused[]) => records.map(({ record, reason }) => deadLetter(record, name, reason));
    for (const { source, refused, late } of from) {
      const { deadLetters, watermark } = source.format ?? {};
      if (deadLetters !== undefined) posted.push(...(await post(source.id, dead(refused))));
      if (watermark?.late !== undefined) posted.push(...(await post(lateLane(source), dead(late))));
    }
    return posted;
  }
}
