import type { Channels } from './channels.ts';
import type { CopyFormat } from './copy.ts';
import type { Direction } from './scroll.ts';

/** A column of an answer; `oid` is its type. */
export type Field = Kind & { readonly name: string };
/** A type by its object id; one of rows by those of its fields too, and of arrays of rows by theirs. */
export type Kind = { readonly oid: number; readonly fields?: readonly Kind[]; readonly element?: Kind };

/** A row in the text format; null is NULL. */
export type Cells = readonly (string | null)[];

/** Rows in blocks, and the tag that says how many there were. */
export type Answer = { readonly rows: AsyncIterable<readonly Cells[]>; tag(rows: number): string };

/** What a COPY is of: columns and the format in which their values go. */
export type Copied = { readonly columns: readonly Field[]; readonly format: CopyFormat };

/** A statement that was understood. Without `fields` it answers no rows. */
export type Prepared = {
  /** Asks something of the connection itself, which carries it out; `execute` is then never called. */
  readonly control?: Control;
  /** What the statement is called where it cannot be undone, and so cannot be part of a transaction. */
  readonly alone?: string;
  /** Rows go as COPY TO STDOUT has them, and not as rows. */
  readonly copy?: Copied;
  /** Rows come as COPY FROM STDIN has them, and go to `load` in blocks. */
  readonly copyIn?: Copied;
  load?(lines: AsyncIterable<readonly Cells[]>, signal: AbortSignal): Promise<Answer>;
  /** The types of the parameters. */
  readonly params: readonly number[];
  readonly fields?: readonly Field[];
  execute(params: Cells, signal: AbortSignal): Promise<Answer>;
};

/** What statements ask of their connection. A count without end is all rows; no name is all there are; `isForward` is NO SCROLL. */
export type Control =
  | { readonly kind: 'begin' | 'commit' | 'rollback' | 'resetAll' | 'discard' }
  | { readonly kind: 'savepoint' | 'release' | 'rollbackTo'; readonly name: string }
  | { readonly kind: 'set'; readonly name: string; readonly value: string | undefined; readonly isLocal: boolean }
  | { readonly kind: 'show'; readonly name: string }
  | { readonly kind: 'configure'; readonly settings: readonly Configured[] }
  | { readonly kind: 'declare'; readonly name: string; readonly of: Prepared; readonly hold: boolean; readonly isForward: boolean }
  | { readonly kind: 'fetch'; readonly name: string; readonly direction: Direction; readonly count: number; readonly shows: boolean }
  | { readonly kind: 'close' | 'deallocate'; readonly name: string | undefined }
  | { readonly kind: 'listen'; readonly name: string }
  | { readonly kind: 'unlisten'; readonly name: string | undefined }
  | { readonly kind: 'notify'; readonly name: string; readonly payload: string }
  | { readonly kind: 'notifyEach'; readonly of: Prepared; readonly calls: readonly (Called | undefined)[] }
  | { readonly kind: 'listening' | 'processId'; readonly label: string };

/** A column of a SELECT that is a call of `pg_notify`: what it is called. What it was called with is a row in its place. */
export type Called = { readonly label: string };

/**
 * A column of a SELECT of `set_config` and `current_setting`: with a value it sets and tells that, else it only tells. A value may be
 * a parameter, by its place.
 */
export type Configured = {
  readonly label: string;
  readonly name: string;
  readonly value?: string | { readonly param: number };
  readonly isLocal?: boolean;
  /** A name that nobody knows is NULL, and no error. */
  readonly orNull?: boolean;
};

/** What becomes of changes between BEGIN and COMMIT. Savepoints of a name may stand above each other; the last one counts. */
export type Bracket = {
  begin(): void;
  /** Throws where it cannot be: the transaction is then over all the same. */
  commit(signal: AbortSignal): Promise<void>;
  rollback(): void;
  save(name: string): void;
  release(name: string): void;
  back(name: string): void;
};

/** What one identified caller may ask. Whatever it throws goes through `Door.report`. */
export interface Desk {
  /** Aborted when the caller has lost the right to be here. */
  readonly signal: AbortSignal;
  /** The statements of a text. */
  split(text: string): Promise<readonly string[]>;
  /** Understands one statement; undefined for an empty one. `types` are those that the client named; 0 names none. */
  prepare(text: string, types: readonly number[]): Promise<Prepared | undefined>;
  /** For those whose statements change something within a transaction. */
  readonly bracket?: Bracket;
  /** What the connections of a database tell each other in. */
  readonly channels?: Channels;
  /** The caller left. */
  end(): void;
}

/** The steps of SCRAM-SHA-256; `desk` once they are done. */
export type Proof = { next(answer: Uint8Array): { send?: Uint8Array; done?: true }; desk(): Desk };

/** What an error says to the client. */
export type Told = { readonly sqlstate: string; readonly message: string; readonly position?: number | undefined };

/** What the connections of a door share. */
export interface Door {
  /** Begins the proof of who a user is; `database` is what it wants to see. */
  prove(user: string, database: string): Proof;
  /** Words an error for the client; what is a fault of ours is logged there, and not shown. */
  report(error: unknown): Told;
}
