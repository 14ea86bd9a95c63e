import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as s3 from '@aws-sdk/client-s3';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
let client: s3.S3Client;

before(async () => {
  house = await openHouse();
  client = house.client();
});
after(() => house.stop());

const put = (Bucket: string, Key: string, Body: string, more: Partial<s3.PutObjectCommandInput> = {}) =>
  client.send(new s3.PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = async (Bucket: string, Key: string, VersionId?: string) =>
  (await client.send(new s3.GetObjectCommand({ Bucket, Key, VersionId }))).Body!.transformToString();
const codeOf = async (sent: Promise<unknown>): Promise<string> => {
  try {
    await sent;
    return 'accepted';
  } catch (error) {
    return (error as Error).name;
  }
};
const kmsOf = (SSEKMSKeyId: string) => ({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId }) as const;
const versioned = async (Bucket: string, Status: 'Enabled' | 'Suspended') =>
  client.send(new s3.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));

test('versions, delete markers and the null version are kept, listed and taken away one by one', async () => {
  const Bucket = 'versions';
  await client.send(new s3.CreateBucketCommand({ Bucket }));
  await put(Bucket, 'k', 'null');
  await versioned(Bucket, 'Enabled');
  const one = await put(Bucket, 'k', 'one');
  const two = await put(Bucket, 'k', 'two');
  const marker = await client.send(new s3.DeleteObjectCommand({ Bucket, Key: 'k' }));
  assert.equal(marker.DeleteMarker, true);
  assert.equal(await codeOf(get(Bucket, 'k')), 'NoSuchKey');
  assert.equal(await get(Bucket, 'k', one.VersionId), 'one');
  assert.equal(await get(Bucket, 'k', 'null'), 'null');
  const { Versions = [], DeleteMarkers = [] } = await client.send(new s3.ListObjectVersionsCommand({ Bucket }));
  assert.deepEqual(
    Versions.map(({ VersionId, IsLatest }) => [VersionId, IsLatest]),
    [
      [two.VersionId, false],
      [one.VersionId, false],
      ['null', false],
    ],
  );
  assert.deepEqual(
    DeleteMarkers.map(({ VersionId, IsLatest }) => [VersionId, IsLatest]),
    [[marker.VersionId, true]],
  );
  const pages: string[] = [];
  for (let at: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {}; at; ) {
    const page: s3.ListObjectVersionsCommandOutput = await client.send(new s3.ListObjectVersionsCommand({ Bucket, MaxKeys: 1, ...at }));
    pages.push(...[...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ VersionId }) => VersionId!));
    at = page.IsTruncated ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker } : undefined;
  }
  assert.deepEqual(pages, [marker.VersionId, two.VersionId, one.VersionId, 'null']);
  await client.send(new s3.DeleteObjectCommand({ Bucket, Key: 'k', VersionId: marker.VersionId }));
  assert.equal(await get(Bucket, 'k'), 'two');
  await versioned(Bucket, 'Suspended');
  assert.equal((await put(Bucket, 'k', 'null again')).VersionId, 'null');
  const copied = await client.send(new s3.CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/k` }));
  assert.deepEqual([copied.VersionId, copied.CopySourceVersionId], ['null', 'null']);
  await client.send(new s3.DeleteObjectCommand({ Bucket, Key: 'copy', VersionId: 'null' }));
  assert.equal((await client.send(new s3.ListObjectVersionsCommand({ Bucket }))).Versions?.length, 3);
  assert.equal(await codeOf(client.send(new s3.DeleteBucketCommand({ Bucket }))), 'BucketNotEmpty');
});

test('a locked version outlives everybody until its time, a governed one those who may not pass it over', async () => {
  const Bucket = 'locked';
  await client.send(new s3.CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  const until = new Date(Date.now() + 86_400_000);
  const governed = await put(Bucket, 'g', 'x', { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: until });
  const hard = await put(Bucket, 'c', 'x', { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: until });
  const held = await put(Bucket, 'h', 'x', { ObjectLockLegalHoldStatus: 'ON' });
  const remove = (Key: string, VersionId: string | undefined, BypassGovernanceRetention?: boolean) =>
    codeOf(client.send(new s3.DeleteObjectCommand({ Bucket, Key, VersionId, BypassGovernanceRetention })));
  assert.equal(await remove('g', governed.VersionId), 'AccessDenied');
  assert.equal(await remove('g', governed.VersionId, true), 'accepted');
  assert.equal(await remove('c', hard.VersionId, true), 'AccessDenied');
  assert.equal(await remove('h', held.VersionId, true), 'AccessDenied');
  await client.send(new s3.PutObjectLegalHoldCommand({ Bucket, Key: 'h', LegalHold: { Status: 'OFF' } }));
  assert.equal(await remove('h', held.VersionId), 'accepted');
});

test('a sealed object is whole for who has the key, in ranges too, and nothing for anybody else', async () => {
  const Bucket = 'sealed';
  await client.send(new s3.CreateBucketCommand({ Bucket }));
  const body = 'sealed'.repeat(50_000);
  const { ServerSideEncryption } = await put(Bucket, 's3', body, { ServerSideEncryption: 'AES256' });
  assert.equal(ServerSideEncryption, 'AES256');
  assert.equal(await get(Bucket, 's3'), body);
  const key = Buffer.alloc(32, 7);
  const customer = {
    SSECustomerAlgorithm: 'AES256',
    SSECustomerKey: key.toString('base64'),
    SSECustomerKeyMD5: createHash('md5').update(key).digest('base64'),
  };
  await put(Bucket, 'c', body, customer);
  assert.notEqual(await codeOf(get(Bucket, 'c')), 'accepted');
  const range = await client.send(new s3.GetObjectCommand({ Bucket, Key: 'c', ...customer, Range: 'bytes=65530-131080' }));
  assert.equal(await range.Body!.transformToString(), body.slice(65_530, 131_081));
  const copy = { Bucket, Key: 'open', CopySource: `${Bucket}/c`, CopySourceSSECustomerAlgorithm: 'AES256' };
  const source = { CopySourceSSECustomerKey: customer.SSECustomerKey, CopySourceSSECustomerKeyMD5: customer.SSECustomerKeyMD5 };
  await client.send(new s3.CopyObjectCommand({ ...copy, ...source }));
  assert.equal(await get(Bucket, 'open'), body);
});

test('SSE-KMS seals under the key it names, and a key that is disabled or gone is told as S3 does', async () => {
  const Bucket = 'named-keys';
  await client.send(new s3.CreateBucketCommand({ Bucket }));
  const made = await house.call('POST', '/v1/platform/keys', { name: 'photos' });
  const { arn } = made.body.spec as { arn: string };
  const key = (verb: string, input = {}) => house.call('POST', `/v1/platform/keys/photos/${verb}`, input);
  const kms = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: arn } as const;
  const body = 'under a key '.repeat(20_000);
  assert.equal((await put(Bucket, 'asked', body, kms)).SSEKMSKeyId, arn);
  const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID: arn } };
  await client.send(new s3.PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules: [rule] } }));
  assert.equal((await put(Bucket, 'by default', body)).SSEKMSKeyId, arn);
  await put(Bucket, 'own', body, { ServerSideEncryption: 'AES256' });
  await key('rotate-key');
  assert.equal(await get(Bucket, 'asked'), body);
  assert.equal(await codeOf(put(Bucket, 'x', body, { ...kms, SSEKMSKeyId: `${arn.slice(0, -1)}!` })), 'KMS.NotFoundException');
  assert.equal(await codeOf(put(Bucket, 'x', body, { ...kms, SSEKMSKeyId: '0000000000abc' })), 'KMS.NotFoundException');
  await key('disable-key');
  assert.equal(await codeOf(get(Bucket, 'asked')), 'KMS.DisabledException');
  assert.equal(await codeOf(put(Bucket, 'x', body)), 'KMS.DisabledException');
  assert.equal(await get(Bucket, 'own'), body);
  await key('enable-key');
  assert.equal(await get(Bucket, 'by default'), body);
  await key('schedule-key-destruction', { afterMs: 0 });
  assert.equal(await codeOf(get(Bucket, 'by default')), 'KMS.KMSInvalidStateException');
});

test('who names a key must be allowed to use it: by role, unless a policy on the key says otherwise', async () => {
  const Bucket = 'used-keys';
  await client.send(new s3.CreateBucketCommand({ Bucket }));
  const made = await house.call('POST', '/v1/platform/keys', { name: 'payroll' });
  const { arn } = made.body.spec as { arn: string };
  const editor = house.client((await house.credential({ role: 'editor' })).s3);
  const admin = await house.credential({ role: 'admin' });
  const mine = house.client(admin.s3);
  const store = (SSEKMSKeyId?: string, by = mine) =>
    codeOf(
      by.send(
        new s3.PutObjectCommand({ Bucket, Key: 'k', Body: 'x', ...(SSEKMSKeyId ? { ServerSideEncryption: 'aws:kms', SSEKMSKeyId } : {}) }),
      ),
    );
  const policy = async (name: string, text: string) => {
    const { status, body } = await house.call('POST', '/v1/platform/policies', { name, text });
    assert.equal(status, 201, JSON.stringify(body));
  };
  const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID: arn } };
  const byDefault = (by: s3.S3Client) =>
    codeOf(by.send(new s3.PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules: [rule] } })));
  assert.equal(await store(arn), 'accepted');
  assert.equal(await store(arn, editor), 'accepted');
  assert.equal(await byDefault(mine), 'accepted');
  await client.send(new s3.DeleteBucketEncryptionCommand({ Bucket }));
  const onKey = 'action == platform::Action::"UseKey", resource == platform::Key::"payroll"';
  await policy('not-payroll', `forbid (principal == Gamut::Principal::"service-${admin.id}", ${onKey});`);
  assert.equal(await store(arn), 'AccessDenied');
  assert.equal(await store(arn.split('/')[1]), 'AccessDenied', 'by its id it is the same key');
  assert.equal(await codeOf(mine.send(new s3.CreateMultipartUploadCommand({ Bucket, Key: 'm', ...kmsOf(arn) }))), 'AccessDenied');
  assert.equal(
    await codeOf(mine.send(new s3.CopyObjectCommand({ Bucket, Key: 'c', CopySource: `${Bucket}/k`, ...kmsOf(arn) }))),
    'AccessDenied',
  );
  assert.equal(await byDefault(mine), 'AccessDenied');
  assert.equal(await store(), 'accepted');
  assert.equal(await byDefault(client), 'accepted');
  assert.equal(await store(), 'accepted', 'what a bucket does by default its owner decided');
  const role = await house.call('POST', '/v1/platform/custom-roles', { name: 'uploader', operations: ['storage.PutObject'] });
  assert.equal(role.status, 201, JSON.stringify(role.body));
  const uploader = await house.credential({ role: 'uploader' });
  const theirs = house.client(uploader.s3);
  assert.equal(await store(undefined, theirs), 'accepted');
  assert.equal(await store(arn, theirs), 'AccessDenied');
  await policy('payroll', `permit (principal == Gamut::Principal::"service-${uploader.id}", ${onKey});`);
  assert.equal(await store(arn, theirs), 'accepted');
  const other = await house.tenant('key-thief');
  const thief = house.client((await house.credential({}, other)).s3);
  const grant = { Effect: 'Allow', Principal: '*', Action: 's3:PutObject', Resource: `arn:aws:s3:::${Bucket}/*` };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [grant] });
  await client.send(new s3.DeletePublicAccessBlockCommand({ Bucket }));
  await client.send(new s3.PutBucketPolicyCommand({ Bucket, Policy }));
  assert.equal(await store(undefined, thief), 'accepted');
  assert.equal(await store(arn, thief), 'AccessDenied', 'a key is named by those of its organization');
});

test('nothing of an object lies in the clear, inline, packed or in shards, nor of a copy or a part of it', async () => {
  const Bucket = 'sealed-by-default';
  await client.send(new s3.CreateBucketCommand({ Bucket }));
  const mark = 'PLAINLY-TO-BE-SEEN';
  const sizes = { inline: 10, packed: 1000, shards: 350_000 };
  for (const [Key, times] of Object.entries(sizes)) {
    await put(Bucket, Key, mark.repeat(times));
    await client.send(new s3.CopyObjectCommand({ Bucket, Key: `${Key} again`, CopySource: `${Bucket}/${Key}` }));
  }
  const { UploadId } = await client.send(new s3.CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
  const source = { Bucket, Key: 'parts', UploadId, CopySource: `${Bucket}/shards` };
  await client.send(new s3.UploadPartCopyCommand({ ...source, PartNumber: 1 }));
  await client.send(new s3.UploadPartCopyCommand({ ...source, PartNumber: 2, CopySourceRange: 'bytes=18-65553' }));
  const { Parts = [] } = await client.send(new s3.ListPartsCommand({ Bucket, Key: 'parts', UploadId }));
  const MultipartUpload = { Parts: Parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag })) };
  await client.send(new s3.CompleteMultipartUploadCommand({ Bucket, Key: 'parts', UploadId, MultipartUpload }));
  assert.equal(await get(Bucket, 'parts'), mark.repeat(350_000) + mark.repeat(3642).slice(0, 65_536));
  for (const path of readdirSync(join(house.data, 'service', 'storage'), { recursive: true, withFileTypes: true })) {
    if (!path.isFile()) continue;
    const bytes = readFileSync(join(path.parentPath, path.name));
    assert.ok(!bytes.includes(mark), `${path.name} has it in the clear`);
  }
  for (const [Key, times] of Object.entries(sizes)) {
    assert.equal(await get(Bucket, `${Key} again`), mark.repeat(times));
    const range = await client.send(new s3.GetObjectCommand({ Bucket, Key, Range: 'bytes=18-53' }));
    assert.equal(await range.Body!.transformToString(), mark.repeat(2));
  }
});
