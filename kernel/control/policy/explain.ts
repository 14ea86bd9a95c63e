import type { AnyService } from '../../contract/contract.ts';
import { fault } from '../../contract/fault.ts';
import type { Attributes } from '../../contract/provider.ts';
import { rolesIn } from '../../caller/place.ts';
import { guardRails } from '../../session/decide.ts';
import { PolicyCache } from '../../session/policy-cache.ts';
import { type Question, requestOf } from '../../session/request.ts';
import { isOfTenant, type PolicySets, type Verdict, verdictOf } from '../../session/verdict.ts';
import type { Snapshot } from '../../snapshot/reader.ts';
import { formatId } from '../../tenancy/id.ts';
import type { Call } from '../../contract/call.ts';
import type { Context } from '../context.ts';

export type Asked = {
  readonly principal: string;
  readonly service: string;
  readonly operation: string;
  readonly name: string;
  readonly assurance?: number;
};
export type Draft = { readonly name: string; readonly est: unknown };
export type Answer = { readonly verdict: Verdict; readonly question: Question; readonly attributesKnown: boolean };

/** Compiled policies by the snapshot they were read from, as of which change. */
const compiledOf = new WeakMap<Snapshot, { readonly cache: PolicyCache; at: number }>();

/** The compiled policies of now: a question costs no more than a decision while nothing changes. */
function policiesOf(snapshot: Snapshot): PolicyCache {
  const at = snapshot.applied();
  const known = compiledOf.get(snapshot) ?? { cache: new PolicyCache(snapshot), at };
  compiledOf.set(snapshot, known);
  if (known.at !== at) known.cache.forget(undefined);
  known.at = at;
  return known.cache;
}

/**
 * Decides as services do, from the same snapshot and by the same rule, for anybody in the caller's place. A draft stands in for
 * the policy of its name.
 */
export function explainer(context: Context, call: Pick<Call, 'caller'>, contracts: Readonly<Record<string, AnyService>>, draft?: Draft) {
  const { snapshot } = context;
  const [tenant, scope] = [formatId(call.caller.tenant), formatId(call.caller.scope)];
  const policies = policiesOf(snapshot);
  const stored = policies.of(tenant);
  const own = draft ? stored.withDraft(`policy.${draft.name}`, draft.est) : stored.set;
  const setsOf = (service: string): PolicySets => ({ guard: policies.of('', guardRails).set, roles: policies.of('', service).set, own });

  return (asked: Asked): Answer => {
    const contract = Object.hasOwn(contracts, asked.service) ? contracts[asked.service] : undefined;
    const operation = contract && Object.hasOwn(contract.operations, asked.operation) ? contract.operations[asked.operation] : undefined;
    if (!contract || !operation)
      throw fault('BadInput', { path: '/operation', detail: `${asked.service} has no operation ${asked.operation}.` });
    const kind = operation.on;
    const isKernels = contract.resources[kind]?.owner === 'kernel';
    const record = asked.name !== '' && isKernels ? snapshot.get('resource', tenant, scope, asked.service, kind, asked.name) : undefined;
    const attributes = record ? ({ ...record.attributes, labels: record.labels } as unknown as Attributes) : {};
    const question: Question = {
      ...asked,
      kind,
      tenant,
      scope,
      roles: rolesIn(snapshot, asked.principal, tenant, scope),
      attributes,
      face: asked.assurance === undefined ? call.caller.face : 'session',
      now: context.now(),
    };
    const verdict = verdictOf(setsOf(asked.service), requestOf(question), isOfTenant(contract, kind));
    return { verdict, question, attributesKnown: asked.name === '' || isKernels };
  };
}
