import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import * as s3 from '@aws-sdk/client-s3';
import { type House, openHouse } from './fixtures/house.ts';
import { raw } from './fixtures/raw.ts';

let house: House;
let owner: s3.S3Client;
let stranger: s3.S3Client;
const Bucket = 'shared-bucket';

before(async () => {
  // Logs of requests are written a few times a minute where a day is this short.
  process.env.GAMUT_STORAGE_DAY_MS = '60000';
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
const organizationOf = (page: Record<string, unknown>, name: string): string | undefined => {
  const { items } = page as { items: { name: string; uid: string; spec: { title?: string } }[] };
  return items.find((one) => one.name === name || one.spec.title === name)?.uid;
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

test("a browser's form is held to its signed policy, the key as it will be and one property a condition, and answers as it asks", async () => {
  const { body } = await house.call('POST', '/v1/platform/credentials', { signatureV2: true });
  const { accessKeyId, secretAccessKey } = (body as unknown as { s3: { accessKeyId: string; secretAccessKey: string } }).s3;
  const send = (conditions: unknown[], fields: Record<string, string> = {}) => {
    const expiration = new Date(Date.now() + 600_000).toISOString();
    const policy = Buffer.from(JSON.stringify({ expiration, conditions: [{ bucket: Bucket }, ...conditions] })).toString('base64');
    const form = new FormData();
    const signature = createHmac('sha1', secretAccessKey).update(policy).digest('base64');
    const all = { key: 'form/${filename}', AWSAccessKeyId: accessKeyId, policy, signature, ...fields };
    for (const [name, value] of Object.entries(all)) form.append(name, value);
    form.append('file', new Blob(['from a form']), 'f.txt');
    return fetch(`${house.s3}/${Bucket}`, { method: 'POST', body: form });
  };
  const key = ['starts-with', '$key', 'form/f'];
  assert.equal((await send([key])).status, 204);
  const got = await owner.send(new s3.GetObjectCommand({ Bucket, Key: 'form/f.txt' }));
  assert.equal(await got.Body!.transformToString(), 'from a form');
  assert.equal((await send([['starts-with', '$key', 'form/g']])).status, 403);
  assert.equal((await send([key, {}])).status, 400);
  assert.equal((await send([{ key: 'form/f.txt', acl: 'private' }], { acl: 'private' })).status, 400);
  assert.equal((await send([key], { acl: 'private' })).status, 403);
  const told = await send([key, ['eq', '$success_action_status', '201']], { success_action_status: '201' });
  assert.equal(told.status, 201);
  assert.match(await told.text(), /<PostResponse><Location>[^<]*<\/Location><Bucket>shared-bucket<\/Bucket><Key>form\/f.txt<\/Key>/);
  // A checksum needs no condition: it only refuses more.
  const digest = createHash('sha256').update('from a form').digest('base64');
  assert.equal((await send([key], { 'x-amz-checksum-sha256': digest })).status, 204);
  assert.equal((await send([key], { 'x-amz-checksum-sha256': createHash('sha256').digest('base64') })).status, 400);
});

test('signature V2 counts for a bucket with and without the slash behind it, and for nothing else', async () => {
  const { body } = await house.call('POST', '/v1/platform/credentials', { signatureV2: true });
  const { accessKeyId, secretAccessKey } = (body as unknown as { s3: { accessKeyId: string; secretAccessKey: string } }).s3;
  const list = async (signed: string) => {
    const date = new Date().toUTCString();
    const signature = createHmac('sha1', secretAccessKey).update(`GET\n\n\n${date}\n${signed}`).digest('base64');
    const headers = { date, authorization: `AWS ${accessKeyId}:${signature}` };
    return (await raw(house.s3, { method: 'GET', path: `/${Bucket}`, headers })).status;
  };
  assert.deepEqual([await list(`/${Bucket}`), await list(`/${Bucket}/`), await list(`/${Bucket}/k`)], [200, 200, 403]);
});

test("a bucket is named with its owner's organization before it, and with no other", async () => {
  const { body } = await house.call('GET', '/v1/platform/organizations');
  const [own, other] = ['default', 'neighbour'].map((title) => organizationOf(body, title));
  assert.ok(own && other);
  const head = async (path: string) => (await raw(house.s3, { method: 'HEAD', path, pair: house.owner.s3 })).status;
  await owner.send(new s3.PutObjectCommand({ Bucket, Key: 'named', Body: 'x' }));
  const asked = [`/${own}:${Bucket}/named`, `/:${Bucket}/named`, `/${other}:${Bucket}/named`, `/x:${Bucket}/named`];
  assert.deepEqual(await Promise.all(asked.map(head)), [200, 200, 404, 404]);
  const copied = async (from: string) => {
    const headers = { 'x-amz-copy-source': `${from}:${Bucket}/named` };
    return (await raw(house.s3, { method: 'PUT', path: `/${Bucket}/copied`, headers, pair: house.owner.s3 })).status;
  };
  assert.deepEqual([await copied(own), await copied(other)], [200, 404]);
});

test('where the requester pays, others get in only by saying so, and nobody without an account', async () => {
  const Paid = 'paid-bucket';
  await owner.send(new s3.CreateBucketCommand({ Bucket: Paid }));
  await owner.send(new s3.PutBucketAclCommand({ Bucket: Paid, ACL: 'public-read' }));
  await owner.send(new s3.PutObjectCommand({ Bucket: Paid, Key: 'k', Body: 'x', ACL: 'public-read' }));
  await owner.send(new s3.PutBucketRequestPaymentCommand({ Bucket: Paid, RequestPaymentConfiguration: { Payer: 'Requester' } }));
  const get = new s3.GetObjectCommand({ Bucket: Paid, Key: 'k' });
  assert.deepEqual([await codeOf(owner.send(get)), await codeOf(stranger.send(get))], ['accepted', 'AccessDenied']);
  const paid = await stranger.send(new s3.GetObjectCommand({ Bucket: Paid, Key: 'k', RequestPayer: 'requester' }));
  assert.equal(paid.RequestCharged, 'requester');
  const nobody = await fetch(`${house.s3}/${Paid}/k`, { headers: { 'x-amz-request-payer': 'requester' } });
  assert.equal(nobody.status, 403);
});

test('an unknown algorithm is denied where a policy denies it, and refused where none does', async () => {
  const put = (more: Partial<s3.PutObjectCommandInput>) =>
    codeOf(owner.send(new s3.PutObjectCommand({ Bucket, Key: 'sealed', Body: 'x', ...more })));
  const unknown = { ServerSideEncryption: 'AES192' as 'AES256' };
  assert.equal(await put(unknown), 'InvalidArgument');
  const raws = async () => {
    const headers = { 'x-amz-server-side-encryption-customer-algorithm': 'AES192', 'content-length': '0' };
    return (await raw(house.s3, { method: 'PUT', path: `/${Bucket}/sealed`, headers, pair: house.owner.s3 })).status;
  };
  assert.equal(await raws(), 400);
  const forbid = (key: string) =>
    allow('s3:PutObject', { Effect: 'Deny', Condition: { StringNotEquals: { [`s3:x-amz-server-side-encryption${key}`]: 'AES256' } } });
  await forbid('');
  assert.deepEqual([await put(unknown), await put({ ServerSideEncryption: 'AES256' })], ['AccessDenied', 'accepted']);
  await forbid('-customer-algorithm');
  assert.equal(await raws(), 403);
  await owner.send(new s3.DeleteBucketPolicyCommand({ Bucket }));
});

test('requests of a bucket are logged in another, in the lines of S3, where that lets logs be delivered', async () => {
  const [Logged, Target] = ['logged-bucket', 'request-logs'];
  await owner.send(new s3.CreateBucketCommand({ Bucket: Logged }));
  await owner.send(new s3.CreateBucketCommand({ Bucket: Target }));
  const BucketLoggingStatus = { LoggingEnabled: { TargetBucket: Target, TargetPrefix: 'of/' } };
  const turnOn = () => codeOf(owner.send(new s3.PutBucketLoggingCommand({ Bucket: Logged, BucketLoggingStatus })));
  assert.equal(await turnOn(), 'AccessDenied');
  const Statement = [
    {
      Effect: 'Allow',
      Principal: { Service: 'logging.s3.amazonaws.com' },
      Action: 's3:PutObject',
      Resource: `arn:aws:s3:::${Target}/of/*`,
    },
  ];
  await owner.send(new s3.PutBucketPolicyCommand({ Bucket: Target, Policy: JSON.stringify({ Version: '2012-10-17', Statement }) }));
  assert.equal(await turnOn(), 'accepted');
  const { ID: strangers } = (await stranger.send(new s3.ListBucketsCommand())).Owner!;
  const grantTo = async (Grantee: Omit<s3.Grantee, 'Type'> & { Type: s3.Type }, Permission: s3.BucketLogsPermission = 'READ') => {
    const to = { ...BucketLoggingStatus.LoggingEnabled, TargetGrants: [{ Grantee, Permission }] };
    return codeOf(owner.send(new s3.PutBucketLoggingCommand({ Bucket: Logged, BucketLoggingStatus: { LoggingEnabled: to } })));
  };
  assert.equal(await grantTo({ Type: 'CanonicalUser', ID: 'x' }), 'InvalidArgument');
  assert.equal(await grantTo({ Type: 'Group', URI: 'http://example.org/all' }), 'InvalidArgument');
  assert.equal(await grantTo({ Type: 'AmazonCustomerByEmail', EmailAddress: 'a@example.org' }), 'UnresolvableGrantByEmailAddress');
  assert.equal(await grantTo({ Type: 'CanonicalUser', ID: strangers }, 'READ_ACP' as 'READ'), 'MalformedXML');
  const own = (ObjectOwnership: s3.ObjectOwnership) =>
    owner.send(new s3.PutBucketOwnershipControlsCommand({ Bucket: Target, OwnershipControls: { Rules: [{ ObjectOwnership }] } }));
  await own('BucketOwnerEnforced');
  assert.equal(await grantTo({ Type: 'CanonicalUser', ID: strangers }), 'AccessControlListNotSupported');
  await own('ObjectWriter');
  assert.equal(await grantTo({ Type: 'CanonicalUser', ID: strangers }), 'accepted');
  const { LoggingEnabled: kept } = await owner.send(new s3.GetBucketLoggingCommand({ Bucket: Logged }));
  assert.deepEqual(
    kept?.TargetGrants?.map(({ Grantee, Permission }) => [Grantee?.Type, Grantee?.ID, Permission]),
    [['CanonicalUser', strangers, 'READ']],
  );
  await owner.send(new s3.PutObjectCommand({ Bucket: Logged, Key: 'logged " key', Body: 'twelve bytes' }));
  assert.equal((await fetch(`${house.s3}/${Logged}/nothing`)).status, 403);
  const lines: string[] = [];
  let putLog: string | undefined;
  for (
    let tries = 0;
    tries < 300 && !(lines.some((line) => line.includes('PUT.OBJECT')) && lines.some((line) => / 403 /.test(line)));
    tries++
  ) {
    await setTimeout(200);
    const { Contents = [] } = await owner.send(new s3.ListObjectsV2Command({ Bucket: Target, Prefix: 'of/' }));
    lines.length = 0;
    for (const { Key } of Contents) {
      assert.match(Key!, /^of\/\d{4}(-\d\d){5}-[0-9A-F]{16}$/);
      const got = await owner.send(new s3.GetObjectCommand({ Bucket: Target, Key }));
      const text = await got.Body!.transformToString();
      if (text.includes('REST.PUT.OBJECT logged')) putLog = Key;
      lines.push(...text.trimEnd().split('\n'));
    }
  }
  // Who was named reads the logs of what came since, and may not do more; others do not, and the bucket's owner has full control.
  const log = { Bucket: Target, Key: putLog! };
  assert.match(await (await stranger.send(new s3.GetObjectCommand(log))).Body!.transformToString(), / logged-bucket \[/);
  assert.equal(await codeOf(stranger.send(new s3.GetObjectAclCommand(log))), 'AccessDenied');
  assert.equal((await fetch(`${house.s3}/${Target}/${log.Key}`)).status, 403);
  const { Grants, Owner } = await owner.send(new s3.GetObjectAclCommand(log));
  const told = Grants!.map(({ Grantee, Permission }) => [Grantee!.ID, Permission]);
  assert.deepEqual(told, [
    [Owner!.ID, 'FULL_CONTROL'],
    [strangers, 'READ'],
  ]);
  const put = lines.find((line) => line.includes('REST.PUT.OBJECT'));
  const id = /^(\S+) logged-bucket \[\d\d\/\w{3}\/\d{4}(?::\d\d){3} \+0000\] 127\.0\.0\.1 arn:aws:iam::(\S+):user\/\S+ [0-9A-F]{16} /.exec(
    put ?? '',
  );
  assert.ok(put !== undefined && id && id[1] === id[2], put ?? 'no line');
  assert.match(
    put!,
    /REST\.PUT\.OBJECT logged%20%22%20key "PUT \/logged-bucket\/logged%20%22%20key\S* HTTP\/1\.1" 200 - - 12 \d+ - "-" "aws-sdk-js/,
  );
  const denied = lines.find((line) => / 403 /.test(line));
  assert.match(
    denied!,
    / - [0-9A-F]{16} REST\.GET\.OBJECT nothing "GET \S+ HTTP\/1\.1" 403 AccessDenied \d+ - \d+ - "-" "node" - \S{32} - - - 127/,
  );
  // A bucket that has a log is no target of others, but may be its own, where it lets logs be delivered.
  const itself = { LoggingEnabled: { TargetBucket: Target, TargetPrefix: 'of/itself/' } };
  for (let times = 0; times < 2; times++) await owner.send(new s3.PutBucketLoggingCommand({ Bucket: Target, BucketLoggingStatus: itself }));
  assert.equal(await turnOn(), 'InvalidArgument');
  const ofItself = async () => (await owner.send(new s3.ListObjectsV2Command({ Bucket: Target, Prefix: 'of/itself/' }))).Contents ?? [];
  for (let tries = 0; tries < 300 && (await ofItself()).length === 0; tries++) await setTimeout(200);
  assert.ok((await ofItself()).length > 0);
  await owner.send(new s3.PutBucketLoggingCommand({ Bucket: Target, BucketLoggingStatus: {} }));
  await owner.send(new s3.PutBucketLoggingCommand({ Bucket: Logged, BucketLoggingStatus: {} }));
  assert.deepEqual((await owner.send(new s3.GetBucketLoggingCommand({ Bucket: Logged }))).LoggingEnabled, undefined);
});
