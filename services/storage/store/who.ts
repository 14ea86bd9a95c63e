import type { Caller } from '#kernel/contract/caller.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import type { Effect } from './catalog.ts';
import type { BucketRecord } from './record.ts';

/** Who does what, for the effects log. */
export type Who = { readonly caller: Caller; readonly operation: string; readonly requestId: string };

/** The account of what a caller makes in a bucket, when it is not the bucket's own. Who shows no credential has none. */
export function accountOf(bucket: BucketRecord, caller: Caller): string | undefined {
  if (caller.face === 'anonymous') return 'anonymous';
  return caller.scope === bucket.scope && caller.tenant === bucket.tenant ? undefined : formatId(caller.scope);
}

/** The audit record of a change of a bucket's contents: the bucket's owner reads it, whoever the caller is. */
export function effectOf(who: Who, at: number, bucket: BucketRecord, bytes: number, detail: Readonly<Record<string, unknown>>): Effect {
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
  };
}
