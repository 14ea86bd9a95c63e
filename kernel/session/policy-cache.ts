import { type CompiledPolicy, compilePolicy, type PolicySet, policySetOf } from '../policy/compile.ts';
import type { Snapshot } from '../snapshot/reader.ts';
import type { PolicyRecord } from '../snapshot/record.ts';
import { policySetsKeptMax } from './limits.ts';

/** Compiled policies with what they were made of. */
export type Kept = {
  readonly set: PolicySet | null;
  readonly sources: readonly PolicyRecord[];
  readonly stepUps: ReadonlySet<string>;
  /** Whether what they decide depends on the time. */
  readonly timed: boolean;
};

type One = { readonly revision: string | undefined; readonly policy: CompiledPolicy; readonly timed: boolean };
type Entry = Kept & { readonly byId: ReadonlyMap<string, One>; readonly stamp: string | undefined; isStale: boolean };

const timedWords = /"attr":"(?:now|factorAt)"/;

/**
 * The policies of the snapshot, compiled when first asked for. After an epoch moved they are read again only where they
 * changed, and of those only what changed is compiled anew: a set may have thousands.
 */
export class PolicyCache {
  readonly #snapshot: Snapshot;
  readonly #kept = new Map<string, Entry>();

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  /** Those of a tenant, or with tenant '' those under a name of the platform's. */
  of(tenant: string, name?: string): Kept {
    const key = name === undefined ? [tenant] : [tenant, name];
    const id = key.join('/');
    const known = this.#kept.get(id);
    if (known && !known.isStale) return known;
    const stamp = this.#snapshot.get('policyStamp', ...key);
    if (known && stamp !== undefined && known.stamp === stamp) {
      known.isStale = false;
      return known;
    }
    const made = entryOf(this.#snapshot.get('policy', ...key) ?? [], known?.byId, stamp);
    if (this.#kept.size >= policySetsKeptMax) this.#kept.delete(this.#kept.keys().next().value ?? '');
    this.#kept.set(id, made);
    return made;
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

function entryOf(sources: readonly PolicyRecord[], before: ReadonlyMap<string, One> | undefined, stamp: string | undefined): Entry {
  const byId = new Map<string, One>();
  for (const { id, est, revision } of sources) {
    const known = before?.get(id);
    const isSame = known !== undefined && revision !== undefined && known.revision === revision;
    byId.set(id, isSame ? known : { revision, policy: compilePolicy({ id, est }), timed: timedWords.test(JSON.stringify(est)) });
  }
  const all = [...byId.values()];
  return {
    set: sources.length > 0 ? policySetOf(all.map(({ policy }) => policy)) : null,
    sources,
    stepUps: new Set(sources.filter(({ stepUp }) => stepUp).map(({ id }) => id)),
    timed: all.some(({ timed }) => timed),
    byId,
    stamp,
    isStale: false,
  };
}
