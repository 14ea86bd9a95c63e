import { createHash } from 'node:crypto';
import type { Input } from '#kernel/contract/contract.ts';
import { decode, readQuery } from '#wire/sigv4/canonical.ts';
import type { storage } from '../../service.ts';
import { storageClasses, type StorageClass } from '../../domain/storage-class.ts';
import { dropUndefined } from './condition.ts';
import { refuse } from './errors.ts';
import { header, type S3Request } from './request.ts';

type PutInput = Input<typeof storage, 'PutObject'>;
export type AclInput = Pick<PutInput, 'cannedAcl' | 'grants'>;
export type TraitInput = Pick<
  PutInput,
  | 'tags'
  | 'cannedAcl'
  | 'grants'
  | 'storageClass'
  | 'lockMode'
  | 'lockUntil'
  | 'legalHold'
  | 'encryption'
  | 'customerAlgorithm'
  | 'customerKey'
>;

const canned = [
  'private',
  'public-read',
  'public-read-write',
  'authenticated-read',
  'aws-exec-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
  'log-delivery-write',
] as const;

const grantHeaders = {
  'x-amz-grant-full-control': 'FULL_CONTROL',
  'x-amz-grant-read': 'READ',
  'x-amz-grant-write': 'WRITE',
  'x-amz-grant-read-acp': 'READ_ACP',
  'x-amz-grant-write-acp': 'WRITE_ACP',
} as const;

function refuseArgument(name: string, value: string, text?: string): never {
  throw refuse('InvalidArgument', text ?? `The value of ${name} is not valid.`, { ArgumentName: name, ArgumentValue: value });
}

/** Grants asked for in headers: by a name, or one by one. */
export function aclHeaders(request: S3Request): AclInput {
  const name = header(request, 'x-amz-acl');
  const cannedAcl = canned.find((one) => one === name);
  if (name !== undefined && cannedAcl === undefined) refuseArgument('x-amz-acl', name);
  const grants = Object.entries(grantHeaders).flatMap(([head, permission]) =>
    (header(request, head) ?? '').split(',').flatMap((piece) => {
      if (piece.trim() === '') return [];
      const [, kind = '', value = ''] = /^\s*(id|uri|emailAddress)\s*=\s*"?([^"]*)"?\s*$/i.exec(piece) ?? refuseArgument(head, piece);
      const field = kind.toLowerCase() === 'emailaddress' ? 'email' : kind.toLowerCase();
      return [{ [field]: value, permission }];
    }),
  );
  return dropUndefined({ cannedAcl, grants: grants.length > 0 ? (grants as NonNullable<AclInput['grants']>) : undefined });
}

/** Tags in a header: a query string. */
function tagHeader(request: S3Request): Record<string, string> | undefined {
  const text = header(request, 'x-amz-tagging');
  if (text === undefined || text === '') return undefined;
  const tags: Record<string, string> = {};
  for (const [name, value] of readQuery(text) ?? refuseArgument('x-amz-tagging', text)) {
    const key = decode(name) ?? '';
    if (Object.hasOwn(tags, key)) refuseArgument('x-amz-tagging', text);
    tags[key] = decode(value) ?? '';
  }
  return tags;
}

function classHeader(request: S3Request): StorageClass | undefined {
  const name = header(request, 'x-amz-storage-class');
  if (name === undefined) return undefined;
  return storageClasses.find((one) => one === name) ?? refuseClass();
}

function refuseClass(): never {
  throw refuse('InvalidStorageClass');
}

function lockHeaders(request: S3Request): Pick<TraitInput, 'lockMode' | 'lockUntil' | 'legalHold'> {
  const mode = header(request, 'x-amz-object-lock-mode');
  const until = header(request, 'x-amz-object-lock-retain-until-date');
  const hold = header(request, 'x-amz-object-lock-legal-hold');
  if (mode !== undefined && mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE')
    refuseArgument('x-amz-object-lock-mode', mode, 'Unknown wormMode directive.');
  if (hold !== undefined && hold !== 'ON' && hold !== 'OFF')
    refuseArgument('x-amz-object-lock-legal-hold', hold, 'Legal Hold must be either of "ON" or "OFF"');
  const at = until === undefined ? undefined : Date.parse(until);
  if (until !== undefined && Number.isNaN(at)) refuseArgument('x-amz-object-lock-retain-until-date', until);
  return dropUndefined({ lockMode: mode, lockUntil: at, legalHold: hold === undefined ? undefined : hold === 'ON' });
}

/** A key of the customer under a prefix of the header names, checked against its digest. */
export function customerKeyHeader(request: S3Request, prefix = 'x-amz-server-side-encryption-customer'): string | undefined {
  const algorithm = header(request, `${prefix}-algorithm`);
  const key = header(request, `${prefix}-key`);
  const digest = header(request, `${prefix}-key-md5`);
  if (algorithm === undefined && key === undefined && digest === undefined) return undefined;
  if (algorithm === undefined)
    throw refuse(
      'InvalidArgument',
      'Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm.',
    );
  if (algorithm !== 'AES256') throw refuse('InvalidEncryptionAlgorithm');
  if (key === undefined)
    throw refuse(
      'InvalidArgument',
      'Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key.',
    );
  const bytes = Buffer.from(key, 'base64');
  if (bytes.length !== 32 || bytes.toString('base64') !== key)
    throw refuse('InvalidArgument', 'The secret key was invalid for the specified algorithm.');
  if (digest === undefined)
    throw refuse(
      'InvalidArgument',
      'Requests specifying Server Side Encryption with Customer provided keys must provide the client calculated MD5 of the secret key.',
    );
  if (createHash('md5').update(bytes).digest('base64') !== digest)
    throw refuse('InvalidArgument', 'The calculated MD5 hash of the key did not match the hash that was provided.');
  return key;
}

function encryptionHeaders(request: S3Request): Pick<TraitInput, 'encryption' | 'customerAlgorithm' | 'customerKey'> {
  const algorithm = header(request, 'x-amz-server-side-encryption');
  const keyId = header(request, 'x-amz-server-side-encryption-aws-kms-key-id');
  const context = header(request, 'x-amz-server-side-encryption-context');
  const customerAlgorithm = header(request, 'x-amz-server-side-encryption-customer-algorithm')?.slice(0, 64);
  // Whether an unknown algorithm is denied or refused is for the bucket's policy to say first.
  if (algorithm === undefined && customerAlgorithm !== undefined && customerAlgorithm !== 'AES256') return { customerAlgorithm };
  const customerKey = customerKeyHeader(request);
  if (algorithm !== undefined && customerKey !== undefined)
    throw refuse(
      'InvalidArgument',
      'Server Side Encryption with Customer provided key is incompatible with the encryption method specified',
    );
  if (algorithm === undefined) {
    if (keyId !== undefined)
      throw refuse(
        'InvalidArgument',
        'Server Side Encryption with KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
      );
    return dropUndefined({ customerKey });
  }
  if (algorithm === 'aws:kms:dsse') throw refuse('NotImplemented', 'Double encryption is not implemented.');
  if (algorithm.length > 64) refuseArgument('x-amz-server-side-encryption', algorithm, 'The encryption method specified is not supported');
  if (algorithm === 'AES256' && keyId !== undefined)
    throw refuse(
      'InvalidArgument',
      'Server Side Encryption with KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
    );
  return { encryption: { algorithm, ...dropUndefined({ keyId, context }) } };
}

/** What headers give a new object besides its metadata. */
export function traitHeaders(request: S3Request): TraitInput {
  return dropUndefined({
    tags: tagHeader(request),
    ...aclHeaders(request),
    storageClass: classHeader(request),
    ...lockHeaders(request),
    ...encryptionHeaders(request),
  });
}
