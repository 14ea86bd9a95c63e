import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as s3 from '@aws-sdk/client-s3';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
let owner: s3.S3Client;
let stranger: s3.S3Client;
const Bucket = 'shared-bucket';

before(async () => {
  house = await openHouse();
  owner = house.client();
  stranger = house.client((await house.credential({}, await house.tenant('neighbour'))).s3);
  await owner.send(new s3.CreateBucketCommand({ Bucket }));
});
after(() => house.stop());

const codeOf = async (sent: Promise<unknown>): Promise<string> => {
  try {
    await sent;
    return 'accepted';
  } catch (error) {
    return (error as Error).name;
  }
};
const read = (client: s3.S3Client, Key: string) => codeOf(client.send(new s3.GetObjectCommand({ Bucket, Key })));
const anonymously = async (path: string, init: RequestInit = {}) => (await fetch(`${house.s3}/${Bucket}${path}`, init)).status;
const allow = (Action: string, more: object = {}) =>
  owner.send(
    new s3.PutBucketPolicyCommand({
      Bucket,
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: '*', Action, Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`], ...more }],
      }),
    }),
  );

test('only what the owner gives crosses tenants: by policy, and by nothing else', async () => {
  await owner.send(new s3.PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
  assert.deepEqual([await read(stranger, 'k'), await anonymously('/k')], ['AccessDenied', 403]);
  await allow('s3:GetObject');
  assert.deepEqual([await read(stranger, 'k'), await anonymously('/k')], ['accepted', 200]);
  assert.equal(await codeOf(stranger.send(new s3.PutObjectCommand({ Bucket, Key: 'k', Body: 'y' }))), 'AccessDenied');
  assert.equal(await codeOf(stranger.send(new s3.DeleteBucketCommand({ Bucket }))), 'AccessDenied');
  assert.equal(await codeOf(stranger.send(new s3.PutBucketPolicyCommand({ Bucket, Policy: '{}' }))), 'AccessDenied');
  assert.deepEqual([await read(stranger, 'none'), await anonymously('/none')], ['AccessDenied', 403]);
  await allow('s3:GetObject', { Condition: { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } } });
  assert.equal(await read(stranger, 'k'), 'AccessDenied');
  await allow('s3:GetObject', { Effect: 'Deny' });
  assert.equal(await read(owner, 'k'), 'AccessDenied');
  await owner.send(new s3.DeleteBucketPolicyCommand({ Bucket }));
  assert.deepEqual([await read(owner, 'k'), await read(stranger, 'k'), await anonymously('/k')], ['accepted', 'AccessDenied', 403]);
});

test('grants let others in, and a block of public access shuts the public out again', async () => {
  await owner.send(new s3.PutObjectCommand({ Bucket, Key: 'public', Body: 'x', ACL: 'public-read' }));
  assert.deepEqual([await read(stranger, 'public'), await anonymously('/public')], ['accepted', 200]);
  await owner.send(new s3.PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: { IgnorePublicAcls: true } }));
  assert.deepEqual([await read(stranger, 'public'), await anonymously('/public')], ['AccessDenied', 403]);
  await owner.send(new s3.DeletePublicAccessBlockCommand({ Bucket }));
  assert.equal(await anonymously('?list-type=2'), 403);
  await owner.send(new s3.PutBucketAclCommand({ Bucket, ACL: 'public-read-write' }));
  assert.equal(await anonymously('?list-type=2'), 200);
  assert.equal(await anonymously('/written', { method: 'PUT', body: 'x' }), 200);
  await stranger.send(new s3.PutObjectCommand({ Bucket, Key: 'theirs', Body: 'mine' }));
  // An object is its writer's until they give it away.
  assert.deepEqual([await read(stranger, 'theirs'), await read(owner, 'theirs')], ['accepted', 'AccessDenied']);
  assert.equal(await codeOf(owner.send(new s3.DeleteObjectCommand({ Bucket, Key: 'theirs' }))), 'accepted');
});

test('a page of another site may ask what the rules let it, and no more', async () => {
  const CORSConfiguration = { CORSRules: [{ AllowedMethods: ['GET'], AllowedOrigins: ['https://*.example'] }] };
  await owner.send(new s3.PutBucketCorsCommand({ Bucket, CORSConfiguration }));
  const ask = (origin: string, method: string) =>
    fetch(`${house.s3}/${Bucket}/k`, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': method } });
  const good = await ask('https://app.example', 'GET');
  assert.deepEqual([good.status, good.headers.get('access-control-allow-origin')], [200, 'https://app.example']);
  assert.equal((await ask('https://app.example', 'PUT')).status, 403);
  assert.equal((await ask('https://evil.test', 'GET')).status, 403);
});
