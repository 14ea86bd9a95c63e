import type { TObject, TProperties, TSchema } from 'typebox';
import { Type } from '#kernel/contract/type.ts';
import type { Operation } from '#kernel/contract/contract.ts';
import { closed, everywhere, Grant, StorageClass } from './field.ts';
import { grantsMax, policyMaxBytes, rulesMax, tagKeyMax, tagValueMax } from './limits.ts';

/**
 * The configurations of a bucket, in the words of S3. `x-xml` is the element of a field when it is not the field's name
 * with a capital letter, and of each item of a list; `x-wrap` is an element around a list.
 */
export const shape = <P extends TProperties>(properties: P): TObject<P> => Type.Object(properties, closed);
const list = <S extends TSchema>(item: S, element: string, more: { wrap?: string; maxItems?: number; minItems?: number } = {}) =>
  Type.Array(item, {
    maxItems: more.maxItems ?? rulesMax,
    ...(more.minItems === undefined ? {} : { minItems: more.minItems }),
    'x-xml': element,
    ...(more.wrap === undefined ? {} : { 'x-wrap': more.wrap }),
  });
const named = <S extends TSchema>(schema: S, element: string): S => ({ ...schema, 'x-xml': element });
const optional = Type.Optional;
const text = (maxLength = 1024) => Type.String({ maxLength });
const days = Type.Integer({ minimum: 0, maximum: 2_147_483_647 });
const switchable = Type.Union([Type.Literal('Enabled'), Type.Literal('Disabled')]);
const oneOf = <const T extends readonly string[]>(...values: T) => Type.Enum(values);
const id = (maxLength = 255) => named(text(maxLength), 'ID');

export const Tag = shape({ key: Type.String({ minLength: 0, maxLength: tagKeyMax * 8 }), value: text(tagValueMax * 8) });
export const Tagging = shape({ tags: list(Tag, 'Tag', { wrap: 'TagSet', maxItems: 1000 }) });

const Cors = shape({
  rules: list(
    shape({
      id: optional(id()),
      allowedOrigins: list(text(), 'AllowedOrigin', { minItems: 1, maxItems: 100 }),
      allowedMethods: list(oneOf('GET', 'PUT', 'HEAD', 'POST', 'DELETE'), 'AllowedMethod', { minItems: 1, maxItems: 10 }),
      allowedHeaders: optional(list(text(), 'AllowedHeader', { maxItems: 100 })),
      exposeHeaders: optional(list(text(), 'ExposeHeader', { maxItems: 100 })),
      maxAgeSeconds: optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647 })),
    }),
    'CORSRule',
    { minItems: 1, maxItems: 100 },
  ),
});

const sizes = { objectSizeGreaterThan: optional(Type.Integer({ minimum: 0 })), objectSizeLessThan: optional(Type.Integer({ minimum: 1 })) };
const Filter = shape({
  prefix: optional(text()),
  tag: optional(Tag),
  ...sizes,
  and: optional(shape({ prefix: optional(text()), tags: optional(list(Tag, 'Tag', { maxItems: 10 })), ...sizes })),
});
export const LifecycleRule = shape({
  id: optional(id(4096)),
  prefix: optional(text()),
  filter: optional(Filter),
  status: text(64),
  expiration: optional(shape({ days: optional(days), date: optional(text(64)), expiredObjectDeleteMarker: optional(Type.Boolean()) })),
  noncurrentVersionExpiration: optional(shape({ noncurrentDays: optional(days), newerNoncurrentVersions: optional(days) })),
  transitions: optional(list(shape({ days: optional(days), date: optional(text(64)), storageClass: StorageClass }), 'Transition')),
  noncurrentVersionTransitions: optional(
    list(
      shape({ noncurrentDays: optional(days), newerNoncurrentVersions: optional(days), storageClass: StorageClass }),
      'NoncurrentVersionTransition',
    ),
  ),
  abortIncompleteMultipartUpload: optional(shape({ daysAfterInitiation: days })),
});
const Lifecycle = shape({ rules: list(LifecycleRule, 'Rule', { minItems: 1 }) });

const Encryption = shape({
  rules: list(
    shape({
      applyServerSideEncryptionByDefault: optional(
        shape({ sseAlgorithm: named(text(64), 'SSEAlgorithm'), kmsMasterKeyID: optional(named(text(2048), 'KMSMasterKeyID')) }),
      ),
      bucketKeyEnabled: optional(Type.Boolean()),
      blockedEncryptionTypes: optional(shape({ encryptionType: list(text(64), 'EncryptionType', { maxItems: 10 }) })),
    }),
    'Rule',
    { minItems: 1, maxItems: 1 },
  ),
});

const Website = shape({
  indexDocument: optional(shape({ suffix: text() })),
  errorDocument: optional(shape({ key: text() })),
  redirectAllRequestsTo: optional(shape({ hostName: text(), protocol: optional(oneOf('http', 'https')) })),
  routingRules: optional(
    list(
      shape({
        condition: optional(shape({ httpErrorCodeReturnedEquals: optional(text(3)), keyPrefixEquals: optional(text()) })),
        redirect: shape({
          hostName: optional(text()),
          httpRedirectCode: optional(text(3)),
          protocol: optional(oneOf('http', 'https')),
          replaceKeyPrefixWith: optional(text()),
          replaceKeyWith: optional(text()),
        }),
      }),
      'RoutingRule',
      { wrap: 'RoutingRules', maxItems: 50 },
    ),
  ),
});

const PublicAccessBlock = shape({
  blockPublicAcls: optional(Type.Boolean()),
  ignorePublicAcls: optional(Type.Boolean()),
  blockPublicPolicy: optional(Type.Boolean()),
  restrictPublicBuckets: optional(Type.Boolean()),
});

const OwnershipControls = shape({
  rules: list(shape({ objectOwnership: oneOf('BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter') }), 'Rule', {
    minItems: 1,
    maxItems: 1,
  }),
});

const Versioning = shape({ status: optional(oneOf('Enabled', 'Suspended')), mfaDelete: optional(named(switchable, 'MfaDelete')) });

const ObjectLock = shape({
  objectLockEnabled: optional(text(16)),
  rule: optional(shape({ defaultRetention: shape({ mode: text(16), days: optional(Type.Integer()), years: optional(Type.Integer()) }) })),
});

/** What somebody may do with the objects that the logs are; in XML the grantee stands in an element of its own. */
const LogGrant = shape({ ...Grant.properties, permission: Type.Enum(['FULL_CONTROL', 'READ', 'WRITE']) });

const Logging = shape({
  loggingEnabled: optional(
    shape({
      targetBucket: text(255),
      targetGrants: optional(list({ ...LogGrant, 'x-grant': true }, 'Grant', { wrap: 'TargetGrants', maxItems: grantsMax })),
      targetPrefix: text(),
      targetObjectKeyFormat: optional(
        shape({
          simplePrefix: optional(shape({})),
          partitionedPrefix: optional(shape({ partitionDateSource: optional(oneOf('EventTime', 'DeliveryTime')) })),
        }),
      ),
    }),
  ),
});

const keyFilter = shape({
  s3Key: optional(shape({ filterRules: list(shape({ name: text(16), value: text() }), 'FilterRule', { maxItems: 2 }) })),
});
const wanted = {
  id: optional(text(255)),
  events: list(text(64), 'Event', { minItems: 1, maxItems: 50 }),
  filter: optional(keyFilter),
};
const Notification = shape({
  topics: optional(list(shape({ topic: text(), ...wanted }), 'TopicConfiguration', { maxItems: 100 })),
  queues: optional(list(shape({ queue: text(), ...wanted }), 'QueueConfiguration', { maxItems: 100 })),
  eventBridge: optional(named(shape({}), 'EventBridgeConfiguration')),
});

const RequestPayment = shape({ payer: oneOf('BucketOwner', 'Requester') });

const ReadAudit = shape({ status: oneOf('Enabled', 'Disabled') });

const Durability = shape({
  durability: Type.Enum(['synced', 'relaxed'], {
    description: 'Whether a write is acknowledged when it is on disk, or before: then up to a second of writes is lost with the machine.',
  }),
});

const Policy = shape({ policy: Type.String({ maxLength: policyMaxBytes, description: 'The policy in JSON.' }) });

/** What is kept of a bucket in documents of their own. */
export const configurations = {
  policy: Policy,
  cors: Cors,
  lifecycle: Lifecycle,
  encryption: Encryption,
  website: Website,
  publicAccessBlock: PublicAccessBlock,
  tagging: Tagging,
  objectLock: ObjectLock,
  logging: Logging,
  notification: Notification,
  readAudit: ReadAudit,
  durability: Durability,
} as const;

const base = { on: 'Bucket', charge: ['request'], quota: ['requests'], expose: everywhere, byResource: true } as const;
const none = Type.Object({}, closed);
const nothing = Type.Object({});

const get = <S extends TSchema, const E extends readonly string[]>(words: string, output: S, ...errors: E) =>
  ({
    ...base,
    effect: 'read',
    audit: 'window',
    repeat: 'natural',
    text: words,
    input: none,
    output,
    errors: ['NoSuchBucket', ...errors] as readonly ['NoSuchBucket', ...E],
  }) as const;
const put = <S extends TSchema>(words: string, input: S) =>
  ({
    ...base,
    effect: 'write',
    audit: 'before-reply',
    repeat: 'natural',
    text: words,
    input,
    output: nothing,
    errors: ['NoSuchBucket', 'InvalidArgument', 'InvalidRequest', 'MalformedXML', 'InvalidTag', 'BadRequest'],
  }) as const;
const remove = (words: string) =>
  ({
    ...base,
    effect: 'write',
    audit: 'before-reply',
    repeat: 'natural',
    essential: true,
    text: words,
    input: none,
    output: nothing,
    errors: ['NoSuchBucket'],
  }) as const;

/** The operations on the configurations of buckets. */
export const configurationOperations = {
  GetBucketVersioning: get('Say whether a bucket keeps versions.', Versioning),
  PutBucketVersioning: {
    ...put('Let a bucket keep versions, or no more from now on.', Versioning),
    errors: ['NoSuchBucket', 'InvalidBucketState', 'MalformedXML'],
  },
  GetBucketTagging: get('Read the tags of a bucket.', Tagging, 'NoSuchTagSet'),
  PutBucketTagging: put('Give a bucket other tags.', Tagging),
  DeleteBucketTagging: remove('Take the tags of a bucket away.'),
  GetBucketPolicy: get('Read the policy of a bucket.', Policy, 'NoSuchBucketPolicy'),
  PutBucketPolicy: {
    ...put(
      'Say who may do what with a bucket and its objects.',
      Type.Object({ ...Policy.properties, confirmRemoveSelfAccess: optional(Type.Boolean()) }, closed),
    ),
    errors: ['NoSuchBucket', 'MalformedPolicy'],
  },
  DeleteBucketPolicy: remove('Take the policy of a bucket away.'),
  GetBucketPolicyStatus: get('Say whether the policy of a bucket is public.', shape({ isPublic: Type.Boolean() }), 'NoSuchBucketPolicy'),
  GetPublicAccessBlock: get('Read how public access to a bucket is blocked.', PublicAccessBlock, 'NoSuchPublicAccessBlockConfiguration'),
  PutPublicAccessBlock: put('Block public access to a bucket.', PublicAccessBlock),
  DeletePublicAccessBlock: remove('Block public access to a bucket no more.'),
  GetBucketOwnershipControls: get('Say whose new objects are.', OwnershipControls, 'OwnershipControlsNotFoundError'),
  PutBucketOwnershipControls: {
    ...put('Decide whose new objects are.', OwnershipControls),
    errors: ['NoSuchBucket', 'InvalidBucketAclWithObjectOwnership'],
  },
  DeleteBucketOwnershipControls: remove('Leave objects to their writers.'),
  GetBucketCors: get('Read what pages of other sites may do.', Cors, 'NoSuchCORSConfiguration'),
  PutBucketCors: put('Say what pages of other sites may do.', Cors),
  DeleteBucketCors: remove('Let pages of other sites do nothing.'),
  GetBucketLifecycle: get('Read the lifecycle of the objects of a bucket.', Lifecycle, 'NoSuchLifecycleConfiguration'),
  PutBucketLifecycle: put('Say when objects move to another class or are deleted.', Lifecycle),
  DeleteBucketLifecycle: remove('Let objects stay as they are.'),
  GetBucketEncryption: get('Read how new objects are sealed.', Encryption, 'ServerSideEncryptionConfigurationNotFoundError'),
  PutBucketEncryption: put('Say how new objects are sealed.', Encryption),
  DeleteBucketEncryption: remove('Seal new objects only when asked.'),
  GetBucketWebsite: get('Read how a bucket is served as a website.', Website, 'NoSuchWebsiteConfiguration'),
  PutBucketWebsite: put('Serve a bucket as a website.', Website),
  DeleteBucketWebsite: remove('Serve a bucket as a website no more.'),
  GetBucketLogging: get('Say where requests of a bucket are logged.', Logging),
  PutBucketLogging: {
    ...put('Log the requests of a bucket in another.', Logging),
    errors: [
      'NoSuchBucket',
      'NoSuchKey',
      'InvalidArgument',
      'InvalidTargetBucketForLogging',
      'AccessControlListNotSupported',
      'UnresolvableGrantByEmailAddress',
    ],
  },
  GetBucketNotification: get('Read which events of a bucket are told.', Notification),
  PutBucketNotification: put("Tell events of a bucket in S3's messages: to webhooks, and in topics.", Notification),
  GetBucketReadAudit: get('Say whether each read of an object is recorded by itself.', ReadAudit),
  PutBucketReadAudit: put(
    'Have each read of an object recorded by itself, with its key, before it is answered; or counted only.',
    ReadAudit,
  ),
  GetBucketDurability: get('Say whether writes of objects are acknowledged when they are on disk.', Durability),
  PutBucketDurability: put('Have writes of objects acknowledged when they are on disk, or before it.', Durability),
  GetBucketRequestPayment: get('Say who pays for requests.', RequestPayment),
  PutBucketRequestPayment: put('Decide who pays for requests.', RequestPayment),
  GetObjectLockConfiguration: get('Read how new versions are locked.', ObjectLock, 'ObjectLockConfigurationNotFoundError'),
  PutObjectLockConfiguration: {
    ...put('Say how new versions are locked.', ObjectLock),
    errors: ['NoSuchBucket', 'InvalidBucketState', 'InvalidRetentionPeriod', 'MalformedXML'],
  },
} as const satisfies Record<string, Operation>;
