import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Logs } from '#kernel/session/log-need.ts';
import type { Incoming } from '#seams/log/log.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { readJsonRow } from '../domain/json-row.ts';
import { emptyGroup, type Group, groupKey, groupOf, resultsOf, shown, stepped } from '../domain/plan.ts';
import type { Row } from '../domain/value.ts';
import type { Change, Changes } from '../store/change.ts';
import { type Groups, hashOf } from '../store/group.ts';
import { commitRecordsMax, groupsMax, reasonMax, retryMaxMs, retryMs } from '../store/limits.ts';
import type { Relation, Relations } from '../store/relation.ts';
import type { Plans, ViewPlan } from '../store/view.ts';

export type Maintained = {
  readonly relations: Relations;
  readonly groups: Groups;
  readonly plans: Plans;
  readonly changes: Changes;
  readonly logs: Logs;
  readonly scopes: () => readonly Placed[];
  readonly log: Log;
};

type Running = { readonly stop: AbortController; readonly done: Promise<void> };

/** Keeps views up with their topics, each in a loop of its own. */
export class Maintenance {
  readonly #with: Maintained;
  readonly #running = new Map<bigint, Running>();
  readonly #stop = new AbortController();
  #beginning: Promise<void> = Promise.resolve();

  constructor(maintained: Maintained) {
    this.#with = maintained;
  }

  /** Takes up the views that there are, in the background. */
  begin(): void {
    this.#beginning = (async () => {
      for (const at of this.#with.scopes()) {
        const found = await this.#retried(() => this.#with.relations.list(at, 'view'), this.#stop.signal);
        for (const view of found ?? []) this.start(at, view);
      }
    })();
  }

  start(at: Placed, view: Relation): void {
    if (this.#running.has(view.id) || this.#stop.signal.aborted) return;
    const stop = new AbortController();
    const done = this.#retried(() => new Pump(this.#with, at, view, stop.signal).run(), stop.signal).then(() => undefined);
    this.#running.set(view.id, { stop, done });
  }

  async forget(view: Relation): Promise<void> {
    const known = this.#running.get(view.id);
    this.#running.delete(view.id);
    known?.stop.abort();
    this.#with.changes.end(view.id, new StatementError(sqlstates.relationMissing, 'the view was dropped'));
    await known?.done;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    for (const { stop } of this.#running.values()) stop.abort();
    await Promise.all([this.#beginning, ...[...this.#running.values()].map(({ done }) => done)]);
  }

  /** Does something until it is done, whatever is away meanwhile. */
  async #retried<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    for (let waitMs = retryMs; !signal.aborted; waitMs = Math.min(waitMs * 2, retryMaxMs)) {
      try {
        return await work();
      } catch (error) {
        if (signal.aborted) return undefined;
        this.#with.log('warn', 'a view could not go on; it is tried again', { error: String(error) });
        await pause(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
    return undefined;
  }
}

/** One view, from where its last commit ended. */
class Pump {
  readonly #with: Maintained;
  readonly #at: Placed;
  readonly #view: Relation;
  readonly #signal: AbortSignal;
  #epoch = 0n;
  #open = 0n;

  constructor(maintained: Maintained, at: Placed, view: Relation, signal: AbortSignal) {
    this.#with = maintained;
    this.#at = at;
    this.#view = view;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const { relations, groups, plans, logs, changes } = this.#with;
    // Whether the commit before this one took effect may not be known, and who follows would miss it.
    changes.end(this.#view.id, new StatementError(sqlstates.unavailable, 'the view was interrupted; subscribe again'));
    const view = await relations.find(this.#at, this.#view.name);
    if (view?.id !== this.#view.id) return;
    const plan = await plans.of(this.#at, view);
    const source = await relations.find(this.#at, view.source ?? '');
    if (!source) return;
    this.#epoch = view.epoch;
    this.#open = view.groups;
    const log = await logs.own(this.#at, String(view.id));
    const at = await groups.positions(this.#at, view.id);
    for await (const { records, next } of log.consume(view.topic, { from: 'earliest', at, signal: this.#signal }))
      for (let from = 0; from < records.length; from += commitRecordsMax) {
        const part = records.slice(from, from + commitRecordsMax);
        const isLast = from + commitRecordsMax >= records.length;
        const last = part.at(-1) as Incoming;
        await this.#commit(plan, source, part, { partition: next.partition, next: isLast ? next.offset : last.offset + 1 });
      }
  }

  async #commit(plan: ViewPlan, source: Relation, records: readonly Incoming[], place: { partition: number; next: number }): Promise<void> {
    const { groups, changes } = this.#with;
    const { grouping } = plan;
    const rows: { row: Row; keys: Row; hex: string; record: Incoming }[] = [];
    const refused: string[] = [];
    for (const record of records)
      attempt(record, refused, () => {
        const row = readJsonRow(source.columns, record.value);
        const keys = groupOf(plan, row, []);
        if (keys) rows.push({ row, keys, record, hex: hashOf(groupKey(keys)).toString('hex') });
      });
    const hashes = [...new Set(rows.map(({ hex }) => hex))].map((hex) => Buffer.from(hex, 'hex'));
    const before = hashes.length === 0 ? new Map<string, Group>() : await groups.some(this.#at, this.#view.id, grouping, hashes);
    const after = new Map<string, Group>();
    let opened = 0;
    for (const { row, keys, hex, record } of rows)
      attempt(record, refused, () => {
        const known = after.get(hex) ?? before.get(hex);
        if (!known && this.#open + BigInt(opened) >= groupsMax)
          throw new StatementError(sqlstates.tooLarge, `a view has at most ${groupsMax} groups`);
        const group = stepped(grouping, known ?? emptyGroup(grouping, keys), row, []);
        // What cannot be shown must not be kept: the record is refused instead.
        resultsOf(grouping, group);
        if (!known) opened += 1;
        after.set(hex, group);
      });
    const rejection = refused.at(-1) ?? null;
    const progress = { view: this.#view.id, epoch: this.#epoch, ...place, opened, rejected: refused.length, rejection };
    await groups.commit(this.#at, progress, grouping, after);
    this.#epoch += 1n;
    this.#open += BigInt(opened);
    if (changes.isFollowed(this.#view.id)) changes.tell(this.#view.id, changesOf(plan, this.#epoch, before, after));
  }
}

/** Takes a record, or notes why not. */
function attempt({ partition, offset }: Incoming, refused: string[], take: () => void): void {
  try {
    take();
  } catch (error) {
    // A value that is nested too deeply ends in a RangeError.
    if (!(error instanceof StatementError || error instanceof RangeError)) throw error;
    refused.push(`partition ${partition} offset ${offset}: ${error.message}`.slice(0, reasonMax));
  }
}

/** The rows of a view that a commit changed. */
function changesOf(plan: ViewPlan, epoch: bigint, before: ReadonlyMap<string, Group>, after: ReadonlyMap<string, Group>): Change[] {
  const { grouping } = plan;
  const rowOf = (group: Group | undefined) => group && shown(plan, resultsOf(grouping, group), []);
  return [...after].flatMap(([hex, group]) => {
    const isFirst = grouping.keys.length === 0 && !before.has(hex);
    const old = rowOf(before.get(hex) ?? (isFirst ? emptyGroup(grouping, []) : undefined));
    const now = rowOf(group);
    return [...(old ? [{ epoch, diff: -1 as const, row: old }] : []), ...(now ? [{ epoch, diff: 1 as const, row: now }] : [])];
  });
}
