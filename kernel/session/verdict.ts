import type { Resource } from '../contract/contract.ts';
import type { Decision, PolicySet } from '../policy/compile.ts';
import type { requestOf } from './request.ts';

type Asked = ReturnType<typeof requestOf>;

/** The sets that have a say: the platform's guard-rails, the roles of the service, and the tenant's own policies. */
export type PolicySets = { readonly guard: PolicySet | null; readonly roles: PolicySet | null; readonly own: PolicySet | null };

/** What came of asking them. `reasons` are the policies that made it so: permits where it is allowed, forbids where one forbids. */
export type Verdict = {
  readonly allow: boolean;
  readonly forbidden: boolean;
  readonly reasons: readonly { readonly from: keyof PolicySets; readonly policy: string }[];
  readonly errors: readonly { readonly from: keyof PolicySets; readonly policy: string; readonly message: string }[];
};

/** What each set answers, put together by `combined`. */
export function verdictOf(sets: PolicySets, asked: Asked, isTenants: boolean): Verdict {
  return combined((from) => sets[from]?.decide(asked.request, asked.entities), isTenants);
}

/**
 * Puts the answers together: a forbid anywhere wins, guard-rails permit nothing, and a tenant's own policies permit only
 * what lies in the tenant: what is the platform's is given by the platform's roles alone.
 */
export function combined(answerOf: (from: keyof PolicySets) => Decision | undefined, isTenants: boolean): Verdict {
  const answers = (['guard', 'roles', 'own'] as const).map((from) => ({ from, answer: answerOf(from) }));
  const forbids = answers.filter(({ answer }) => answer && !answer.allow && answer.reasons.length > 0);
  const permits = answers.filter(({ from, answer }) => answer?.allow && (from === 'roles' || (from === 'own' && isTenants)));
  const allow = forbids.length === 0 && permits.length > 0;
  const told = (which: readonly { from: keyof PolicySets; answer: Decision | undefined }[]) =>
    which.flatMap(({ from, answer }) => (answer?.reasons ?? []).map((policy) => ({ from, policy })));
  const errors = answers.flatMap(({ from, answer }) => (answer?.errors ?? []).map((error) => ({ from, ...error })));
  return { allow, forbidden: forbids.length > 0, reasons: told(forbids.length > 0 ? forbids : permits), errors };
}

/** Whether resources of this kind lie in a tenant; those of the platform itself do not. */
export function isOfTenant(contract: { readonly resources: Readonly<Record<string, Pick<Resource, 'of'>>> }, kind: string): boolean {
  const parent = contract.resources[kind]?.of ?? 'scope';
  return Object.hasOwn(contract.resources, parent) ? isOfTenant(contract, parent) : parent !== 'platform';
}
