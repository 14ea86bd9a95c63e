import { pollEveryMs } from '../limits.ts';
import { useOperation } from './call.ts';
import type { Thing } from './pages.ts';

export type CredentialThing = Thing & {
  readonly spec: {
    readonly principal: string;
    readonly environment: string;
    readonly role: string;
    readonly title: string;
    readonly expiresAt?: number;
    readonly revokedAt?: number;
    readonly rotatedAt?: number;
    readonly overlapUntil?: number;
  };
};

const wholePage = { limit: 1000 };

export function useCredentialList() {
  return useOperation<{ items: readonly CredentialThing[]; next?: string }>('platform', 'ListCredentials', '', wholePage, {
    everyMs: pollEveryMs,
  });
}

/** The credentials of this organization; undefined where the person may not list them. */
export function useCredentials(): readonly CredentialThing[] | undefined {
  return useOperation<{ items: readonly CredentialThing[] }>('platform', 'ListCredentials', '', wholePage).value?.items;
}

export type CredentialState = 'active' | 'overlapping' | 'expired' | 'revoked';

export function credentialState({ revokedAt, expiresAt, overlapUntil }: CredentialThing['spec'], now: number): CredentialState {
  if (revokedAt !== undefined) return 'revoked';
  if (expiresAt !== undefined && expiresAt <= now) return 'expired';
  return overlapUntil !== undefined && overlapUntil > now ? 'overlapping' : 'active';
}
