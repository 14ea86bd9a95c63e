import type { Incoming } from '#seams/log/log.ts';
import type { CircuitEntry } from '../engine/circuit.ts';
import type { Changed } from '../engine/view.ts';
import { reasonMax } from '../store/limits.ts';
import type { Relation } from '../store/relation.ts';
import type { Place } from '../store/state.ts';

export type Refused = { readonly record: Incoming; readonly reason: string };
/** Records of a source that a view did not take: those that do not fit, and those that come too late. */
export type Sorted = { readonly source: Relation; readonly refused: Refused[]; readonly late: Refused[] };
/** What some records did to a view. */
export type Outcome = {
  readonly entries: CircuitEntry[];
  readonly changes: Changed[];
  /** Why rows of records before these were left out. */
  readonly rejected: string[];
};

/** What steps did to a view since the last commit began, which is what the next one commits. */
export class Gathered {
  readonly entries: CircuitEntry[] = [];
  readonly changes: Changed[] = [];
  readonly sorted = new Map<bigint, Sorted>();
  readonly #places = new Map<string, Place>();
  records = 0;
  rejected = 0;
  rejection: string | null = null;
  /** Rows of the view behind the last step. */
  rows = 0;

  add(outcome: Outcome, rows: number): void {
    // One by one: there may be more than a call takes arguments.
    for (const entry of outcome.entries) this.entries.push(entry);
    for (const changed of outcome.changes) this.changes.push(changed);
    this.rejected += outcome.rejected.length;
    this.rejection = outcome.rejected.at(-1)?.slice(0, reasonMax) ?? this.rejection;
    this.rows = rows;
  }

  /** Notes how far a source was read, and what of it was not taken. */
  read(place: Place, records: number, { source, refused, late }: Sorted): void {
    this.records += records;
    this.#places.set(`${place.source} ${place.partition}`, place);
    const known = this.sorted.get(source.id) ?? { source, refused: [], late: [] };
    this.sorted.set(source.id, known);
    known.refused.push(...refused);
    known.late.push(...late);
    const out = [...late, ...refused];
    this.rejected += out.length;
    const last = out.at(-1);
    if (last) this.rejection = `partition ${last.record.partition} offset ${last.record.offset}: ${last.reason}`.slice(0, reasonMax);
  }

  get places(): Place[] {
    return [...this.#places.values()];
  }

  get isEmpty(): boolean {
    return this.#places.size === 0 && this.isIdle;
  }

  /** Whether nothing came of what was read. */
  get isIdle(): boolean {
    return this.entries.length === 0 && this.changes.length === 0 && this.rejected === 0;
  }
}
