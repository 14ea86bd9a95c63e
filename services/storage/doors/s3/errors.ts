import { OperationError } from '#kernel/contract/fault.ts';
import { rawReply, type MalformedDialect } from '#kernel/listen/malformed.ts';
import { ChunkError } from '#wire/aws-chunked/decoder.ts';
import { writeXml, type XmlNode } from '#wire/xml/write.ts';
import { XmlError } from '#wire/xml/read.ts';

/** An error as S3 words it. `more` are further elements, such as the region that was expected. */
export type Worded = {
  readonly status: number;
  readonly code: string;
  readonly text: string;
  readonly more?: Readonly<Record<string, string>>;
  readonly retryAfterSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A refusal that only this door knows: it concerns the form of the request, not the operation. */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly worded: Worded;

  constructor(worded: Worded) {
    super(worded.text);
    this.worded = worded;
  }
}

/** The codes that stand for the form of a request. */
const formErrors = {
  InvalidURI: [400, "Couldn't parse the specified URI."],
  InvalidArgument: [400, 'An argument is not valid.'],
  InvalidRequest: [400, 'The request is not valid.'],
  InvalidChunkSizeError: [400, 'The size of a chunk is not valid.'],
  MalformedTrailerError: [400, 'The request contained trailing data that was not well-formed or did not conform to our published schema.'],
  IncompleteBody: [400, 'You did not provide the number of bytes specified by the Content-Length HTTP header.'],
  MalformedXML: [400, 'The XML you provided was not well-formed or did not validate against our published schema.'],
  AuthorizationHeaderMalformed: [400, 'The authorization header is malformed.'],
  AuthorizationQueryParametersError: [400, 'The authorization query parameters are malformed.'],
  SignatureDoesNotMatch: [
    403,
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  ],
  AccessDenied: [403, 'Access Denied'],
  UnexpectedContent: [400, 'This request does not support content.'],
  MissingSecurityHeader: [400, 'Your request was missing a required header.'],
  MalformedACLError: [400, 'The XML you provided was not well-formed or did not validate against our published schema.'],
  MalformedPOSTRequest: [400, 'The body of your POST request is not well-formed multipart/form-data.'],
  InvalidPolicyDocument: [400, 'The content of the form does not meet the conditions specified in the policy document.'],
  EntityTooLarge: [400, 'Your proposed upload exceeds the maximum allowed size.'],
  EntityTooSmall: [400, 'Your proposed upload is smaller than the minimum allowed size.'],
  InvalidStorageClass: [400, 'The storage class you specified is not valid.'],
  InvalidEncryptionAlgorithm: [400, 'The encryption request you specified is not valid. The valid value is AES256.'],
  InvalidAccessKeyId: [403, 'The AWS Access Key Id you provided does not exist in our records.'],
  AccessForbidden: [403, 'CORSResponse: This CORS request is not allowed.'],
  BadRequest: [400, 'Insufficient information. Origin request header needed.'],
  NoSuchVersion: [404, 'The specified version does not exist.'],
  MethodNotAllowed: [405, 'The specified method is not allowed against this resource.'],
  MissingContentLength: [411, 'You must provide the Content-Length HTTP header.'],
  NotImplemented: [501, 'A header or query you provided implies functionality that is not implemented.'],
} as const satisfies Record<string, readonly [number, string]>;

export type FormCode = keyof typeof formErrors;

/** Builds the refusal of a code; `throw refuse('InvalidURI')`. */
export function refuse(code: FormCode, text?: string, more?: Readonly<Record<string, string>>): S3Error {
  const [status, usual] = formErrors[code];
  return new S3Error({ status, code, text: text ?? usual, ...(more ? { more } : {}) });
}

type Words = { readonly status?: number; readonly code: string; readonly text?: string };

/** Codes of the fault table that S3 words otherwise; all others have S3's own name and status already. */
const dialect: Readonly<Record<string, Words>> = {
  BadInput: { code: 'InvalidArgument' },
  Denied: { code: 'AccessDenied', text: 'Access Denied' },
  CrossSite: { code: 'AccessDenied' },
  Residency: { code: 'AccessDenied' },
  NotFound: { code: 'NoSuchBucket' },
  PreconditionFailed: { code: 'PreconditionFailed', text: 'At least one of the pre-conditions you specified did not hold' },
  NoSuchOperation: { status: 405, code: 'MethodNotAllowed' },
  NotImplemented: { status: 501, code: 'NotImplemented' },
  Timeout: { status: 400, code: 'RequestTimeout' },
  Conflict: { code: 'OperationAborted' },
  TooLarge: { status: 400, code: 'EntityTooLarge' },
  TooMany: { status: 503, code: 'SlowDown', text: 'Please reduce your request rate.' },
  StoreSilent: { code: 'SlowDown' },
  QuotaExceeded: { status: 400, code: 'TooManyBuckets', text: 'You have attempted to create more buckets than allowed.' },
  HeadersTooLarge: { status: 400, code: 'RequestHeaderSectionTooLarge' },
  Internal: { code: 'InternalError', text: 'We encountered an internal error. Please try again.' },
  Unavailable: { code: 'ServiceUnavailable' },
  Draining: { code: 'ServiceUnavailable' },
  JournalFull: { code: 'InsufficientStorage' },
  JournalFailed: { code: 'ServiceUnavailable' },
  DiskFull: { code: 'InsufficientStorage' },
  KeyTooLong: { code: 'KeyTooLongError' },
  IllegalLocationConstraint: { code: 'IllegalLocationConstraintException' },
  ConditionalConflict: { code: 'ConditionalRequestConflict' },
  ChunkSignature: { code: 'SignatureDoesNotMatch' },
  TooFewShards: { code: 'ServiceUnavailable' },
  SelectBusy: { code: 'Busy', text: 'The service is unavailable. Try again later.' },
  ObjectLocked: { code: 'AccessDenied', text: 'Access Denied because object protected by object lock.' },
  SseKeyRequired: { code: 'InvalidRequest' },
  SseKeyWrong: { status: 400, code: 'InvalidRequest', text: 'The key provided is not the one the object was stored with.' },
  KmsKeyNotFound: { code: 'KMS.NotFoundException' },
  KmsKeyDisabled: { code: 'KMS.DisabledException' },
  KmsKeyInvalidState: { code: 'KMS.KMSInvalidStateException' },
  KeyUnavailable: { status: 503, code: 'ServiceUnavailable' },
  KeyRefused: { status: 400, code: 'KMS.KMSInvalidStateException' },
  ObjectDamaged: { code: 'InternalError', text: 'The stored bytes do not agree with their checksum; they are not served.' },
};

/** Why a face was refused, in S3's words. */
const refusals: Readonly<Record<string, Words>> = {
  missing: { status: 403, code: 'AccessDenied', text: 'Access Denied' },
  unknown: { status: 403, code: 'InvalidAccessKeyId', text: 'The AWS Access Key Id you provided does not exist in our records.' },
  revoked: { status: 403, code: 'InvalidAccessKeyId', text: 'The AWS Access Key Id you provided does not exist in our records.' },
  signature: { status: 403, code: 'SignatureDoesNotMatch', text: formErrors.SignatureDoesNotMatch[1] },
  skew: { status: 403, code: 'RequestTimeTooSkewed', text: 'The difference between the request time and the current time is too large.' },
  expired: { status: 400, code: 'ExpiredToken', text: 'The provided token has expired.' },
  token: { status: 400, code: 'InvalidToken', text: 'The provided token is malformed or otherwise invalid.' },
  malformed: { status: 400, code: 'AuthorizationHeaderMalformed' },
  region: { status: 400, code: 'AuthorizationHeaderMalformed' },
};

/** How S3 names the condition of a request that did not hold, by where it stands in the input. */
const conditions: Readonly<Record<string, string>> = {
  '/ifMatch': 'If-Match',
  '/ifNoneMatch': 'If-None-Match',
  '/ifUnmodifiedSince': 'If-Unmodified-Since',
};

const internal: Worded = { status: 500, code: 'InternalError', text: 'We encountered an internal error. Please try again.' };

/** Words whatever was thrown; undefined for what is a bug, which the caller logs and tells as InternalError. */
export function wordError(error: unknown, region: string): Worded | undefined {
  if (error instanceof S3Error) return error.worded;
  if (error instanceof ChunkError) return { ...refuse(error.code).worded, text: error.message };
  if (error instanceof XmlError) return refuse('MalformedXML').worded;
  return error instanceof OperationError ? wordFault(error, region) : undefined;
}

export const internalError = internal;

function wordFault(error: OperationError, region: string): Worded {
  const { code, status, path, detail, message } = error;
  const retry = error.retryAfterMs === undefined ? {} : { retryAfterSeconds: Math.ceil(error.retryAfterMs / 1000) };
  const words = code === 'Unauthenticated' || code === 'Expired' ? (refusals[path ?? 'missing'] ?? refusals.missing!) : dialect[code];
  // A presigned address that is past its time is refused like any other right one lacks.
  if (code === 'Expired' && detail === 'Request has expired') return { status: 403, code: 'AccessDenied', text: detail };
  // Of what a query is refused for there are more codes than a table of faults should have.
  if (code === 'SelectRefused') return { status, code: path ?? 'InvalidRequest', text: message, ...retry };
  const marker = path?.startsWith('/deleteMarker/') ? path.slice('/deleteMarker/'.length) : undefined;
  const met: Pick<Worded, 'headers'> =
    marker !== undefined
      ? { headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker } }
      : code === 'NoSuchKey'
        ? { headers: { 'x-amz-delete-marker': 'false' } }
        : {};
  const condition = code === 'PreconditionFailed' ? conditions[path ?? ''] : undefined;
  const more: Pick<Worded, 'more'> =
    path === 'region'
      ? { more: { Region: region } }
      : condition
        ? { more: { Condition: condition } }
        : code === 'BadInput' && path
          ? { more: { ArgumentName: path.replace(/^\//, '') } }
          : {};
  return { status: words?.status ?? status, code: words?.code ?? code, text: words?.text ?? message, ...more, ...met, ...retry };
}

/** S3's code of one of the fault table. */
export function codeOf(code: string): string {
  return dialect[code]?.code ?? code;
}

/** The body of an error. */
export function errorXml({ code, text, more = {} }: Worded, resource: string, requestId: string, hostId: string): string {
  const extra = Object.entries(more).map(([name, value]): XmlNode => [name, value]);
  return writeXml([
    'Error',
    [['Code', code], ['Message', text], ...extra, ['Resource', resource], ['RequestId', requestId], ['HostId', hostId]],
  ]);
}

/** What the HTTP parser refuses before this door sees a request. */
export const malformedS3: MalformedDialect = (code) => {
  const { status, ...worded } =
    code === 'BadInput'
      ? { status: 400, code: 'BadRequest', text: 'An error occurred when parsing the HTTP request.' }
      : { ...internal, ...dialect[code], text: dialect[code]?.text ?? code, status: dialect[code]?.status ?? 500 };
  return rawReply(status, 'application/xml', errorXml({ ...worded, status }, '', '', ''));
};
