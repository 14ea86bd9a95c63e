import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { Connection } from '../acceptor.ts';
import { createAuthority, issueClient, issueServer } from '../authority.ts';
import { type ListenOptions, listen } from '../listen.ts';
import { isLoopback, plainAllowed } from '../loopback.ts';
import { certified, dial, drained, outerAddress, place } from './fixtures/raw.ts';

/** Answers each line with what the door knows of the connection. */
function describe(socket: Socket, connection: Connection): void {
  socket.on('data', (chunk) => socket.write(JSON.stringify({ ...connection, said: chunk.toString() })));
}

const base = { ...place, schemes: ['echo', 'echos'], onConnection: describe } as const satisfies ListenOptions;
const { authority, certificate } = await certified();

async function secure(port: number, more: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca: authority.certificatePem, ...more });
  await once(socket, 'secureConnect');
  return socket;
}

async function ask(socket: Socket, text = 'hello'): Promise<Connection & { said: string }> {
  socket.write(text);
  const [chunk] = await once(socket, 'data');
  return JSON.parse(String(chunk));
}

test('TLS and plain text share a port, told apart by the first byte', async () => {
  await using listener = await listen({ ...base, certificate });
  assert.equal(listener.url, `echo://127.0.0.1:${listener.port}`);
  assert.equal(listener.tlsUrl, `echos://127.0.0.1:${listener.port}`);
  const plain = await dial(listener.port);
  const tls = await secure(listener.port);
  assert.deepEqual(await ask(plain), { secure: false, confidential: true, peerAddress: '127.0.0.1', said: 'hello' });
  assert.deepEqual(await ask(tls), { secure: true, confidential: true, peerAddress: '127.0.0.1', said: 'hello' });
  plain.destroy();
  tls.destroy();
});

test('TLS 1.3 with the hybrid group is what a current client gets', async () => {
  await using listener = await listen({ ...base, certificate });
  const socket = await secure(listener.port);
  assert.equal(socket.getProtocol(), 'TLSv1.3');
  assert.deepEqual(socket.getEphemeralKeyInfo(), { type: 'TLSGroup', name: 'X25519MLKEM768', size: undefined });
  socket.destroy();
});

test('TLS 1.2 is spoken with old clients, and nothing older', async () => {
  await using listener = await listen({ ...base, certificate });
  const old = await secure(listener.port, { maxVersion: 'TLSv1.2' });
  assert.equal(old.getProtocol(), 'TLSv1.2');
  assert.equal(old.getCipher().name, 'ECDHE-ECDSA-AES128-GCM-SHA256');
  old.destroy();
  const older = connect({
    host: '127.0.0.1',
    port: listener.port,
    ca: authority.certificatePem,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'ALL@SECLEVEL=0',
  });
  const [error] = await once(older, 'error');
  assert.match(error.code, /PROTOCOL_VERSION|HANDSHAKE|UNSUPPORTED_PROTOCOL/);
});

test('a client certificate of our authority is reported by its fingerprint, also when the session is resumed', async () => {
  await using listener = await listen({ ...base, certificate });
  const issued = await issueClient(authority, { subject: 'worker', days: 1 });
  const identity = { cert: issued.certificatePem, key: issued.keyPem };
  const first = await secure(listener.port, identity);
  const session = once(first, 'session');
  assert.equal((await ask(first)).peerFingerprint, issued.fingerprint256);
  const again = await secure(listener.port, { ...identity, session: (await session)[0] });
  assert.equal(again.isSessionReused(), true);
  assert.equal((await ask(again)).peerFingerprint, issued.fingerprint256);
  first.destroy();
  again.destroy();
});

test("another authority's client certificate, a server's, or an expired one is no identity", async () => {
  await using listener = await listen({ ...base, certificate });
  const other = await createAuthority('Gamut test');
  const longAgo = Date.now() - 10 * 86_400_000;
  const strangers = [
    await issueClient(other, { subject: 'worker', days: 1 }),
    await issueServer(authority, { days: 1 }),
    await issueClient(authority, { subject: 'worker', days: 1 }, longAgo),
  ];
  for (const stranger of strangers) {
    const socket = await secure(listener.port, { cert: stranger.certificatePem, key: stranger.keyPem });
    const seen = await ask(socket);
    assert.equal(seen.peerFingerprint, undefined);
    assert.ok(seen.peerProblem);
    socket.destroy();
  }
});

test('without an authority for clients no certificate is asked for', async () => {
  await using listener = await listen({ ...base, certificate: { cert: certificate.cert, key: certificate.key } });
  const issued = await issueClient(authority, { subject: 'worker', days: 1 });
  const socket = await secure(listener.port, { cert: issued.certificatePem, key: issued.keyPem });
  assert.equal((await ask(socket)).peerFingerprint, undefined);
  socket.destroy();
});

test('a connection whose first byte never comes is closed after the limit', async () => {
  await using listener = await listen({ ...base, certificate, limits: { firstByteMs: 60 } });
  const silent = await dial(listener.port);
  assert.equal(await drained(silent), '');
});

test('a peer that ends before it speaks is closed', async () => {
  await using listener = await listen({ ...base, certificate });
  const socket = await dial(listener.port);
  socket.end();
  assert.equal(await drained(socket), '');
});

test('a handshake that stops after its first byte is closed after the limit', async () => {
  await using listener = await listen({ ...base, certificate, limits: { handshakeMs: 60 } });
  const socket = await dial(listener.port);
  socket.write(Buffer.from([0x16, 3, 1]));
  await drained(socket);
});

test('garbage after a TLS first byte gets no more than an alert, and the listener goes on', async () => {
  await using listener = await listen({ ...base, certificate });
  for (const garbage of [
    Buffer.concat([Buffer.from([0x16]), Buffer.alloc(2000, 0x41)]),
    Buffer.from('160301ffff01', 'hex'),
    Buffer.from([0x16, 0x03, 0x01, 0x00, 0x01, 0xff]),
  ]) {
    const socket = await dial(listener.port);
    socket.end(garbage);
    assert.ok((await drained(socket)).length < 16);
  }
  const socket = await dial(listener.port);
  assert.equal((await ask(socket)).said, 'hello');
  socket.destroy();
});

test('a garbage first byte is plain text, whose dialect refuses it', async () => {
  await using listener = await listen({ ...base, certificate });
  const socket = await dial(listener.port);
  assert.equal((await ask(socket, '\u0000\u0001')).said, '\u0000\u0001');
  socket.destroy();
});

test('a TLS first byte at a door without certificate is closed', async () => {
  await using listener = await listen(base);
  assert.equal(listener.tlsUrl, undefined);
  const socket = await dial(listener.port);
  socket.write(Buffer.from('1603010100', 'hex'));
  assert.equal(await drained(socket), '');
});

test('plain text is allowed only when both ends are loopback', () => {
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '::FFFF:127.0.0.1'])
    assert.equal(isLoopback(address), true, address);
  for (const address of [
    undefined,
    '',
    '10.0.0.1',
    '128.0.0.1',
    '::',
    'fe80::1',
    '::ffff:10.0.0.1',
    '127.0.0.1.evil',
    'localhost',
    '1270.0.0.1',
  ]) {
    assert.equal(isLoopback(address), false, String(address));
  }
  assert.equal(plainAllowed('loopback', '127.0.0.1', '127.0.0.1'), true);
  assert.equal(plainAllowed('loopback', '10.0.0.1', '127.0.0.1'), false);
  assert.equal(plainAllowed('loopback', '127.0.0.1', '10.0.0.1'), false);
  assert.equal(plainAllowed('upgrade', '10.0.0.2', '10.0.0.1'), false);
  assert.equal(plainAllowed('never', '127.0.0.1', '127.0.0.1'), false);
});

test('plain text from outside is refused in the dialect, TLS is served', {
  skip: outerAddress ? false : 'this machine has no other address',
}, async () => {
  await using listener = await listen({ ...base, host: '0.0.0.0', certificate, refusal: Buffer.from('TLS please') });
  const plain = await dial(listener.port, outerAddress);
  plain.write('hello');
  assert.equal(await drained(plain), 'TLS please');
  const tls = await secure(listener.port, { host: outerAddress });
  assert.equal((await ask(tls)).secure, true);
  tls.destroy();
  const local = await dial(listener.port);
  assert.equal((await ask(local)).said, 'hello');
  local.destroy();
});

test('plain text is refused from loopback too where the rule is never', async () => {
  await using listener = await listen({ ...base, certificate, plain: 'never' });
  assert.equal(listener.url, listener.tlsUrl);
  const socket = await dial(listener.port);
  socket.write('hello');
  assert.equal(await drained(socket), '');
});

test('a protocol that asks for TLS itself is secured on the same socket', async () => {
  await using listener = await listen({
    ...base,
    certificate,
    plain: 'upgrade',
    onConnection: (socket, connection) => {
      if (connection.secure) return socket.destroy();
      socket.once('data', async () => {
        socket.write('S');
        const accepted = await listener.startTls(socket).catch(() => undefined);
        if (accepted) describe(accepted.socket, accepted.connection);
      });
    },
  });
  const raw = await dial(listener.port);
  raw.write('SSLRequest');
  await once(raw, 'data');
  const tls = connect({ socket: raw, ca: authority.certificatePem, servername: 'localhost' });
  await once(tls, 'secureConnect');
  assert.equal((await ask(tls)).secure, true);
  tls.destroy();
});

test('bytes that were smuggled in before a protocol goes over to TLS end the connection', async () => {
  let outcome: unknown;
  await using listener = await listen({
    ...base,
    certificate,
    plain: 'upgrade',
    onConnection: (socket) => {
      socket.once('data', () => {
        socket.pause();
        socket.once('readable', () =>
          listener.startTls(socket).catch((error: unknown) => {
            outcome = error;
          }),
        );
        socket.write('S');
      });
    },
  });
  const raw = await dial(listener.port);
  raw.write('SSLRequest');
  await once(raw, 'data');
  raw.write('injected');
  await drained(raw);
  assert.equal((outcome as { code: string }).code, 'Timeout');
});

test('a port that is taken is replaced and said, or refused in one sentence', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  await using listener = await listen({ ...base, port, fallback: 'any' });
  assert.equal(listener.usual, false);
  assert.equal(listener.note, `port ${port} is taken; using ${listener.port}`);
  await assert.rejects(listen({ ...base, port, fallback: 'refuse' }), { code: 'Unavailable', detail: `test.door: port ${port} is taken.` });
  other.close();
  await once(other, 'close');
  await using usual = await listen({ ...base, port, fallback: 'any' });
  assert.equal(usual.usual, true);
  assert.equal(usual.note, undefined);
  assert.equal(usual.port, port);
});

test('an address that is not of this machine and a certificate that is none are refused in one sentence', async () => {
  await assert.rejects(listen({ ...base, host: '203.0.113.77', fallback: 'any' }), {
    code: 'Unavailable',
    message: /not an address of this machine/,
  });
  await assert.rejects(listen({ ...base, certificate: { cert: 'x', key: 'y' } }), { code: 'Certificate' });
  const other = await issueServer(authority, { days: 1 });
  await assert.rejects(listen({ ...base, certificate: { cert: certificate.cert, key: other.keyPem } }), { code: 'Certificate' });
});

test('connections over the limits are closed unanswered, and places are free again afterwards', async () => {
  await using listener = await listen({ ...base, certificate, limits: { addressConnectionsMax: 2, connectionsMax: 3 } });
  const first = await dial(listener.port);
  const second = await secure(listener.port);
  await ask(first);
  await ask(second);
  const third = await dial(listener.port);
  assert.equal(await drained(third), '');
  second.destroy();
  first.destroy();
  for (;;) {
    const next = await dial(listener.port);
    next.write('hello');
    if ((await Promise.race([once(next, 'data').then(() => 'served'), once(next, 'close').then(() => 'closed')])) === 'served') {
      next.destroy();
      break;
    }
  }
});

test('close cuts the silent at once, waits for the others, and cuts them after the drain limit', async () => {
  const listener = await listen({ ...base, certificate, limits: { drainMs: 150 } });
  const silent = await dial(listener.port);
  const talking = await secure(listener.port);
  await ask(talking);
  let closed = false;
  const closing = listener.close().then(() => {
    closed = true;
  });
  await drained(silent);
  assert.equal(closed, false);
  assert.equal((await ask(talking, 'still')).said, 'still');
  const cut = once(talking, 'close');
  await Promise.all([closing, cut]);
  await assert.rejects(dial(listener.port), { code: 'ECONNREFUSED' });
  await listener.close();
});

test('close resolves as soon as the last connection ends', async () => {
  const listener = await listen({ ...base, limits: { drainMs: 60_000 } });
  const socket = await dial(listener.port);
  await ask(socket);
  const closing = listener.close();
  socket.end();
  await closing;
});

test('a new certificate serves the handshakes after it', async () => {
  await using listener = await listen({ ...base, certificate });
  const next = await issueServer(authority, { days: 60 });
  listener.renew({ cert: next.certificatePem, key: next.keyPem, ca: authority.certificatePem });
  const socket = await secure(listener.port);
  assert.equal(socket.getPeerX509Certificate()?.fingerprint256, next.fingerprint256);
  const issued = await issueClient(authority, { subject: 'worker', days: 1 });
  const known = await secure(listener.port, { cert: issued.certificatePem, key: issued.keyPem });
  assert.equal((await ask(known)).peerFingerprint, issued.fingerprint256);
  assert.throws(() => listener.renew({ cert: 'x', key: 'y' }), { code: 'Certificate' });
  socket.destroy();
  known.destroy();
});

test('a door that takes its socket late loses no byte', async () => {
  await using listener = await listen({
    ...base,
    certificate,
    halfOpen: true,
    onConnection: async (socket) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      socket.pipe(socket);
    },
  });
  for (const socket of [await dial(listener.port), await secure(listener.port)]) {
    const bytes = 'x'.repeat(300_000);
    socket.end(bytes);
    const returned = await drained(socket);
    assert.equal(returned.length, bytes.length);
    assert.ok(returned === bytes);
  }
});
