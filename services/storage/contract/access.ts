import { Type } from '#kernel/contract/type.ts';
import type { Operation } from '#kernel/contract/contract.ts';
import { Tagging } from './configuration.ts';
import { personal } from '#kernel/contract/label.ts';
import { acl, beside, closed, everywhere, Grant, Key, LockMode, Time, VersionId } from './field.ts';

const base = { on: 'Bucket', charge: ['request'], quota: ['requests'], repeat: 'natural', expose: everywhere, byResource: true } as const;
const read = { ...base, effect: 'read', audit: 'window' } as const;
const write = { ...base, effect: 'write', audit: 'from-log' } as const;
const version = { key: Key, versionId: Type.Optional(VersionId) };
const item = Type.Object(version, closed);
const at = Type.Object({ versionId: Type.Optional(VersionId) });
const missing = ['NoSuchBucket', 'NoSuchKey', 'NoSuchVersion', 'MethodNotAllowed'] as const;
const ObjectTags = { tags: personal(Tagging.properties.tags, beside) };
const Grants = Type.Object({ owner: Type.String(), grants: Type.Array(Grant) });
const aclErrors = ['AccessControlListNotSupported', 'UnresolvableGrantByEmailAddress', 'InvalidArgument', 'MalformedACLError'] as const;

/** The operations on grants, tags and locks of objects, and on the grants of buckets. */
export const accessOperations = {
  GetBucketAcl: { ...read, text: 'Read the grants of a bucket.', errors: ['NoSuchBucket'], input: Type.Object({}, closed), output: Grants },
  PutBucketAcl: {
    ...write,
    audit: 'before-reply',
    text: 'Give a bucket other grants.',
    errors: ['NoSuchBucket', ...aclErrors],
    input: Type.Object(acl, closed),
    output: Type.Object({}),
  },
  GetObjectAcl: {
    ...read,
    text: 'Read the grants of an object.',
    errors: missing,
    input: item,
    output: Type.Object({ ...Grants.properties, ...at.properties }),
  },
  PutObjectAcl: {
    ...write,
    text: 'Give an object other grants.',
    errors: [...missing, ...aclErrors],
    input: Type.Object({ ...version, ...acl }, closed),
    output: at,
  },
  GetObjectTagging: {
    ...read,
    text: 'Read the tags of an object.',
    errors: missing,
    input: item,
    output: Type.Object({ ...ObjectTags, ...at.properties }),
  },
  PutObjectTagging: {
    ...write,
    text: 'Give an object other tags.',
    errors: [...missing, 'InvalidTag', 'BadRequest'],
    input: Type.Object({ ...version, ...ObjectTags }, closed),
    output: at,
  },
  DeleteObjectTagging: { ...write, essential: true, text: 'Take the tags of an object away.', errors: missing, input: item, output: at },
  GetObjectRetention: {
    ...read,
    text: 'Read until when a version is locked.',
    errors: [...missing, 'InvalidRequest', 'NoSuchObjectLockConfiguration'],
    input: item,
    output: Type.Object({ mode: LockMode, until: Time }),
  },
  PutObjectRetention: {
    ...write,
    text: 'Lock a version until a time.',
    errors: [...missing, 'InvalidRequest', 'ObjectLocked', 'InvalidArgument', 'MalformedXML'],
    input: Type.Object(
      { ...version, mode: Type.Optional(LockMode), until: Type.Optional(Time), bypassGovernance: Type.Optional(Type.Boolean()) },
      closed,
    ),
    output: at,
  },
  GetObjectLegalHold: {
    ...read,
    text: 'Say whether a version is under a legal hold.',
    errors: [...missing, 'InvalidRequest', 'NoSuchObjectLockConfiguration'],
    input: item,
    output: Type.Object({ legalHold: Type.Boolean() }),
  },
  PutObjectLegalHold: {
    ...write,
    text: 'Put a version under a legal hold, or release it.',
    errors: [...missing, 'InvalidRequest'],
    input: Type.Object({ ...version, legalHold: Type.Boolean() }, closed),
    output: at,
  },
  RestoreObject: {
    ...write,
    text: 'Make the bytes of an archived object readable for some days.',
    errors: [...missing, 'InvalidObjectState', 'RestoreAlreadyInProgress', 'InvalidArgument', 'MalformedXML'],
    input: Type.Object(
      {
        ...version,
        days: Type.Integer({ minimum: 1, maximum: 36_500 }),
        tier: Type.Optional(Type.Union([Type.Literal('Expedited'), Type.Literal('Standard'), Type.Literal('Bulk')])),
      },
      closed,
    ),
    output: Type.Object({ already: Type.Boolean() }),
  },
} as const satisfies Record<string, Operation>;
