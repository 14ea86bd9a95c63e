import type { Caller } from '#kernel/contract/caller.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import { eventOf, type Told } from '../domain/notification.ts';
import type { Effect } from './catalog.ts';
import type { BucketRecord, ObjectRecord } from './record.ts';

/** Who does what, for the effects log. */
export type Who = { readonly caller: Caller; readonly operation: string; readonly requestId: string };

/** The account of what a caller makes in a bucket, when it is not the bucket's own. Who shows no credential has none. */
export function accountOf(bucket: BucketRecord, caller: Caller): string | undefined {
  if (caller.face === 'anonymous') return 'anonymous';
  return caller.scope === bucket.scope && caller.tenant === bucket.tenant ? undefined : formatId(caller.scope);
}

/** What a change that leaves an object tells of it. */
export function toldOf({ operation }: Who, key: string, { size, etag, versionId }: ObjectRecord): Told | undefined {
  const name = eventOf(operation);
  return name === undefined ? undefined : { name, key, size, etag, ...(versionId === undefined ? {} : { versionId }) };
}

/**
 * The audit record of a change of a bucket's contents: the bucket's owner reads it, whoever the caller is. `told` says what
 * happened to which objects, where the bucket tells events.
 */
export function effectOf(
  who: Who,
  at: number,
  bucket: BucketRecord,
  bytes: number,
  detail: Readonly<Record<string, unknown>>,
  told?: () => readonly (Told | undefined)[],
): Effect {
  const { principal, credential } = who.caller;
  const account = accountOf(bucket, who.caller);
  return {
    at,
    tenant: bucket.tenant,
    scope: bucket.scope,
    principal: account === undefined || account === 'anonymous' ? principal : `${account}/${principal}`,
    credential,
    operation: who.operation,
    kind: 'Bucket',
    name: bucket.name,
    outcome: 'ok',
    bytes,
    requestId: who.requestId,
    detail,
    ...(bucket.notified && told ? { told: told().filter((one) => one !== undefined) } : {}),
  };
}
