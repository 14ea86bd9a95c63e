import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { pairsMax } from './limits.ts';

const pairsFirst = 64;

/** Rows of a batch beside rows of the other side of a join: -1 and 0 stand for none. */
export class Pairs {
  own: Int32Array;
  other: Int32Array;
  weights: Float64Array;
  size = 0;

  constructor(size: number) {
    const room = Math.min(Math.max(size, pairsFirst), pairsMax);
    this.own = new Int32Array(room);
    this.other = new Int32Array(room);
    this.weights = new Float64Array(room);
  }

  grow(): void {
    const { length } = this.own;
    if (length >= pairsMax) throw new StatementError(sqlstates.tooLarge, `a join makes at most ${pairsMax} rows of one batch`);
    const room = Math.min(length * 2, pairsMax);
    const { own, other, weights } = this;
    (this.own = new Int32Array(room)).set(own);
    (this.other = new Int32Array(room)).set(other);
    (this.weights = new Float64Array(room)).set(weights);
  }
}
