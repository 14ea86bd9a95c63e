import type { Caller } from '#kernel/contract/caller.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { ResourceQuestion } from '#kernel/contract/implement.ts';
import { parseId } from '#kernel/tenancy/id.ts';
import { actions } from '../domain/action.ts';
import { isPublicPolicy, judged } from '../domain/policy/evaluate.ts';
import { parsePolicy, type Policy, PolicyError } from '../domain/policy/policy.ts';
import {
  type Asking,
  actionOf,
  askingOf,
  type Because,
  isPermit,
  objectOf,
  policyOf,
  policyQuestion,
  policyVerdict,
  ruling,
} from './authorize.ts';
import { factsOf } from './fact.ts';
import type { BucketRecord } from './record.ts';
import type { Store } from './store.ts';

/** A request that is not made, and what the caller's own policies would say of it. */
export type Supposed = {
  readonly operation: string;
  readonly key?: string;
  readonly versionId?: string;
  readonly who?: 'account' | 'other' | 'anonymous';
  readonly account?: string;
  readonly principal?: string;
  readonly identity?: 'allows' | 'silent' | 'forbids';
  /** In place of the bucket's; '' for none. */
  readonly policy?: string;
  readonly context?: Readonly<Record<string, string>>;
};

/** How a request would be decided, by the code that decides requests, and what each statement of the policy says of it. */
export function explainAccess(store: Store, bucket: BucketRecord, supposed: Supposed, by: Caller) {
  if (!Object.hasOwn(actions, supposed.operation))
    throw fault('InvalidArgument', { path: '/operation', detail: 'The rules of buckets know no action for this operation.' });
  const question = questionOf(bucket, supposed, by);
  const draft = supposed.policy === undefined ? undefined : { policy: readable(supposed.policy) };
  const asking = askingOf(store, bucket, question, draft)!;
  const because: Because = supposed.identity === 'forbids' ? 'identity-forbids' : ruling(store, bucket, question, draft);
  const policy = policyOf(asking);
  return { allowed: isPermit(because), because, ...saidBy(asking, policy), isPublic: policy !== undefined && isPublicPolicy(policy) };
}

function questionOf(bucket: BucketRecord, supposed: Supposed, by: Caller): ResourceQuestion {
  const { operation, key, versionId, who = 'account', account, principal = by.principal, identity = 'allows', context = {} } = supposed;
  const place =
    who === 'account' ? { tenant: bucket.tenant, scope: bucket.scope } : { tenant: 0n, scope: who === 'other' ? scopeOf(account) : 0n };
  if (who === 'other' && place.scope === bucket.scope)
    throw fault('InvalidArgument', { path: '/account', detail: "This is the bucket's own account." });
  return {
    caller: { ...place, principal, credential: 0n, face: who === 'anonymous' ? 'anonymous' : 'sigv4' },
    operation,
    name: bucket.name,
    input: { ...(key === undefined ? {} : { key, prefix: key }), ...(versionId === undefined ? {} : { versionId }) },
    context,
    identityAllows: who !== 'anonymous' && identity === 'allows',
  };
}

function scopeOf(account: string | undefined): bigint {
  try {
    return parseId(account ?? '');
  } catch {
    throw fault('InvalidArgument', { path: '/account', detail: 'The id of an environment names an account.' });
  }
}

function readable(text: string): Policy | undefined {
  if (text.trim() === '') return undefined;
  try {
    return parsePolicy(text);
  } catch (error) {
    if (error instanceof PolicyError) throw fault('MalformedPolicy', error.message);
    throw error;
  }
}

function saidBy(asking: Asking, policy: Policy | undefined) {
  const { bucket, question } = asking;
  const facts = factsOf({ bucket, question, object: objectOf(asking) });
  const asked = policyQuestion(asking, actionOf(asking), facts);
  return {
    action: `s3:${actionOf(asking)}`,
    resource: asked.resource,
    policy: policy ? policyVerdict(asking, actionOf(asking), facts) : ('absent' as const),
    statements: (policy ? judged(policy, asked) : []).map(({ statement, fails, conditions }, at) => ({
      number: at + 1,
      ...(statement.sid === undefined ? {} : { sid: statement.sid }),
      effect: statement.allow ? ('Allow' as const) : ('Deny' as const),
      applies: fails.length === 0,
      fails,
      conditions,
    })),
  };
}
