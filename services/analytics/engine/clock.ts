import type { Bound } from '../domain/plan.ts';
import { valuesOf } from './pipeline.ts';

/** The watermarks of sources in microseconds: no row on time is before them any more. */
export type Clocks = ReadonlyMap<bigint, number>;
export const noClocks: Clocks = new Map();

/**
 * The time before which all is past: `closed` when the watermark has passed it, `forgotten` when it has by the lateness that
 * rows may have besides.
 */
export function limitOf(bound: Bound, when: 'closed' | 'forgotten'): (clocks: Clocks) => number {
  const terms = bound.map(({ at, ...rest }) => ({ ...rest, run: at.kind === 'column' ? undefined : valuesOf([at]).run }));
  return (clocks) => {
    let least = Number.POSITIVE_INFINITY;
    for (const { relation, lateness, strict, run } of terms) {
      const mark = clocks.get(relation);
      if (mark === undefined) return Number.NEGATIVE_INFINITY;
      const time = when === 'closed' ? mark : mark - lateness;
      const value = run ? (run([time], [])[0] as number) : time;
      // Times are whole numbers: what is not after one is before the next.
      least = Math.min(least, strict ? value + 1 : value);
    }
    return least;
  };
}
