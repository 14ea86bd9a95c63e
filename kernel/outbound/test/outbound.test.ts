import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createRawServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { createAuthority, issueServer } from '#kernel/listen/authority.ts';
import { httpServer } from '#kernel/listen/http.ts';
import { readBody } from '#kernel/listen/body.ts';
import { redirectsMax } from '../limits.ts';
import { openLines, outbound } from '../outbound.ts';

/** Every name leads to this machine, so a call succeeds only where the name was listed. */
const lookup = async () => [{ address: '127.0.0.1' }];
const refused = { code: 'BadInput', path: '/url' };

async function listening(server: Server) {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    allow: [`hook.example:${port}`],
    url: `http://hook.example:${port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

type Seen = { method?: string; url?: string; headers: IncomingMessage['headers']; body: string };

/** A server that notes every request and answers as told. */
async function hook(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const body = (await readBody(request)).toString();
    seen.push({ method: request.method, url: request.url, headers: request.headers, body });
    answer(request, response);
  });
  return Object.assign(await listening(server), { seen });
}

test('a listed host is called with method, headers and body, and its answer returned', async () => {
  await using server = await hook((_request, response) => response.writeHead(201, { 'x-reply': 'yes' }).end('taken'));
  const answer = await outbound(`${server.url}/a?b=c`, {
    method: 'POST',
    headers: { 'X-Event': '1', Host: 'evil', 'Content-Length': '99', 'Transfer-Encoding': 'chunked', Connection: 'keep-alive' },
    body: '{"a":1}',
    allow: server.allow,
    lookup,
  });
  assert.equal(answer.status, 201);
  assert.equal(answer.headers['x-reply'], 'yes');
  assert.equal(answer.body.toString(), 'taken');
  const [seen] = server.seen;
  assert.deepEqual([seen?.method, seen?.url, seen?.body], ['POST', '/a?b=c', '{"a":1}']);
  assert.deepEqual(seen?.headers, { 'x-event': '1', host: `hook.example:${server.port}`, connection: 'close', 'content-length': '7' });
});

test('the name is resolved once, and what it resolves to later does not count', async () => {
  await using server = await hook((_request, response) => response.end('once'));
  let lookups = 0;
  const rebinding = async () => [{ address: lookups++ === 0 ? '127.0.0.1' : '10.0.0.1' }];
  const answer = await outbound(server.url, { allow: server.allow, lookup: rebinding });
  assert.equal(answer.body.toString(), 'once');
  assert.equal(lookups, 1);
});

test('a connection that is kept leads nowhere that its name does not lead any more', async () => {
  await using server = await hook((_request, response) => response.end('here'));
  const lines = openLines(2);
  try {
    const call = (allow: string[], address: string) => outbound(server.url, { allow, lines, lookup: async () => [{ address }] });
    assert.equal((await call(server.allow, '127.0.0.1')).body.toString(), 'here');
    await assert.rejects(call([], '127.0.0.1'), refused, 'no longer listed');
    await assert.rejects(call([], '10.0.0.1'), refused, 'a private network now');
    await assert.rejects(call([], '::ffff:7f00:1'), refused, 'this machine by IPv6');
    assert.equal(server.seen.length, 1);
  } finally {
    lines.close();
  }
});

test('names that lead to what is not public are refused without a connection, one bad address among good ones too', async () => {
  let connections = 0;
  await using server = await listening(
    createRawServer((socket) => {
      connections += 1;
      socket.destroy();
    }),
  );
  for (const addresses of [
    ['127.0.0.1'],
    ['10.1.2.3'],
    ['169.254.169.254'],
    ['100.64.1.1'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['fe80::1'],
    ['fd00::1'],
    ['0.0.0.0'],
    ['224.0.0.1'],
    ['8.8.8.8', '127.0.0.1'],
    ['127.0.0.1', '8.8.8.8'],
    ['not an address'],
  ]) {
    await assert.rejects(
      outbound(server.url, { lookup: async () => addresses.map((address) => ({ address })) }),
      refused,
      String(addresses),
    );
  }
  assert.equal(connections, 0);
});

test('addresses written as numbers are refused in every spelling', async () => {
  const hosts = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '0x7f.1',
    '017700000001',
    '134744072',
    '010.8.8.8',
    '0.0.0.0',
    '0',
    '10.0.0.1',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[0:0:0:0:0:0:0:1]',
    '[fe80::1]',
    '①②⑦.0.0.1',
    '127。0。0。1',
    '%31%32%37.0.0.1',
  ];
  for (const host of hosts) await assert.rejects(outbound(`http://${host}/`), refused, host);
});

test('what is no plain http or https address is refused', async () => {
  for (const url of [
    '',
    'x',
    '/a',
    'ftp://hook.example/',
    'file:///etc/passwd',
    'data:,a',
    'javascript:1',
    'gopher://hook.example',
    'http://',
    'http://u:p@hook.example/',
    'http://u@hook.example/',
    `http://hook.example/${'a'.repeat(3000)}`,
  ]) {
    await assert.rejects(outbound(url, { lookup }), refused, url);
  }
});

test('methods and headers that cannot be sent are refused', async () => {
  await using server = await hook((_request, response) => response.end());
  const options = { allow: server.allow, lookup };
  for (const method of ['CONNECT', 'TRACE', 'get', 'A B', ''])
    await assert.rejects(outbound(server.url, { ...options, method }), { code: 'BadInput', path: '/method' });
  const bad: Record<string, string>[] = [{ 'a b': 'c' }, { a: 'b\r\nc: d' }, { a: 'b\0' }, { a: '\u{1f600}' }];
  for (const headers of bad) await assert.rejects(outbound(server.url, { ...options, headers }), { code: 'BadInput', path: '/headers' });
  assert.equal(server.seen.length, 0);
});

test('redirects are followed to listed hosts, with POST turned to GET where HTTP says so', async () => {
  await using server = await hook((request, response) => {
    const status = Number(request.url?.slice(1));
    if (status) response.writeHead(status, { location: '/end' }).end();
    else response.end('end');
  });
  for (const [status, method] of [
    [301, 'GET'],
    [302, 'GET'],
    [303, 'GET'],
    [307, 'POST'],
    [308, 'POST'],
  ] as const) {
    server.seen.length = 0;
    const answer = await outbound(`${server.url}/${status}`, {
      method: 'POST',
      body: 'x',
      headers: { 'content-type': 'text/plain', authorization: 'a' },
      allow: server.allow,
      lookup,
    });
    assert.equal(answer.url, `${server.url}/end`);
    assert.equal(server.seen[1]?.method, method);
    assert.equal(server.seen[1]?.body, method === 'POST' ? 'x' : '');
    assert.equal(server.seen[1]?.headers['content-type'], method === 'POST' ? 'text/plain' : undefined);
    assert.equal(server.seen[1]?.headers.authorization, 'a');
  }
});

test('each redirect is checked like the first address', async () => {
  let location = '';
  await using server = await hook((_request, response) => response.writeHead(302, { location }).end());
  for (location of [
    'http://127.0.0.1/',
    'http://other.example/',
    '//10.0.0.1/',
    'http://2130706433/',
    'http://169.254.169.254/latest/meta-data',
    'file:///etc/passwd',
    'http://u:p@hook.example/',
  ]) {
    await assert.rejects(outbound(server.url, { allow: server.allow, lookup }), refused, location);
  }
  location = 'http://[';
  await assert.rejects(outbound(server.url, { allow: server.allow, lookup }), { code: 'Unavailable' });
});

test('redirects without end are given up', async () => {
  await using server = await hook((_request, response) => response.writeHead(307, { location: '/' }).end());
  await assert.rejects(outbound(server.url, { allow: server.allow, lookup }), { code: 'Unavailable', message: /redirects/ });
  assert.equal(server.seen.length, redirectsMax + 1);
});

test('secrets do not follow a redirect to another origin', async () => {
  await using second = await hook((_request, response) => response.end());
  await using first = await hook((_request, response) => response.writeHead(307, { location: second.url }).end());
  const headers = { Authorization: 'a', Cookie: 'b', 'X-Gamut-Signature': 'c', 'X-Api-Key': 'd', 'X-Event': 'e' };
  await outbound(first.url, { method: 'POST', headers, allow: [...first.allow, ...second.allow], lookup });
  assert.deepEqual(Object.keys(second.seen[0]?.headers ?? {}).sort(), ['connection', 'content-length', 'host', 'x-event']);
});

test('an answer over the limit, announced or not, is given up', async () => {
  await using server = await hook((_request, response) => void response.end(Buffer.alloc(5000)));
  await using endless = await hook((_request, response) => {
    const more = () => void (response.destroyed || response.write(Buffer.alloc(10_000), () => setImmediate(more)));
    more();
  });
  for (const { url, allow } of [server, endless]) {
    await assert.rejects(outbound(url, { allow, lookup, limits: { answerBytes: 4000 } }), {
      code: 'Unavailable',
      message: /larger than 4000/,
    });
  }
  assert.equal((await outbound(server.url, { allow: server.allow, lookup, limits: { answerBytes: 5000 } })).body.byteLength, 5000);
});

test('silence is given up in time: before the answer, within it, and in the look-up', async () => {
  await using silent = await listening(createRawServer(() => {}));
  await using stuck = await hook((_request, response) => void response.write('begun'));
  for (const { url, allow } of [silent, stuck]) {
    await assert.rejects(outbound(url, { allow, lookup, limits: { timeoutMs: 80 } }), { code: 'Unavailable', message: /in time/ });
  }
  const never = () => new Promise<never>(() => {});
  const alive = setTimeout(() => {}, 1000);
  await assert.rejects(outbound(silent.url, { lookup: never, limits: { timeoutMs: 80 } }), { code: 'Unavailable', message: /in time/ });
  clearTimeout(alive);
});

test("the caller's abort ends the call with its reason", async () => {
  await using silent = await listening(createRawServer(() => {}));
  const control = new AbortController();
  const calling = outbound(silent.url, { allow: silent.allow, lookup, signal: control.signal });
  setTimeout(() => control.abort(new Error('revoked')), 30);
  await assert.rejects(calling, /revoked/);
  await assert.rejects(outbound(silent.url, { allow: silent.allow, lookup, signal: control.signal }), /revoked/);
});

test('nobody there, no HTTP, a broken answer and an unknown name are unavailable', async () => {
  const gone = await listening(createRawServer());
  await gone[Symbol.asyncDispose]();
  await using garbage = await listening(createRawServer((socket) => socket.end('SSH-2.0-x\r\n')));
  await using broken = await listening(createRawServer((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc')));
  await using long = await listening(createRawServer((socket) => socket.end(`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(30_000)}\r\n\r\n`)));
  for (const { url, allow } of [gone, garbage, broken, long])
    await assert.rejects(outbound(url, { allow, lookup }), { code: 'Unavailable' });
  await assert.rejects(outbound('http://hook.example/', { lookup: () => Promise.reject(new Error('ENOTFOUND')) }), {
    code: 'Unavailable',
    message: /resolved/,
  });
  await assert.rejects(outbound('http://hook.example/', { lookup: async () => [] }), { code: 'Unavailable', message: /no address/ });
});

test('https verifies the certificate against the name, at the address checked', async () => {
  const authority = await createAuthority('Gamut test');
  const issued = await issueServer(authority, { names: ['hook.example'], addresses: [], days: 1 });
  const certificate = { cert: issued.certificatePem, key: issued.keyPem };
  let served = 0;
  await using door = await httpServer(
    { name: 'hook', host: '127.0.0.1', port: 0, fallback: 'refuse', plain: 'loopback', certificate },
    (_request, response, connection) => {
      served += 1;
      response.end(String(connection.secure));
    },
  );
  const allow = ['hook.example', 'other.example'].map((host) => `${host}:${door.port}`);
  const ca = authority.certificatePem;
  assert.equal((await outbound(`https://hook.example:${door.port}`, { allow, lookup, ca })).body.toString(), 'true');
  await assert.rejects(outbound(`https://other.example:${door.port}`, { allow, lookup, ca }), { code: 'Unavailable', message: /ALTNAME/ });
  await assert.rejects(outbound(`https://hook.example:${door.port}`, { allow, lookup }), { code: 'Unavailable' });
  await assert.rejects(outbound(`https://hook.example:${door.port}`, { lookup, ca }), refused);
  assert.equal(served, 1);
});

test('https does not redirect to http', async () => {
  const authority = await createAuthority('Gamut test');
  const issued = await issueServer(authority, { names: ['hook.example'], addresses: [], days: 1 });
  const certificate = { cert: issued.certificatePem, key: issued.keyPem };
  await using door = await httpServer(
    { name: 'hook', host: '127.0.0.1', port: 0, fallback: 'refuse', plain: 'loopback', certificate },
    (_request, response) => {
      response.writeHead(302, { location: `http://hook.example:${door.port}/` }).end();
    },
  );
  const options = { allow: [`hook.example:${door.port}`], lookup, ca: authority.certificatePem };
  await assert.rejects(outbound(`https://hook.example:${door.port}`, options), { code: 'BadInput', message: /from https to http/ });
});
