import type { Registry } from '../observe/registry.ts';
import type { Admission } from '../quota/admission.ts';

/** What a process tells of the calls it runs and lets wait. */
export function observeAdmission(registry: Registry, admission: Admission): void {
  const running = registry.gauge('gamut_calls_running', 'Calls that run now.').of();
  const waiting = registry.gauge('gamut_calls_waiting', 'Calls that wait for their turn.').of();
  const limit = registry.gauge('gamut_calls_limit', 'Calls that may run at once, as latency allows.').of();
  const refused = registry.counter('gamut_calls_refused_total', 'Calls refused because too many waited, or for too long.').of();
  let told = 0;
  registry.collect(() => {
    running.set(admission.running);
    waiting.set(admission.waiting);
    limit.set(admission.concurrency.limit);
    refused.add(admission.refused - told);
    told = admission.refused;
  });
}
