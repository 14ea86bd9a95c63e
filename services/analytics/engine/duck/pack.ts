/**
 * Columns as they go between the processes: of each its type, and how many bytes its mask of NULLs (or 0) and its values have, of
 * texts their lengths first.
 */
export type Packed = { readonly rows: number; readonly columns: readonly PackedColumn[]; readonly bytes: Uint8Array };
export type PackedColumn = { readonly type: string; readonly nulls: number; readonly size: number };
export type Part = { readonly type: string; readonly nulls: Uint8Array | undefined; readonly values: Uint8Array };

/** Bytes of one value of a type; of a text of its length. */
export const widthOf: Readonly<Record<string, number>> = {
  ...{ BOOLEAN: 1, SMALLINT: 2, INTEGER: 4, BIGINT: 8, DOUBLE: 8, HUGEINT: 16, VARCHAR: 4 },
};

export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);

export function packed(rows: number, parts: readonly Part[]): Packed {
  // Each begins at a multiple of 16, so that numbers of any width are read where they lie.
  const pieces = parts.flatMap(({ nulls, values }) => [...(nulls ? [nulls] : []), values]);
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + aligned(length), 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += aligned(piece.length);
  }
  return { rows, bytes, columns: parts.map(({ type, nulls, values }) => ({ type, nulls: nulls?.length ?? 0, size: values.length })) };
}

const aligned = (length: number): number => Math.ceil(length / 16) * 16;

/** Where the columns of a pack lie in its bytes. */
export function unpacked({ columns, bytes }: Omit<Packed, 'rows'>): Part[] {
  let at = 0;
  const next = (length: number) => {
    const piece = bytes.subarray(at, at + length);
    at += aligned(length);
    return piece;
  };
  return columns.map(({ type, nulls, size }) => ({ type, nulls: nulls > 0 ? next(nulls) : undefined, values: next(size) }));
}
