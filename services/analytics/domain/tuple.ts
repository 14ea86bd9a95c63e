import { readRecord } from '#wire/pgwire/record.ts';
import { ProtocolViolation } from '#wire/pgwire/violation.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';

/** A row as a value: its fields, of which NULL is one. */
export type TupleOf<Field> = { readonly fields: readonly Field[] };

/** Reads a row as PostgreSQL reads its text. Throws StatementError (22P02) for what is none. */
export function readTuple(text: string): (string | null)[] {
  try {
    return readRecord(text);
  } catch (error) {
    if (!(error instanceof ProtocolViolation)) throw error;
    throw new StatementError(sqlstates.valueWrong, `malformed record literal: ${JSON.stringify(text.slice(0, 100))}: ${error.message}`);
  }
}

/** By their fields, from the first on; NULLs are behind all others, and like each other. */
export function compareTuples<Field>(
  left: TupleOf<Field | null>,
  right: TupleOf<Field | null>,
  compare: (left: Field, right: Field) => number,
): number {
  for (const [place, a] of left.fields.entries()) {
    const b = right.fields[place] ?? null;
    const found = a === null || b === null ? Number(a === null) - Number(b === null) : compare(a, b);
    if (found !== 0) return found;
  }
  return 0;
}
