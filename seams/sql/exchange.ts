import type { Elements } from '#wire/pgwire/elements.ts';
import type { Field } from '#wire/pgwire/row.ts';
import type { Prepared } from './statement.ts';

/** One row as an object with a property per column. */
export type Row = Record<string, unknown>;

/** What a statement answered: its rows, and the number of rows it returned or changed. */
export type Result<R = Row> = { rows: R[]; count: number; command: string };

export type Parameter = string | Uint8Array | Elements | null;

/** One Bind and Execute. With `portal` the portal is named and can be fetched from; with `fetch` it exists already. */
export type Part = {
  readonly text: string;
  readonly params: readonly Parameter[];
  readonly discard?: true;
  readonly portal?: string;
  readonly rowsMax?: number;
  readonly fetch?: readonly Field[];
};

export type Status = 'idle' | 'transaction' | 'failed';

/** What goes to the server under one Sync, and what comes back. `settle` is called once per send. */
export type Exchange = {
  readonly parts: readonly Part[];
  /** A text of several statements for the simple protocol, in place of parts. */
  readonly script?: string;
  readonly settle: (status: Status | 'lost') => void;
  statements: (Prepared | null)[];
  results: Result[];
  error: Error | null;
  /** The part whose answer comes next. */
  at: number;
  bytes: number;
  suspended: boolean;
  sentAt: number;
};

export function newExchange(parts: readonly Part[], settle: (status: Status | 'lost') => void, script?: string): Exchange {
  return { parts, settle, script, statements: [], results: [], error: null, at: 0, bytes: 0, suspended: false, sentAt: 0 };
}

/** Makes an exchange ready to be sent again. */
export function resetExchange(x: Exchange): void {
  x.statements = [];
  x.results = [];
  x.error = null;
  x.at = 0;
  x.bytes = 0;
  x.suspended = false;
}
