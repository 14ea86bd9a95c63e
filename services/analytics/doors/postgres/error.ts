import { randomUUID } from 'node:crypto';
import { OperationError } from '#kernel/contract/fault.ts';
import type { Log } from '#kernel/contract/implement.ts';
import type { Told } from '#engine/pgwire/application.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';

/** The SQLSTATE of each fault that has one; the others are internal. */
const states: Readonly<Record<string, string>> = {
  Unauthenticated: sqlstates.authorizationWrong,
  Expired: sqlstates.authorizationWrong,
  Denied: sqlstates.denied,
  StepUp: sqlstates.denied,
  Residency: sqlstates.denied,
  BadInput: '22023',
  NotFound: sqlstates.relationMissing,
  QuotaExceeded: sqlstates.tooMuch,
  TooMany: sqlstates.tooMuch,
  TooLarge: sqlstates.tooLarge,
  NotImplemented: sqlstates.notBuilt,
  Unavailable: sqlstates.unavailable,
  KeyUnavailable: sqlstates.unavailable,
  KeyRefused: sqlstates.denied,
  JournalFull: '53100',
  DiskFull: '53100',
  Draining: sqlstates.shutdown,
};

/** Words an error for a client; what is a fault of ours is logged under a number that the client is told. */
export function report(error: unknown, log: Log): Told {
  if (error instanceof StatementError) return { sqlstate: error.sqlstate, message: error.message, position: error.position };
  if (error instanceof OperationError) {
    if (error.code === 'StatementRefused') return { sqlstate: error.path ?? sqlstates.internal, message: error.detail ?? error.message };
    // What was wrong with a proof is not told: it would help who guesses.
    if (error.code === 'Unauthenticated') return { sqlstate: sqlstates.authorizationWrong, message: 'password authentication failed' };
    const sqlstate = states[error.code];
    if (sqlstate !== undefined) return { sqlstate, message: error.message };
  }
  const requestId = randomUUID();
  const isDeep = error instanceof RangeError;
  log('error', 'a statement failed', { requestId, error: error instanceof Error ? error.stack : String(error) });
  if (isDeep) return { sqlstate: sqlstates.tooComplex, message: 'the statement is too complex' };
  return { sqlstate: sqlstates.internal, message: `the statement failed; its number in the log is ${requestId}` };
}
