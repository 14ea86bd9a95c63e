import { useMemo } from 'react';
import { useOperation } from './call.ts';
import { useCredentials } from './credential.ts';
import type { Thing } from './pages.ts';
import { useSession } from './session.ts';

export type Member = Thing & {
  readonly spec: { readonly email: string; readonly role: string; readonly invited: boolean; readonly person?: string };
};

/** The members of this organization; undefined where the person may not list them. */
export function useMembers(): readonly Member[] | undefined {
  return useOperation<{ items: readonly Member[] }>('platform', 'ListMembers', '', { limit: 1000 }).value?.items;
}

/** Turns principals of records into names where they are known here: people by e-mail, programs by their credential's title. */
export function usePrincipalNames(): (principal: string) => string {
  const members = useMembers();
  const credentials = useCredentials();
  const { person } = useSession();
  return useMemo(() => {
    const names = new Map<string, string>();
    for (const { spec } of credentials ?? []) if (spec.title) names.set(spec.principal, spec.title);
    for (const { spec } of members ?? []) if (spec.person) names.set(spec.person, spec.email);
    names.set(person.id, person.email || person.title);
    return (principal) => names.get(principal) ?? principal;
  }, [members, credentials, person]);
}

export type PrincipalName = { readonly principal: string; readonly title: string };

/** Everybody who may be asked about: members, service accounts, programs; each title is there once. */
export function usePrincipals(): readonly PrincipalName[] {
  const members = useMembers();
  const credentials = useCredentials();
  const accounts = useOperation<{ items: readonly Thing[] }>('platform', 'ListServiceAccounts', '', { limit: 1000 }).value?.items;
  return useMemo(() => {
    const all = new Map<string, string>();
    const add = (title: string, principal: string) => all.set(all.has(title) ? `${title} (${principal})` : title, principal);
    for (const { spec } of members ?? []) if (spec.person) add(spec.email, spec.person);
    for (const { name, spec } of accounts ?? []) add(`${String(spec.title || name)}, service account`, String(spec.principal));
    for (const { spec } of credentials ?? [])
      if (spec.revokedAt === undefined) add(`${spec.title || spec.principal}, ${spec.role}`, spec.principal);
    return [...all].map(([title, principal]) => ({ title, principal }));
  }, [members, credentials, accounts]);
}
