import type { Report } from '#wire/pgwire/backend.ts';

// Class 40: the transaction lost against another; 53: resources; 55P03: a lock was not free; 57P: the server goes down or comes up.
const retryable = /^(40001|40P01|53...|55P03|57P0[1-5]|25P03|08...)$/;

/** An error that PostgreSQL reported for a statement. The group or transaction it belongs to has no effect. */
export class PostgresError extends Error {
  override readonly name = 'PostgresError';
  readonly code = 'Postgres';
  readonly sqlstate: string;
  readonly severity: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly schema: string | undefined;
  readonly table: string | undefined;
  readonly column: string | undefined;
  readonly constraint: string | undefined;
  /** Character of the statement, from 1, where the server saw the fault. */
  readonly position: number | undefined;
  /** The server's function that reported it. */
  readonly routine: string | undefined;
  /** The same group or transaction may succeed when sent again. */
  readonly retry: boolean;

  constructor(report: Report) {
    super(report.M ?? 'PostgreSQL reported an error without a text');
    this.sqlstate = report.C ?? 'XX000';
    this.severity = report.V ?? report.S ?? 'ERROR';
    this.detail = report.D;
    this.hint = report.H;
    this.schema = report.s;
    this.table = report.t;
    this.column = report.c;
    this.constraint = report.n;
    this.position = report.P === undefined ? undefined : Number(report.P);
    this.routine = report.R;
    this.retry = retryable.test(this.sqlstate);
  }

  /** A unique constraint was hit. */
  get duplicate(): boolean {
    return this.sqlstate === '23505';
  }
}

/** Why the database could not be used: no connection came in time, one was lost, the queue is full, the pool is closed. */
export type UnavailableReason = 'connect' | 'lost' | 'wait' | 'queue' | 'closed';

/** The database cannot be reached now. The caller may repeat; with `sent` the statements may have taken effect. */
export class SqlUnavailable extends Error {
  override readonly name = 'SqlUnavailable';
  readonly code = 'Unavailable';
  readonly retry = true;
  readonly reason: UnavailableReason;
  /** The statements had been sent, and whether they took effect is not known. */
  readonly sent: boolean;

  constructor(reason: UnavailableReason, sentence: string, more: { sent?: boolean; cause?: unknown } = {}) {
    super(sentence, more.cause === undefined ? undefined : { cause: more.cause });
    this.reason = reason;
    this.sent = more.sent ?? false;
  }
}

/** The caller's signal ended the group or transaction before it took effect; `cause` is the signal's reason. */
export class SqlAborted extends Error {
  override readonly name = 'SqlAborted';
  readonly code = 'Aborted';
  readonly retry = false;

  constructor(reason: unknown) {
    super('The statement was aborted by its caller.', { cause: reason });
  }
}

/** The server or the address cannot be used as it is, and repeating will not help: one clear sentence. */
export class SqlRefused extends Error {
  override readonly name = 'SqlRefused';
  readonly code = 'SeamUnsupported';
  readonly retry = false;
}

/** A statement that must not run as it stands: no scope, transaction control inside a group, too many rows. A bug of its caller. */
export class SqlMisuse extends Error {
  override readonly name = 'SqlMisuse';
  readonly code = 'Misuse';
  readonly retry = false;
}
