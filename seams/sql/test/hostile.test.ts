import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { type Backend, writeBackend } from '#wire/pgwire/backend.ts';
import { Writer } from '#wire/pgwire/writer.ts';
import { SqlRefused, SqlUnavailable } from '../error.ts';
import { parseAddress } from '../address.ts';
import { openSql } from '../sql.ts';

const one = { tenant: 1n, scope: 1n };

/** A server that answers whatever it gets by what it is told. */
async function serve(onSocket: (socket: Socket) => void): Promise<{ url: string; server: Server } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `postgres://u:p@127.0.0.1:${address.port}/d?sslmode=disable`, server, [Symbol.asyncDispose]: close };
}

function bytes(messages: readonly Backend[]): Buffer {
  const w = new Writer();
  for (const message of messages) writeBackend(w, message);
  return w.take();
}

const greeting: Backend[] = [
  { type: 'authentication', request: { method: 'ok' } },
  { type: 'ready', status: 'idle' },
];

test('a server that does not speak the protocol is refused in one sentence', async () => {
  const answers = [
    Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
    Buffer.from([0x52, 0xff, 0xff, 0xff, 0xff]),
    bytes([{ type: 'dataRow', values: [] }]),
  ];
  for (const answer of answers) {
    await using there = await serve((socket) => socket.on('data', () => socket.write(answer)));
    await using sql = openSql(there.url, { max: 1 });
    await assert.rejects(sql.as(one).query('select 1'), (error: unknown) => error instanceof SqlRefused && !error.message.includes('\n'));
  }
});

test('a server that asks for the password in clear, or skips its own proof, gets no password and is refused', async () => {
  const requests: Backend[][] = [
    [{ type: 'authentication', request: { method: 'cleartext' } }],
    [{ type: 'authentication', request: { method: 'sasl', mechanisms: ['SCRAM-SHA-256'] } }, ...greeting],
    [{ type: 'authentication', request: { method: 'sasl', mechanisms: ['GSSAPI'] } }],
    [{ type: 'authentication', request: { method: 'saslFinal', data: Buffer.from('v=x') } }],
  ];
  for (const request of requests) {
    let heard: Buffer = Buffer.alloc(0);
    await using there = await serve((socket) => {
      socket.once('data', () => socket.write(bytes(request)));
      socket.on('data', (chunk: Buffer) => (heard = Buffer.concat([heard, chunk])));
    });
    const url = there.url.replace('u:p@', 'u:pass-in-clear@');
    await using sql = openSql(url, { max: 1 });
    await assert.rejects(sql.as(one).query('select 1'), SqlRefused);
    assert.ok(!heard.includes('pass-in-clear'));
  }
});

test('garbage in the middle of an answer loses the connection and not the process', async () => {
  const garbage: Buffer[] = [
    Buffer.from([0x54, 0, 0, 0, 6, 0, 9]),
    Buffer.from([0x01, 0, 0, 0, 4]),
    Buffer.from([0x44, 0x7f, 0xff, 0xff, 0xff]),
    bytes([{ type: 'ready', status: 'idle' }]),
    bytes([{ type: 'copyIn', format: 0, formats: [] }]),
    bytes([
      { type: 'commandComplete', tag: 'SELECT 1' },
      { type: 'ready', status: 'idle' },
    ]),
  ];
  for (const answer of garbage) {
    await using there = await serve((socket) => {
      socket.once('data', () => {
        socket.write(bytes(greeting));
        socket.once('data', () => socket.write(answer));
      });
    });
    await using sql = openSql(there.url, { max: 1 });
    await assert.rejects(
      sql.as(one).query('select 1'),
      (error: unknown) => error instanceof SqlUnavailable && error.reason === 'lost' && error.sent,
    );
  }
});

test('a server without TLS is refused where TLS is asked for, and clear text before TLS is refused', async () => {
  for (const [answer, mode] of [
    ['N', 'require'],
    ['N', 'verify-full'],
    ['SX', 'require'],
    ['SX', 'prefer'],
  ] as const) {
    await using there = await serve((socket) => socket.once('data', () => socket.write(answer)));
    await using sql = openSql(there.url.replace('disable', mode), { max: 1 });
    await assert.rejects(sql.as(one).query('select 1'), SqlRefused);
  }
});

test('addresses that cannot be used are refused without repeating the password', () => {
  const bad = [
    '',
    'secretword',
    'http://u:secretword@h/d',
    'postgres://u:secretword@h:99999/d',
    'postgres://:secretword@h/d',
    'postgres://u:secretword@h/d?sslmode=maybe',
    'postgres://u:secret%word@h/d',
    'postgres://u:secretword@h/d?sslrootcert=/no/such/file',
    'postgres://u:secretword@h/d?port=x',
    'postgres://u:secretword@h/d?sslmode=__proto__',
  ];
  for (const url of bad) {
    assert.throws(
      () => parseAddress(url),
      (error: unknown) => error instanceof SqlRefused && !error.message.includes('secret') && !String(error.cause).includes('secretword'),
    );
  }
});

test('an address names a socket, or a host whose name must be proven unless it is loopback', () => {
  const read = (url: string) => {
    const { socket, protection, database, user } = parseAddress(url);
    return { socket, protection, database, user };
  };
  assert.deepEqual(read('postgres://u@%2Fvar%2Frun:5433/d'), {
    socket: { path: '/var/run/.s.PGSQL.5433' },
    protection: 'none',
    database: 'd',
    user: 'u',
  });
  assert.deepEqual(read('postgres://u@localhost/d?host=/run/x'), {
    socket: { path: '/run/x/.s.PGSQL.5432' },
    protection: 'none',
    database: 'd',
    user: 'u',
  });
  assert.deepEqual(read('postgresql://u@db.example'), {
    socket: { host: 'db.example', port: 5432 },
    protection: 'verify',
    database: 'u',
    user: 'u',
  });
  assert.equal(read('postgres://u@127.0.0.1/d').protection, 'prefer');
  assert.equal(read('postgres://u@[::1]:5/d').protection, 'prefer');
  assert.equal(read('postgres://u@db.example/d?sslmode=require').protection, 'encrypt');
});
