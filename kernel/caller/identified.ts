import { hash, timingSafeEqual } from 'node:crypto';
import type { Face } from '../contract/contract.ts';
import { fault, type OperationError } from '../contract/fault.ts';
import type { Snapshot } from '../snapshot/reader.ts';
import type { CredentialRecord, Generation } from '../snapshot/record.ts';

/** Who a face showed to be calling; ids are text. `environment` asks for another scope than the credential's own. */
export type Identified = {
  readonly tenant: string;
  readonly scope: string;
  readonly principal: string;
  readonly credential: string;
  readonly face: Face;
  readonly via?: string;
  readonly expiresAt?: number;
  readonly proof?: unknown;
};

/** Why a face was refused; doors word it in their dialect. */
export type Refusal = 'missing' | 'unknown' | 'signature' | 'skew' | 'expired' | 'revoked' | 'malformed' | 'region' | 'token';

const sentences: Record<Refusal, string> = {
  missing: 'The request shows no credential.',
  unknown: 'The credential is not known.',
  signature: 'The secret or signature is wrong.',
  skew: 'The signature was made too far from our clock.',
  expired: 'The credential or signature has expired.',
  revoked: 'The credential was revoked.',
  malformed: 'The credential is not in a form this face reads.',
  token: 'The session token is missing, or belongs to another credential.',
  region: 'The signature is for another region or service.',
};

/** The error of a refused face; its `path` is the refusal, which only doors look at. */
export function refuse(refusal: Refusal, detail?: string): OperationError {
  return fault(refusal === 'expired' ? 'Expired' : 'Unauthenticated', { path: refusal, detail: detail ?? sentences[refusal] });
}

/** The credential of an id, if it still stands. */
export function standing(snapshot: Snapshot, id: string, now: number): CredentialRecord {
  const credential = snapshot.get('credential', id);
  if (!credential) throw refuse('unknown');
  if (credential.revokedAt !== undefined) throw refuse('revoked');
  if (credential.expiresAt !== undefined && credential.expiresAt <= now) throw refuse('expired');
  return credential;
}

/** The generations that still count: the newest, and older ones until their overlap ends. */
export function generations(credential: CredentialRecord, now: number): Generation[] {
  return credential.generations.filter((generation) => generation.until === undefined || generation.until > now);
}

/** Compares a secret's SHA-256 with a verifier in constant time. */
export function secretMatches(secret: string, verifierHex: string): boolean {
  const shown = hash('sha256', secret, 'buffer');
  const known = Buffer.from(verifierHex, 'hex');
  return known.length === shown.length && timingSafeEqual(shown, known);
}

/** The identity a credential gives at a face. */
export function identityOf(credential: CredentialRecord, face: Face): Identified {
  const { tenant, scope, principal, id, expiresAt } = credential;
  return { tenant, scope, principal, credential: id, face, expiresAt };
}
