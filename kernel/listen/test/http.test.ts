import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { get as getSecure, request as requestSecure } from 'node:https';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '#kernel/contract/implement.ts';
import { readBody } from '../body.ts';
import { type HttpHandler, httpServer } from '../http.ts';
import { servedFor } from '../lane.ts';
import { requestsPerTurnMax } from '../limits.ts';
import { rawReply } from '../malformed.ts';
import { certified, dial, drained, outerAddress, place, sent } from './fixtures/raw.ts';

const { authority, certificate } = await certified();

const echo: HttpHandler = async (request, response) => {
  const body = await readBody(request);
  response.end(`${request.method} ${request.url} ${body}`);
};

/** The status line's number, or 0 when the connection was closed without an answer. */
const statusOf = (reply: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(reply)?.[1] ?? 0);

test('the same port serves HTTP and HTTPS, and the handler knows which', async () => {
  await using door = await httpServer({ ...place, certificate }, (_request, response, connection) => {
    response.end(String(connection.secure));
  });
  assert.equal(door.url, `http://127.0.0.1:${door.port}`);
  assert.equal(await (await fetch(door.url)).text(), 'false');
  const [response] = await once(getSecure(`${door.tlsUrl}/`, { ca: authority.certificatePem, agent: false }), 'response');
  assert.equal(String((await response.toArray()).join('')), 'true');
});

test('requests follow one another on a connection, in order, also when pipelined', async () => {
  await using door = await httpServer(place, echo);
  const reply = await sent(
    door.port,
    'POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
  );
  assert.match(reply, /POST \/1 abc[^]*GET \/2 $/);
});

test('of many requests that come at once those of one tenant do not keep another waiting', async () => {
  const served: string[] = [];
  await using door = await httpServer(place, (request, response) => {
    const tenant = request.url.startsWith('/noisy') ? 1n : 2n;
    servedFor(request.socket, tenant);
    served.push(request.url);
    response.end('.');
  });
  const noisy = 12 * requestsPerTurnMax;
  const lone = await dial(door.port);
  const sockets = await Promise.all(Array.from({ length: noisy }, () => dial(door.port)));
  const all = [...sockets, lone];
  const sendAll = async () => {
    served.length = 0;
    const replies = all.map((socket) => once(socket, 'data'));
    for (const [at, socket] of all.entries()) socket.write(`GET ${at < noisy ? '/noisy' : '/quiet'} HTTP/1.1\r\nHost: h\r\n\r\n`);
    await Promise.all(replies);
  };
  await sendAll();
  await sendAll();
  assert.equal(served.length, noisy + 1);
  assert.ok(served.indexOf('/quiet') < 3 * requestsPerTurnMax, `it was ${served.indexOf('/quiet') + 1}th of ${served.length}`);
  for (const socket of all) socket.destroy();
});

test('a large body streams both ways without loss, plain and over TLS', async () => {
  await using door = await httpServer({ ...place, certificate }, (request, response) => {
    request.pipe(response);
  });
  const bytes = Buffer.alloc(3_000_000, 'abcdefg');
  const plain = await fetch(door.url, { method: 'PUT', body: bytes });
  assert.ok(Buffer.from(await plain.arrayBuffer()).equals(bytes));
  const request = requestSecure(`${door.tlsUrl}/`, { method: 'PUT', ca: authority.certificatePem, agent: false });
  request.end(bytes);
  const [response] = await once(request, 'response');
  assert.ok(Buffer.concat(await response.toArray()).equals(bytes));
});

test('a head over the limit answers 431, and so does an address over it', async () => {
  await using door = await httpServer(place, echo);
  const long = 'x'.repeat(20_000);
  for (const text of [
    `GET / HTTP/1.1\r\nHost: h\r\nX-Long: ${long}\r\n\r\n`,
    `GET /${long} HTTP/1.1\r\nHost: h\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: h\r\n${'A: b\r\n'.repeat(9000)}\r\n`,
  ]) {
    const reply = await sent(door.port, text);
    assert.equal(statusOf(reply), 431);
    assert.match(reply, /application\/problem\+json/);
    assert.match(reply, /"code":"HeadersTooLarge"/);
  }
});

test('a refusal reaches a client that goes on sending', async () => {
  await using door = await httpServer({ ...place, limits: { lingerMs: 100 } }, echo);
  const socket = await dial(door.port);
  socket.write(`GET / HTTP/1.1\r\nHost: h\r\n${'A: b\r\n'.repeat(500_000)}`);
  assert.equal(statusOf(await drained(socket)), 431);
});

test('many fields within the limit all arrive', async () => {
  await using door = await httpServer(place, (request, response) => {
    response.end(String(request.rawHeaders.length / 2));
  });
  const reply = await sent(door.port, `GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${'A:\r\n'.repeat(3000)}\r\n`);
  assert.match(reply, /3002$/);
});

test('a head that trickles in answers 408', async () => {
  await using door = await httpServer({ ...place, limits: { headersMs: 100 } }, echo);
  const reply = await sent(door.port, 'GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ');
  assert.equal(statusOf(reply), 408);
  assert.match(reply, /"code":"Timeout"/);
});

test('a request whose body is not whole in time answers 408', async () => {
  await using door = await httpServer({ ...place, limits: { headersMs: 100, requestMs: 150 } }, echo);
  assert.equal(statusOf(await sent(door.port, 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc')), 408);
});

test('a body that trickles below the pace is cut, however long the request may take', async () => {
  await using door = await httpServer({ ...place, limits: { sweepMs: 30, slowSweepsMax: 3, bodyPaceBytes: 100 } }, echo);
  const socket = await dial(door.port);
  socket.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n');
  const drip = setInterval(() => socket.write('x'), 10);
  const reply = await drained(socket);
  clearInterval(drip);
  assert.equal(statusOf(reply), 408);
});

test('a body that waits for the handler is not slow, nor is a handler that thinks', async () => {
  const limits = { sweepMs: 10, slowSweepsMax: 2, bodyPaceBytes: 100 };
  await using door = await httpServer({ ...place, limits }, async (request, response) => {
    await pause(150);
    const body = await readBody(request);
    await pause(150);
    response.end(String(body.byteLength));
  });
  const reply = await fetch(door.url, { method: 'POST', body: Buffer.alloc(900_000) });
  assert.equal(await reply.text(), '900000');
});

test('a reply that nobody reads is cut', async () => {
  const limits = { sweepMs: 30, slowSweepsMax: 3 };
  let cut: Promise<unknown> | undefined;
  await using door = await httpServer({ ...place, limits }, (_request, response) => {
    cut = once(response, 'close');
    response.write(Buffer.alloc(32_000_000));
  });
  const socket = await dial(door.port);
  socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
  socket.pause();
  while (!cut) await pause(5);
  await cut;
  socket.destroy();
});

test('requests that two readers could understand differently are refused and end the connection', async () => {
  const seen: string[] = [];
  await using door = await httpServer(place, (request, response) => {
    seen.push(String(request.url));
    response.end('served');
  });
  const smuggled = '0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n';
  const heads = [
    'Content-Length: 4\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding: chunked\r\nContent-Length: 4',
    'Content-Length: 4\r\nContent-Length: 5',
    'Content-Length: 4, 4',
    'Content-Length: +4',
    'Content-Length: -1',
    'Content-Length: 0x4',
    'Content-Length : 4',
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
    'Transfer-Encoding:\u000bchunked',
    'X: a\r\n folded',
    'X: a\nContent-Length: 4',
    'X: a\u0000b',
    'X y: a',
  ];
  for (const head of heads) {
    const reply = await sent(door.port, `POST /first HTTP/1.1\r\nHost: h\r\n${head}\r\n\r\n${smuggled}`);
    assert.equal(statusOf(reply), 400, head);
    assert.doesNotMatch(reply, /served/, head);
  }
  assert.deepEqual(seen, []);
});

test('what is no HTTP answers 400 and never a stack trace', async () => {
  await using door = await httpServer(place, echo);
  const garbage = [
    '\0\u0001\u0002\r\n\r\n',
    'hello\r\n\r\n',
    'GET / HTTP/9.9\r\nHost: h\r\n\r\n',
    'GET  HTTP/1.1\r\n\r\n',
    '{"a":1}\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ];
  for (const text of garbage) {
    const reply = await sent(door.port, text);
    assert.equal(statusOf(reply), 400, text);
    assert.doesNotMatch(reply, /\bat |\.ts|node:/);
  }
});

test("a method that nobody knows is the handler's to refuse", async () => {
  await using door = await httpServer(place, echo);
  assert.match(await sent(door.port, 'FOO /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'), /FOO \/x/);
});

test('no Host, or more than one, answers 400', async () => {
  await using door = await httpServer(place, echo);
  for (const hosts of ['', 'Host: a\r\nHost: b\r\n', 'Host: a\r\nhOST: a\r\n']) {
    assert.equal(statusOf(await sent(door.port, `GET / HTTP/1.1\r\n${hosts}\r\n`)), 400, hosts);
  }
});

test('the door words refusals of the parser in its own dialect', async () => {
  await using door = await httpServer(
    { ...place, malformed: (code) => rawReply(400, 'application/xml', `<Error><Code>${code}</Code></Error>`) },
    echo,
  );
  assert.match(await sent(door.port, 'hello\r\n\r\n'), /application\/xml[^]*<Code>BadInput<\/Code>/);
});

test('plain HTTP from outside is told so', { skip: outerAddress ? false : 'this machine has no other address' }, async () => {
  await using door = await httpServer({ ...place, host: '0.0.0.0', certificate }, echo);
  const reply = await fetch(`http://${outerAddress}:${door.port}/`);
  assert.equal(reply.status, 400);
  assert.equal(reply.headers.get('content-type'), 'application/problem+json');
});

test('a handler that throws is logged and answered with 500 alone', async () => {
  const lines: unknown[] = [];
  const log: Log = (level, message, fields) => lines.push([level, message, String(fields?.error)]);
  await using door = await httpServer({ ...place, log }, (request, response) => {
    if (request.url === '/now') throw new Error('secret reason');
    if (request.url === '/begun') response.write('begun');
    return Promise.reject(new Error('secret reason'));
  });
  for (const path of ['/now', '/later']) {
    const reply = await fetch(door.url + path);
    assert.equal(reply.status, 500);
    assert.doesNotMatch(await reply.text(), /secret/);
  }
  assert.doesNotMatch(await sent(door.port, 'GET /begun HTTP/1.1\r\nHost: h\r\n\r\n'), /secret/);
  assert.deepEqual(lines, Array(3).fill(['error', 'a request failed', 'Error: secret reason']));
});

test('an answer before the body is seen by the client, and the rest is not read for ever', async () => {
  await using door = await httpServer({ ...place, limits: { lingerMs: 80 } }, (_request, response) => {
    response.writeHead(413).end('too large');
  });
  const socket = await dial(door.port);
  socket.write('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n');
  const feed = setInterval(() => socket.write(Buffer.alloc(10_000)), 5);
  const reply = await drained(socket);
  clearInterval(feed);
  assert.match(reply, /413[^]*too large/);
});

test('a body sent in full after an early answer leaves the connection usable', async () => {
  await using door = await httpServer({ ...place, limits: { lingerMs: 60 } }, (_request, response) => {
    response.end('early');
  });
  const socket = await dial(door.port);
  socket.write('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc');
  await once(socket, 'data');
  socket.write('def');
  await pause(120);
  socket.write('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
  assert.match(await drained(socket), /early/);
});

test('a handler that gives a body up in the middle is cut off, and harms no one', async () => {
  await using door = await httpServer({ ...place, limits: { lingerMs: 60 } }, async (request, response) => {
    for await (const _ of request) break;
    response.end('enough');
  });
  const given = await dial(door.port);
  given.write('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\nabc');
  assert.match(await drained(given), /enough/);
  const left = await dial(door.port);
  left.write('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc');
  await once(left, 'data');
  left.resetAndDestroy();
  await pause(120);
  assert.match(await sent(door.port, 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'), /enough/);
});

test('the handler may decide before the client sends its body', async () => {
  await using door = await httpServer({ ...place, expect: 'handler' }, async (request, response) => {
    if (request.url === '/no') return void response.writeHead(403, { connection: 'close' }).end();
    response.writeContinue();
    await echo(request, response, { secure: false, confidential: true, peerAddress: '' });
  });
  const head = 'Host: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n';
  const refused = await sent(door.port, `PUT /no HTTP/1.1\r\n${head}`);
  assert.doesNotMatch(refused, /100 Continue/);
  assert.equal(statusOf(refused), 403);
  const socket = await dial(door.port);
  socket.write(`PUT /yes HTTP/1.1\r\n${head}`);
  const [first] = await once(socket, 'data');
  assert.match(String(first), /^HTTP\/1\.1 100 Continue/);
  socket.write('abc');
  assert.match(await drained(socket), /PUT \/yes abc/);
});

test('draining closes idle connections at once and lets running requests finish on theirs', async () => {
  let finish = () => {};
  const door = await httpServer({ ...place, certificate, limits: { drainMs: 60_000 } }, (request, response) => {
    if (request.url === '/wait') finish = () => void response.end('finished');
    else response.end('idle now');
  });
  const idle = await dial(door.port);
  idle.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
  await once(idle, 'data');
  const unused = connect({ host: '127.0.0.1', port: door.port, ca: authority.certificatePem });
  unused.on('error', () => {});
  await once(unused, 'secureConnect');
  const agent = new Agent({ keepAlive: true });
  const running = once(get(`${door.url}/wait`, { agent }), 'response');
  while (String(finish).length < 10) await pause(2);
  const closing = door.close();
  await Promise.all([drained(idle), once(unused, 'close')]);
  finish();
  const [response] = await running;
  assert.equal((await response.toArray()).join(''), 'finished');
  await closing;
  agent.destroy();
  await assert.rejects(fetch(door.url));
});

test('a request that starts while the door drains is told to close its connection', async () => {
  let finish = () => {};
  const door = await httpServer({ ...place, limits: { drainSweepMs: 60_000 } }, (request, response) => {
    if (request.url === '/wait') finish = () => void response.end('first');
    else response.end('second');
  });
  const socket = await dial(door.port);
  socket.write('GET /wait HTTP/1.1\r\nHost: h\r\n\r\n');
  while (String(finish).length < 10) await pause(2);
  const closing = door.close();
  finish();
  socket.write('GET /next HTTP/1.1\r\nHost: h\r\n\r\n');
  const reply = await drained(socket);
  assert.match(reply, /first[^]*Connection: close[^]*second/);
  await closing;
});

test('a connection serves no more than its number of requests', async () => {
  await using door = await httpServer({ ...place, limits: { connectionRequestsMax: 2 } }, echo);
  const socket = await dial(door.port);
  socket.write('GET /1 HTTP/1.1\r\nHost: h\r\n\r\n');
  await once(socket, 'data');
  socket.write('GET /2 HTTP/1.1\r\nHost: h\r\n\r\n');
  assert.match(await drained(socket), /Connection: close[^]*GET \/2/);
});

test('many clients that come and go at any moment leave the door as it was', async () => {
  await using door = await httpServer({ ...place, certificate, limits: { firstByteMs: 300 } }, echo);
  const hello = Buffer.from('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd');
  await Promise.all(
    Array.from({ length: 150 }, async (_, at) => {
      const socket = await dial(door.port);
      socket.write(hello.subarray(0, at % hello.length));
      await pause(at % 7);
      if (at % 2) socket.resetAndDestroy();
      else socket.destroy();
    }),
  );
  assert.equal(await (await fetch(door.url, { method: 'POST', body: 'still' })).text(), 'POST / still');
});
