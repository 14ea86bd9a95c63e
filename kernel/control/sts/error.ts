import { OperationError } from '../../contract/fault.ts';
import { type MalformedDialect, rawReply } from '../../listen/malformed.ts';
import { writeXml } from '#wire/xml/write.ts';

export const stsNamespace = { xmlns: 'https://sts.amazonaws.com/doc/2011-06-15/' };

/** An error in the words of the AWS query protocol. */
export type StsWorded = { readonly status: number; readonly code: string; readonly text: string };

/** A refusal that concerns the form of the request. */
export class StsError extends Error {
  override readonly name = 'StsError';
  readonly worded: StsWorded;

  constructor(status: number, code: string, text: string) {
    super(text);
    this.worded = { status, code, text };
  }
}

/** Why the face was refused, in AWS' words. */
const refusals: Readonly<Record<string, Omit<StsWorded, 'text'>>> = {
  missing: { status: 403, code: 'MissingAuthenticationToken' },
  unknown: { status: 403, code: 'InvalidClientTokenId' },
  revoked: { status: 403, code: 'InvalidClientTokenId' },
  token: { status: 403, code: 'InvalidClientTokenId' },
  signature: { status: 403, code: 'SignatureDoesNotMatch' },
  skew: { status: 403, code: 'SignatureDoesNotMatch' },
  region: { status: 403, code: 'SignatureDoesNotMatch' },
  expired: { status: 403, code: 'ExpiredToken' },
  malformed: { status: 400, code: 'IncompleteSignature' },
};

const dialect: Readonly<Record<string, Omit<StsWorded, 'text'>>> = {
  BadInput: { status: 400, code: 'ValidationError' },
  Denied: { status: 403, code: 'AccessDenied' },
  NotFound: { status: 403, code: 'AccessDenied' },
  TooLarge: { status: 413, code: 'RequestEntityTooLarge' },
  TooMany: { status: 400, code: 'Throttling' },
  QuotaExceeded: { status: 400, code: 'LimitExceeded' },
  NotImplemented: { status: 501, code: 'NotImplemented' },
};

/** Words what was thrown; undefined for a bug. */
export function wordStsError(error: unknown): StsWorded | undefined {
  if (error instanceof StsError) return error.worded;
  if (!(error instanceof OperationError)) return undefined;
  const face = error.code === 'Unauthenticated' || error.code === 'Expired' ? refusals[error.path ?? 'missing'] : undefined;
  const words = face ??
    dialect[error.code] ?? { status: error.retry ? 503 : error.status, code: error.retry ? 'ServiceUnavailable' : error.code };
  return { ...words, text: error.message };
}

export function stsErrorXml({ status, code, text }: StsWorded, requestId: string): string {
  const type = status >= 500 ? 'Receiver' : 'Sender';
  const told = ['Error', [['Type', type] as const, ['Code', code] as const, ['Message', text] as const]] as const;
  return writeXml(['ErrorResponse', [told, ['RequestId', requestId]], stsNamespace]);
}

/** What the HTTP parser refuses before this door sees a request. */
export const malformedSts: MalformedDialect = (code) => {
  const status = code === 'Internal' ? 500 : code === 'Timeout' ? 408 : 400;
  return rawReply(status, 'text/xml', stsErrorXml({ status, code: 'MalformedQueryString', text: 'The request cannot be read.' }, ''));
};
