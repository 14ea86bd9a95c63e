import { clocksOf } from '../domain/closing.ts';
import type { Plan } from '../domain/plan.ts';
import type { Paced } from '../engine/watermark.ts';
import type { Relation } from '../store/relation.ts';

/** The sources by whose watermarks a plan goes. */
export function pacedBy(plan: Plan, sources: readonly Relation[]): Paced[] {
  const clocks = clocksOf(plan);
  return sources.flatMap(({ id, columns, format }) => {
    const [watermark, lateness] = [format?.watermark, clocks.get(id)];
    if (!watermark || lateness === undefined) return [];
    const place = columns.findIndex(({ name }) => name === watermark.column);
    return [{ id, place, delay: watermark.delayMs * 1000, lateness, idleMs: watermark.idleMs }];
  });
}
