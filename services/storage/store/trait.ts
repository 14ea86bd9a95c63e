import type { Caller } from '#kernel/contract/caller.ts';
import { fault } from '#kernel/contract/fault.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import { objectTagsMax } from '../contract/limits.ts';
import { cannedGrants, type Grant, groups, isPublic, ownerGrants } from '../domain/acl.ts';
import { checkTags } from '../domain/configuration.ts';
import { type Lock, retentionEnd } from '../domain/lock.ts';
import { readConfiguration } from './configuration.ts';
import type { BucketRecord, Traits } from './record.ts';
import type { SealWish } from './seal.ts';
import type { Holder } from './holder.ts';
import type { Store } from './store.ts';
import { accountOf } from './who.ts';

/** Grants as they are asked for. */
export type AclWish = { readonly cannedAcl?: string; readonly grants?: readonly (Grant & { readonly email?: string })[] };

export type TraitWish = AclWish & {
  readonly tags?: Readonly<Record<string, string>>;
  readonly storageClass?: string;
  readonly lockMode?: Lock['mode'];
  readonly lockUntil?: number;
  readonly legalHold?: boolean;
};

/** What a new object of a caller is given in a bucket: its owner, grants, tags, class and lock. */
export function traitsOf(store: Store, bucket: BucketRecord, caller: Caller, wish: TraitWish): Traits {
  const bucketOwner = formatId(bucket.scope);
  const account = accountOf(bucket, caller);
  const isHanded =
    bucket.ownership === 'BucketOwnerEnforced' ||
    (bucket.ownership === 'BucketOwnerPreferred' && wish.cannedAcl === 'bucket-owner-full-control');
  const owner = isHanded ? undefined : account;
  const grants = grantsOf(store, bucket, wish, owner ?? bucketOwner);
  if (wish.tags)
    checkTags(
      Object.entries(wish.tags).map(([key, value]) => ({ key, value })),
      objectTagsMax,
    );
  const lock = lockOf(store, bucket, wish);
  return {
    ...(owner === undefined ? {} : { owner }),
    ...(grants ? { acl: grants } : {}),
    ...(wish.tags && Object.keys(wish.tags).length > 0 ? { tags: wish.tags } : {}),
    ...(wish.storageClass && wish.storageClass !== 'STANDARD' ? { storageClass: wish.storageClass } : {}),
    ...(lock ? { lock } : {}),
  };
}

/** The grants that a wish stands for; undefined when it wishes for none. Refuses what the bucket's settings do not let pass. */
export function grantsOf(store: Holder, bucket: BucketRecord, { cannedAcl, grants }: AclWish, owner: string): readonly Grant[] | undefined {
  if (cannedAcl === undefined && grants === undefined) return undefined;
  if (cannedAcl !== undefined && grants !== undefined && grants.length > 0)
    throw fault('InvalidRequest', 'Specifying both Canned ACLs and Header Grants is not allowed');
  const bucketOwner = formatId(bucket.scope);
  const made =
    cannedAcl === undefined ? (grants ?? []).map((grant) => checkGrant(store, grant)) : cannedGrants(cannedAcl, owner, bucketOwner);
  if (bucket.ownership === 'BucketOwnerEnforced') {
    if (cannedAcl === 'bucket-owner-full-control') return undefined;
    throw fault('AccessControlListNotSupported', 'The bucket does not allow ACLs');
  }
  if (isPublic(made) && readConfiguration(store.catalog, bucket, 'publicAccessBlock')?.blockPublicAcls)
    throw fault('Denied', 'The bucket blocks grants to the public.');
  return made;
}

function checkGrant({ catalog }: Holder, { id, uri, email, permission }: Grant & { readonly email?: string }): Grant {
  if (email !== undefined)
    throw fault('UnresolvableGrantByEmailAddress', 'The email address you provided does not match any account on record.');
  if (uri !== undefined) {
    if (!groups.includes(uri)) throw fault('InvalidArgument', 'Invalid group uri');
    return { uri, permission };
  }
  if (id === undefined || !isAccount(catalog, id)) throw fault('InvalidArgument', 'Invalid id');
  return { id, permission };
}

/** An account is a scope's id in its external form. Whether it is there, control knows; a grant to none gives nothing. */
function isAccount(_catalog: Store['catalog'], id: string): boolean {
  return /^[0-7][0-9a-hjkmnp-tv-z]{12}$/.test(id);
}

/** The grants of an object or bucket as they are told: groups first. */
export function toldGrants(acl: readonly Grant[] | undefined, owner: string): Grant[] {
  const all = acl ?? ownerGrants(owner);
  return [...all.filter(({ uri }) => uri !== undefined), ...all.filter(({ uri }) => uri === undefined)];
}

function lockOf(store: Store, bucket: BucketRecord, { lockMode, lockUntil, legalHold }: TraitWish): Lock | undefined {
  const isAsked = lockMode !== undefined || lockUntil !== undefined || legalHold !== undefined;
  if (!bucket.objectLock) {
    if (isAsked) throw fault('InvalidRequest', 'Bucket is missing Object Lock Configuration');
    return undefined;
  }
  const now = store.now();
  if ((lockMode === undefined) !== (lockUntil === undefined))
    throw fault('InvalidArgument', 'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied');
  if (lockUntil !== undefined && lockUntil <= now) throw fault('InvalidArgument', 'The retain until date must be in the future!');
  const byDefault = readConfiguration(store.catalog, bucket, 'objectLock')?.rule?.defaultRetention;
  const retention: Lock =
    lockMode !== undefined
      ? { mode: lockMode, until: lockUntil! }
      : byDefault
        ? { mode: byDefault.mode as 'GOVERNANCE', until: retentionEnd(byDefault as never, now, store.dayMs) }
        : {};
  if (retention.mode === undefined && legalHold === undefined) return undefined;
  return { ...retention, ...(legalHold === undefined ? {} : { legalHold }) };
}

type AskedSeal = {
  readonly encryption?: { readonly algorithm: string; readonly keyId?: string; readonly context?: string };
  readonly customerAlgorithm?: string;
  readonly customerKey?: string;
};

/** How a new object is to be sealed: as asked, or as the bucket does by default. */
export function sealWish({ catalog }: Store, bucket: BucketRecord, asked: AskedSeal): SealWish {
  const { encryption, customerAlgorithm, customerKey } = asked;
  if (customerAlgorithm !== undefined && customerAlgorithm !== 'AES256') throw fault('InvalidEncryptionAlgorithm');
  if (customerAlgorithm !== undefined && customerKey === undefined)
    throw fault('InvalidArgument', 'An algorithm of a key of the customer needs the key.');
  if (encryption || customerKey !== undefined)
    return { ...(encryption ? { encryption: known(encryption) } : {}), ...(customerKey === undefined ? {} : { customerKey }) };
  const byDefault = readConfiguration(catalog, bucket, 'encryption')?.rules[0]?.applyServerSideEncryptionByDefault;
  if (!byDefault) return {};
  const keyId = byDefault.kmsMasterKeyID;
  return { encryption: { algorithm: byDefault.sseAlgorithm as 'AES256', ...(keyId === undefined ? {} : { keyId }) } };
}

function known({ algorithm, ...more }: NonNullable<AskedSeal['encryption']>): NonNullable<SealWish['encryption']> {
  if (algorithm !== 'AES256' && algorithm !== 'aws:kms') throw fault('InvalidArgument', 'The encryption method specified is not supported');
  return { algorithm, ...more };
}
