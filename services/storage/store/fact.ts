import type { ResourceQuestion } from '#kernel/contract/implement.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import type { Facts } from '../domain/policy/condition.ts';
import { principalArn } from '../domain/policy/evaluate.ts';
import type { BucketRecord, ObjectRecord } from './record.ts';

/** What a bucket's rules look at in the inputs of operations. */
export type ObjectInput = {
  readonly key?: string;
  readonly versionId?: string;
  readonly prefix?: string;
  readonly delimiter?: string;
  readonly maxKeys?: number;
  readonly cannedAcl?: string;
  readonly tags?: Readonly<Record<string, string>> | readonly { readonly key: string; readonly value: string }[];
  readonly storageClass?: string;
  readonly encryption?: { readonly algorithm: string; readonly keyId?: string };
  readonly customerAlgorithm?: string;
  readonly customerKey?: string;
  readonly sourceBucket?: string;
  readonly sourceKey?: string;
  readonly lockMode?: string;
  readonly lockUntil?: number;
  readonly legalHold?: boolean;
  readonly ifMatch?: readonly string[];
  readonly ifNoneMatch?: readonly string[];
};

type Asked = { readonly bucket: BucketRecord; readonly question: ResourceQuestion; readonly object: ObjectRecord | undefined };

/** The condition keys of a call: those of the platform, those of S3 out of the input, and what the door saw. */
export function factsOf({ bucket, question, object }: Asked): Facts {
  const { caller, context } = question;
  const input = question.input as ObjectInput;
  const account = caller.face === 'anonymous' ? undefined : formatId(caller.scope);
  const tags = tagsOf(input.tags);
  const plain: Readonly<Record<string, string | number | boolean | undefined>> = {
    'aws:currenttime': new Date().toISOString(),
    'aws:epochtime': Math.floor(Date.now() / 1000),
    'aws:principalaccount': account,
    'aws:principalarn': principalArn({ account, name: caller.principal }),
    'aws:principaltype': account === undefined ? 'Anonymous' : 'User',
    'aws:userid': account === undefined ? undefined : caller.principal,
    'aws:username': account === undefined ? undefined : caller.principal,
    'aws:resourceaccount': formatId(bucket.scope),
    's3:resourceaccount': formatId(bucket.scope),
    's3:prefix': input.prefix,
    's3:delimiter': input.delimiter,
    's3:max-keys': input.maxKeys,
    's3:versionid': input.versionId,
    's3:x-amz-acl': input.cannedAcl,
    's3:x-amz-storage-class': input.storageClass,
    's3:x-amz-server-side-encryption': input.encryption?.algorithm,
    's3:x-amz-server-side-encryption-aws-kms-key-id': input.encryption?.keyId,
    's3:x-amz-server-side-encryption-customer-algorithm': input.customerAlgorithm ?? (input.customerKey && 'AES256'),
    's3:x-amz-copy-source': input.sourceBucket === undefined ? undefined : `${input.sourceBucket}/${input.sourceKey ?? ''}`,
    's3:object-lock-mode': input.lockMode,
    's3:object-lock-retain-until-date': input.lockUntil === undefined ? undefined : new Date(input.lockUntil).toISOString(),
    's3:object-lock-legal-hold': input.legalHold === undefined ? undefined : input.legalHold ? 'ON' : 'OFF',
    's3:if-match': input.ifMatch?.[0],
    's3:if-none-match': input.ifNoneMatch?.[0],
  };
  return (key) => {
    if (key.startsWith('s3:existingobjecttag/')) return object?.tags?.[key.slice('s3:existingobjecttag/'.length)];
    if (key.startsWith('s3:requestobjecttag/')) return tags?.[key.slice('s3:requestobjecttag/'.length)];
    if (key === 's3:requestobjecttagkeys') return tags && Object.keys(tags);
    const value = plain[key] ?? context[key];
    return value === undefined ? undefined : String(value);
  };
}

function tagsOf(tags: ObjectInput['tags']): Readonly<Record<string, string>> | undefined {
  if (!Array.isArray(tags)) return tags as Readonly<Record<string, string>> | undefined;
  return Object.fromEntries((tags as readonly { key: string; value: string }[]).map(({ key, value }) => [key, value]));
}
