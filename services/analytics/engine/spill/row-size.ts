import type { Row, Value } from '../../domain/value.ts';
import { bytesOf } from './size.ts';

const isLong = (value: Value): boolean => typeof value === 'string' || typeof value === 'object';

/** Of so many samples one counts as much as all that were before. */
const samples = 16;

/** Bytes of rows that lie in columns, about: those of their texts by samples. */
export class RowSize {
  readonly #plainBytes: number;
  #textBytes = 0;

  /** Bytes of a row besides its texts. */
  constructor(plainBytes: number) {
    this.#plainBytes = plainBytes;
  }

  get bytes(): number {
    return this.#plainBytes + this.#textBytes;
  }

  sample(row: Row): void {
    this.#textBytes += (bytesOf(row.filter(isLong)) - this.#textBytes) / samples;
  }
}
