import type { Caller } from '#kernel/contract/caller.ts';
import type { Effect } from './catalog.ts';

/** Who does what, for the effects log. */
export type Who = { readonly caller: Caller; readonly operation: string; readonly requestId: string };

/** The audit record of a change of a bucket's contents. */
export function effectOf(who: Who, at: number, bucket: string, bytes: number, detail: Readonly<Record<string, unknown>>): Effect {
  const { tenant, scope, principal, credential } = who.caller;
  return {
    at,
    tenant,
    scope,
    principal,
    credential,
    operation: who.operation,
    kind: 'Bucket',
    name: bucket,
    outcome: 'ok',
    bytes,
    requestId: who.requestId,
    detail,
  };
}
