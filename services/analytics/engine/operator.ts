import type { Column, Row } from '../domain/value.ts';
import type { Batch } from './batch.ts';
import type { Clocks } from './clock.ts';
import type { Spilling } from './spill/room.ts';

/** What is written down of an operator's state under a key; null takes it away. */
export type Entry = readonly [key: string, written: unknown];

/** An operator of a circuit: changes of its inputs in, the changes of its rows out. */
export interface Operator {
  readonly columns: readonly Column[];
  /**
   * One step; inputs without changes are empty. The first step of a state also answers what nothing at all makes. What the
   * clocks say has passed is forgotten behind the step's rows.
   */
  step(inputs: readonly Batch[], params: Row, isFirst: boolean, clocks: Clocks): Batch;
  /** The source of what was generated, by what it does. */
  readonly code: readonly (readonly [what: string, code: string])[];
  readonly state?: State;
  /** Takes out why rows and matches of the steps since the last time were left out, where that is known behind them alone. */
  rejected?(): string[];
}

/** Which rows of a batch of keys are one's own: 1, else 0. */
export type Owned = (keys: Batch) => Uint8Array;

/** What an operator remembers. A step is kept, and then written down, or undone. */
export interface State {
  /** Rows and groups that are remembered. */
  readonly size: number;
  /** Whether entries are named by numbers that this state gave, and not by what is in them. */
  readonly isNumbered?: boolean;
  /** Bytes in memory, about, of what cannot leave it. */
  readonly heldBytes?: number;
  /** How it leaves the memory, where it can. */
  readonly spilling?: Spilling | undefined;
  /** Keeps what the steps since the last time changed, and answers it as entries. */
  settle(): Entry[];
  undo(): void;
  /** Puts back an entry that was written down; of a page that which is `own`, where others have a share of it. */
  load(entry: Entry, own?: Owned): void;
  /** All of it as entries. */
  dump(): Iterable<Entry>;
}

/** Entries under the name of one of several states. */
export function* named(part: string, entries: Iterable<Entry>): Generator<Entry> {
  for (const [name, written] of entries) yield [`${part}${name}`, written];
}
