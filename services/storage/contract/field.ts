import { personal } from '#kernel/contract/label.ts';
import { Type } from '#kernel/contract/type.ts';
import {
  bucketTagsMax,
  grantsMax,
  headerValueMax,
  listKeysMax,
  metadataNamesMax,
  partNumberMax,
  tagKeyMax,
  tagValueMax,
} from './limits.ts';

export const closed = { additionalProperties: false } as const;
export const everywhere = ['rest', 'cli', 'console'] as const;

/** What somebody writes beside the bytes, in which a person may be named. */
export const beside = { purpose: 'to describe what is stored, in the words of who stored it', keep: 'resource', free: true } as const;
/** Who did something, by the id under which they act. */
export const Actor = personal(Type.String(), { purpose: 'to say who began an upload', keep: 'resource' });

/** Bounded in characters here; the handler bounds the bytes of its UTF-8. */
export const Key = Type.String({ minLength: 1, maxLength: headerValueMax, description: 'Key of the object, up to 1024 bytes of UTF-8.' });
export const UploadId = Type.String({ minLength: 1, maxLength: 64, description: 'Id of the multipart upload.' });
export const PartNumber = Type.Integer({ minimum: 1, maximum: partNumberMax, description: 'Number of the part.' });
export const Prefix = Type.String({ maxLength: headerValueMax, description: 'Beginning of keys.' });
export const ETag = Type.String({ maxLength: 1024, description: 'Entity tag without quotes.' });
export const Time = Type.Integer({ minimum: 0, description: 'Milliseconds since 1970.' });
export const Text = Type.String({ maxLength: headerValueMax });
export const PageSize = Type.Integer({ minimum: 0, maximum: listKeysMax, default: listKeysMax, description: 'Entries at most.' });

export const ChecksumAlgorithm = Type.Union(
  [Type.Literal('CRC32'), Type.Literal('CRC32C'), Type.Literal('CRC64NVME'), Type.Literal('SHA1'), Type.Literal('SHA256')],
  { description: 'Checksum to keep beside the object.' },
);
export const ChecksumType = Type.Union([Type.Literal('FULL_OBJECT'), Type.Literal('COMPOSITE')], {
  description: 'Of all bytes, or of the checksums of the parts.',
});
export const ChecksumValue = Type.String({ minLength: 4, maxLength: 64, description: 'Checksum in base64.' });

/** A stored checksum: of all bytes, or of the parts' checksums with `-N` behind it. */
export const Checksum = Type.Object({ algorithm: ChecksumAlgorithm, type: ChecksumType, value: ChecksumValue }, closed);

/** The headers and user metadata that are kept with an object. */
export const stored = {
  contentType: Type.Optional(Text),
  contentEncoding: Type.Optional(Text),
  contentDisposition: Type.Optional(Text),
  contentLanguage: Type.Optional(Text),
  cacheControl: Type.Optional(Text),
  expires: Type.Optional(Text),
  websiteRedirect: Type.Optional(Type.String({ maxLength: 2048, description: 'Where a website sends who asks for the object.' })),
  metadata: Type.Optional(
    personal(
      Type.Record(Type.String({ minLength: 1, maxLength: headerValueMax }), Text, {
        maxProperties: metadataNamesMax,
        description: 'User metadata.',
      }),
      beside,
    ),
  ),
};

/** What the sender says of the bytes to come; a body that differs is refused. */
export const expected = {
  size: Type.Optional(Type.Integer({ minimum: 0, description: 'Bytes of the body; fewer or more are refused.' })),
  md5: Type.Optional(Type.String({ maxLength: 64, description: 'MD5 of the body in base64.' })),
  sha256: Type.Optional(Type.String({ maxLength: 64, pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the body in hexadecimal.' })),
  checksumAlgorithm: Type.Optional(ChecksumAlgorithm),
  checksum: Type.Optional(ChecksumValue),
};

/** RFC 9110 13.1: lists of entity tags without quotes, '*' for any. */
const EntityTags = Type.Array(ETag, { maxItems: 100 });
export const conditionalRead = {
  ifMatch: Type.Optional(EntityTags),
  ifNoneMatch: Type.Optional(EntityTags),
  ifModifiedSince: Type.Optional(Time),
  ifUnmodifiedSince: Type.Optional(Time),
};
export const conditionalWrite = { ifMatch: Type.Optional(EntityTags), ifNoneMatch: Type.Optional(EntityTags) };

export const VersionId = Type.String({ minLength: 1, maxLength: 64, description: 'A version of the object; "null" is the one without.' });
export const Tags = personal(
  Type.Record(Type.String({ minLength: 1, maxLength: tagKeyMax }), Type.String({ maxLength: tagValueMax }), {
    maxProperties: bucketTagsMax,
    description: 'Tags by key.',
  }),
  beside,
);

export const Permission = Type.Enum(['FULL_CONTROL', 'READ', 'WRITE', 'READ_ACP', 'WRITE_ACP'], {
  description: 'What the grantee may do.',
});
/** Somebody and what they may do: an account by its id (`id`), a group by its address (`uri`), or an account by `email`. */
export const Grant = Type.Object(
  {
    id: Type.Optional(Type.String({ maxLength: 200 })),
    uri: Type.Optional(Type.String({ maxLength: 200 })),
    email: Type.Optional(personal(Type.String({ maxLength: 320 }), { purpose: 'to find who is meant', keep: 'resource' })),
    permission: Permission,
  },
  closed,
);
const CannedAcl = Type.Enum(
  [
    'private',
    'public-read',
    'public-read-write',
    'authenticated-read',
    'aws-exec-read',
    'bucket-owner-read',
    'bucket-owner-full-control',
    'log-delivery-write',
  ],
  { description: 'A list of grants by its name.' },
);
/** The grants asked for: by name, or one by one. */
export const acl = { cannedAcl: Type.Optional(CannedAcl), grants: Type.Optional(Type.Array(Grant, { maxItems: grantsMax })) };

export const StorageClass = Type.Enum(
  ['STANDARD', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'REDUCED_REDUNDANCY', 'GLACIER_IR', 'GLACIER', 'DEEP_ARCHIVE'],
  { description: 'Storage class: a simulated device profile.' },
);
export const LockMode = Type.Union([Type.Literal('GOVERNANCE'), Type.Literal('COMPLIANCE')], { description: 'How hard a retention is.' });
export const Encryption = Type.Object(
  {
    algorithm: Type.Union([Type.Literal('AES256'), Type.Literal('aws:kms')]),
    keyId: Type.Optional(Type.String({ maxLength: 2048, description: 'Name of the key, with aws:kms.' })),
    context: Type.Optional(Type.String({ maxLength: 8192 })),
  },
  { ...closed, description: 'Encryption at rest under a key of the platform.' },
);
/** The same as it is asked for: another algorithm is refused, but by the handler, when policies have had their say of it. */
const AskedEncryption = Type.Object({ ...Encryption.properties, algorithm: Type.String({ maxLength: 64 }) }, closed);
/** Encryption under a key that the customer brings with every request. */
export const CustomerKey = Type.String({ minLength: 44, maxLength: 44, description: 'A 256-bit AES key in base64.' });
export const customerKey = { customerKey: Type.Optional(CustomerKey) };

/** What a new object is given besides bytes and headers. */
export const traits = {
  tags: Type.Optional(Tags),
  ...acl,
  storageClass: Type.Optional(StorageClass),
  lockMode: Type.Optional(LockMode),
  lockUntil: Type.Optional(Time),
  legalHold: Type.Optional(Type.Boolean()),
  encryption: Type.Optional(AskedEncryption),
  customerAlgorithm: Type.Optional(Type.String({ maxLength: 64, description: "Algorithm of the customer's key; AES256 if not said." })),
  ...customerKey,
};
/** How the bytes are sealed at rest, as it is told. */
export const sealed = {
  encryption: Type.Optional(Encryption),
  customerKeyMd5: Type.Optional(Type.String({ description: "MD5 of the customer's key in base64." })),
};

/** All that is known of an object, in the words of S3. */
export const ObjectHead = Type.Object({
  key: Type.String(),
  etag: Type.String(),
  size: Type.Integer({ description: 'Bytes of the whole object.' }),
  lastModified: Time,
  ...stored,
  checksum: Type.Optional(Checksum),
  partsCount: Type.Optional(Type.Integer()),
  partChecksum: Type.Optional(Type.String({ description: 'Checksum of the part asked for.' })),
  versionId: Type.Optional(VersionId),
  tagCount: Type.Optional(Type.Integer()),
  storageClass: Type.Optional(StorageClass),
  lockMode: Type.Optional(LockMode),
  lockUntil: Type.Optional(Time),
  legalHold: Type.Optional(Type.Boolean()),
  expiration: Type.Optional(Type.Object({ at: Time, rule: Type.String() })),
  restore: Type.Optional(Type.Object({ ongoing: Type.Boolean(), until: Type.Optional(Time) })),
  ...sealed,
  notModified: Type.Optional(Type.Literal(true)),
  range: Type.Optional(Type.Object({ first: Type.Integer(), last: Type.Integer() })),
});

export const ObjectEntry = Type.Object({
  key: Type.String(),
  etag: Type.String(),
  size: Type.Integer(),
  lastModified: Time,
  checksumAlgorithm: Type.Optional(ChecksumAlgorithm),
  checksumType: Type.Optional(ChecksumType),
  storageClass: Type.Optional(StorageClass),
  owner: Type.Optional(Type.String({ description: 'Account of its owner.' })),
});
