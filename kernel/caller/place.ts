import type { Snapshot } from '../snapshot/reader.ts';
import type { Binding, ScopeRecord } from '../snapshot/record.ts';
import { type Identified, refuse } from './identified.ts';

/** The key under which roles on the platform itself (operators) are bound. */
const platformTenant = '';

/** A tenant's scope when none is asked for: its first live one. */
export function defaultScope(snapshot: Snapshot, tenant: string): ScopeRecord | undefined {
  const scope = snapshot.get('tenant', tenant)?.defaultScope;
  return scope === undefined ? undefined : snapshot.get('scope', scope);
}

/** The roles a principal has in a scope: those bound to its tenant or to itself, and those on the platform. */
export function rolesIn(snapshot: Snapshot, principal: string, tenant: string, scope: string): string[] {
  const here = (binding: Binding) => binding.scope === undefined || binding.scope === scope;
  const own = snapshot.get('principal', tenant, principal)?.bindings.filter(here) ?? [];
  const platform = snapshot.get('principal', platformTenant, principal)?.bindings ?? [];
  return [...new Set([...own, ...platform].map((binding) => binding.role))];
}

/**
 * Whether a caller may have roles outside its own tenant: a person by its own session, or an operator. Any other principal
 * is a name that its tenant chose, and another tenant may have chosen the same.
 */
function mayLeave(snapshot: Snapshot, { face, credential, principal }: Identified): boolean {
  if (snapshot.get('principal', platformTenant, principal)) return true;
  return face === 'session' && snapshot.get('session', credential)?.credential === undefined;
}

/**
 * Moves an identity to the environment asked for (a scope's id, or a tenant's for its default scope). Only who has a
 * role there, or on the platform, may; anything else is refused as if the place did not exist.
 */
export function moveTo(snapshot: Snapshot, identified: Identified, environment: string): Identified {
  const scope = snapshot.get('scope', environment) ?? defaultScope(snapshot, environment);
  if (!scope) throw refuse('unknown', 'There is no such environment for this caller.');
  if (scope.id === identified.scope) return identified;
  const moved = { ...identified, tenant: scope.tenant, scope: scope.id };
  const isOwn = scope.tenant === identified.tenant || mayLeave(snapshot, identified);
  if (!isOwn || rolesIn(snapshot, moved.principal, moved.tenant, moved.scope).length === 0)
    throw refuse('unknown', 'There is no such environment for this caller.');
  return moved;
}
