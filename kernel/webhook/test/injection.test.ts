import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { openLines } from '../../outbound/outbound.ts';
import { deliver } from '../deliver.ts';
import type { StoredEvent } from '../message.ts';
import { secretText } from '../sign.ts';

const hostile = [
  'a\r\nX-Injected: yes',
  'a\nX-Injected: yes',
  '\r\n\r\nPOST /second HTTP/1.1\r\n',
  '\0',
  '\u2028\u2029\u0085',
  '{{ .Secret }} ${process.env.HOME} <%= 7 * 7 %> #{7*7} %n$s',
  '"},"type":"platform.Forged',
  '</script><script>alert(1)</script>',
  '\u202eexe.gpj',
  '\ud800',
];

/** A receiver that keeps the bytes as they come, and answers each request. */
async function rawReceiver() {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let text = '';
    socket.on('error', () => undefined);
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\r\n\r\n');
      const length = Number(/^content-length: (\d+)$/im.exec(text)?.[1]);
      if (end < 0 || Buffer.byteLength(text.slice(end + 4)) < length) return;
      seen.push(text);
      text = '';
      socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    seen,
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

test('what a tenant puts into an event is data to the receiver: no header, no request, no template comes of it', async () => {
  await using receiver = await rawReceiver();
  const lines = openLines(1);
  const secret = Buffer.alloc(32, 7);
  const target = {
    secrets: [secret],
    allow: [`127.0.0.1:${receiver.port}`],
    lines,
    signal: new AbortController().signal,
  };
  try {
    for (const [at, text] of hostile.entries()) {
      const event: StoredEvent = {
        sequence: BigInt(at),
        scope: 1n,
        id: `event-${at}`,
        source: `gamut/${text}`,
        type: 'platform.Happened',
        time: new Date(0),
        subject: text,
        data: { [text]: text },
      };
      const query = encodeURIComponent(text.toWellFormed());
      const outcome = await deliver(event, { ...target, url: `http://127.0.0.1:${receiver.port}/hook?of=${query}` }, Date.now);
      assert.equal(outcome.status, 204, JSON.stringify(text));
      assert.equal(receiver.seen.length, at + 1, 'one request for one event');
      const [head = '', body = ''] = (receiver.seen.at(-1) ?? '').split('\r\n\r\n');
      const headers = Object.fromEntries(
        head
          .split('\r\n')
          .slice(1)
          .map((line) => line.split(': ', 2) as [string, string]),
      );
      assert.deepEqual(
        Object.keys(headers)
          .map((name) => name.toLowerCase())
          .sort(),
        ['connection', 'content-length', 'content-type', 'host', 'user-agent', 'webhook-id', 'webhook-signature', 'webhook-timestamp'],
      );
      const said = new Webhook(secretText(secret)).verify(body, headers) as typeof event & Record<string, unknown>;
      assert.deepEqual([said.type, said.subject, said.data], ['platform.Happened', text, { [text]: text }]);
    }
  } finally {
    lines.close();
  }
});

test('an address with a line break, a space or a second host in it sends nothing anywhere else', async () => {
  await using receiver = await rawReceiver();
  const lines = openLines(1);
  const host = `127.0.0.1:${receiver.port}`;
  const target = { secrets: [Buffer.alloc(32)], allow: [host], lines, signal: new AbortController().signal };
  const event: StoredEvent = { sequence: 1n, scope: 1n, id: 'one', source: 's', type: 't', time: new Date(0), subject: '', data: {} };
  try {
    for (const path of ['/a\r\nX-Injected: yes', '/a HTTP/1.1\r\nHost: evil\r\n\r\n', '/a\tb', '/\\evil.example', '/#\r\nX-Injected: yes'])
      await deliver(event, { ...target, url: `http://${host}${path}` }, Date.now);
    for (const url of [`http://${host}@evil.example/`, `http://evil.example#@${host}/`, `http://a b.${host}/`, `http://${host}:80/`])
      assert.equal((await deliver(event, { ...target, url }, Date.now)).ok, false, url);
    for (const text of receiver.seen) {
      assert.match(text, /^POST \/\S* HTTP\/1\.1\r\n/);
      assert.doesNotMatch(text, /^(x-injected|host: evil)/im);
    }
  } finally {
    lines.close();
  }
});
