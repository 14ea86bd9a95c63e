import type { Fault } from '#kernel/contract/fault.ts';

const no = (status: number, text: string): Fault => ({ status, retry: false, text });
const again = (status: number, text: string): Fault => ({ status, retry: true, text });

/** The operating errors of storage that the kernel's table lacks, by S3's own codes. */
export const errors = {
  NoSuchBucket: no(404, 'There is no such bucket.'),
  NoSuchKey: no(404, 'There is no such key.'),
  NoSuchUpload: no(404, 'There is no such multipart upload; it may have been completed or aborted.'),
  BucketAlreadyExists: no(409, 'The bucket name is taken; names are shared by everybody on this deployment.'),
  BucketAlreadyOwnedByYou: no(409, 'You have this bucket already.'),
  BucketNotEmpty: no(409, 'The bucket still holds objects.'),
  InvalidBucketName: no(400, 'The bucket name is not valid.'),
  IllegalLocationConstraint: no(400, 'The location named is not the region of this deployment.'),
  InvalidArgument: no(400, 'An argument is not valid.'),
  InvalidRequest: no(400, 'The request contradicts itself.'),
  InvalidDigest: no(400, 'The digest is not of the right form.'),
  BadDigest: no(400, 'The digest named differs from that of the bytes received.'),
  XAmzContentSHA256Mismatch: no(400, 'The x-amz-content-sha256 header differs from the digest of the bytes received.'),
  IncompleteBody: no(400, 'The body ended before the number of bytes that was named.'),
  InvalidPart: no(400, 'A part named was not uploaded or its ETag differs.'),
  InvalidPartOrder: no(400, 'The parts are not in ascending order of their numbers.'),
  InvalidPartNumber: no(416, 'The object has no part of this number.'),
  InvalidRange: no(416, 'The range lies outside the object.'),
  EntityTooSmall: no(400, 'A part other than the last is smaller than the least size of a part.'),
  EntityTooLarge: no(400, 'The object or part is larger than allowed.'),
  KeyTooLong: no(400, 'The key is longer than 1024 bytes of UTF-8.'),
  MetadataTooLarge: no(400, 'The user metadata is larger than allowed.'),
  MalformedXML: no(400, 'The XML of the body is malformed or not of the schema asked for.'),
  MissingContentLength: no(411, 'The Content-Length header is required.'),
  MalformedSignature: no(400, 'The signature of the request is not of the right form.'),
  ChunkSignature: no(403, 'The signature of a chunk of the body does not match.'),
  ConditionalConflict: again(409, 'Another request changed the key while this condition was decided.'),
  ObjectDamaged: again(500, 'The stored bytes do not agree with their checksum; they are not served.'),
  TooFewShards: again(503, 'Too many drives are away or damaged for the bytes to be made again; they are not served until some are back.'),
} as const satisfies Record<string, Fault>;
