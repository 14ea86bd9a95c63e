import { Type } from '#kernel/contract/type.ts';
import type { Operation } from '#kernel/contract/contract.ts';
import { LifecycleRule } from './configuration.ts';
import { closed, everywhere, Key, Prefix, StorageClass, Time, VersionId } from './field.ts';
import { hotPrefixesMax, policyMaxBytes, rulesMax, simulatedShownMax } from './limits.ts';

const read = {
  on: 'Bucket',
  effect: 'read',
  audit: 'window',
  repeat: 'natural',
  charge: ['request'],
  quota: ['requests'],
  expose: everywhere,
  byResource: true,
} as const;
const optional = Type.Optional;
const Act = Type.Enum(['expire', 'delete', 'transition', 'abort'], {
  description: 'expire: the live version goes, behind a delete marker where versions are kept. abort: an upload is given up.',
});

/** The operations that tell what would be, and what goes on. */
export const insightOperations = {
  SimulateLifecycle: {
    ...read,
    posted: true,
    text: 'Say what rules would do to each version that there is now, and do nothing. What follows from that is not in it.',
    errors: ['NoSuchBucket', 'NoSuchLifecycleConfiguration', 'InvalidArgument', 'InvalidRequest', 'MalformedXML'],
    input: Type.Object(
      {
        rules: optional(Type.Array(LifecycleRule, { minItems: 1, maxItems: rulesMax, description: "The bucket's own if not said." })),
        afterDays: Type.Integer({ minimum: 0, maximum: 36_500, default: 0, description: 'How many days from now it is.' }),
        limit: Type.Integer({ minimum: 0, maximum: simulatedShownMax, default: 100, description: 'Versions that are told one by one.' }),
        keyMarker: optional(Type.String({ maxLength: 4096, description: 'Where a simulation that is not complete goes on.' })),
      },
      closed,
    ),
    output: Type.Object({
      at: Time,
      looked: Type.Integer({ description: 'Versions and uploads that were looked at.' }),
      complete: Type.Boolean(),
      nextKeyMarker: optional(Type.String()),
      totals: Type.Array(
        Type.Object({
          act: Act,
          rule: Type.String(),
          storageClass: optional(StorageClass),
          count: Type.Integer(),
          sizeBytes: Type.Integer({ description: 'Bytes of the versions.' }),
          locked: Type.Integer({ description: 'Versions that a lock keeps all the same; they are not counted in the others.' }),
        }),
      ),
      items: Type.Array(
        Type.Object({
          key: Type.String(),
          versionId: optional(Type.String()),
          uploadId: optional(Type.String()),
          size: Type.Integer(),
          lastModified: Time,
          latest: Type.Boolean(),
          deleteMarker: optional(Type.Literal(true)),
          act: Act,
          rule: Type.String(),
          storageClass: optional(StorageClass),
          due: Time,
          locked: optional(Type.Literal(true)),
        }),
      ),
    }),
  },
  ExplainObjectAccess: {
    ...read,
    posted: true,
    text: "Say what a bucket's policy, grants and blocks decide about a request; with a policy that is not saved, what would be.",
    errors: ['NoSuchBucket', 'MalformedPolicy', 'InvalidArgument'],
    input: Type.Object(
      {
        operation: Type.String({ maxLength: 64, description: 'Operation of this service, such as GetObject.' }),
        key: optional(Key),
        versionId: optional(VersionId),
        who: Type.Enum(['account', 'other', 'anonymous'], {
          default: 'account',
          description: "A principal of the bucket's account, of another account, or nobody known.",
        }),
        account: optional(Type.String({ maxLength: 200, description: 'Id of the other account.' })),
        principal: optional(Type.String({ maxLength: 200, description: 'The name of the principal; you if not said.' })),
        identity: Type.Enum(['allows', 'silent', 'forbids'], {
          default: 'allows',
          description: "What the principal's own roles and policies say, which ExplainAccess of the platform tells.",
        }),
        policy: optional(Type.String({ maxLength: policyMaxBytes, description: 'Instead of the policy of the bucket; empty for none.' })),
        context: optional(
          Type.Record(Type.String({ maxLength: 128 }), Type.String({ maxLength: 1024 }), {
            maxProperties: 50,
            description: 'Condition keys in lower case and their values, such as aws:sourceip.',
          }),
        ),
      },
      closed,
    ),
    output: Type.Object({
      allowed: Type.Boolean(),
      because: Type.String({ description: 'What decides.' }),
      action: Type.String({ description: 'As policies name it.' }),
      resource: Type.String(),
      policy: Type.Enum(['allow', 'deny', 'none', 'absent'], { description: 'What the policy says.' }),
      statements: Type.Array(
        Type.Object({
          number: Type.Integer({ description: 'Counted from 1.' }),
          sid: optional(Type.String()),
          effect: Type.Enum(['Allow', 'Deny']),
          applies: Type.Boolean(),
          fails: Type.Array(Type.Enum(['principal', 'action', 'resource', 'condition']), { description: 'What does not fit the request.' }),
          conditions: Type.Array(Type.String(), { description: 'Keys of the conditions that do not hold.' }),
        }),
      ),
      isPublic: Type.Boolean({ description: 'Whether the policy gives something to everybody.' }),
    }),
  },
  ListHotPrefixes: {
    ...read,
    text: 'The prefixes and keys that are asked for most of late, by requests or by bytes: a sketch of bounded size, with its error.',
    errors: ['NoSuchBucket'],
    input: Type.Object(
      {
        by: Type.Enum(['requests', 'bytes'], { default: 'requests' }),
        prefix: optional(Prefix),
        limit: Type.Integer({ minimum: 1, maximum: hotPrefixesMax, default: 20 }),
      },
      closed,
    ),
    output: Type.Object({
      halfLifeMs: Type.Integer({ description: 'What was so long ago counts half.' }),
      perSecond: Type.Number({ description: 'Of the whole bucket.' }),
      items: Type.Array(
        Type.Object({
          prefix: Type.String({ description: 'Ends with a slash; otherwise it is a key.' }),
          perSecond: Type.Number({ description: 'At most so many.' }),
          errorPerSecond: Type.Number({ description: 'So many of them may be of prefixes that are told no longer.' }),
          share: Type.Number(),
        }),
      ),
    }),
  },
} as const satisfies Record<string, Operation>;
