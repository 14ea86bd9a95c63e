import { type ChangingPolicySet, type CompiledPolicy, compilePolicy, type PolicySet, policySetOf } from '../policy/compile.ts';
import type { PolicyRecord } from '../snapshot/record.ts';

const timedWords = /"attr":"(?:now|factorAt)"/;

/** Policies that are compiled when they come, with what else is asked of them. */
export class KeptPolicies {
  readonly #records = new Map<string, PolicyRecord>();
  readonly #compiled = new Map<string, CompiledPolicy>();
  readonly #set: ChangingPolicySet = policySetOf([]);
  readonly #timed = new Set<string>();
  readonly stepUps = new Set<string>();

  /** The set to decide with; null where there is none. */
  get set(): PolicySet | null {
    return this.#records.size > 0 ? this.#set : null;
  }

  get size(): number {
    return this.#records.size;
  }

  /** Whether what they decide depends on the time. */
  get timed(): boolean {
    return this.#timed.size > 0;
  }

  sources(): readonly PolicyRecord[] {
    return [...this.#records.values()];
  }

  /** Takes one in, or (without record) out. One of the same revision stays as it is. Throws PolicyInvalid. */
  put(id: string, record: PolicyRecord | undefined): void {
    const before = this.#records.get(id);
    if (before && record?.revision !== undefined && before.revision === record.revision) return;
    const compiled = record && compilePolicy({ id, est: record.est });
    for (const known of [this.#records, this.#compiled, this.#timed, this.stepUps]) known.delete(id);
    this.#set.remove(id);
    if (!record || !compiled) return;
    this.#records.set(id, record);
    this.#compiled.set(id, compiled);
    this.#set.put(compiled);
    if (timedWords.test(JSON.stringify(record.est))) this.#timed.add(id);
    if (record.stepUp) this.stepUps.add(id);
  }

  /** A set like this in which another policy stands under an id. Throws PolicyInvalid. */
  withDraft(id: string, est: unknown): PolicySet {
    return policySetOf([...new Map(this.#compiled).set(id, compilePolicy({ id, est })).values()]);
  }

  /** Makes these all that there are. */
  replace(records: readonly PolicyRecord[]): void {
    const ids = new Set(records.map(({ id }) => id));
    for (const id of [...this.#records.keys()]) if (!ids.has(id)) this.put(id, undefined);
    for (const record of records) this.put(record.id, record);
  }
}
