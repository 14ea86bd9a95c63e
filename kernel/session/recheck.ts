import type { Log } from '../contract/implement.ts';
import type { Counter } from '../observe/metric.ts';
import type { Registry } from '../observe/registry.ts';
import { shadowEvery } from './limits.ts';
import type { Question } from './request.ts';
import type { Verdict } from './verdict.ts';

/**
 * One decision in `shadowEvery` is made again by the policy engine. Where it decides otherwise than compiled policies did,
 * that is an error in the log and a metric, and from then on the engine decides for that tenant.
 */
export class Rechecks {
  readonly #log: Log;
  readonly #checked: Counter;
  readonly #disagreed: Counter;
  readonly #distrusted = new Set<string>();
  #decisions = 0;
  /** Told of a tenant whose remembered decisions hold no longer. */
  onDistrust: ((tenant: string) => void) | undefined;

  constructor(log: Log, registry: Registry) {
    this.#log = log;
    this.#checked = registry.counter('gamut_policy_rechecks_total', 'Decisions that the policy engine made again.').of();
    this.#disagreed = registry.counter('gamut_policy_disagreements_total', 'Decisions that the policy engine made otherwise.').of();
  }

  /** Whether compiled policies were found to decide otherwise than the engine for this tenant. */
  isDistrusted(tenant: string): boolean {
    return this.#distrusted.has(tenant);
  }

  /** A decision was made; `ask` asks the engine, after the reply is on its way. */
  decided(question: Question, verdict: Verdict, ask: () => Verdict | undefined): void {
    this.#decisions += 1;
    if (this.#decisions % shadowEvery === 0) setImmediate(() => this.#check(question, verdict, ask));
  }

  #check({ tenant, service, operation }: Question, { allow }: Verdict, ask: () => Verdict | undefined): void {
    try {
      const engine = ask();
      if (engine === undefined) return;
      this.#checked.add();
      if (engine.allow === allow) return;
      this.#disagreed.add();
      this.#distrusted.add(tenant);
      this.onDistrust?.(tenant);
      this.#log('error', 'a compiled policy decides otherwise than the engine, which decides from now on', {
        service,
        operation,
        tenant,
        compiled: allow,
      });
    } catch (error) {
      this.#log('warn', 'a decision could not be checked by the engine', { service, operation, error: String(error) });
    }
  }
}
