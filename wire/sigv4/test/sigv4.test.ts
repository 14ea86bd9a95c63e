import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalEscapes, canonicalHeader, canonicalQuery, encode, headerMap, type RawRequest, readQuery } from '../canonical.ts';
import { presign, sign, type Signer, type Unsigned } from '../sign.ts';
import { chunkSignature, type Malformed, readSigned, type Signed, signingKey, trailerSignature, verify } from '../sigv4.ts';
import { readTime, timestampOf } from '../time.ts';

// The worked examples of the Amazon S3 API reference, "Authenticating Requests (AWS Signature Version 4)".
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const key = signingKey(secret, '20130524', 'us-east-1', 's3');
const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const scope = '20130524/us-east-1/s3/aws4_request';

function request(method: string, target: string, headers: Record<string, string>): RawRequest {
  const [rawPath = '', rawQuery = ''] = target.split('?', 2);
  return { method, rawPath, rawQuery, headers: headerMap(Object.entries(headers).flat()) };
}

const example = { Host: 'examplebucket.s3.amazonaws.com', 'x-amz-date': '20130524T000000Z', 'x-amz-content-sha256': emptyHash };
const authorization = (signedHeaders: string, signature: string) =>
  `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/${scope},SignedHeaders=${signedHeaders},Signature=${signature}`;

function read(raw: RawRequest): Signed {
  const signed = readSigned(raw);
  assert.ok(signed && signed.form !== 'malformed', JSON.stringify(signed));
  return signed;
}

function refused(raw: RawRequest): Malformed['code'] {
  const signed = readSigned(raw);
  assert.equal(signed?.form, 'malformed');
  return (signed as Malformed).code;
}

test('the published example of GET Object verifies, and reads into its parts', () => {
  const signed = read(
    request('GET', '/test.txt', {
      ...example,
      Range: 'bytes=0-9',
      Authorization: authorization(
        'host;range;x-amz-content-sha256;x-amz-date',
        'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
      ),
    }),
  );
  assert.equal(verify(signed, key), true);
  assert.deepEqual(
    {
      form: signed.form,
      id: signed.accessKeyId,
      date: signed.date,
      region: signed.region,
      service: signed.service,
      at: signed.at,
      payload: signed.payloadHash,
    },
    {
      form: 'header',
      id: 'AKIAIOSFODNN7EXAMPLE',
      date: '20130524',
      region: 'us-east-1',
      service: 's3',
      at: Date.UTC(2013, 4, 24),
      payload: emptyHash,
    },
  );
});

test('the published example of PUT Object, with a dollar sign in its path, verifies', () => {
  const signed = read(
    request('PUT', '/test$file.text', {
      ...example,
      Date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
      Authorization: authorization(
        'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
        '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
      ),
    }),
  );
  assert.equal(verify(signed, key), true);
});

test('the published example of a sub-resource without a value verifies', () => {
  const signed = read(
    request('GET', '/?lifecycle', {
      ...example,
      Authorization: authorization(
        'host;x-amz-content-sha256;x-amz-date',
        'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
      ),
    }),
  );
  assert.equal(verify(signed, key), true);
});

test('the published example of a list verifies, and another order of its parameters does too', () => {
  for (const target of ['/?max-keys=2&prefix=J', '/?prefix=J&max-keys=2']) {
    const signed = read(
      request('GET', target, {
        ...example,
        Authorization: authorization(
          'host;x-amz-content-sha256;x-amz-date',
          '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
        ),
      }),
    );
    assert.equal(verify(signed, key), true);
  }
});

test('the published example of a presigned address verifies, and tells its validity', () => {
  const signed = read(
    request(
      'GET',
      '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
      { Host: 'examplebucket.s3.amazonaws.com' },
    ),
  );
  assert.equal(signed.form, 'presigned');
  assert.equal(signed.expiresSeconds, 86400);
  assert.equal(signed.payloadHash, 'UNSIGNED-PAYLOAD');
  assert.equal(verify(signed, key), true);
});

test('the published example of a body signed in chunks gives the published seed and chunk signatures', () => {
  const seed = read(
    request('PUT', '/examplebucket/chunkObject.txt', {
      Host: 's3.amazonaws.com',
      'x-amz-date': '20130524T000000Z',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'Content-Encoding': 'aws-chunked',
      'x-amz-decoded-content-length': '66560',
      'Content-Length': '66824',
      Authorization: authorization(
        'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class',
        '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
      ),
    }),
  );
  assert.equal(verify(seed, key), true);
  const proof = { signingKey: key, signature: seed.signature.toString('hex'), timestamp: '20130524T000000Z', scope };
  const first = chunkSignature(proof, proof.signature, 'bf718b6f653bebc184e1479f1935b8da974d701b893afcf49e701f3e2f9f9c5a');
  assert.equal(first, 'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648');
  const second = chunkSignature(proof, first, '2edc986847e209b4016e141a6dc8716d3207350f416969382d431539bf292e4a');
  assert.equal(second, '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497');
  assert.equal(chunkSignature(proof, second, emptyHash), 'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9');
  assert.match(trailerSignature(proof, second, emptyHash), /^[0-9a-f]{64}$/);
});

const signer: Signer = {
  accessKeyId: 'key/with/slashes',
  secretAccessKey: secret,
  region: 'local',
  service: 's3',
  at: Date.UTC(2026, 0, 2, 3, 4, 5),
};
const localKey = signingKey(secret, '20260102', 'local', 's3');
const anyRequest = fc.record({
  method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD'),
  key: fc.string({ unit: 'grapheme', maxLength: 20 }),
  query: fc.array(fc.tuple(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }), fc.string({ unit: 'grapheme', maxLength: 5 })), {
    maxLength: 5,
  }),
  meta: fc.stringMatching(/^[ -~]{0,20}$/),
});
function unsigned(of: { method: string; key: string; query: [string, string][]; meta: string }): Unsigned {
  return {
    method: of.method,
    rawPath: `/bucket/${encode(of.key, true)}`,
    rawQuery: of.query.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&'),
    headers: { host: 'localhost:9000', 'x-amz-meta-note': of.meta },
    payloadHash: 'UNSIGNED-PAYLOAD',
  };
}

test('whatever is signed verifies, and no longer when one byte of it changes', () => {
  fc.assert(
    fc.property(anyRequest, fc.nat(), (made, at) => {
      const plain = unsigned(made);
      const raw = request(plain.method, '', sign(plain, signer));
      const full = { ...raw, rawPath: plain.rawPath, rawQuery: plain.rawQuery };
      const signed = read(full);
      assert.equal(signed.accessKeyId, 'key/with/slashes');
      assert.equal(verify(signed, localKey), true);
      const other = Buffer.from(signed.signature);
      other[at % other.length]! ^= 1;
      assert.equal(verify({ ...signed, signature: other }, localKey), false);
      assert.equal(verify(read({ ...full, rawPath: `${plain.rawPath}x` }), localKey), false);
    }),
  );
});

test('whatever is presigned verifies, and not for another method, name or query', () => {
  fc.assert(
    fc.property(anyRequest, (made) => {
      const plain = { ...unsigned(made), headers: { host: 'localhost:9000' } };
      const rawQuery = presign(plain, signer, 60);
      const raw: RawRequest = { method: plain.method, rawPath: plain.rawPath, rawQuery, headers: headerMap(['Host', 'localhost:9000']) };
      assert.equal(verify(read(raw), localKey), true);
      assert.equal(verify(read({ ...raw, method: 'PATCH' }), localKey), false);
      assert.equal(verify(read({ ...raw, headers: headerMap(['Host', 'localhost:9001']) }), localKey), false);
      assert.equal(verify(read({ ...raw, rawQuery: `${rawQuery}&versionId=1` }), localKey), false);
    }),
  );
});

test('a path is neither normalised nor encoded twice, and needless escapes are undone', () => {
  assert.equal(canonicalEscapes('/a//b/../c/./', false, '/'), '/a//b/../c/./');
  assert.equal(canonicalEscapes('/a%20b+c%7e%2Fd%2fe', false, '/'), '/a%20b%2Bc~%2Fd%2Fe');
  assert.equal(canonicalEscapes("/(x)!*'", false, '/'), '/%28x%29%21%2A%27');
  assert.equal(canonicalEscapes('/\u00c3\u00a9', false, '/'), '/%C3%A9');
  assert.equal(canonicalEscapes('/%4', false, '/'), undefined);
  assert.equal(canonicalEscapes('/%zz', false, '/'), undefined);
});

test('a query is sorted by encoded names and values, keeps duplicates and empty values, and reads + as a space', () => {
  assert.equal(canonicalQuery(readQuery('b=2&a=%2F&b=1&A=&acl&a-=x&a+b=c%20d')!), 'A=&a=%2F&a%20b=c%20d&a-=x&acl=&b=1&b=2');
  assert.equal(readQuery('a=%'), undefined);
  assert.equal(readQuery('a&'.repeat(2000)), undefined);
});

test('white space in a header is trimmed and folded, duplicates are joined in order', () => {
  assert.equal(canonicalHeader(['  a   b\t c ', 'd']), 'a b c,d');
});

test('requests without a signature are unsigned, whatever else they carry', () => {
  assert.equal(readSigned(request('GET', '/', { Host: 'a' })), undefined);
  assert.equal(readSigned(request('GET', '/', { Host: 'a', Authorization: 'Bearer gmt_x' })), undefined);
});

test('a signature that leaves out the host or an x-amz- header is refused', () => {
  const one = sign({ method: 'GET', rawPath: '/', rawQuery: '', headers: { 'x-a': 'b' }, payloadHash: emptyHash }, signer);
  assert.equal(refused(request('GET', '/', { ...one, Host: 'a' })), 'AccessDenied');
  const two = sign({ method: 'GET', rawPath: '/', rawQuery: '', headers: { host: 'a' }, payloadHash: emptyHash }, signer);
  assert.equal(refused(request('GET', '/', { ...two, 'x-amz-acl': 'public-read' })), 'AccessDenied');
});

test('malformed signatures are refused with the code of S3', () => {
  const good = sign({ method: 'GET', rawPath: '/', rawQuery: '', headers: { host: 'a' }, payloadHash: emptyHash }, signer);
  const header = good.authorization!;
  const with_ = (authorization: string, more: Record<string, string> = {}) =>
    refused(request('GET', '/', { ...good, authorization, ...more }));
  assert.equal(with_('AWS AKIA:abc'), 'InvalidRequest');
  assert.equal(with_('AWS4-ECDSA-P256-SHA256 Credential=x'), 'InvalidRequest');
  assert.equal(with_('AWS4-HMAC-SHA256 nonsense'), 'AuthorizationHeaderMalformed');
  assert.equal(with_(header.replace(/Signature=.*/, 'Signature=abc')), 'AuthorizationHeaderMalformed');
  assert.equal(with_(header.replace('20260102', '20260103')), 'AuthorizationHeaderMalformed');
  assert.equal(with_(header.replace('aws4_request', 'aws5')), 'AuthorizationHeaderMalformed');
  assert.equal(with_(header.replace('host;', 'Host;')), 'AuthorizationHeaderMalformed');
  assert.equal(with_(header, { 'x-amz-content-sha256': 'abc' }), 'InvalidArgument');
  assert.equal(with_(header, { 'x-amz-date': 'today' }), 'AccessDenied');
  assert.equal(with_(`AWS4-HMAC-SHA256 ${'a'.repeat(9000)}`), 'AuthorizationHeaderMalformed');
  const { 'x-amz-content-sha256': _, ...without } = good;
  assert.equal(refused(request('GET', '/', without)), 'InvalidRequest');
  assert.equal(refused(request('GET', '/%', good)), 'InvalidURI');
});

test('malformed presigned addresses are refused with the code of S3', () => {
  const query = presign({ method: 'GET', rawPath: '/', rawQuery: '', headers: { host: 'a' }, payloadHash: 'UNSIGNED-PAYLOAD' }, signer, 60);
  const with_ = (rawQuery: string) => refused({ method: 'GET', rawPath: '/', rawQuery, headers: headerMap(['host', 'a']) });
  assert.equal(with_(query.replace('Expires=60', 'Expires=604801')), 'AccessDenied');
  assert.equal(with_(query.replace('Expires=60', 'Expires=0')), 'AccessDenied');
  assert.equal(with_(query.replace('Expires=60', 'Expires=-1')), 'AccessDenied');
  assert.equal(with_(query.replace(/&X-Amz-Date=[^&]*/, '')), 'AuthorizationQueryParametersError');
  assert.equal(with_(`${query}&X-Amz-Expires=70`), 'AuthorizationQueryParametersError');
  assert.equal(with_(query.replace('HMAC-SHA256', 'HMAC-SHA1')), 'AuthorizationQueryParametersError');
  assert.equal(with_('AWSAccessKeyId=a&Signature=b&Expires=1'), 'InvalidRequest');
  const said = { method: 'GET', rawPath: '/', rawQuery: query, headers: headerMap(['host', 'a', 'x-amz-content-sha256', 'none']) };
  assert.match(String((readSigned(said) as Signed).stringToSign), /^AWS4/, 'read, for a signature that it cannot have');
  const both = { method: 'GET', rawPath: '/', rawQuery: query, headers: headerMap(['host', 'a', 'authorization', 'AWS4-HMAC-SHA256 x']) };
  assert.equal(refused(both), 'InvalidArgument');
});

test('hostile input of any kind gives a result and never an exception', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary-ascii' }),
    fc.constantFrom('AWS4-HMAC-SHA256 Credential=', '__proto__', 'X-Amz-Signature=%ff&X-Amz-Algorithm=%c3'),
  );
  fc.assert(
    fc.property(text, text, text, text, (rawPath, rawQuery, authorization, date) => {
      readSigned({
        method: 'GET',
        rawPath,
        rawQuery,
        headers: new Map([
          ['authorization', [`AWS4${authorization}`]],
          ['x-amz-date', [date]],
        ]),
      });
      readSigned({ method: 'GET', rawPath, rawQuery: `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${rawQuery}`, headers: new Map() });
    }),
    { numRuns: 500 },
  );
});

test('times are read from both forms and refused when the calendar does not have them', () => {
  assert.equal(readTime('20260102T030405Z'), '20260102T030405Z');
  assert.equal(readTime('Fri, 02 Jan 2026 03:04:05 GMT'), '20260102T030405Z');
  assert.equal(readTime('20260230T000000Z'), undefined);
  assert.equal(readTime('2026'), undefined);
  assert.equal(timestampOf(signer.at), '20260102T030405Z');
});
