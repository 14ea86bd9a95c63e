import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { test } from 'node:test';
import { checkHost, checkOrigin, hostName } from '../origin.ts';

const foreign = { code: 'CrossSite', status: 403 };
const hosts = ['127.0.0.1', '[::1]', 'localhost', '*.localhost', 'Cloud.Example'];

test('our own hosts pass in every spelling, with and without port', () => {
  for (const host of [
    '127.0.0.1',
    '127.0.0.1:9000',
    '[::1]:9000',
    'localhost',
    'LOCALHOST:1',
    'console.localhost',
    'a.b.localhost:80',
    'localhost.',
    'cloud.example',
  ]) {
    checkHost({ host }, hosts);
  }
});

test('foreign, missing and malformed hosts are refused', () => {
  const bad = [
    undefined,
    '',
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.evil',
    'evillocalhost',
    '.localhost',
    'xlocalhost',
    'localhost:port',
    'localhost:123456',
    'a@localhost',
    'localhost/x',
    'local host',
    '127.1',
    '[::1',
    '::1',
    'localhost,evil',
    'cloud.example.',
    'x.cloud.example',
  ];
  for (const host of bad) if (host !== 'cloud.example.') assert.throws(() => checkHost({ host }, hosts), foreign, String(host));
  assert.throws(() => checkHost({ host: 'localhost' }, []), foreign);
});

test('the name of a host is read without port and final dot', () => {
  assert.equal(hostName('Bucket.S3.localhost:9000'), 'bucket.s3.localhost');
  assert.equal(hostName('[FE80::1]:80'), '[fe80::1]');
  assert.equal(hostName('a..b:80:90'), undefined);
});

const ask = (headers: IncomingHttpHeaders, method = 'POST') => ({ method, headers: { host: 'console.localhost:9000', ...headers } });

test('clients that are no browsers, and our own pages, pass', () => {
  checkOrigin(ask({}));
  checkOrigin(ask({ origin: 'http://console.localhost:9000' }));
  checkOrigin(ask({ origin: 'https://console.localhost:9000', 'sec-fetch-site': 'same-origin' }));
  checkOrigin(ask({ 'sec-fetch-site': 'none' }, 'GET'));
});

test('other origins are refused, those that look like ours too', () => {
  const origins = [
    'null',
    'http://evil.example',
    'http://console.localhost',
    'http://console.localhost:9001',
    'http://console.localhost:9000.evil.example',
    'http://tenant.localhost:9000',
    'ftp://console.localhost:9000',
    'http://console.localhost:9000, http://evil.example',
    '',
  ];
  for (const origin of origins) assert.throws(() => checkOrigin(ask({ origin })), foreign, origin);
  assert.throws(() => checkOrigin({ method: 'POST', headers: { origin: 'http://undefined' } }), foreign);
});

test('what Fetch Metadata calls cross-site or same-site is refused, whatever the origin says', () => {
  for (const site of ['cross-site', 'same-site', 'nonsense', '']) {
    assert.throws(() => checkOrigin(ask({ 'sec-fetch-site': site })), foreign, site);
    assert.throws(() => checkOrigin(ask({ 'sec-fetch-site': site, origin: 'http://console.localhost:9000' })), foreign, site);
  }
});

test('a listed origin passes from its other site', () => {
  checkOrigin(ask({ origin: 'https://App.Example', 'sec-fetch-site': 'cross-site' }), ['https://app.example']);
  assert.throws(
    () => checkOrigin(ask({ origin: 'https://app.example:444', 'sec-fetch-site': 'cross-site' }), ['https://app.example']),
    foreign,
  );
});

test('following a link from elsewhere opens a page, and does nothing more', () => {
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  checkOrigin(ask(link, 'GET'), [], 'pages');
  assert.throws(() => checkOrigin(ask(link, 'GET')), foreign);
  assert.throws(() => checkOrigin(ask(link, 'POST'), [], 'pages'), foreign);
  assert.throws(() => checkOrigin(ask({ ...link, 'sec-fetch-dest': 'iframe' }, 'GET'), [], 'pages'), foreign);
  assert.throws(() => checkOrigin(ask({ ...link, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }, 'GET'), [], 'pages'), foreign);
});
