import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { signingKey } from '#wire/sigv4/key.ts';
import { ChunkedDecoder, type ChunkedForm, ChunkError } from '../decoder.ts';
import { encodeChunks } from '../encode.ts';

const proof = {
  signingKey: signingKey('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', '20130524', 'us-east-1', 's3'),
  signature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  timestamp: '20130524T000000Z',
  scope: '20130524/us-east-1/s3/aws4_request',
};
const trailers = { 'x-amz-checksum-crc32': 'AAAAAA==' };
const forms: { form: ChunkedForm; trailers?: Record<string, string> }[] = [
  { form: { proof, trailer: false } },
  { form: { proof, trailer: true }, trailers },
  { form: { trailer: true }, trailers },
  { form: { trailer: true } },
];

function decode(form: ChunkedForm, pieces: readonly Uint8Array[]): { body: Buffer; trailers: Record<string, string> } {
  const decoder = new ChunkedDecoder(form);
  const out = pieces.flatMap((piece) => decoder.push(piece));
  decoder.end();
  return { body: Buffer.concat(out), trailers: Object.fromEntries(decoder.trailers) };
}

function fails(form: ChunkedForm, bytes: Uint8Array): string {
  try {
    decode(form, [bytes]);
  } catch (error) {
    assert.ok(error instanceof ChunkError, String(error));
    return error.code;
  }
  return 'accepted';
}

test('the published example decodes, signature by signature', () => {
  const body = Buffer.alloc(66560, 'a');
  const wire = encodeChunks([body.subarray(0, 65536), body.subarray(65536)], proof);
  assert.equal(wire.length, 66824);
  assert.ok(wire.includes('10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n'));
  assert.ok(wire.includes('400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n'));
  assert.ok(wire.includes('0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n'));
  assert.deepEqual(decode({ proof, trailer: false }, [wire]).body, body);
});

test('every form decodes to what was encoded, however its bytes are cut', () => {
  const piece = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(
      fc.constantFrom(...forms),
      fc.array(piece, { maxLength: 5 }),
      fc.array(fc.nat(400), { maxLength: 8 }),
      (of, chunks, cuts) => {
        const wire = encodeChunks(chunks, of.form.proof, of.trailers ?? (of.form.trailer ? {} : undefined));
        const edges = [0, ...cuts.map((cut) => Math.min(cut, wire.length)).toSorted((a, b) => a - b), wire.length];
        const pieces = edges.slice(1).map((edge, at) => wire.subarray(edges[at], edge));
        assert.deepEqual(decode(of.form, pieces), { body: Buffer.concat(chunks), trailers: of.trailers ?? {} });
      },
    ),
  );
});

test('a body cut short anywhere before its last line is refused', () => {
  for (const of of forms) {
    const wire = encodeChunks(
      [Buffer.from('hello'), Buffer.from('world')],
      of.form.proof,
      of.trailers ?? (of.form.trailer ? {} : undefined),
    );
    const lastChunk = wire.lastIndexOf('\r\n0') + 2;
    for (let length = 0; length < lastChunk + 3; length++)
      assert.notEqual(fails(of.form, wire.subarray(0, length)), 'accepted', `${length}`);
  }
});

test('a flipped bit anywhere in a signed body is refused', () => {
  const wire = encodeChunks([Buffer.from('hello'), Buffer.from('world')], proof, trailers);
  for (let at = 0; at < wire.length - 2; at++) {
    const other = Buffer.from(wire);
    other[at]! ^= 1;
    const out = fails({ proof, trailer: true }, other);
    // Line ends of the trailers carry no meaning that a signature could protect.
    if (out === 'accepted') assert.ok(at > wire.indexOf('x-amz-checksum'), `byte ${at}`);
  }
});

test('trailers that were not announced, come twice or carry no signature are refused', () => {
  assert.equal(fails({ proof, trailer: false }, encodeChunks([], proof, trailers)), 'MalformedTrailerError');
  assert.equal(fails({ trailer: true }, Buffer.from('0\r\na:1\r\na:2\r\n\r\n')), 'MalformedTrailerError');
  const signed = encodeChunks([], proof, trailers).toString('latin1');
  const stripped = signed.replace(/x-amz-trailer-signature:[0-9a-f]*\r\n/, '');
  assert.notEqual(fails({ proof, trailer: true }, Buffer.from(stripped)), 'accepted');
  assert.equal(fails({ trailer: true }, Buffer.from('0\r\nnonsense\r\n\r\n')), 'MalformedTrailerError');
});

test('sizes that are no numbers, bodies longer than their size and endless lines are refused', () => {
  assert.equal(fails({ trailer: true }, Buffer.from('xyz\r\n')), 'InvalidChunkSizeError');
  assert.equal(fails({ trailer: true }, Buffer.from('-1\r\n')), 'InvalidChunkSizeError');
  assert.equal(fails({ trailer: true }, Buffer.from('ffffffffffffffff\r\n')), 'InvalidChunkSizeError');
  assert.equal(fails({ trailer: true }, Buffer.from('2\r\nabc\r\n')), 'InvalidRequest');
  assert.equal(fails({ trailer: true }, Buffer.from('2\nab\r\n')), 'InvalidRequest');
  assert.equal(fails({ trailer: true }, Buffer.from(`2;${'a'.repeat(5000)}`)), 'InvalidRequest');
  assert.equal(fails({ trailer: true }, Buffer.from('0\r\n\r\nmore')), 'InvalidRequest');
});

test('hostile bytes of any kind are decoded or refused with a code', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...forms),
      fc.array(
        fc.oneof(
          fc.uint8Array({ maxLength: 30 }),
          fc.constantFrom('0', '\r\n', '5;chunk-signature=', 'a:b').map((text) => Buffer.from(text)),
        ),
      ),
      (of, pieces) => {
        fails(of.form, Buffer.concat(pieces));
      },
    ),
    { numRuns: 500 },
  );
});
