import type { AnyService } from '../../contract/contract.ts';
import { fault } from '../../contract/fault.ts';
import { type ParsedPolicy, parsePolicies, validatePolicies } from '../../policy/authority.ts';
import { policySchema } from '../../policy/schema.ts';
import type { Context } from '../context.ts';
import { registeredContracts } from '../register.ts';

/** A policy that may be stored: its JSON form, and whether its refusals ask for a second factor. */
export type Judged = { readonly est: Readonly<Record<string, unknown>>; readonly stepUp: boolean; readonly warnings: readonly string[] };

/**
 * Judges a policy as the engine does, against the schema that all registered contracts give. Throws PolicyInvalid with line
 * and column. `only` is the effect it has to have.
 */
export async function judge(context: Context, name: string, text: string, only?: 'forbid'): Promise<Judged> {
  const parsed = parsePolicies(text);
  const [policy] = parsed;
  if (!policy || parsed.length > 1) throw fault('PolicyInvalid', { path: '/text', detail: 'Write one policy, ended by a semicolon.' });
  if (policy.template) throw fault('PolicyInvalid', { path: '/text', detail: 'Slots such as ?principal have nobody to fill them here.' });
  if (only !== undefined && policy.est.effect !== only)
    throw fault('PolicyInvalid', { path: '/text', detail: 'A guard-rail only forbids; roles and policies permit.' });
  const contracts = spokenOf(Object.values(await registeredContracts(context)), policy);
  const problems = validatePolicies([{ id: name, text: policy.text }], policySchema(contracts));
  const [wrong] = problems.filter(({ warning }) => !warning);
  if (wrong) throw fault('PolicyInvalid', { path: '/text', detail: `Line ${wrong.line}, column ${wrong.column}: ${wrong.sentence}` });
  const annotations = policy.est.annotations as Readonly<Record<string, unknown>> | undefined;
  return {
    est: policy.est,
    stepUp: annotations !== undefined && 'stepUp' in annotations,
    warnings: problems.map(({ sentence }) => sentence),
  };
}

/**
 * The contracts that have a say in whether a policy is valid. Where it names its actions, that is those whose names stand in
 * its text: the engine reads its whole schema for each policy, which takes as long as there are services.
 */
function spokenOf(contracts: readonly AnyService[], { text, est }: ParsedPolicy): readonly AnyService[] {
  if (!['==', 'in'].includes(String((est.action as { op?: unknown }).op))) return contracts;
  // Begun within a name, the search would be quadratic in its length.
  const names = new Set(Array.from(text.matchAll(/(?<![A-Za-z0-9_])([A-Za-z_][A-Za-z0-9_]*)\s*::/g), ([, name]) => name));
  const spoken = contracts.filter(({ name }) => names.has(name));
  return spoken.length > 0 ? spoken : contracts;
}
