import { randomUUID } from 'node:crypto';
import type { Caller } from '#kernel/contract/caller.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { Draft } from '../engine/table.ts';
import type { Changed } from '../engine/view.ts';
import type { LiveTable } from '../jobs/keep.ts';
import { pendingChangesMax } from './limits.ts';

type Step = { readonly id: bigint; readonly changes: readonly Changed[] };

/** What a transaction changed so far, which nobody else sees. */
export class Pending {
  /** When it began, in milliseconds since 1970: the moment that `now()` is within it. */
  readonly begun: number;
  readonly #steps: Step[] = [];
  readonly #drafts = new Map<bigint, { readonly table: LiveTable; readonly draft: Draft }>();
  #savepoints: { readonly name: string; readonly steps: number }[] = [];
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
    for (const step of this.#steps) if (step.id === id) draft.take(step.changes);
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
    for (const { changes } of gone) this.#size -= changes.length;
    this.#savepoints.length = at + 1;
    this.spoil();
  }

  #at(name: string): number {
    return this.#savepoints.findLastIndex((each) => each.name === name);
  }

  /** All changes, by table. */
  changes(): ReadonlyMap<bigint, readonly Changed[]> {
    const found = new Map<bigint, Changed[]>();
    for (const { id, changes } of this.#steps) {
      const known = found.get(id) ?? [];
      found.set(id, known);
      for (const change of changes) known.push(change);
    }
    return found;
  }
}

/** The transactions that are open, each known to its caller alone. */
export class Pendings {
  readonly #open = new Map<string, { readonly pending: Pending; readonly scope: bigint; readonly credential: bigint }>();

  begin({ scope, credential }: Caller, now: number): string {
    const id = randomUUID();
    this.#open.set(id, { pending: new Pending(now), scope, credential });
    return id;
  }

  get(id: string, { scope, credential }: Caller): Pending {
    const known = this.#open.get(id);
    if (known?.scope !== scope || known.credential !== credential)
      throw new StatementError('25P01', 'there is no such transaction in progress');
    return known.pending;
  }

  end(id: string): void {
    this.#open.delete(id);
  }
}
