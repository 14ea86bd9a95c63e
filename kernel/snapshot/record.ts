import type { SaslVerifiers } from '../keys/face-secret.ts';

/** Ids are their 13-character text here; times are milliseconds since 1970. */

/** A tenant: the regions its data may lie in (none listed = any). */
export type TenantRecord = {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly regions: readonly string[];
  readonly defaultScope?: string;
  /** Sessions of persons act here only after a second factor. */
  readonly factors?: 'required';
  readonly ended?: true;
};

export type ScopeRecord = {
  readonly id: string;
  readonly tenant: string;
  readonly project: string;
  readonly name: string;
  readonly kind: 'live' | 'test' | 'sandbox';
};

/** The verifiers of one generation of a credential's faces; `until` ends the overlap of a rotated one. */
export type Generation = {
  readonly bearer: string;
  readonly basic: string;
  /** Absent in what an earlier release wrote. */
  readonly sasl?: SaslVerifiers;
  /** Missing in entries written before the face was there. */
  readonly cluster?: string;
  readonly stripe?: string;
  readonly publishable?: string;
  readonly sigv4: Readonly<Record<string, Uint8Array>>;
  /** The secret itself, which is what SigV2 verifies with; only of credentials made for it. */
  readonly sigv2?: string;
  readonly until?: number;
};

export type CredentialRecord = {
  readonly id: string;
  readonly tenant: string;
  readonly scope: string;
  readonly principal: string;
  readonly generations: readonly Generation[];
  /** SHA-256 of the token that a temporary credential has to come with. */
  readonly sessionToken?: string;
  readonly expiresAt?: number;
  readonly revokedAt?: number;
};

/** A role somebody has: in one scope, in a whole tenant, or (operators) on the platform. */
export type Binding = { readonly role: string; readonly scope?: string };

/** Who may act: `bindings` hold in the tenant of the key; a person's sessions look in every tenant listed. */
export type PrincipalRecord = { readonly id: string; readonly tenant: string; readonly bindings: readonly Binding[] };

/** A person's browser session; its id is the SHA-256 of its token, and its key. */
export type SessionRecord = {
  readonly id: string;
  readonly principal: string;
  /** The credential it was begun with, if it was not a password; the session ends with it. */
  readonly credential?: string;
  readonly csrf: string;
  readonly expiresAt: number;
  readonly tenants: readonly string[];
  /** 1: a password alone; 2: a second factor was proven, at `factorAt`. Absent where a credential began the session. */
  readonly assurance?: number;
  readonly factorAt?: number;
};

/**
 * A policy (of roles, guard-rails or a tenant) in Cedar's JSON form, compiled by whoever decides with it. Two of one id and
 * revision are the same.
 */
export type PolicyRecord = { readonly id: string; readonly est: unknown; readonly stepUp?: true; readonly revision?: string };

/** Policy's view of a resource that the kernel owns. */
export type ResourceRecord = { readonly labels: Readonly<Record<string, string>>; readonly attributes: Readonly<Record<string, unknown>> };

/** A key of a tenant, by its id; the tenant's own ring is `default`. What is not here is enabled. */
export type KeyRecord = {
  readonly state: 'enabled' | 'disabled' | 'pending' | 'destroyed';
  readonly strict: boolean;
  /** Missing in entries written before policies spoke of keys. */
  readonly name?: string;
};

/** Facts of the whole platform. `devScope` is set while `--open` runs. */
export type PlatformRecord = {
  readonly region: string;
  readonly publicKey: string;
  readonly devScope?: string;
  readonly devPrincipal?: string;
};

/** Everything in the snapshot, by the first part of its key. */
export type Records = {
  tenant: TenantRecord;
  scope: ScopeRecord;
  credential: CredentialRecord;
  accessKey: string;
  /** Names of credentials that somebody brought verifiers for. */
  login: string;
  principal: PrincipalRecord;
  session: SessionRecord;
  certificate: string;
  cluster: string;
  key: KeyRecord;
  /** Policies of the platform, by what they stand under: a service, whose roles they are, or the guard-rails. */
  policy: readonly PolicyRecord[];
  /** One policy of a tenant, by tenant and id. */
  ownPolicy: PolicyRecord;
  /** The number of the last change of a tenant's policies. */
  ownPolicyAt: number;
  /** The ids of the policies that a change wrote, by tenant and number. */
  ownPolicyChange: readonly string[];
  quota: Readonly<Record<string, number>>;
  resource: ResourceRecord;
  platform: PlatformRecord;
  /** Another one with each time that `platform` was set, which is no numbered change. */
  begun: string;
  applied: number;
  changed: string;
};

export type RecordKind = keyof Records;
