import type { Call } from '#kernel/contract/call.ts';
import type { subjectOperations } from '#kernel/privacy/subject.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { OperationName } from '#kernel/contract/contract.ts';
import { isPublic, ownerGrants } from '../../domain/acl.ts';
import { checkConfiguration } from '../../domain/configuration.ts';
import { isPublicPolicy } from '../../domain/policy/evaluate.ts';
import { parsePolicy, PolicyError } from '../../domain/policy/policy.ts';
import type { storage } from '../../service.ts';
import type { Logs } from '#kernel/session/log-need.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import { bucketOf, changeBucket } from '../bucket.ts';
import { type ConfigurationKind, readConfiguration, readPolicy, writeConfiguration } from '../configuration.ts';
import type { BucketHistory } from '../history.ts';
import { checkLogTarget } from '../log-target.ts';
import { checkDestinations } from '../notification.ts';
import type { BucketRecord } from '../record.ts';
import { namedKey } from '../seal.ts';
import type { Store } from '../store.ts';

type Service = typeof storage;
type AnyCall = Call<Service, Exclude<OperationName<Service>, keyof typeof subjectOperations>>;
type Handler = (call: AnyCall) => Promise<{ output: unknown }>;

/** Kinds whose three operations are alike: what a bucket without one answers, and its operations' name. */
const plain: Readonly<Partial<Record<ConfigurationKind, { readonly name: string; readonly absent: string | object }>>> = {
  cors: { name: 'BucketCors', absent: 'NoSuchCORSConfiguration' },
  lifecycle: { name: 'BucketLifecycle', absent: 'NoSuchLifecycleConfiguration' },
  encryption: { name: 'BucketEncryption', absent: 'ServerSideEncryptionConfigurationNotFoundError' },
  website: { name: 'BucketWebsite', absent: 'NoSuchWebsiteConfiguration' },
  publicAccessBlock: { name: 'PublicAccessBlock', absent: 'NoSuchPublicAccessBlockConfiguration' },
  tagging: { name: 'BucketTagging', absent: 'NoSuchTagSet' },
  logging: { name: 'BucketLogging', absent: {} },
  notification: { name: 'BucketNotification', absent: {} },
  readAudit: { name: 'BucketReadAudit', absent: { status: 'Disabled' } },
  durability: { name: 'BucketDurability', absent: { durability: 'synced' } },
};

/** The handlers of the configurations of buckets. */
export function configurationHandlers(store: Store, history: BucketHistory, logs: Logs | undefined): Record<string, Handler> {
  const handlers: Record<string, Handler> = {
    ...policyHandlers(store, history),
    ...stateHandlers(store, history),
    ...lockHandlers(store, history),
  };
  for (const [kind, { name, absent }] of Object.entries(plain) as [ConfigurationKind, { name: string; absent: string | object }][]) {
    handlers[`Get${name}`] = async (call) => {
      const bucket = begin(store, call);
      const document = readConfiguration(store.catalog, bucket, kind);
      if (document === undefined && typeof absent === 'string') throw fault(absent);
      return { output: document ?? absent };
    };
    handlers[`Put${name}`] = async (call) => {
      const bucket = begin(store, call);
      const document = checkConfiguration(kind, call.input as never);
      if (kind === 'notification') await checkDestinations(store, logs, call, document as never);
      if (kind === 'encryption') await useDefaultKey(call, bucket, document as never);
      if (kind === 'logging') checkLogTarget(store, bucket, document as never);
      history.put(await writeConfiguration(store, bucket, kind, document, moreOf(kind, document)));
      // Whoever is told that writes are synced has those on disk that were acknowledged before.
      if (kind === 'durability') await store.unsynced.sync();
      return { output: {} };
    };
    handlers[`Delete${name}`] = async (call) => {
      history.put(await writeConfiguration(store, begin(store, call), kind, undefined));
      return { output: {} };
    };
  }
  delete handlers.DeleteBucketLogging;
  delete handlers.DeleteBucketNotification;
  delete handlers.DeleteBucketReadAudit;
  delete handlers.DeleteBucketDurability;
  return handlers;
}

type DefaultSeals = {
  readonly rules: readonly { applyServerSideEncryptionByDefault?: { readonly sseAlgorithm: string; readonly kmsMasterKeyID?: string } }[];
};

/** Who makes a key a bucket's default lets everybody who writes there use it. */
async function useDefaultKey(call: AnyCall, bucket: BucketRecord, { rules }: DefaultSeals): Promise<void> {
  for (const { applyServerSideEncryptionByDefault: byDefault } of rules) {
    const named = namedKey(byDefault?.sseAlgorithm, byDefault?.kmsMasterKeyID);
    if (named !== undefined) await call.useKey(named, bucket.tenant);
  }
}

/** What the bucket itself says of a configuration, so that not every request need read it. */
function moreOf(kind: ConfigurationKind, document: object): { more?: Partial<BucketRecord> } {
  if (kind === 'notification') return { more: { notified: Object.keys(document).length > 0 ? true : undefined } };
  if (kind === 'readAudit') return { more: { readAudit: (document as { status: string }).status === 'Enabled' ? true : undefined } };
  if (kind === 'durability') return { more: { relaxed: (document as { durability: string }).durability === 'relaxed' ? true : undefined } };
  return kind === 'logging' ? { more: { logged: 'loggingEnabled' in document ? true : undefined } } : {};
}

function begin({ catalog }: Store, call: AnyCall): BucketRecord {
  const bucket = bucketOf(catalog, call.ref.name);
  call.charge('request', 1, bucket);
  return bucket;
}

function policyHandlers(store: Store, history: BucketHistory): Record<string, Handler> {
  const { catalog } = store;
  return {
    async GetBucketPolicy(call) {
      return { output: readConfiguration(catalog, begin(store, call), 'policy') ?? call.fail('NoSuchBucketPolicy' as never) };
    },
    async PutBucketPolicy(call) {
      const bucket = begin(store, call);
      const { policy, confirmRemoveSelfAccess } = call.input as { policy: string; confirmRemoveSelfAccess?: boolean };
      const parsed = readable(policy);
      const blocked = readConfiguration(catalog, bucket, 'publicAccessBlock')?.blockPublicPolicy === true;
      if (blocked && isPublicPolicy(parsed)) throw fault('Denied', 'The bucket blocks policies that are public.');
      const more = { policed: true as const, sealedPolicy: confirmRemoveSelfAccess ? (true as const) : undefined };
      history.put(await writeConfiguration(store, bucket, 'policy', { policy }, { more }));
      return { output: {} };
    },
    async DeleteBucketPolicy(call) {
      const more = { policed: undefined, sealedPolicy: undefined };
      history.put(await writeConfiguration(store, begin(store, call), 'policy', undefined, { more }));
      return { output: {} };
    },
    async GetBucketPolicyStatus(call) {
      const bucket = begin(store, call);
      const policy = readPolicy(catalog, bucket);
      const grants = bucket.acl ?? ownerGrants(formatId(bucket.scope));
      const ignored = readConfiguration(catalog, bucket, 'publicAccessBlock')?.ignorePublicAcls === true;
      return { output: { isPublic: (policy !== undefined && isPublicPolicy(policy)) || (!ignored && isPublic(grants)) } };
    },
  };
}

function readable(text: string) {
  try {
    return parsePolicy(text);
  } catch (error) {
    if (error instanceof PolicyError) throw fault('MalformedPolicy', error.message);
    throw error;
  }
}

function stateHandlers(store: Store, history: BucketHistory): Record<string, Handler> {
  return {
    async GetBucketVersioning(call) {
      const { versioning } = begin(store, call);
      return { output: versioning ? { status: versioning } : {} };
    },
    async PutBucketVersioning(call) {
      const bucket = begin(store, call);
      const { status, mfaDelete } = call.input as { status?: 'Enabled' | 'Suspended'; mfaDelete?: string };
      if (status === undefined) throw fault('MalformedXML');
      if (mfaDelete === 'Enabled') throw fault('NotImplemented', 'Deletion by a second factor is not implemented.');
      if (bucket.objectLock && status !== 'Enabled')
        throw fault(
          'InvalidBucketState',
          'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
        );
      history.put(await changeBucket(store, bucket, () => ({ versioning: status })));
      return { output: {} };
    },
    async GetBucketOwnershipControls(call) {
      const { ownership } = begin(store, call);
      if (!ownership) throw fault('OwnershipControlsNotFoundError');
      return { output: { rules: [{ objectOwnership: ownership }] } };
    },
    async PutBucketOwnershipControls(call) {
      const bucket = begin(store, call);
      const { rules } = call.input as { rules: { objectOwnership: NonNullable<BucketRecord['ownership']> }[] };
      const ownership = rules[0]!.objectOwnership;
      const owner = formatId(bucket.scope);
      if (ownership === 'BucketOwnerEnforced' && bucket.acl?.some(({ id }) => id !== owner))
        throw fault('InvalidBucketAclWithObjectOwnership');
      history.put(await changeBucket(store, bucket, () => ({ ownership })));
      return { output: {} };
    },
    async DeleteBucketOwnershipControls(call) {
      history.put(await changeBucket(store, begin(store, call), () => ({ ownership: undefined })));
      return { output: {} };
    },
    async GetBucketRequestPayment(call) {
      return { output: { payer: begin(store, call).requesterPays ? 'Requester' : 'BucketOwner' } };
    },
    async PutBucketRequestPayment(call) {
      const { payer } = call.input as { payer: string };
      history.put(await changeBucket(store, begin(store, call), () => ({ requesterPays: payer === 'Requester' ? true : undefined })));
      return { output: {} };
    },
  };
}

function lockHandlers(store: Store, history: BucketHistory): Record<string, Handler> {
  return {
    async GetObjectLockConfiguration(call) {
      const bucket = begin(store, call);
      if (!bucket.objectLock) throw fault('ObjectLockConfigurationNotFoundError');
      return { output: { objectLockEnabled: 'Enabled', ...readConfiguration(store.catalog, bucket, 'objectLock') } };
    },
    async PutObjectLockConfiguration(call) {
      const bucket = begin(store, call);
      if (bucket.versioning !== 'Enabled')
        throw fault('InvalidBucketState', 'Versioning must be enabled on the bucket to apply an Object Lock configuration.');
      const document = checkConfiguration('objectLock', call.input as never);
      history.put(await writeConfiguration(store, bucket, 'objectLock', document, { more: { objectLock: true } }));
      return { output: {} };
    },
  };
}
