import type { Identified } from '../caller/identified.ts';

/** The name under which recorder publishes the platform's events. */
export const publisherName = 'recorder';

/** What processes that come in their own name may do, in any environment: the role, where a service has one of the name. */
const ownRoles: Readonly<Record<string, string>> = {
  [publisherName]: 'publisher',
  analytics: 'steward',
  log: 'archivist',
  'log-standby': 'archivist',
};

/**
 * The role of a process of the platform in its own name. Keeper's signature says which process asked for the token, so
 * that no other can be it; none asks for one in its own name on behalf of a caller who is called the same.
 */
export const ownRoleOf = ({ face, via, principal }: Pick<Identified, 'face' | 'via' | 'principal'>): string | undefined =>
  face === 'service' && via === principal ? ownRoles[principal] : undefined;
