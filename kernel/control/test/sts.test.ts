import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CreateBucketCommand, GetObjectCommand, ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { AssumeRoleCommand, GetCallerIdentityCommand, GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts';
import { type Faces, type House, openHouse } from '../../session/test/fixture/house.ts';

type Pair = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
const Bucket = 'sts-photos';
let house: House;
let editor: Faces;
before(async () => {
  house = await openHouse({ services: ['storage'] });
  editor = await house.credential({ role: 'admin' });
  await s3Of(editor.s3).send(new CreateBucketCommand({ Bucket }));
});
after(() => house.stop());

const once = { region: 'us-east-1', maxAttempts: 1 } as const;
const stsOf = (credentials: Pair) => new STSClient({ ...once, endpoint: house.platform.doors['storage.sts']?.url ?? '', credentials });
const s3Of = (credentials: Pair) =>
  new S3Client({ ...once, endpoint: house.platform.doors['storage.s3']?.url ?? '', forcePathStyle: true, credentials });

function pairOf(made: { Credentials?: { AccessKeyId?: string; SecretAccessKey?: string; SessionToken?: string } }) {
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = made.Credentials ?? {};
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

async function accountOf(credentials: Pair): Promise<string> {
  return (await stsOf(credentials).send(new GetCallerIdentityCommand())).Account ?? '';
}

test('GetCallerIdentity names the account, the principal and the credential', async () => {
  const said = await stsOf(editor.s3).send(new GetCallerIdentityCommand());
  assert.match(said.Account ?? '', /^\d{12}$/);
  assert.equal(said.Arn, `arn:aws:iam::${said.Account}:user/service-${editor.id}`);
  assert.equal(said.UserId, editor.id);
  const wrong = stsOf({ ...editor.s3, secretAccessKey: 'x'.repeat(40) }).send(new GetCallerIdentityCommand());
  await assert.rejects(wrong, { name: 'SignatureDoesNotMatch' });
  const unknown = stsOf({ accessKeyId: 'GMTA0000000000000000', secretAccessKey: 'x' }).send(new GetCallerIdentityCommand());
  await assert.rejects(unknown, { name: 'InvalidClientTokenId' });
});

test('AssumeRole gives a key pair with that role, good in S3 only together with its token', async () => {
  const account = await accountOf(editor.s3);
  const RoleArn = `arn:aws:iam::${account}:role/reader`;
  const made = await stsOf(editor.s3).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'audit', DurationSeconds: 900 }));
  const pair = pairOf(made);
  const life = (made.Credentials?.Expiration?.getTime() ?? 0) - Date.now();
  assert.ok(life > 800_000 && life <= 901_000, `${life}`);
  assert.equal(made.AssumedRoleUser?.Arn, `arn:aws:sts::${account}:assumed-role/reader/audit`);
  const said = await stsOf(pair).send(new GetCallerIdentityCommand());
  assert.equal(said.Arn, `arn:aws:sts::${account}:assumed-role/reader/audit`);
  await s3Of(pair).send(new ListBucketsCommand());
  await assert.rejects(s3Of(pair).send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'a' })), { name: 'AccessDenied' });
  const { sessionToken, ...bare } = pair;
  await assert.rejects(s3Of(bare).send(new ListBucketsCommand()), { name: 'InvalidToken' });
  await assert.rejects(s3Of({ ...bare, sessionToken: `${sessionToken}x` }).send(new ListBucketsCommand()), { name: 'InvalidToken' });
  await assert.rejects(s3Of({ ...editor.s3, sessionToken }).send(new ListBucketsCommand()), { name: 'InvalidToken' });
});

test('a session token carries the rights of its caller, into streams and presigned addresses', async () => {
  const pair = pairOf(await stsOf(editor.s3).send(new GetSessionTokenCommand({})));
  const client = s3Of(pair);
  await client.send(new PutObjectCommand({ Bucket, Key: 'b', Body: 'bread' }));
  const url = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'b' }));
  assert.equal(await (await fetch(url)).text(), 'bread');
  const without = url.replace(/X-Amz-Security-Token=[^&]+&/, '');
  assert.notEqual(without, url);
  assert.notEqual((await fetch(without)).status, 200);
  await assert.rejects(stsOf(pair).send(new GetSessionTokenCommand({})), { name: 'AccessDenied' });
});

test('nobody assumes more than they have, another account, or what is not there', async () => {
  const reader = await house.credential({ role: 'reader' });
  const account = await accountOf(reader.s3);
  const assume = (RoleArn: string, more: object = {}) =>
    stsOf(reader.s3).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'more', ...more }));
  await assert.rejects(assume(`arn:aws:iam::${account}:role/admin`), { name: 'AccessDenied' });
  await assert.rejects(assume(`arn:aws:iam::${account}:role/operator`), { name: 'AccessDenied' });
  await assert.rejects(assume('arn:aws:iam::000000000001:role/reader'), { name: 'AccessDenied' });
  await assert.rejects(assume(`arn:aws:iam::${account}:role/nobody`), { name: 'AccessDenied' });
  await assert.rejects(assume('reader'), { name: 'ValidationError' });
  await assert.rejects(assume(`arn:aws:iam::${account}:role/reader`, { DurationSeconds: 60 }), { name: 'ValidationError' });
  await assert.rejects(assume(`arn:aws:iam::${account}:role/reader`, { Policy: '{}' }), { name: 'NotImplemented' });
});

test('revoking a credential ends what was derived from it', async () => {
  const parent = await house.credential({ role: 'editor' });
  const pair = pairOf(await stsOf(parent.s3).send(new GetSessionTokenCommand({})));
  await s3Of(pair).send(new ListBucketsCommand());
  await house.call('POST', `/v1/platform/credentials/${parent.id}/revoke-credential`, {});
  await assert.rejects(s3Of(pair).send(new ListBucketsCommand()), { name: 'InvalidAccessKeyId' });
});

test('what is no request of STS is told in its words', async () => {
  const url = house.platform.doors['storage.sts']?.url ?? '';
  const post = async (body: string) => {
    const reply = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    return { status: reply.status, text: await reply.text() };
  };
  const unsigned = await post('Action=GetCallerIdentity&Version=2011-06-15');
  assert.equal(unsigned.status, 403);
  assert.match(unsigned.text, /<Code>MissingAuthenticationToken<\/Code>/);
  assert.match((await post('Action=a&Action=b')).text, /<Code>MalformedQueryString<\/Code>/);
  assert.equal((await post(`Action=${'x'.repeat(100_000)}`)).status, 413);
});
