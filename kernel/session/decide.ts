import type { Operation, Resource } from '../contract/contract.ts';
import { fault, type OperationError } from '../contract/fault.ts';
import type { Attributes, Filter, Provider } from '../contract/provider.ts';
import type { Identified } from '../caller/identified.ts';
import { filterSql } from './filter.ts';
import type { Rechecks } from './recheck.ts';
import { type Question, questionOf, requestOf } from './request.ts';
import type { Snapshot } from '../snapshot/reader.ts';
import { parseId } from '../tenancy/id.ts';
import type { Kept, PolicyCache } from './policy-cache.ts';
import { engineVerdict } from './shadow.ts';
import { isOfTenant, type Verdict, verdictOf } from './verdict.ts';

/** The name under which the platform's guard-rails stand among the policies of services. */
export const guardRails = '@guard';

/** `open`: nothing allows and nothing forbids it; the resource's own rules may still allow it. */
export type Decision = { readonly verdict: 'allow' } | { readonly verdict: 'open' | 'deny'; readonly error: OperationError };

/** Decides what a caller may do in one service: guard-rails, roles of the platform's policies, the tenant's own; `forbid` wins in any. */
export type Decider = {
  decide(identified: Identified, roles: readonly string[], operation: string, name: string): Decision;
  /** On which resources a caller may do one of the operations and is forbidden none of them, for lists. */
  visible(identified: Identified, roles: readonly string[], operations: readonly string[]): Filter;
  /** Whether a tenant's decisions depend on the time, so that they hold for a moment only. */
  isTimed(tenant: string): boolean;
  /** Forgets compiled policies after an epoch moved. */
  forget(tenants: ReadonlySet<string> | undefined): void;
};

/** As much of a contract as decisions need. */
export type Decided = {
  readonly name: string;
  readonly resources: Readonly<Record<string, Pick<Resource, 'of' | 'owner'>>>;
  readonly operations: Readonly<Record<string, Pick<Operation, 'on' | 'byResource'>>>;
};

/** Who is in no organization has no policies of one. */
const nobodys: Kept = { set: null, size: 0, sources: () => [], stepUps: new Set(), timed: false };

/** `cache` is shared by the deciders of one process. */
export function createDecider(
  contract: Decided,
  snapshot: Snapshot,
  providers: () => Readonly<Record<string, Provider>>,
  now: () => number,
  rechecks: Rechecks,
  cache: PolicyCache,
): Decider {
  const guard = () => cache.of('', guardRails);
  const ofRoles = () => cache.of('', contract.name);
  const ofTenant = (tenant: string): Kept => (tenant === '' ? nobodys : cache.of(tenant));

  function decided(question: Question): { verdict: Verdict; stepUp: boolean } {
    const { tenant, kind } = question;
    const [guards, roles, own] = [guard(), ofRoles(), ofTenant(tenant)];
    const isTenants = isOfTenant(contract, kind);
    const ask = () => engineVerdict(question, { guard: guards, roles, own }, isTenants);
    const sure = rechecks.isDistrusted(tenant) ? ask() : undefined;
    const verdict = sure ?? verdictOf({ guard: guards.set, roles: roles.set, own: own.set }, requestOf(question), isTenants);
    if (!sure) rechecks.decided(question, verdict, ask);
    const stepUp = verdict.forbidden && verdict.reasons.every(({ policy }) => guards.stepUps.has(policy) || own.stepUps.has(policy));
    return { verdict, stepUp };
  }

  const asker = { contract, snapshot, now };

  return {
    decide(identified, roles, operation, name) {
      const kind = contract.operations[operation]?.on;
      if (kind === undefined) return { verdict: 'deny', error: fault('NoSuchOperation', operation) };
      const attributes = attributesOf({ contract, snapshot, providers: providers() }, identified, kind, name);
      const question = questionOf(asker, { identified, roles, operation, name, attributes });
      const { assurance } = question;
      if (assurance === 1 && snapshot.get('tenant', identified.tenant)?.factors === 'required')
        return { verdict: 'deny', error: fault('StepUp') };
      const { verdict, stepUp } = decided(question);
      // Who shows no credential has no policies of their own: `anonymous` may be a name in the tenant's.
      if (verdict.allow && identified.face !== 'anonymous') return { verdict: 'allow' };
      if (stepUp && assurance !== undefined) return { verdict: 'deny', error: fault('StepUp') };
      const error = fault('Denied', `${operation} on ${kind}${name === '' ? 's' : ` ${name}`}.`);
      return { verdict: !verdict.forbidden && contract.operations[operation]?.byResource ? 'open' : 'deny', error };
    },
    visible(identified, roles, operations) {
      const ask = (name: string, attributes: Attributes) =>
        operations.map((operation) => questionOf(asker, { identified, roles, operation, name, attributes }));
      const { tenant } = identified;
      return {
        admits({ name, labels, spec }) {
          const verdicts = ask(name, { ...visible(spec as Attributes), labels }).map((question) => decided(question).verdict);
          return verdicts.some(({ allow }) => allow) && verdicts.every(({ forbidden }) => !forbidden);
        },
        // Where the engine decides, it decides of each row.
        sql: (columns, first) =>
          rechecks.isDistrusted(tenant)
            ? { text: 'true', values: [], isExact: false }
            : filterSql(ask('', {}), { guard: guard().set, roles: ofRoles().set, own: ofTenant(tenant).set }, { contract, columns, first }),
      };
    },
    isTimed: (tenant) => guard().timed || ofTenant(tenant).timed,
    forget: (tenants) => cache.forget(tenants),
  };
}

type Known = { readonly contract: Decided; readonly snapshot: Snapshot; readonly providers: Readonly<Record<string, Provider>> };

/** What policy may ask about a resource: of the kernel's from the snapshot, of others from their provider. */
function attributesOf({ contract, snapshot, providers }: Known, identified: Identified, kind: string, name: string): Attributes {
  if (name === '') return {};
  if (contract.resources[kind]?.owner === 'kernel') {
    const record = snapshot.get('resource', identified.tenant, identified.scope, contract.name, kind, name);
    return record ? { ...visible(record.attributes as Attributes), labels: record.labels } : {};
  }
  return providers[kind]?.attributes(parseId(identified.scope), name) ?? {};
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
