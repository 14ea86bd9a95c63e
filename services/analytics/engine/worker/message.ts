import type { Format } from '../../domain/format.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Column } from '../../domain/value.ts';
import type { CircuitEntry } from '../circuit.ts';
import type { Shared } from './peer.ts';

/** What a worker begins with: its number, the memory that all share, and the number by which keys are dealt out. */
export type Begun = { readonly number: number; readonly shared: Shared; readonly factor: number };

export type SharedSource = {
  readonly id: bigint;
  readonly format: Format;
  readonly columns: readonly Column[];
  readonly used: ReadonlySet<number>;
};

/** What workers are asked for, of a view by its number among those that they share. Rows of records lie with them in portions by number. */
export type Asked =
  | { readonly ask: 'open'; readonly plan: Plan; readonly sources: readonly SharedSource[]; readonly tag: string }
  | { readonly ask: 'load'; readonly entries: readonly CircuitEntry[] }
  /** Records of a source, with where each begins and ends; -1 where there is none. `times`: the column to tell the values of. */
  | {
      readonly ask: 'read';
      readonly portion: number;
      readonly source: bigint;
      readonly bytes: Uint8Array<ArrayBuffer>;
      readonly spans: Int32Array;
      readonly times: number | undefined;
    }
  | { readonly ask: 'give'; readonly portion: number; readonly source: bigint; readonly bytes: Uint8Array<ArrayBuffer> }
  /** Of a portion these rows alone. */
  | { readonly ask: 'keep'; readonly portion: number; readonly places: Uint32Array }
  /** A step with rows of a portion, from one to another. */
  | {
      readonly ask: 'step';
      readonly portion: number;
      readonly from: number;
      readonly to: number;
      readonly clocks: ReadonlyMap<bigint, number>;
    }
  | { readonly ask: 'dump' }
  | { readonly ask: 'close' };
export type Wish = { readonly id: number; readonly view: number; readonly asked: Asked };

/** An error as it goes from thread to thread; without a SQLSTATE it is one of ranges. */
export type Told = { readonly sqlstate: string | undefined; readonly message: string };

export type ReadAnswer = {
  readonly size: number;
  readonly records: Uint32Array;
  readonly refused: readonly { readonly record: number; readonly error: Told }[];
  readonly times: Uint8Array<ArrayBuffer> | undefined;
};
/** What a step did: rows that came out, what is to be written down, why rows were left out, and by operator what is known of it. */
export type StepAnswer = {
  readonly out: Uint8Array<ArrayBuffer>;
  readonly entries: readonly CircuitEntry[];
  readonly rejected: readonly string[];
  readonly facts: readonly (readonly [rows: number | undefined, entries: number | undefined])[];
};
/** A step that failed and was taken back: here, or with another worker. */
export type StepFailed = { readonly failed: Told | undefined };

export type Answer = { readonly id: number; readonly answer: unknown };
