import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import { readBody } from '../body.ts';
import { httpServer } from '../http.ts';
import { dial, drained, place, sent } from './fixtures/raw.ts';

test('a body is read whole, up to exactly the limit', async () => {
  assert.equal((await readBody(Readable.from([Buffer.from('ab'), Buffer.from('cd')]), 4)).toString(), 'abcd');
  assert.equal((await readBody(Readable.from([]), 4)).byteLength, 0);
  await assert.rejects(readBody(Readable.from([Buffer.from('ab'), Buffer.from('cde')]), 4), { code: 'TooLarge' });
});

test('an announced length over the limit is refused before a byte is read', async () => {
  const stream = Object.assign(new PassThrough(), { headers: { 'content-length': '5' } });
  await assert.rejects(readBody(stream, 4), { code: 'TooLarge' });
  assert.equal(stream.listenerCount('data'), 0);
});

test('an abort ends the reading with its reason, before and during', async () => {
  const control = new AbortController();
  const stream = new PassThrough();
  const reading = readBody(stream, 4, control.signal);
  control.abort(new Error('revoked'));
  await assert.rejects(reading, /revoked/);
  await assert.rejects(readBody(stream, 4, control.signal), /revoked/);
  assert.equal(stream.listenerCount('data') + stream.listenerCount('close'), 0);
});

test('a stream that ends early or is gone already is refused', async () => {
  const stream = new PassThrough();
  const reading = readBody(stream, 10);
  stream.write('abc');
  stream.destroy();
  await assert.rejects(reading, { code: 'BadInput' });
  await assert.rejects(readBody(stream, 10), { code: 'BadInput' });
  const failing = new PassThrough();
  const failed = readBody(failing, 10);
  failing.destroy(new Error('reset'));
  await assert.rejects(failed, { code: 'BadInput' });
});

test('over HTTP the client of a body that is too large sees its refusal, announced or not', async () => {
  await using door = await httpServer(place, async (request, response) => {
    const outcome = await readBody(request, 10).then(String, (error: { code: string }) => error.code);
    response.writeHead(outcome === 'TooLarge' ? 413 : 200).end(outcome);
  });
  const head = 'POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n';
  assert.match(await sent(door.port, `${head}Content-Length: 11\r\n\r\n${'x'.repeat(11)}`), /^HTTP\/1\.1 413/);
  assert.match(await sent(door.port, `${head}Transfer-Encoding: chunked\r\n\r\nb\r\n${'x'.repeat(11)}\r\n0\r\n\r\n`), /^HTTP\/1\.1 413/);
  assert.match(await sent(door.port, `${head}Content-Length: 3\r\n\r\nabc`), /abc\r\n0\r\n\r\n$/);
});

test('a client that hangs up in the middle of a body ends the reading', async () => {
  let outcome: Promise<unknown> | undefined;
  await using door = await httpServer(place, async (request) => {
    outcome = readBody(request).catch((error: unknown) => error);
    await outcome;
  });
  const socket = await dial(door.port);
  socket.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc');
  while (!outcome) await pause(5);
  socket.resetAndDestroy();
  await drained(socket);
  assert.equal(((await outcome) as { code: string }).code, 'BadInput');
});
