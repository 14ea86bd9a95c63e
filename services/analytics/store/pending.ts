import { randomUUID } from 'node:crypto';
import type { Caller } from '#kernel/contract/caller.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { Draft } from '../engine/table.ts';
import type { Changed } from '../engine/view.ts';
import type { LiveTable } from '../jobs/keep.ts';
import { pendingChangesMax, relationsMax } from './limits.ts';
import { making, dropping, relinking, type Seen, type Unsettled } from './making.ts';
import type { Needed, NewRelation, Relation } from './relation.ts';

/** A relation that a transaction made; `live` are the rows of a table. */
export type Made = { readonly relation: Relation; readonly spec: NewRelation; readonly live: LiveTable | undefined };
type Step = { readonly id: bigint } & (
  | { readonly changes: readonly Changed[] }
  | { readonly made: Made }
  /** `by` is what takes its place. */
  | { readonly gone: Relation; readonly epoch: bigint | null; readonly by?: bigint }
);

/** What a transaction changed so far, which nobody else sees. */
export class Pending implements Unsettled {
  /** When it began, in milliseconds since 1970: the moment that `now()` is within it. */
  readonly begun: number;
  readonly #steps: Step[] = [];
  readonly #drafts = new Map<bigint, { readonly table: LiveTable; readonly draft: Draft }>();
  #savepoints: { readonly name: string; readonly steps: number }[] = [];
  #gone = new Set<bigint>();
  #isMaking = false;
  #size = 0;

  constructor(begun: number) {
    this.begun = begun;
  }

  /** A table as this transaction sees it. */
  draft(table: LiveTable): Draft {
    const { id } = table.relation;
    const known = this.#drafts.get(id);
    if (known?.table === table) return known.draft;
    const draft = new Draft(table.view);
    for (const step of this.#steps) if (step.id === id && 'changes' in step) draft.take(step.changes);
    this.#drafts.set(id, { table, draft });
    return draft;
  }

  /** Notes what a draft has taken. */
  note(table: LiveTable, changes: readonly Changed[]): void {
    this.#size += changes.length;
    if (this.#size > pendingChangesMax)
      throw new StatementError(sqlstates.tooLarge, `a transaction changes at most ${pendingChangesMax} rows`);
    this.#steps.push({ id: table.relation.id, changes });
  }

  /** Notes a relation that it makes. */
  make(made: Made): void {
    if (this.#made().length >= relationsMax)
      throw new StatementError(sqlstates.tooLarge, `a transaction makes at most ${relationsMax} relations`);
    this.#steps.push({ id: made.relation.id, made });
    this.#isMaking = true;
  }

  drop(relation: Relation): void {
    this.#steps.push({ id: relation.id, gone: relation, epoch: null });
    this.#gone.add(relation.id);
    this.#isMaking = true;
  }

  /** Notes a table that another one takes the place of, with the rows that it had by then, or a plain view. */
  replace(relation: Relation, made: Made): void {
    this.#steps.push({ id: relation.id, gone: relation, epoch: relation.epoch, by: made.relation.id });
    this.#gone.add(relation.id);
    this.make(made);
  }

  tables(): readonly Relation[] {
    return this.#made().flatMap(({ relation }) => (relation.kind === 'table' ? [relation] : []));
  }

  /** Whether it makes or drops relations, so that names may stand for others than elsewhere. */
  get isMaking(): boolean {
    return this.#isMaking;
  }

  /** What it made and left, each as it was made last. */
  #made(): Made[] {
    const found = new Map<bigint, Made>();
    for (const step of this.#steps) if ('made' in step && !this.isGone(step.id)) found.set(step.id, step.made);
    return [...found.values()];
  }

  /** A table that it made, which has other indexes from now on. */
  remake(made: Made): void {
    this.#steps.push({ id: made.relation.id, made });
  }

  madeAs(id: bigint): Made | undefined {
    return this.#made().find(({ relation }) => relation.id === id);
  }

  made(name: string): Relation | undefined {
    return this.#made().find(({ relation }) => relation.name === name)?.relation;
  }

  indexed(index: string): Relation | undefined {
    return this.#made().find(({ relation }) => relation.indexes?.some(({ name }) => name === index))?.relation;
  }

  isGone(id: bigint): boolean {
    return this.#gone.has(id);
  }

  needsOf(id: bigint): readonly Relation[] | undefined {
    return this.madeAs(id)?.spec.needs.filter(({ kind }) => kind !== 'type');
  }

  neededAs(id: bigint): readonly Needed[] | undefined {
    const known = this.madeAs(id)?.spec.known;
    return this.needsOf(id)?.map((relation) => ({
      ...(known?.get(relation.id) ?? { said: relation.name, width: relation.columns.length }),
      relation: this.heir(relation.id) ?? relation,
    }));
  }

  heir(id: bigint): Relation | undefined {
    let own: bigint | undefined;
    for (const step of this.#steps) if ('gone' in step && step.id === (own ?? id) && step.by !== undefined) own = step.by;
    return own === undefined ? undefined : this.madeAs(own)?.relation;
  }

  taken(id: bigint): bigint[] {
    const found = [id];
    for (const step of this.#steps.toReversed()) if ('gone' in step && step.by === found.at(-1)) found.push(step.id);
    return found;
  }

  /** What a relation that it made is kept as: what it needs stands for what took the place of that. */
  #settled(id: bigint, spec: NewRelation): NewRelation {
    if (spec.kind !== 'query') return spec;
    const needed = this.neededAs(id) ?? [];
    const types = spec.needs.filter(({ kind }) => kind === 'type');
    const needs = [...needed.map(({ relation }) => relation), ...types];
    return { ...spec, needs, known: new Map(needed.map(({ relation, said, width }) => [relation.id, { said, width }])) };
  }

  madeTypes(): Relation[] {
    return this.#made().flatMap(({ relation }) => (relation.kind === 'type' ? [relation] : []));
  }

  /** Whether it made something over a topic, be it given up since. */
  isOver(topic: string): boolean {
    return this.#steps.some((step) => 'made' in step && [step.made.spec.topic, step.made.spec.target?.topic].includes(topic));
  }

  needing(ids: readonly bigint[]): Relation[] {
    return this.#made().flatMap(({ relation, spec }) => (spec.needs.some(({ id }) => ids.includes(id)) ? [relation] : []));
  }

  /** A table that it made. */
  live(id: bigint): LiveTable | undefined {
    return this.madeAs(id)?.live;
  }

  /** What it comes to: what is made and dropped in the end, and the statements that do so. */
  settling() {
    const made = this.#made();
    const own = new Set(this.#steps.flatMap((step) => ('made' in step ? [step.id] : [])));
    const left = this.#steps.flatMap((step) => ('gone' in step && !own.has(step.id) ? [step] : []));
    const gone = left.map((step) => step.gone);
    const links = gone.flatMap((each) => {
      const heir = this.heir(each.id);
      return heir ? relinking(each, heir.id) : [];
    });
    return {
      made,
      gone,
      statements: [
        ...(links.length > 0 ? [{ text: 'select constraints_at_end()', params: [] }] : []),
        ...left.map((step) => dropping(step.gone, step.epoch)),
        ...links,
        ...made.flatMap(({ relation, spec }) => making(relation.id, this.#settled(relation.id, spec))),
      ],
    };
  }

  /** A statement failed: what its drafts have taken of it is given up. */
  spoil(): void {
    this.#drafts.clear();
  }

  save(name: string): void {
    this.#savepoints.push({ name, steps: this.#steps.length });
  }

  release(name: string): void {
    this.#savepoints.length = Math.max(0, this.#at(name));
  }

  back(name: string): void {
    const at = this.#at(name);
    // One from before the first change is not known here.
    const gone = this.#steps.splice(this.#savepoints[at]?.steps ?? 0);
    for (const step of gone) if ('changes' in step) this.#size -= step.changes.length;
    this.#gone = new Set(this.#steps.flatMap((step) => ('gone' in step ? [step.id] : [])));
    this.#savepoints.length = at + 1;
    this.spoil();
  }

  #at(name: string): number {
    return this.#savepoints.findLastIndex((each) => each.name === name);
  }

  /** All changes, by table. */
  changes(): ReadonlyMap<bigint, readonly Changed[]> {
    const found = new Map<bigint, Changed[]>();
    for (const step of this.#steps) {
      if (!('changes' in step) || this.isGone(step.id)) continue;
      const { id, changes } = step;
      const known = found.get(id) ?? [];
      found.set(id, known);
      for (const change of changes) known.push(change);
    }
    return found;
  }
}

/** An environment as a transaction sees it, if there is one. */
export const seenBy = <T extends Seen>(at: T, pending: Pending | undefined): T & Seen =>
  pending?.isMaking ? { ...at, unsettled: pending } : at;

type Open = { readonly pending: Pending } & Pick<Caller, 'tenant' | 'scope' | 'credential'>;

/** The transactions that are open, each known to its caller alone. */
export class Pendings {
  readonly #open = new Map<string, Open>();
  readonly #settling = new Set<Open>();
  readonly #ended: (at: Placed) => void;

  /** `ended` is told of each that made relations, committed or not. */
  constructor(ended: (at: Placed) => void) {
    this.#ended = ended;
  }

  begin({ tenant, scope, credential }: Caller, now: number): string {
    const id = randomUUID();
    this.#open.set(id, { pending: new Pending(now), tenant, scope, credential });
    return id;
  }

  /** Whether one made something over a topic, which is not committed yet. */
  isOver({ scope }: Placed, topic: string): boolean {
    return [...this.#open.values(), ...this.#settling].some((each) => each.scope === scope && each.pending.isOver(topic));
  }

  /** Commits one, with which nothing else can be done. */
  async settle(id: string, caller: Caller, commit: (pending: Pending) => Promise<void>): Promise<void> {
    const pending = this.get(id, caller);
    const open = { ...caller, pending };
    this.#settling.add(open);
    this.#open.delete(id);
    try {
      await commit(pending);
    } finally {
      this.#settling.delete(open);
      if (pending.isMaking) this.#ended(open);
    }
  }

  get(id: string, { scope, credential }: Caller): Pending {
    const known = this.#open.get(id);
    if (known?.scope !== scope || known.credential !== credential)
      throw new StatementError('25P01', 'there is no such transaction in progress');
    return known.pending;
  }

  end(id: string): void {
    const open = this.#open.get(id);
    this.#open.delete(id);
    if (open?.pending.isMaking) this.#ended(open);
  }
}
