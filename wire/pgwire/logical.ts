import { Cursor } from './cursor.ts';
import { ProtocolViolation } from './violation.ts';
import type { Writer } from './writer.ts';

/** What a server sends within COPY while it replicates. Places in its log are counted in bytes. */
export type Replicated =
  | { readonly type: 'data'; readonly data: Buffer }
  | { readonly type: 'alive'; readonly end: bigint; readonly isAsking: boolean };

/** A value of a row in the text format: null is NULL, undefined one that a change left as it was and did not tell. */
export type LogicalRow = readonly (string | null | undefined)[];

/** A message of pgoutput, in the first version of its protocol. */
export type Logical =
  /** `at` is where the commit of the transaction stands. */
  | { readonly type: 'begin'; readonly at: bigint }
  /** `end` is the place behind it. */
  | { readonly type: 'commit'; readonly end: bigint }
  | { readonly type: 'relation'; readonly id: number; readonly path: readonly string[]; readonly columns: readonly string[] }
  | { readonly type: 'insert'; readonly id: number; readonly after: LogicalRow }
  /** `before` is there in full where the table's replica identity is. */
  | { readonly type: 'update'; readonly id: number; readonly before: LogicalRow | undefined; readonly after: LogicalRow }
  | { readonly type: 'delete'; readonly id: number; readonly before: LogicalRow | undefined }
  | { readonly type: 'truncate'; readonly ids: readonly number[] }
  | { readonly type: 'other' };

export function readReplicated(bytes: Buffer): Replicated {
  const c = new Cursor(bytes);
  const kind = c.byte();
  if (kind === 0x77) {
    c.bytes(24);
    return { type: 'data', data: c.rest() };
  }
  if (kind !== 0x6b) throw new ProtocolViolation(`a message of replication of type ${kind}`);
  const end = c.int64();
  c.int64();
  return { type: 'alive', end, isAsking: c.byte() === 1 };
}

/** Tells a server up to which place it may forget. */
export function writeReplicated(w: Writer, upTo: bigint, now: number): void {
  // Microseconds since 2000.
  const at = BigInt(now - Date.UTC(2000, 0)) * 1000n;
  w.begin(0x64).byte(0x72).int64(upTo).int64(upTo).int64(upTo).int64(at).byte(0).end();
}

export function readLogical(bytes: Buffer): Logical {
  const c = new Cursor(bytes);
  switch (c.byte()) {
    case 0x42:
      return { type: 'begin', at: c.int64() };
    case 0x43:
      c.bytes(9);
      return { type: 'commit', end: c.int64() };
    case 0x52:
      return relation(c);
    case 0x49: {
      const id = c.uint32();
      c.byte();
      return { type: 'insert', id, after: row(c) };
    }
    case 0x55: {
      const id = c.uint32();
      const { before, next } = old(c);
      if (next !== 0x4e) throw new ProtocolViolation('an update without a new row');
      return { type: 'update', id, before, after: row(c) };
    }
    case 0x44:
      return { type: 'delete', id: c.uint32(), before: old(c, true).before };
    case 0x54: {
      const count = c.uint32();
      c.byte();
      return { type: 'truncate', ids: Array.from({ length: count }, () => c.uint32()) };
    }
    default:
      return { type: 'other' };
  }
}

function relation(c: Cursor): Logical {
  const id = c.uint32();
  const path = [c.cstring(), c.cstring()];
  c.byte();
  const columns = Array.from({ length: c.count() }, () => {
    c.byte();
    const name = c.cstring();
    c.bytes(8);
    return name;
  });
  return { type: 'relation', id, path, columns };
}

/** The row that was: in full behind an O; behind a K there is its key alone, which says too little. */
function old(c: Cursor, isLast = false): { readonly before: LogicalRow | undefined; readonly next: number } {
  const kind = c.byte();
  if (kind !== 0x4f && kind !== 0x4b) return { before: undefined, next: kind };
  const values = row(c);
  return { before: kind === 0x4f ? values : undefined, next: isLast ? 0 : c.byte() };
}

function row(c: Cursor): LogicalRow {
  return Array.from({ length: c.count() }, () => {
    const kind = c.byte();
    if (kind === 0x6e) return null;
    if (kind === 0x75) return undefined;
    if (kind !== 0x74) throw new ProtocolViolation(`a value of the kind ${kind}`);
    return c.value()?.toString('utf8') ?? null;
  });
}
