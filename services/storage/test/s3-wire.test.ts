import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { encodeChunks } from '#wire/aws-chunked/encode.ts';
import { startChecksum } from '#wire/checksum/checksum.ts';
import { signingKey } from '#wire/sigv4/sigv4.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { codeOf, raw, rawExchange, rawRequest } from './fixtures/raw.ts';
import { bytesOf, filesOf } from './fixtures/shelf.ts';

let house: House;
let client: S3Client;
const Bucket = 'wire-bucket';

before(async () => {
  house = await openHouse();
  client = house.client();
  await client.send(new CreateBucketCommand({ Bucket }));
});
after(() => house.stop());

async function stored(Key: string): Promise<string | undefined> {
  try {
    return await (await client.send(new GetObjectCommand({ Bucket, Key }))).Body!.transformToString();
  } catch {
    return undefined;
  }
}
const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
/** The runs of shards on the drives. */
const runs = () => filesOf(join(house.data, 'service', 'storage')).filter((name) => !name.startsWith('extent/'));

/** A PUT whose body goes in chunks signed one after the other. */
function chunkedPut(
  key: string,
  body: Uint8Array,
  options: { trailers?: Record<string, string>; damage?: (wire: Buffer) => Buffer; length?: number } = {},
): Buffer {
  const pair = house.owner.s3;
  const payloadHash = `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${options.trailers ? '-TRAILER' : ''}`;
  const headers = {
    'content-encoding': 'aws-chunked',
    'x-amz-decoded-content-length': String(options.length ?? body.length),
    ...(options.trailers ? { 'x-amz-trailer': Object.keys(options.trailers).join() } : {}),
  };
  const head = rawRequest(house.s3, { method: 'PUT', path: `/${Bucket}/${key}`, headers, payloadHash, pair }).toString('latin1');
  const [, date = '', timestamp = '', signature = ''] = /x-amz-date: ((\d{8})T\d{6}Z)/.exec(head) ?? [];
  assert.ok(signature === '' && date.length === 16 && timestamp.length === 8);
  const proof = {
    signingKey: signingKey(pair.secretAccessKey, timestamp, pair.region, 's3'),
    signature: /Signature=([0-9a-f]{64})/.exec(head)![1]!,
    timestamp: date,
    scope: `${timestamp}/${pair.region}/s3/aws4_request`,
  };
  const whole = encodeChunks([body.subarray(0, 65_536), body.subarray(65_536)], proof, options.trailers);
  const wire = options.damage ? options.damage(whole) : whole;
  return Buffer.concat([Buffer.from(head.replace('\r\n\r\n', `\r\ncontent-length: ${wire.length}\r\n\r\n`), 'latin1'), wire]);
}

test('a body in signed chunks is stored, with and without trailers', async () => {
  const body = bytesOf(1, 100_000);
  assert.equal((await rawExchange(house.s3, chunkedPut('signed', body))).status, 200);
  const got = await client.send(new GetObjectCommand({ Bucket, Key: 'signed' }));
  assert.ok(Buffer.from(await got.Body!.transformToByteArray()).equals(body));
  assert.equal(got.ContentEncoding, undefined);
  const running = startChecksum('CRC64NVME');
  running.update(body);
  const trailers = { 'x-amz-checksum-crc64nvme': running.digest().toString('base64') };
  const reply = await rawExchange(house.s3, chunkedPut('trailed', body, { trailers }));
  assert.equal(reply.status, 200, reply.body);
  assert.ok(reply.head.includes(`x-amz-checksum-crc64nvme: ${trailers['x-amz-checksum-crc64nvme']}`));
});

test('a chunk, a trailer or a length that is wrong is refused, and nothing is stored', async () => {
  const before = runs();
  const body = bytesOf(2, 100_000);
  const flip = (wire: Buffer) => {
    const other = Buffer.from(wire);
    other[80_000]! ^= 1;
    return other;
  };
  const damaged = await rawExchange(house.s3, chunkedPut('bad', body, { damage: flip }));
  assert.deepEqual([damaged.status, codeOf(damaged)], [403, 'SignatureDoesNotMatch']);
  const wrong = await rawExchange(house.s3, chunkedPut('bad', body, { trailers: { 'x-amz-checksum-crc32': 'AAAAAA==' } }));
  assert.deepEqual([wrong.status, codeOf(wrong)], [400, 'BadDigest']);
  for (const length of [99_999, 100_001]) {
    const reply = await rawExchange(house.s3, chunkedPut('bad', body, { length }));
    assert.deepEqual([reply.status, codeOf(reply)], [400, 'IncompleteBody']);
  }
  const cut = await rawExchange(house.s3, chunkedPut('bad', body, { damage: (wire) => wire.subarray(0, 70_000) }));
  assert.deepEqual([cut.status, codeOf(cut)], [400, 'IncompleteBody']);
  assert.equal(await stored('bad'), undefined);
  assert.deepEqual(runs(), before);
});

test('a body that differs from its signed digest is refused, and nothing is stored', async () => {
  const pair = house.owner.s3;
  const put = (body: string, payloadHash: string) =>
    raw(house.s3, {
      method: 'PUT',
      path: `/${Bucket}/digest`,
      headers: { 'content-length': String(body.length) },
      body,
      payloadHash,
      pair,
    });
  const wrong = await put('tampered', sha256('original'));
  assert.deepEqual([wrong.status, codeOf(wrong)], [400, 'XAmzContentSHA256Mismatch']);
  assert.equal(await stored('digest'), undefined);
  assert.equal((await put('original', sha256('original'))).status, 200);
  assert.equal(await stored('digest'), 'original');
});

test('a put without a length is refused with 411, one in chunks of HTTP is taken', async () => {
  const reply = await raw(house.s3, { method: 'PUT', path: `/${Bucket}/nolength`, pair: house.owner.s3 });
  assert.deepEqual([reply.status, codeOf(reply)], [411, 'MissingContentLength']);
  const coded = await raw(house.s3, {
    method: 'PUT',
    path: `/${Bucket}/nolength`,
    pair: house.owner.s3,
    payloadHash: 'UNSIGNED-PAYLOAD',
    extra: ['transfer-encoding: chunked'],
    body: '1\r\nx\r\n0\r\n\r\n',
  });
  assert.equal(coded.status, 200);
});

test('who waits for 100-continue is told to go on only once the signature is accepted', async () => {
  const request = { method: 'PUT', path: `/${Bucket}/waits`, headers: { 'content-length': '5' }, extra: ['Expect: 100-continue'] };
  const good = await rawExchange(house.s3, rawRequest(house.s3, { ...request, pair: house.owner.s3 }), { then: 'hello' });
  assert.deepEqual([good.status, good.interim], [200, [100]]);
  assert.equal(await stored('waits'), 'hello');
  const bad = await rawExchange(house.s3, rawRequest(house.s3, { ...request, pair: { ...house.owner.s3, secretAccessKey: 'wrong' } }), {
    then: 'hello',
  });
  assert.deepEqual([bad.status, bad.interim, codeOf(bad)], [403, [], 'SignatureDoesNotMatch']);
  const missing = await rawExchange(house.s3, rawRequest(house.s3, { ...request, path: '/no-such-bucket/waits', pair: house.owner.s3 }), {
    then: 'hello',
  });
  assert.deepEqual([missing.status, missing.interim, codeOf(missing)], [404, [], 'NoSuchBucket']);
});

test("errors are S3's XML with code, message, resource and request id, and have no body for HEAD", async () => {
  const reply = await raw(house.s3, { method: 'GET', path: `/${Bucket}/none%20here` });
  assert.equal(reply.status, 403);
  assert.match(reply.head, /content-type: application\/xml/i);
  const requestId = /x-amz-request-id: (\w+)/i.exec(reply.head)?.[1];
  assert.ok(requestId);
  assert.match(reply.body, /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Error><Code>AccessDenied<\/Code><Message>Access Denied<\/Message>/);
  assert.ok(reply.body.includes(`<Resource>/${Bucket}/none%20here</Resource><RequestId>${requestId}</RequestId><HostId>`));
  const head = await rawExchange(
    house.s3,
    rawRequest(house.s3, { method: 'HEAD', path: `/${Bucket}/none`, pair: house.owner.s3, extra: ['Connection: close'] }),
  );
  assert.deepEqual([head.status, head.body], [404, '']);
});

test('a bearer token is as good as a signature', async () => {
  const headers = { authorization: `Bearer ${house.owner.bearer}` };
  assert.equal(
    (await raw(house.s3, { method: 'PUT', path: `/${Bucket}/bearer`, headers: { ...headers, 'content-length': '1' }, body: 'x' })).status,
    200,
  );
  assert.equal((await raw(house.s3, { method: 'GET', path: `/${Bucket}/bearer`, headers })).body, 'x');
  const wrong = await raw(house.s3, { method: 'GET', path: `/${Bucket}/bearer`, headers: { authorization: 'Bearer nonsense' } });
  assert.equal(wrong.status, 403);
});

test('garbage in the credential, the address and the query is refused with its code', async () => {
  const pair = house.owner.s3;
  const cases: [Parameters<typeof raw>[1], number, string][] = [
    [{ method: 'GET', path: '/', headers: { authorization: 'AWS4-HMAC-SHA256 garbage' } }, 400, 'AuthorizationHeaderMalformed'],
    [{ method: 'GET', path: '/', headers: { authorization: 'AWS key:signature' } }, 403, 'AccessDenied'],
    [{ method: 'GET', path: '/?X-Amz-Algorithm=AWS4-HMAC-SHA256' }, 400, 'AuthorizationQueryParametersError'],
    [{ method: 'GET', path: `/${Bucket}/%zz`, pair }, 400, 'InvalidURI'],
    [{ method: 'GET', path: `/${Bucket}/%ff`, pair }, 400, 'InvalidURI'],
    [{ method: 'GET', path: `/${Bucket}/a%00b`, pair }, 400, 'InvalidArgument'],
    [{ method: 'GET', path: `/${Bucket}?max-keys=-1`, pair }, 400, 'InvalidArgument'],
    [{ method: 'GET', path: `/${Bucket}?max-keys=x`, pair }, 400, 'InvalidArgument'],
    [{ method: 'GET', path: `/${Bucket}?encoding-type=rot13`, pair }, 400, 'InvalidArgument'],
    [{ method: 'PATCH', path: `/${Bucket}/x`, pair }, 405, 'MethodNotAllowed'],
    [{ method: 'GET', path: `/${Bucket}/x?partNumber=0`, pair }, 400, 'InvalidArgument'],
    [{ method: 'GET', path: `/${Bucket}/x?versionId=abc`, pair }, 404, 'NoSuchVersion'],
    [{ method: 'PUT', path: `/${Bucket}/x?partNumber=1`, pair, headers: { 'content-length': '0' } }, 400, 'InvalidArgument'],
    [
      { method: 'PUT', path: `/${Bucket}/x`, pair, headers: { 'content-length': '0', 'x-amz-copy-source': 'nonsense' } },
      400,
      'InvalidArgument',
    ],
    [{ method: 'GET', path: `/__proto__/constructor`, pair }, 404, 'NoSuchBucket'],
    [{ method: 'GET', path: `/${'x'.repeat(3000)}/k`, pair }, 404, 'NoSuchBucket'],
    [{ method: 'PUT', path: `/${Bucket}/x`, pair, headers: { 'content-length': String(6 * 1024 ** 3) } }, 400, 'EntityTooLarge'],
  ];
  for (const [request, status, code] of cases) {
    const reply = await raw(house.s3, request);
    assert.deepEqual([reply.status, codeOf(reply)], [status, code], `${request.method} ${request.path.slice(0, 80)}: ${reply.body}`);
  }
});

test('XML with a document type, of the wrong kind, too deep or without a digest is refused', async () => {
  const pair = house.owner.s3;
  const remove = (body: string, headers: Record<string, string> = {}) =>
    raw(house.s3, {
      method: 'POST',
      path: `/${Bucket}?delete`,
      body,
      pair,
      payloadHash: Object.keys(headers).length > 0 ? 'UNSIGNED-PAYLOAD' : sha256(body),
      headers: { 'content-length': String(Buffer.byteLength(body)), ...headers },
    });
  for (const body of [
    '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Delete><Object><Key>&b;</Key></Object></Delete>',
    '<Other/>',
    'nonsense',
    '',
    '<Delete/>',
    `<Delete>${'<a>'.repeat(100)}${'</a>'.repeat(100)}</Delete>`,
    '<Delete><Object/></Delete>',
  ]) {
    const reply = await remove(body);
    assert.deepEqual([reply.status, codeOf(reply)], [400, 'MalformedXML'], body.slice(0, 60));
  }
  const unsigned = await remove('<Delete><Object><Key>a</Key></Object></Delete>', { 'x-amz-meta-a': 'b' });
  assert.deepEqual([unsigned.status, codeOf(unsigned)], [400, 'InvalidRequest']);
  const wrong = await remove('<Delete><Object><Key>a</Key></Object></Delete>', {
    'content-md5': createHash('md5').update('x').digest('base64'),
  });
  assert.deepEqual([wrong.status, codeOf(wrong)], [400, 'BadDigest']);
});

/** Everything that is answered until the server closes the connection, which it must do by itself. */
function untilClosed(bytes: Uint8Array | string): Promise<string> {
  const { hostname, port } = new URL(house.s3);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let text = '';
    socket.on('data', (data) => {
      text += data.toString('latin1');
    });
    socket.setTimeout(10_000, () => socket.destroy(new Error('the server kept the connection open')));
    socket.on('end', () => socket.end());
    socket.on('close', () => resolve(text));
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? resolve(text) : reject(error)));
  });
}

test('framing that two servers could read differently is refused, the connection closed, and what follows never answered', async () => {
  const { host } = new URL(house.s3);
  const put = `PUT /${Bucket}/smuggled HTTP/1.1\r\nHost: ${host}\r\n`;
  // Were the framing of the first one read otherwise, this would be another request.
  const hidden = `GET /${Bucket}/plain HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const heads: Readonly<Record<string, string>> = {
    'two lengths': `${put}Content-Length: 3\r\nContent-Length: 4\r\n\r\n`,
    'two lengths in one field': `${put}Content-Length: 3, 4\r\n\r\n`,
    'a length and chunks': `${put}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`,
    'chunks and a length': `${put}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n`,
    'chunks that are not last': `${put}Transfer-Encoding: chunked, gzip\r\n\r\n`,
    'chunks by another name': `${put}Transfer-Encoding: xchunked\r\n\r\n`,
    'chunks behind a tab': `${put}Transfer-Encoding:\x0bchunked\r\n\r\n`,
    'a length with a sign': `${put}Content-Length: +3\r\n\r\n`,
    'a length in hexadecimal': `${put}Content-Length: 0x3\r\n\r\n`,
    'two hosts': `${put}Host: other\r\nContent-Length: 3\r\n\r\n`,
    'a folded field': `${put}X-A: b\r\n folded\r\nContent-Length: 3\r\n\r\n`,
    'a space before the colon': `${put}Content-Length : 3\r\n\r\n`,
    'a bare line feed': `${put}X-A: b\nContent-Length: 3\r\n\r\n`,
    'a bare carriage return': `${put}X-A: b\rContent-Length: 3\r\n\r\n`,
    'a NUL': `${put}X-A: b\0c\r\nContent-Length: 3\r\n\r\n`,
    'a bad chunk': `${put}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
    'a line of 100,000 bytes': `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    'a field of 100,000 bytes': `${put}X-A: ${'a'.repeat(100_000)}\r\n\r\n`,
    '5,000 fields': `${put}${'X-A: b\r\n'.repeat(5000)}\r\n`,
    'no version': `GET /${Bucket}/plain\r\n\r\n`,
  };
  await Promise.all(
    Object.entries(heads).map(async ([what, head]) => {
      const text = await untilClosed(`${head}abc${hidden}${hidden}`);
      const answers = [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
      assert.ok(answers.length <= 1 && answers.every((status) => status >= 400 && status < 600), `${what}: ${text.slice(0, 300)}`);
    }),
  );
  assert.equal(await stored('smuggled'), undefined);
});

test('a path is a key and never a way: dots and slashes are kept', async () => {
  const pair = house.owner.s3;
  await client.send(new PutObjectCommand({ Bucket, Key: 'plain', Body: 'plain' }));
  for (const path of ['../plain', 'x/../plain', './plain', '/plain', '..%2fplain', '%2e%2e/plain']) {
    const reply = await raw(house.s3, { method: 'GET', path: `/${Bucket}/${path}`, pair });
    assert.deepEqual([reply.status, codeOf(reply)], [404, 'NoSuchKey'], path);
  }
});

test('a client that goes away in the middle of its body leaves nothing', async () => {
  const head = rawRequest(house.s3, {
    method: 'PUT',
    path: `/${Bucket}/gone`,
    headers: { 'content-length': '5000000' },
    pair: house.owner.s3,
  });
  const { hostname, port } = new URL(house.s3);
  const socket = connect(Number(port), hostname);
  socket.write(head);
  const before = runs();
  socket.write(bytesOf(1, 4_000_000));
  while (runs().length === before.length) await new Promise((resolve) => setTimeout(resolve, 5));
  socket.destroy();
  for (let tries = 0; tries < 100 && runs().length > before.length; tries++) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(runs(), before);
  assert.equal(await stored('gone'), undefined);
});

test('a reader who stops reading holds the server back and not its memory', async () => {
  const body = Buffer.alloc(48 * 1024 * 1024, 'r');
  await client.send(new PutObjectCommand({ Bucket, Key: 'slow', Body: body }));
  const { hostname, port } = new URL(house.s3);
  const socket = connect(Number(port), hostname);
  const before = process.memoryUsage().arrayBuffers;
  socket.write(rawRequest(house.s3, { method: 'GET', path: `/${Bucket}/slow`, pair: house.owner.s3 }));
  await new Promise((resolve) => socket.once('readable', resolve));
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.ok(process.memoryUsage().arrayBuffers - before < body.length / 2);
  let received = 0;
  socket.on('data', (data) => {
    received += data.length;
  });
  while (received < body.length) await new Promise((resolve) => setTimeout(resolve, 10));
  socket.destroy();
});

test("every request is in the audit log once: writes from the store's own log, reads in windows", async () => {
  const { id, s3: pair } = await house.credential();
  const own = house.client(pair);
  for (let at = 0; at < 5; at++) await own.send(new PutObjectCommand({ Bucket, Key: `audit/${at}`, Body: 'x' }));
  for (let at = 0; at < 7; at++) await (await own.send(new GetObjectCommand({ Bucket, Key: 'audit/1' }))).Body!.transformToString();
  const wanted = { PutObject: 5, GetObject: 7 };
  let counts: Record<string, number> = {};
  for (let tries = 0; tries < 100; tries++) {
    const { body } = await house.call('GET', '/v1/platform/audit?service=storage&limit=1000');
    counts = {};
    for (const item of body.items ?? [])
      if (item.credential === id) counts[String(item.operation)] = (counts[String(item.operation)] ?? 0) + Number(item.count);
    if (JSON.stringify(counts, ['PutObject', 'GetObject']) === JSON.stringify(wanted)) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.deepEqual(counts, wanted);
});
