import { futureMaxMs } from '../contract/limits.ts';

/** What came of a message: the rows to store, and why others are not among them. */
export type Taken<Row> = { readonly rows: Row[]; rejected: number; message: string };

export const nothing = <Row>(): Taken<Row> => ({ rows: [], rejected: 0, message: '' });

/** Counts what is not stored; the first reason is told. */
export function reject<Row>(taken: Taken<Row>, message: string, count = 1): void {
  taken.rejected += count;
  if (taken.message === '') taken.message = message;
}

const earliestMs = Date.UTC(2000, 0, 1);

/** Whether a time in nanoseconds since 1970 may be that of a record. */
export function isTimely(nanos: bigint, nowMs: number): boolean {
  const ms = Number(nanos / 1_000_000n);
  return ms >= earliestMs && ms <= nowMs + futureMaxMs;
}

/** Nanoseconds since 1970 as PostgreSQL's timestamp text, to the microsecond. */
export function timestamp(nanos: bigint): string {
  const micros = nanos / 1000n;
  const text = new Date(Number(micros / 1000n)).toISOString();
  return `${text.slice(0, -1)}${String(micros % 1000n).padStart(3, '0')}Z`;
}

export const isTraceId = (id: string | undefined): id is string => id?.length === 32 && !/^0+$/.test(id);
export const isSpanId = (id: string | undefined): id is string => id?.length === 16 && !/^0+$/.test(id);
