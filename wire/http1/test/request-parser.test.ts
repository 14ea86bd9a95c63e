import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RequestParser } from '../request-parser.ts';
import { Http1Violation } from '../violation.ts';

const headMax = 1000;

/** What a parser tells of bytes that come in pieces cut at some places; the kind of the violation ends it. */
function told(bytes: Buffer, cuts: readonly number[] = []): string[] {
  const seen: string[] = [];
  let body = '';
  const parser = new RequestParser(
    {
      onHead: ({ method, target, version, fields, framing, keepAlive, expectsContinue }) => {
        seen.push(JSON.stringify([method, target, version, fields, framing, keepAlive, expectsContinue]));
      },
      onBody: (piece) => {
        body += piece.toString('latin1');
      },
      onEnd: () => {
        seen.push(`end ${body}`);
        body = '';
      },
    },
    headMax,
  );
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  try {
    for (const [index, start] of [0, ...places].entries()) parser.read(bytes.subarray(start, places[index] ?? bytes.length));
  } catch (error) {
    if (!(error instanceof Http1Violation)) throw error;
    seen.push(error.kind);
  }
  return seen;
}

const stream = Buffer.from(
  [
    '\r\nGET /a?b HTTP/1.1\r\nHost: h\r\nX: \t v w \t\r\nEmpty:\r\n\r\n',
    'PUT /b HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\nExpect: 100-Continue\r\n\r\nhello',
    'POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n4;x=y\r\nab\r\n\r\n00A\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n',
    'DELETE * HTTP/1.0\r\nConnection: foo, Keep-Alive\r\n\r\n',
    'GET http://h/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
  ].join(''),
  'latin1',
);

test('requests are read one after the other, whatever pieces they come in', () => {
  const whole = told(stream);
  assert.deepEqual(whole, [
    '["GET","/a?b","1.1",["Host","h","X","v w","Empty",""],0,true,false]',
    'end ',
    '["PUT","/b","1.1",["host","h","content-length","5","Expect","100-Continue"],5,true,true]',
    'end hello',
    '["POST","/c","1.1",["Host","h","Transfer-Encoding","Chunked"],"chunked",true,false]',
    'end ab\r\n0123456789',
    '["DELETE","*","1.0",["Connection","foo, Keep-Alive"],0,true,false]',
    'end ',
    '["GET","http://h/","1.1",["Host","h","Connection","close"],0,false,false]',
    'end ',
  ]);
  fc.assert(fc.property(fc.array(fc.nat(), { maxLength: 40 }), (cuts) => assert.deepEqual(told(stream, cuts), whole)));
  assert.deepEqual(
    told(
      stream,
      Array.from({ length: stream.length }, (_, at) => at),
    ),
    whole,
  );
});

const refused = {
  'a bare LF': 'GET / HTTP/1.1\nHost: h\n\n',
  'a bare LF in a field': 'GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n',
  'a bare CR': 'GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n',
  'a folded line': 'GET / HTTP/1.1\r\nHost: h\r\n X: y\r\n\r\n',
  'a space before the colon': 'GET / HTTP/1.1\r\nContent-Length : 5\r\n\r\n',
  'a field without a name': 'GET / HTTP/1.1\r\n: y\r\n\r\n',
  'a field without a colon': 'GET / HTTP/1.1\r\nHost\r\n\r\n',
  'NUL in a value': 'GET / HTTP/1.1\r\nX: a\0b\r\n\r\n',
  'NUL in the target': 'GET /\0 HTTP/1.1\r\n\r\n',
  'a space in the target': 'GET /a b HTTP/1.1\r\n\r\n',
  'two lengths': 'PUT / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello',
  'a list of lengths': 'PUT / HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\nhello',
  'a signed length': 'PUT / HTTP/1.1\r\nContent-Length: +5\r\n\r\nhello',
  'a length in hexadecimal': 'PUT / HTTP/1.1\r\nContent-Length: 0x5\r\n\r\nhello',
  'a length beyond all numbers': `PUT / HTTP/1.1\r\nContent-Length: ${'9'.repeat(20)}\r\n\r\n`,
  'length and chunks': 'PUT / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'another coding': 'PUT / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  'a coding twice': 'PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'chunks in HTTP/1.0': 'PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'a tunnel': 'CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n',
  'another version': 'GET / HTTP/2.0\r\n\r\n',
  'no version': 'GET /\r\n\r\n',
  TLS: '\x16\x03\x01\x02\0\x01\0',
} as const;

for (const [what, text] of Object.entries(refused)) {
  test(`${what} is refused, whatever pieces it comes in`, () => {
    const bytes = Buffer.from(text, 'latin1');
    assert.deepEqual(told(bytes), ['syntax']);
    fc.assert(fc.property(fc.array(fc.nat(), { maxLength: 8 }), (cuts) => assert.deepEqual(told(bytes, cuts), ['syntax'])));
  });
}

const chunked = 'PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n';

test('chunks that are not what they say are refused', () => {
  for (const body of [
    '5\r\nhelloX\r\n',
    '5\nhello\r\n',
    '-5\r\n',
    '0x5\r\nhello\r\n',
    ' 5\r\nhello\r\n',
    '\r\n',
    '0\r\nA b: c\r\n\r\n',
    '5;\0\r\n',
  ])
    assert.deepEqual(told(Buffer.from(`${chunked}${body}`)).at(-1), 'syntax', JSON.stringify(body));
  assert.equal(told(Buffer.from(`${chunked}${'f'.repeat(14)}\r\n`)).at(-1), 'syntax');
});

test('heads, extensions and trailers are held to their sizes, also when their end never comes', () => {
  assert.deepEqual(told(Buffer.from(`GET /${'a'.repeat(headMax)}`)), ['head']);
  assert.deepEqual(told(Buffer.from(`GET / HTTP/1.1\r\nX: ${'a'.repeat(headMax)}\r\n\r\n`), [3, 500]), ['head']);
  assert.equal(told(Buffer.from(`${chunked}1;${'x'.repeat(20_000)}`)).at(-1), 'extras');
  assert.equal(told(Buffer.from(`${chunked}${`1;${'x'.repeat(500)}\r\na\r\n`.repeat(40)}`)).at(-1), 'extras');
  assert.equal(told(Buffer.from(`${chunked}0\r\n${`A: ${'x'.repeat(500)}\r\n`.repeat(40)}`)).at(-1), 'extras');
});

test('any bytes at all end in requests or a refusal', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void told(Buffer.from(bytes))));
  const near = fc.array(
    fc.constantFrom(
      'GET',
      ' ',
      '/',
      'HTTP/1.1',
      '\r\n',
      '\n',
      '\r',
      'a',
      ':',
      'Content-Length',
      '5',
      'chunked',
      'Transfer-Encoding',
      '0',
      ';',
    ),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(near, fc.array(fc.nat(), { maxLength: 5 }), (words, cuts) => {
      const bytes = Buffer.from(words.join(''));
      assert.deepEqual(told(bytes, cuts), told(bytes));
    }),
  );
});

test('a reader that says stop is given the rest back', () => {
  const methods: string[] = [];
  const parser: RequestParser = new RequestParser(
    { onHead: ({ method }) => methods.push(method), onBody: () => undefined, onEnd: () => parser.stop() },
    headMax,
  );
  const rest = parser.read(Buffer.from('GET / HTTP/1.1\r\n\r\nPUT / HTTP/1.1\r\n\r\n'));
  assert.equal(rest?.toString(), 'PUT / HTTP/1.1\r\n\r\n');
  assert.equal(parser.read(rest as Buffer), undefined);
  assert.deepEqual(methods, ['GET', 'PUT']);
});
