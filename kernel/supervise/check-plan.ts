import assert from 'node:assert';
import type { ChildSpec } from './plan.ts';

/** A plan is our own code's: names are unique, what is waited for comes earlier and is critical. */
export function assertPlan(plan: readonly ChildSpec[]): void {
  const earlier = new Map<string, ChildSpec>();
  for (const spec of plan) {
    assert(!earlier.has(spec.name), `two processes are called ${spec.name}`);
    for (const name of spec.after) {
      assert(earlier.get(name)?.critical, `${spec.name} waits for ${name}, which must come earlier and be critical`);
    }
    earlier.set(spec.name, spec);
  }
  for (const spec of plan)
    for (const name of spec.outlives ?? []) assert(earlier.has(name), `${spec.name} outlives ${name}, which is not planned`);
}
