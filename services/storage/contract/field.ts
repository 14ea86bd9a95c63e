import Type from 'typebox';
import { headerValueMax, listKeysMax, metadataNamesMax, partNumberMax } from './limits.ts';

export const closed = { additionalProperties: false } as const;
export const everywhere = ['rest', 'cli', 'console'] as const;

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
  metadata: Type.Optional(
    Type.Record(Type.String({ minLength: 1, maxLength: headerValueMax }), Text, {
      maxProperties: metadataNamesMax,
      description: 'User metadata.',
    }),
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
const Tags = Type.Array(ETag, { maxItems: 100 });
export const conditionalRead = {
  ifMatch: Type.Optional(Tags),
  ifNoneMatch: Type.Optional(Tags),
  ifModifiedSince: Type.Optional(Time),
  ifUnmodifiedSince: Type.Optional(Time),
};
export const conditionalWrite = { ifMatch: Type.Optional(Tags), ifNoneMatch: Type.Optional(Tags) };

/** All that is known of an object, in the words of S3. */
export const ObjectHead = Type.Object({
  key: Type.String(),
  etag: Type.String(),
  size: Type.Integer({ description: 'Bytes of the whole object.' }),
  lastModified: Time,
  ...stored,
  checksum: Type.Optional(Checksum),
  partsCount: Type.Optional(Type.Integer()),
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
});
