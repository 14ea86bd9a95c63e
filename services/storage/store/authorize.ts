import type { ResourceQuestion } from '#kernel/contract/implement.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import { type Action, actions, requesterPays } from '../domain/action.ts';
import { grantsAllow, ownerGrants } from '../domain/acl.ts';
import type { Facts } from '../domain/policy/condition.ts';
import { evaluate, isPublicPolicy, type PolicyCaller } from '../domain/policy/evaluate.ts';
import { findBucket } from './bucket.ts';
import { readConfiguration, readPolicy } from './configuration.ts';
import { factsOf, type ObjectInput } from './fact.ts';
import type { BucketRecord, ObjectRecord } from './record.ts';
import type { Store } from './store.ts';
import { readObject, readVersion } from './version.ts';

/** Operations with which an account mends a policy that shuts it out. */
const mending = new Set(['GetBucketPolicy', 'PutBucketPolicy', 'DeleteBucketPolicy']);

type Asking = {
  readonly store: Store;
  readonly bucket: BucketRecord;
  readonly question: ResourceQuestion;
  readonly action: Action;
  readonly input: ObjectInput;
  /** Whether the caller is of the bucket's own account. */
  readonly isOwn: boolean;
  readonly account: string | undefined;
};

/**
 * The rules of a bucket: its policy and the lists of grants. Within the account its owner's identity policies, the bucket's
 * policy or a grant allows; across accounts the caller's identity policies and the bucket's owner both must. A policy's denial wins.
 */
export function authorizer(store: Store): (question: ResourceQuestion) => boolean {
  return (question) => {
    const action = actions[question.operation];
    const bucket = findBucket(store.catalog, question.name);
    // What is not there is told by the handler; to callers without credential, only the door can have said so.
    if (!bucket) return question.identityAllows;
    const { caller } = question;
    const isAnonymous = caller.face === 'anonymous';
    const isOwn = !isAnonymous && caller.scope === bucket.scope && caller.tenant === bucket.tenant;
    // Who does not say that they pay for the request of another's bucket is not let in; who is nobody cannot pay.
    if (bucket.requesterPays && !isOwn && (isAnonymous || question.context[requesterPays] !== 'requester')) return false;
    // Of many deletions each key is decided by itself.
    if (!action) return (isOwn && question.identityAllows) || question.operation === 'DeleteObjects';
    if (isOwn && question.identityAllows && !bucket.policed && !bucket.shared) return true;
    const account = isAnonymous ? undefined : formatId(caller.scope);
    return decide({ store, bucket, question, action, isOwn, account, input: question.input as ObjectInput });
  };
}

function decide(asking: Asking): boolean {
  const { store, bucket, question, action, isOwn, account, input } = asking;
  const { catalog } = store;
  if (!isOwn && account !== undefined && !question.identityAllows) return false;
  const object = action.on === 'object' && input.key !== undefined ? targetOf(asking, input.key) : undefined;
  const facts = factsOf({ bucket, question, object });
  const verdict = policyVerdict(
    asking,
    action.versioned !== undefined && input.versionId !== undefined ? action.versioned : action.name,
    facts,
  );
  if (verdict === 'deny') return isOwn && question.identityAllows && mending.has(question.operation) && !bucket.sealedPolicy;
  const owner = formatId(bucket.scope);
  const objectOwner = object?.owner ?? owner;
  const isAllowed =
    (isOwn && question.identityAllows && (objectOwner === owner || action.grant?.on !== 'object')) ||
    (verdict === 'allow' && (objectOwner === owner || action.grant?.on !== 'object')) ||
    grantAllows(asking, object, objectOwner);
  const isRead = action.grant?.on === 'object';
  // Whether a key is there may know who may list; nobody else is told.
  if (isRead && !object && !(isOwn && question.identityAllows))
    return findBucket(catalog, bucket.name) !== undefined && mayList(asking, input.key ?? '');
  return isAllowed;
}

/** The version that a call is about. */
function targetOf({ store: { catalog }, bucket, input }: Asking, key: string): ObjectRecord | undefined {
  if (Buffer.byteLength(key) > 1024) return undefined;
  return input.versionId === undefined ? readObject(catalog, bucket, key) : readVersion(catalog, bucket, key, input.versionId);
}

function callerOf({ question: { caller }, account }: Asking): PolicyCaller {
  return account === undefined ? {} : { account, name: caller.principal };
}

function policyVerdict(asking: Asking, action: string, facts: Facts, on: Action['on'] = asking.action.on): 'allow' | 'deny' | 'none' {
  const { store, bucket, input, isOwn } = asking;
  const policy = readPolicy(store.catalog, bucket);
  if (!policy) return 'none';
  const resource = on === 'object' ? `arn:aws:s3:::${bucket.name}/${input.key ?? ''}` : `arn:aws:s3:::${bucket.name}`;
  const verdict = evaluate(policy, {
    caller: callerOf(asking),
    action: `s3:${action}`.toLowerCase(),
    resource,
    facts,
    accountCounts: !isOwn,
  });
  if (verdict !== 'allow' || isOwn) return verdict;
  const block = readConfiguration(store.catalog, bucket, 'publicAccessBlock');
  return block?.restrictPublicBuckets && isPublicPolicy(policy) ? 'none' : verdict;
}

function grantAllows(
  { store, bucket, action, question, isOwn, ...asking }: Asking,
  object: ObjectRecord | undefined,
  objectOwner: string,
): boolean {
  const { grant } = action;
  // A grant to the account is no grant to each of its principals: those need a policy of the account as well.
  const account = isOwn && !question.identityAllows ? 'nobody' : asking.account;
  if (!grant || bucket.ownership === 'BucketOwnerEnforced') return false;
  const ignorePublic = readConfiguration(store.catalog, bucket, 'publicAccessBlock')?.ignorePublicAcls === true;
  if (grant.on === 'bucket')
    return grantsAllow(bucket.acl ?? ownerGrants(formatId(bucket.scope)), grant.permission, { account }, ignorePublic);
  if (!object) return false;
  // An owner always may read and mend the grants of what is theirs.
  if (account === objectOwner && grant.permission.endsWith('_ACP')) return true;
  return grantsAllow(object.acl ?? ownerGrants(objectOwner), grant.permission, { account }, ignorePublic);
}

function mayList(asking: Asking, prefix: string): boolean {
  const { bucket, question } = asking;
  const listing = { ...asking, action: actions.ListObjects!, input: { prefix } };
  const facts = factsOf({ bucket, question: { ...question, input: { prefix } }, object: undefined });
  const verdict = policyVerdict(listing, 'ListBucket', facts, 'bucket');
  if (verdict === 'deny') return false;
  return verdict === 'allow' || grantAllows(listing, undefined, '');
}
