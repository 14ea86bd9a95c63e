/** Arithmetic over GF(2^8) with the polynomial 0x11d: the plain reference, and what the kernels' tables are made of. */
const exponents = new Uint8Array(512);
const logarithms = new Uint8Array(256);

let power = 1;
for (let exponent = 0; exponent < 255; exponent++) {
  exponents[exponent] = power;
  exponents[exponent + 255] = power;
  logarithms[power] = exponent;
  power = (power << 1) ^ (power & 0x80 ? 0x11d : 0);
}

/** a times b. */
export function multiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : exponents[logarithms[a]! + logarithms[b]!]!;
}

/** One over a, which must not be 0. */
function invert(a: number): number {
  return exponents[255 - logarithms[a]!]!;
}

/** Rows of factors. */
export type Matrix = readonly Uint8Array[];

/**
 * The code's matrix of k + m rows: the data itself, then m rows of a Cauchy matrix. Any k of the rows can be inverted, which is
 * what makes any k shards enough.
 */
export function codeMatrix(dataShards: number, parityShards: number): Matrix {
  return Array.from({ length: dataShards + parityShards }, (_, row) =>
    Uint8Array.from({ length: dataShards }, (__, column) => (row < dataShards ? Number(row === column) : invert(row ^ column))),
  );
}

/** The inverse by elimination; undefined when there is none. */
export function invertMatrix(matrix: Matrix): Matrix | undefined {
  const size = matrix.length;
  const rows = matrix.map((row, at) => {
    const wide = new Uint8Array(size * 2);
    wide.set(row);
    wide[size + at] = 1;
    return wide;
  });
  for (let column = 0; column < size; column++) {
    const pivot = rows.findIndex((row, at) => at >= column && row[column] !== 0);
    if (pivot < 0) return undefined;
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const own = rows[column]!;
    scale(own, invert(own[column]!));
    for (const [at, row] of rows.entries()) if (at !== column) addScaled(row, own, row[column]!);
  }
  return rows.map((row) => row.slice(size));
}

/** One row times a matrix. */
export function multiplyRow(row: Uint8Array, matrix: Matrix): Uint8Array {
  const product = new Uint8Array(matrix[0]?.length ?? 0);
  for (const [at, factor] of row.entries()) addScaled(product, matrix[at]!, factor);
  return product;
}

function scale(row: Uint8Array, factor: number): void {
  for (let at = 0; at < row.length; at++) row[at] = multiply(row[at]!, factor);
}

/** row += factor * other. */
function addScaled(row: Uint8Array, other: Uint8Array, factor: number): void {
  if (factor === 0) return;
  for (let at = 0; at < row.length; at++) row[at] = row[at]! ^ multiply(other[at]!, factor);
}
