import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as s3 from '@aws-sdk/client-s3';
import { type House, openHouse } from './fixtures/house.ts';
import { raw } from './fixtures/raw.ts';

let house: House;
let owner: s3.S3Client;
const Bucket = 'a.site';

before(async () => {
  house = await openHouse({ domains: ['example.com', 'eu.example.com'] });
  owner = house.client();
  await owner.send(new s3.CreateBucketCommand({ Bucket }));
  const Statement = [{ Effect: 'Allow', Principal: '*', Action: ['s3:GetObject', 's3:ListBucket'], Resource: `arn:aws:s3:::${Bucket}*` }];
  await owner.send(new s3.PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify({ Version: '2012-10-17', Statement }) }));
  const page = (Key: string, more: Partial<s3.PutObjectCommandInput> = {}) =>
    owner.send(new s3.PutObjectCommand({ Bucket, Key, Body: `page ${Key}`, ContentType: 'text/html', ...more }));
  for (const Key of ['index.html', 'docs/index.html', 'docs/a b.html', 'sorry.html', 'index.html/index.html']) await page(Key);
  await page('moved', { WebsiteRedirectLocation: '/docs/' });
});
after(() => house.stop());

const configure = (WebsiteConfiguration: s3.WebsiteConfiguration) =>
  owner.send(new s3.PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration }));
const IndexDocument = { Suffix: 'index.html' };
const ask = async (path: string, method = 'GET', headers: Record<string, string> = {}) => {
  const reply = await raw(house.s3, { method, path, headers: { host: `${Bucket}.s3-website.localhost:80`, ...headers } });
  return { ...reply, location: /^location: (.*)$/im.exec(reply.head)?.[1]?.trim() };
};
const told = async (path: string) => {
  const { status, body, location } = await ask(path);
  return [status, location ?? body];
};

test('the names that the operator gave lead to buckets and websites as those of localhost do', async () => {
  const at = async (host: string, path: string) => {
    const { status, body } = await raw(house.s3, { method: 'GET', path, headers: { host } });
    return [status, body];
  };
  for (const domain of ['example.com', 'EU.example.com', 'localhost']) {
    assert.deepEqual(await at(`${Bucket}.s3.${domain}:9000`, '/docs/index.html'), [200, 'page docs/index.html']);
    assert.deepEqual(await at(`s3.${domain}`, `/${Bucket}/docs/index.html`), [200, 'page docs/index.html']);
    const [status, body] = await at(`${Bucket}.s3-website.${domain}`, '/');
    assert.deepEqual([status, /NoSuchWebsiteConfiguration/.test(String(body))], [404, true]);
  }
  // Whatever other name leads here: the bucket stands in the path.
  assert.deepEqual(await at(`${Bucket}.s3.example.org`, `/${Bucket}/docs/index.html`), [200, 'page docs/index.html']);
});

test('a bucket that is a website is served to anybody on its own host name, folders by their index', async () => {
  assert.equal((await ask('/')).status, 404);
  assert.match((await ask('/')).body, /<li>Code: NoSuchWebsiteConfiguration<\/li>/);
  await configure({ IndexDocument });
  assert.deepEqual((await owner.send(new s3.GetBucketWebsiteCommand({ Bucket }))).IndexDocument, IndexDocument);
  assert.deepEqual(await told('/'), [200, 'page index.html']);
  assert.deepEqual(await told('/docs/'), [200, 'page docs/index.html']);
  assert.deepEqual(await told('/docs'), [302, `http://${Bucket}.s3-website.localhost:80/docs/`]);
  assert.deepEqual(await told('/docs/a%20b.html?x=1'), [200, 'page docs/a b.html']);
  assert.deepEqual(await told('/index.html'), [200, 'page index.html']);
  assert.deepEqual(await told('/moved'), [301, '/docs/']);
  const lost = new s3.PutObjectCommand({ Bucket, Key: 'lost', Body: 'x', WebsiteRedirectLocation: 'javascript:x' });
  await assert.rejects(owner.send(lost), { name: 'InvalidRedirectLocation' });
  const missing = await ask('/%3Cb%3E');
  assert.equal(missing.status, 404);
  assert.match(missing.body, /<h1>404 NoSuchKey<\/h1>[^]*<li>Key: &lt;b&gt;<\/li>/);
  assert.deepEqual([(await ask('/docs/', 'HEAD')).status, (await ask('/docs/', 'HEAD')).body], [200, '']);
  assert.deepEqual([(await ask('/', 'PUT')).status, (await ask('/', 'GET', { range: 'bytes=0-3' })).body], [405, 'page']);
  // What is read elsewhere by a signature is no website's.
  assert.equal((await raw(house.s3, { method: 'GET', path: '/', headers: { host: 'nobody.s3-website.localhost' } })).status, 404);
});

test('routing rules send readers on before a page is looked for, or once it is missed, and the error page keeps the status', async () => {
  const ErrorDocument = { Key: 'sorry.html' };
  const RoutingRules: s3.RoutingRule[] = [
    { Condition: { KeyPrefixEquals: 'old/' }, Redirect: { ReplaceKeyPrefixWith: 'docs/' } },
    { Condition: { KeyPrefixEquals: 'away/' }, Redirect: { HostName: 'example.org', Protocol: 'https', HttpRedirectCode: '307' } },
    { Condition: { KeyPrefixEquals: 'shop/', HttpErrorCodeReturnedEquals: '404' }, Redirect: { ReplaceKeyWith: 'index.html' } },
  ];
  await configure({ IndexDocument, ErrorDocument, RoutingRules });
  assert.deepEqual(await told('/old/a%20b.html'), [301, `http://${Bucket}.s3-website.localhost:80/docs/a%20b.html`]);
  assert.deepEqual(await told('/away/x'), [307, 'https://example.org/away/x']);
  assert.deepEqual(await told('/shop/none'), [301, `http://${Bucket}.s3-website.localhost:80/index.html`]);
  assert.deepEqual(await told('/none'), [404, 'page sorry.html']);
  assert.deepEqual((await ask('/none', 'GET', { range: 'bytes=0-3', 'if-none-match': '*' })).body, 'page sorry.html');
  await owner.send(new s3.DeleteBucketPolicyCommand({ Bucket }));
  assert.deepEqual([(await ask('/')).status, (await ask('/shop/none')).status], [403, 403]);
  assert.match((await ask('/')).body, /<li>Code: AccessDenied<\/li>/);
  await configure({ RedirectAllRequestsTo: { HostName: 'example.org', Protocol: 'https' } });
  assert.deepEqual(await told('/any/where'), [301, 'https://example.org/any/where']);
  await owner.send(new s3.DeleteBucketWebsiteCommand({ Bucket }));
  assert.equal((await ask('/')).status, 404);
});
