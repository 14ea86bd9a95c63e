import type { ResourceQuestion } from '#kernel/contract/implement.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import { type Action, actions, requesterPays } from '../domain/action.ts';
import { grantsAllow, ownerGrants } from '../domain/acl.ts';
import type { Facts } from '../domain/policy/condition.ts';
import { evaluate, isPublicPolicy, type PolicyCaller, type PolicyQuestion } from '../domain/policy/evaluate.ts';
import type { Policy } from '../domain/policy/policy.ts';
import { findBucket } from './bucket.ts';
import { readConfiguration, readPolicy } from './configuration.ts';
import { factsOf, type ObjectInput } from './fact.ts';
import type { Holder } from './holder.ts';
import type { Partitions } from './partition.ts';
import type { BucketRecord, ObjectRecord } from './record.ts';
import { readObject, readVersion } from './version.ts';

/** Operations with which an account mends a policy that shuts it out. */
const mending = new Set(['GetBucketPolicy', 'PutBucketPolicy', 'DeleteBucketPolicy']);

export type Asking = {
  readonly store: Holder;
  readonly bucket: BucketRecord;
  readonly question: ResourceQuestion;
  readonly action: Action;
  readonly input: ObjectInput;
  /** Whether the caller is of the bucket's own account. */
  readonly isOwn: boolean;
  readonly account: string | undefined;
  /** A policy to decide by instead of the bucket's. */
  readonly draft?: { readonly policy: Policy | undefined };
};

/** What lets a request in. */
type Permit = 'identity' | 'policy' | 'grant' | 'mending' | 'listing';
/** What decides a request: `identity` are the caller's own roles and policies, `absent` is a key that is not there. */
export type Because = Permit | 'requester-pays' | 'identity-silent' | 'identity-forbids' | 'policy-denies' | 'absent' | 'nothing';

const permits: ReadonlySet<Because> = new Set<Permit>(['identity', 'policy', 'grant', 'mending', 'listing']);
export const isPermit = (because: Because): boolean => permits.has(because);

/**
 * The rules of a bucket: its policy and the lists of grants. Within the account its owner's identity policies, the bucket's
 * policy or a grant allows; across accounts the caller's identity policies and the bucket's owner both must. A policy's denial wins.
 */
export function authorizer(partitions: Partitions): (question: ResourceQuestion) => boolean {
  return (question) => {
    const store = partitions.holderOf(question.name);
    const bucket = findBucket(store.catalog, question.name);
    // What is not there is told by the handler; to callers without credential, only the door can have said so.
    if (!bucket) return question.identityAllows;
    const action = actions[question.operation];
    if (action && question.identityAllows && !bucket.policed && !bucket.shared && isOwnOf(bucket, question)) return true;
    return isPermit(ruling(store, bucket, question));
  };
}

function isOwnOf(bucket: BucketRecord, { caller }: ResourceQuestion): boolean {
  return caller.face !== 'anonymous' && caller.scope === bucket.scope && caller.tenant === bucket.tenant;
}

/** What decides a request of a bucket. */
export function ruling(store: Holder, bucket: BucketRecord, question: ResourceQuestion, draft?: Asking['draft']): Because {
  const { caller } = question;
  const isAnonymous = caller.face === 'anonymous';
  const isOwn = isOwnOf(bucket, question);
  // Who does not say that they pay for the request of another's bucket is not let in; who is nobody cannot pay.
  if (bucket.requesterPays && !isOwn && (isAnonymous || question.context[requesterPays] !== 'requester')) return 'requester-pays';
  const asking = askingOf(store, bucket, question, draft);
  // Of many deletions each key is decided by itself.
  if (!asking) return (isOwn && question.identityAllows) || question.operation === 'DeleteObjects' ? 'identity' : 'nothing';
  return decide(asking);
}

/** A request as the rules look at it; undefined when policies know no action of the kind. */
export function askingOf(store: Holder, bucket: BucketRecord, question: ResourceQuestion, draft?: Asking['draft']): Asking | undefined {
  const action = actions[question.operation];
  if (!action) return undefined;
  const account = question.caller.face === 'anonymous' ? undefined : formatId(question.caller.scope);
  const input = question.input as ObjectInput;
  return { store, bucket, question, action, input, isOwn: isOwnOf(bucket, question), account, ...(draft ? { draft } : {}) };
}

function decide(asking: Asking): Because {
  const { store, bucket, question, action, isOwn, account, input } = asking;
  const { catalog } = store;
  if (!isOwn && account !== undefined && !question.identityAllows) return 'identity-silent';
  const object = objectOf(asking);
  const verdict = policyVerdict(asking, actionOf(asking), factsOf({ bucket, question, object }));
  if (verdict === 'deny')
    return isOwn && question.identityAllows && mending.has(question.operation) && !bucket.sealedPolicy ? 'mending' : 'policy-denies';
  const owner = formatId(bucket.scope);
  const objectOwner = object?.owner ?? owner;
  const isRead = action.grant?.on === 'object';
  const isOwners = objectOwner === owner || !isRead;
  // Whether a key is there may know who may list; nobody else is told.
  if (isRead && !object && !(isOwn && question.identityAllows))
    return findBucket(catalog, bucket.name) !== undefined && mayList(asking, input.key ?? '') ? 'listing' : 'absent';
  if (isOwn && question.identityAllows && isOwners) return 'identity';
  if (verdict === 'allow' && isOwners) return 'policy';
  return grantAllows(asking, object, objectOwner) ? 'grant' : 'nothing';
}

/** The action of the policy language that a request asks for. */
export function actionOf({ action, input }: Asking): string {
  return action.versioned !== undefined && input.versionId !== undefined ? action.versioned : action.name;
}

/** The object that a request is about; undefined when it is about the bucket, or there is none. */
export function objectOf(asking: Asking): ObjectRecord | undefined {
  const { action, input } = asking;
  return action.on === 'object' && input.key !== undefined ? targetOf(asking, input.key) : undefined;
}

/** The version that a call is about. */
function targetOf({ store: { catalog }, bucket, input }: Asking, key: string): ObjectRecord | undefined {
  if (Buffer.byteLength(key) > 1024) return undefined;
  return input.versionId === undefined ? readObject(catalog, bucket, key) : readVersion(catalog, bucket, key, input.versionId);
}

function callerOf({ question: { caller }, account }: Asking): PolicyCaller {
  return account === undefined ? {} : { account, name: caller.principal };
}

/** The policy that decides. */
export function policyOf({ store, bucket, draft }: Asking): Policy | undefined {
  return draft ? draft.policy : readPolicy(store.catalog, bucket);
}

/** A request as a policy sees it. */
export function policyQuestion(asking: Asking, action: string, facts: Facts, on: Action['on'] = asking.action.on): PolicyQuestion {
  const { bucket, input, isOwn } = asking;
  return {
    caller: callerOf(asking),
    action: `s3:${action}`.toLowerCase(),
    resource: on === 'object' ? `arn:aws:s3:::${bucket.name}/${input.key ?? ''}` : `arn:aws:s3:::${bucket.name}`,
    facts,
    accountCounts: !isOwn,
  };
}

export function policyVerdict(asking: Asking, action: string, facts: Facts, on?: Action['on']): 'allow' | 'deny' | 'none' {
  const { store, bucket, isOwn } = asking;
  const policy = policyOf(asking);
  if (!policy) return 'none';
  const verdict = evaluate(policy, policyQuestion(asking, action, facts, on));
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
