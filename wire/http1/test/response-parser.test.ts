import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ResponseParser } from '../response-parser.ts';
import { Http1Violation } from '../violation.ts';

/** What a parser tells of bytes that come in pieces cut at some places; `bare` are the replies that are to HEAD. */
function told(bytes: Buffer, cuts: readonly number[] = [], bare: readonly number[] = []): string[] {
  const seen: string[] = [];
  let [body, reply] = ['', 0];
  const parser = new ResponseParser(
    {
      onHead: (status, fields) => void seen.push(`${status} ${fields.join(' ')}`),
      onBody: (piece) => {
        body += piece.toString('latin1');
      },
      onEnd: () => {
        seen.push(`end ${body}`);
        body = '';
        parser.isBare = bare.includes(++reply);
      },
    },
    1000,
  );
  parser.isBare = bare.includes(0);
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  try {
    for (const [index, start] of [0, ...places].entries()) parser.read(bytes.subarray(start, places[index] ?? bytes.length));
    seen.push(parser.end() ? 'whole' : 'cut off');
  } catch (error) {
    if (!(error instanceof Http1Violation)) throw error;
    seen.push(error.kind);
  }
  return seen;
}

const stream = Buffer.from(
  [
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: "a"\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n',
    'HTTP/1.1 204 No Content\r\n\r\n',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nX: y\r\n\r\n',
    'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nto the end',
  ].join(''),
  'latin1',
);

test('replies are told apart by their frames, whatever pieces they come in', () => {
  const whole = [
    '100 ',
    '200 Content-Length 5 ETag "a"',
    'end hello',
    '200 Content-Length 7',
    'end ',
    '204 ',
    'end ',
    '304 Content-Length 9',
    'end ',
    '200 Transfer-Encoding chunked',
    'end hello!',
    '404 Content-Length 0',
    'end ',
    '200 Connection close',
    'end to the end',
    'whole',
  ];
  assert.deepEqual(told(stream, [], [1]), whole);
  fc.assert(fc.property(fc.array(fc.nat(), { maxLength: 40 }), (cuts) => assert.deepEqual(told(stream, cuts, [1]), whole)));
});

test('a connection that ends within a reply cuts it off, wherever that is', () => {
  const reply = Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n');
  for (let at = 1; at < reply.length; at++) assert.equal(told(reply.subarray(0, at)).at(-1), 'cut off', `${at}`);
  assert.equal(told(reply).at(-1), 'whole');
});

test('what is no reply is refused', () => {
  for (const text of [
    'HTTP/2 200 OK\r\n\r\n',
    'HTTP/1.1 OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\nA b\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\na',
  ])
    assert.equal(told(Buffer.from(text)).at(-1), 'syntax', JSON.stringify(text));
  assert.equal(told(Buffer.from(`HTTP/1.1 200 OK\r\nA: ${'b'.repeat(2000)}`)).at(-1), 'head');
});
