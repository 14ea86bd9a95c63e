/** S3's access control lists: who may do what, one grant after the other. */

export type Permission = 'FULL_CONTROL' | 'READ' | 'WRITE' | 'READ_ACP' | 'WRITE_ACP';

/** A grant to an account by its id, or to a group by its address. */
export type Grant = { readonly id?: string; readonly uri?: string; readonly permission: Permission };

/** Whose new objects are: the writer's with grants, the bucket owner's when granted, or always and without grants. */
export type Ownership = 'BucketOwnerEnforced' | 'BucketOwnerPreferred' | 'ObjectWriter';

export const everybody = 'http://acs.amazonaws.com/groups/global/AllUsers';
export const authenticated = 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers';
export const logDelivery = 'http://acs.amazonaws.com/groups/s3/LogDelivery';
export const groups: readonly string[] = [everybody, authenticated, logDelivery];

/** The grants of an owner who gives nothing away. */
export function ownerGrants(owner: string): Grant[] {
  return [{ id: owner, permission: 'FULL_CONTROL' }];
}

/** The grants that a canned list stands for. `bucketOwner` matters to the two that name it. */
export function cannedGrants(name: string, owner: string, bucketOwner: string): Grant[] {
  const more: Readonly<Record<string, readonly Grant[]>> = {
    'public-read': [{ uri: everybody, permission: 'READ' }],
    'public-read-write': [
      { uri: everybody, permission: 'READ' },
      { uri: everybody, permission: 'WRITE' },
    ],
    'authenticated-read': [{ uri: authenticated, permission: 'READ' }],
    'log-delivery-write': [
      { uri: logDelivery, permission: 'WRITE' },
      { uri: logDelivery, permission: 'READ_ACP' },
    ],
    'bucket-owner-read': owner === bucketOwner ? [] : [{ id: bucketOwner, permission: 'READ' }],
    'bucket-owner-full-control': owner === bucketOwner ? [] : [{ id: bucketOwner, permission: 'FULL_CONTROL' }],
  };
  return [...ownerGrants(owner), ...(more[name] ?? [])];
}

/** Who asks: an account, or nobody known. */
export type Asker = { readonly account: string | undefined };

/** Whether the grants give a permission; grants to everybody and to every account do not count when `ignorePublic`. */
export function grantsAllow(grants: readonly Grant[], permission: Permission, { account }: Asker, ignorePublic: boolean): boolean {
  return grants.some((grant) => {
    if (grant.permission !== permission && grant.permission !== 'FULL_CONTROL') return false;
    if (grant.id !== undefined) return grant.id === account;
    if (ignorePublic) return false;
    return grant.uri === everybody || (grant.uri === authenticated && account !== undefined);
  });
}

/** Whether the grants give anything to everybody or to every account. */
export function isPublic(grants: readonly Grant[]): boolean {
  return grants.some(({ uri }) => uri === everybody || uri === authenticated);
}
