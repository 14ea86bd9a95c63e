import { engineSet } from '../policy/authority.ts';
import type { PolicySource } from '../policy/compile.ts';
import { shadowPoliciesMax } from './limits.ts';
import { engineRequestOf, type Question } from './request.ts';
import { combined, type PolicySets, type Verdict } from './verdict.ts';

/** What the sets are made of. */
type Sources = { readonly [K in keyof PolicySets]: { readonly size: number; sources(): readonly PolicySource[] } };

/**
 * What the engine itself says of a question. It reads everything as JSON each time, which takes milliseconds, so that it is
 * asked of few; sets beyond a size it is not asked of at all, which is undefined.
 */
export function engineVerdict(question: Question, sources: Sources, isTenants: boolean): Verdict | undefined {
  if (Math.max(...Object.values(sources).map(({ size }) => size)) > shadowPoliciesMax) return undefined;
  const { request, entities } = engineRequestOf(question);
  return combined((from) => {
    const { size } = sources[from];
    return size === 0 ? undefined : engineSet(sources[from].sources()).decide(request, entities);
  }, isTenants);
}
