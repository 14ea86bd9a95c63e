import { PostgresError, SqlAborted, SqlUnavailable } from '#seams/sql/error.ts';
import { fault } from '../contract/fault.ts';

/** SQLSTATE classes and codes that are the world's doing, and what they mean to a caller. */
const byState: readonly (readonly [prefix: string, code: string])[] = [
  ['53100', 'DiskFull'],
  ['53', 'Unavailable'],
  ['57014', 'Timeout'],
  ['57', 'Unavailable'],
  ['58', 'Unavailable'],
  ['08', 'Unavailable'],
  ['40', 'Unavailable'],
  ['22021', 'BadInput'],
];

/** An error of a seam as the table's, so that a database that is away is no bug; anything else comes back as it was. */
export function operatingError(error: unknown): unknown {
  if (error instanceof SqlUnavailable) return fault('Unavailable', { detail: 'The database is away.', retryAfterMs: 1000, cause: error });
  if (error instanceof SqlAborted) return fault('Timeout', { cause: error });
  if (!(error instanceof PostgresError)) return error;
  const known = byState.find(([prefix]) => error.sqlstate.startsWith(prefix));
  return known ? fault(known[1], { cause: error }) : error;
}
