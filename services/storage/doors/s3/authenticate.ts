import { fault, OperationError } from '#kernel/contract/fault.ts';
import type { Gate, Session } from '#kernel/contract/session.ts';
import { type PayloadForm, payloadForm } from '#wire/sigv4/payload.ts';
import { readLegacy } from '#wire/sigv2/sigv2.ts';
import { type ChunkProof, readSigned } from '#wire/sigv4/sigv4.ts';
import type { storage } from '../../service.ts';
import { refuse } from './errors.ts';
import { header, type S3Request } from './request.ts';

/** Who asks, what is said of the body, and what chunk signatures go on from. */
export type Identified = {
  readonly session: Session<typeof storage>;
  readonly form: PayloadForm;
  readonly proof?: ChunkProof;
  /** How the caller showed who they are. */
  readonly how: 'header' | 'query' | 'form' | 'none';
};

/** Verifies the signature (or the bearer token). With `open`, callers without a known credential are let in as the open face. */
export function authenticate(request: S3Request, gate: Gate<typeof storage>, open: boolean): Identified {
  const legacy = readLegacy(request, request.hostBucket);
  if (legacy) return identifyLegacy(request, gate, legacy);
  const signed = readSigned(request);
  if (signed?.form === 'malformed') throw refuse(signed.code, signed.text);
  if (!signed)
    return {
      session: unsigned(request, gate, open),
      form: declaredForm(request),
      how: request.headers.has('authorization') ? 'header' : 'none',
    };
  const how = signed.form === 'header' ? 'header' : 'query';
  const form = payloadForm(signed.payloadHash);
  try {
    const session = gate.present('sigv4', { signed });
    return { session, form: form ?? refuseForm(), proof: session.proof as ChunkProof, how };
  } catch (error) {
    // Chunks of an unknown signer cannot be checked; they are read for their bytes alone.
    if (open && refusedAs(error, 'unknown')) return { session: gate.present('open', {}), form: form ?? refuseForm(), how: 'none' };
    throw error;
  }
}

function unsigned(request: S3Request, gate: Gate<typeof storage>, open: boolean): Session<typeof storage> {
  const token = /^Bearer\s+(\S+)\s*$/i.exec(header(request, 'authorization') ?? '')?.[1];
  // Another process of the platform shows its short-lived token, which has two parts.
  if (token !== undefined) return gate.present(token.includes('.') ? 'service' : 'bearer', { token });
  if (open) return gate.present('open', {});
  return anonymous(request, gate);
}

/** A caller without credential is placed by the bucket: its owner decides what it may, and pays for it. */
export function anonymous(request: S3Request, gate: Gate<typeof storage>): Session<typeof storage> {
  if (request.bucket === '') throw refuse('AccessDenied');
  try {
    return gate.anonymous({ resource: request.bucket });
  } catch (error) {
    if (refusedAs(error, 'missing')) throw request.method === 'PUT' && request.key === '' ? refuse('AccessDenied') : fault('NoSuchBucket');
    throw error;
  }
}

function identifyLegacy(request: S3Request, gate: Gate<typeof storage>, legacy: NonNullable<ReturnType<typeof readLegacy>>): Identified {
  if (legacy.form === 'malformed') throw refuse(legacy.code, legacy.text);
  const session = gate.present('sigv4', { legacy });
  return { session, form: declaredForm(request), how: legacy.form === 'header' ? 'header' : 'query' };
}

/** What an unsigned request says of its body; a wrong saying is refused as in a signed one. */
function declaredForm(request: S3Request): PayloadForm {
  const said = header(request, 'x-amz-content-sha256');
  if (said === undefined) return { kind: 'unsigned' };
  return payloadForm(said) ?? refuseForm();
}

function refuseForm(): never {
  throw refuse(
    'InvalidArgument',
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, one of the STREAMING forms, or a SHA-256 in hexadecimal.',
  );
}

function refusedAs(error: unknown, reason: string): boolean {
  return error instanceof OperationError && error.code === 'Unauthenticated' && error.path === reason;
}
