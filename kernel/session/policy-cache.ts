import type { PolicySet } from '../policy/compile.ts';
import type { Snapshot } from '../snapshot/reader.ts';
import type { PolicyRecord } from '../snapshot/record.ts';
import { KeptPolicies } from './kept-policy.ts';
import { policySetsKeptMax } from './limits.ts';

/** Compiled policies with what they were made of. */
export type Kept = {
  readonly set: PolicySet | null;
  readonly size: number;
  sources(): readonly PolicyRecord[];
  readonly stepUps: ReadonlySet<string>;
  /** Whether what they decide depends on the time. */
  readonly timed: boolean;
};

/** `at` is the change up to which a tenant's were read. */
type Entry = { readonly policies: KeptPolicies; at: number; isStale: boolean };

/**
 * The policies of the snapshot, compiled when first asked for. After an epoch moved only those that changed are read and
 * compiled anew: a tenant may have thousands.
 */
export class PolicyCache {
  readonly #snapshot: Snapshot;
  readonly #kept = new Map<string, Entry>();

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  /** Those of a tenant, or with tenant '' those under a name of the platform's. */
  of(tenant: string, name?: string): KeptPolicies {
    const key = name === undefined ? tenant : `/${name}`;
    const known = this.#kept.get(key);
    if (known && !known.isStale) return known.policies;
    const entry = known ?? { policies: new KeptPolicies(), at: -1, isStale: true };
    if (name === undefined) this.#refreshOwn(tenant, entry);
    else entry.policies.replace(this.#snapshot.get('policy', '', name) ?? []);
    entry.isStale = false;
    if (!known) this.#keep(key, entry);
    return entry.policies;
  }

  #refreshOwn(tenant: string, entry: Entry): void {
    const snapshot = this.#snapshot;
    const at = snapshot.get('ownPolicyAt', tenant) ?? 0;
    if (at === entry.at) return;
    const changed = entry.at < 0 ? undefined : snapshot.policiesSince(tenant, entry.at);
    if (changed) for (const id of changed) entry.policies.put(id, snapshot.get('ownPolicy', tenant, id));
    else entry.policies.replace(snapshot.list('ownPolicy', tenant));
    entry.at = at;
  }

  #keep(key: string, entry: Entry): void {
    if (this.#kept.size >= policySetsKeptMax) this.#kept.delete(this.#kept.keys().next().value ?? '');
    this.#kept.set(key, entry);
  }

  /** What some tenants have, or all, may have changed. */
  forget(tenants: ReadonlySet<string> | undefined): void {
    if (tenants === undefined) for (const entry of this.#kept.values()) entry.isStale = true;
    else
      for (const tenant of tenants) {
        const entry = this.#kept.get(tenant);
        if (entry) entry.isStale = true;
      }
  }
}
