import type { AnyService } from '../contract/contract.ts';
import { fault, type OperationError } from '../contract/fault.ts';
import type { Attributes, Provider } from '../contract/provider.ts';
import type { Identified } from '../caller/identified.ts';
import { compilePolicySet, type PolicySet } from '../policy/compile.ts';
import { requestOf } from './request.ts';
import type { Snapshot } from '../snapshot/reader.ts';
import { parseId } from '../tenancy/id.ts';
import { policySetsKeptMax } from './limits.ts';

/** Decides what a caller may do in one service: roles of the platform's policies, then the tenant's own; `forbid` wins in either. */
export type Decider = {
  /** Undefined when allowed; the error to answer when not. */
  decide(identified: Identified, roles: readonly string[], operation: string, name: string): OperationError | undefined;
  /** Forgets compiled policies after an epoch moved. */
  forget(tenants: ReadonlySet<string> | undefined): void;
};

export function createDecider(
  contract: AnyService,
  snapshot: Snapshot,
  providers: () => Readonly<Record<string, Provider>>,
  now: () => number,
): Decider {
  const sets = new Map<string, PolicySet | null>();

  function setOf(tenant: string): PolicySet | null {
    const known = sets.get(tenant);
    if (known !== undefined) return known;
    const policies = tenant === '' ? snapshot.get('policy', '', contract.name) : snapshot.get('policy', tenant);
    const made = policies?.length ? compilePolicySet(policies.map(({ id, est }) => ({ id, est: est as never }))) : null;
    if (sets.size >= policySetsKeptMax) sets.delete(sets.keys().next().value ?? '');
    sets.set(tenant, made);
    return made;
  }

  function attributesOf(identified: Identified, kind: string, name: string): Attributes {
    if (name === '') return {};
    if (contract.resources[kind]?.owner === 'kernel') {
      const record = snapshot.get('resource', identified.tenant, identified.scope, contract.name, kind, name);
      return record ? { ...visible(record.attributes as Attributes), labels: record.labels } : {};
    }
    return providers()[kind]?.attributes(parseId(identified.scope), name) ?? {};
  }

  return {
    decide(identified, roles, operation, name) {
      const kind = contract.operations[operation]?.on;
      if (kind === undefined) return fault('NoSuchOperation', operation);
      const session = identified.face === 'session' ? snapshot.get('session', identified.credential) : undefined;
      if (session?.assurance === 1 && snapshot.get('tenant', identified.tenant)?.factors === 'required') return fault('StepUp');
      const place = { tenant: identified.tenant, scope: identified.scope };
      const asked = requestOf({
        service: contract.name,
        operation,
        kind,
        name,
        ...place,
        principal: identified.principal,
        roles,
        attributes: attributesOf(identified, kind, name),
        face: identified.face,
        now: now(),
        via: identified.via,
        assurance: session?.assurance,
        factorAt: session?.factorAt,
      });
      const platform = setOf('')?.decide(asked.request, asked.entities);
      const own = setOf(identified.tenant)?.decide(asked.request, asked.entities);
      const forbidden = [platform, own].some((decision) => decision && !decision.allow && decision.reasons.length > 0);
      if (!forbidden && (platform?.allow || own?.allow)) return undefined;
      return fault('Denied', `${operation} on ${kind}${name === '' ? 's' : ` ${name}`}.`);
    },
    forget(tenants) {
      if (tenants === undefined) sets.clear();
      else for (const tenant of tenants) sets.delete(tenant);
    },
  };
}

/** Policy has whole numbers alone: what is none is not among the attributes it sees, as its schema says. */
function visible(attributes: Attributes): Attributes {
  const seen = Object.entries(attributes).filter(([, value]) => typeof value !== 'number' || Number.isSafeInteger(value));
  return Object.fromEntries(
    seen.map(([name, value]) => [
      name,
      typeof value === 'object' && value !== null && !Array.isArray(value) ? visible(value as Attributes) : value,
    ]),
  ) as Attributes;
}
