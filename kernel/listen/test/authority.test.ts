import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { createAuthority, issueClient, issueServer } from '../authority.ts';
import { readCertificate, renewalDue } from '../certificate.ts';

const dayMs = 86_400_000;

test('a server certificate verifies by the authority alone, for the local names and addresses', async () => {
  const authority = await createAuthority('Gamut test');
  const issued = await issueServer(authority, { days: 90 });
  const server = createServer({ cert: issued.certificatePem, key: issued.keyPem }, (socket) => socket.end('hello'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (const servername of ['localhost', 'console.localhost', '']) {
    const socket = connect({ host: '127.0.0.1', port, ca: authority.certificatePem, ...(servername ? { servername } : {}) });
    await once(socket, 'secureConnect');
    assert.equal(socket.authorized, true, servername);
    socket.destroy();
  }
  const foreign = connect({ host: '127.0.0.1', port, ca: authority.certificatePem, servername: 'example.org' });
  const [error] = await once(foreign, 'error');
  assert.equal(error.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
  server.close();
});

test('the certificates carry the extensions that RFC 5280 asks for', async () => {
  const authority = await createAuthority('Gamut test');
  const ca = readCertificate(authority.certificatePem);
  const server = new X509Certificate(
    (await issueServer(authority, { names: ['a.example'], addresses: ['10.0.0.1'], days: 1 })).certificatePem,
  );
  const client = new X509Certificate((await issueClient(authority, { subject: 'worker', days: 1 })).certificatePem);
  assert.equal(ca.ca, true);
  assert.equal(server.ca, false);
  assert.equal(server.subjectAltName, 'DNS:a.example, IP Address:10.0.0.1');
  assert.deepEqual(server.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  assert.deepEqual(client.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  assert.equal(client.subject, 'CN=worker');
  for (const certificate of [server, client]) {
    assert.equal(certificate.checkIssued(ca), true);
    assert.equal(certificate.verify(ca.publicKey), true);
    assert.match(certificate.serialNumber, /^[4-7][0-9A-F]{31}$/);
  }
  assert.notEqual(server.serialNumber, client.serialNumber);
});

test('the fingerprint reported is the one node computes', async () => {
  const issued = await issueClient(await createAuthority('Gamut test'), { subject: 'worker', days: 1 });
  assert.equal(issued.fingerprint256, new X509Certificate(issued.certificatePem).fingerprint256);
  assert.match(issued.fingerprint256, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
});

test('renewal is due after two thirds of the validity, and a certificate never outlives its authority', async () => {
  const now = Date.now();
  const authority = await createAuthority('Gamut test', now);
  const issued = await issueServer(authority, { days: 90 }, now);
  assert.equal(renewalDue(issued.certificatePem, now), false);
  assert.equal(renewalDue(issued.certificatePem, now + 59 * dayMs), false);
  assert.equal(renewalDue(issued.certificatePem, now + 61 * dayMs), true);
  const late = await issueServer(authority, { days: 90 }, now + 3640 * dayMs);
  const end = readCertificate(authority.certificatePem).validToDate.getTime();
  assert.equal(readCertificate(late.certificatePem).validToDate.getTime(), end);
  await assert.rejects(issueServer(authority, { days: 1 }, end + 1000), { code: 'Certificate', message: /expired/ });
});

test('requests that make no sense are refused as Certificate with a sentence', async () => {
  const authority = await createAuthority('Gamut test');
  const leaf = await issueClient(authority, { subject: 'worker', days: 1 });
  const refused = { name: 'OperationError', code: 'Certificate' };
  await assert.rejects(issueClient(leaf, { subject: 'x', days: 1 }), refused);
  await assert.rejects(issueClient({ ...authority, keyPem: 'nothing' }, { subject: 'x', days: 1 }), refused);
  await assert.rejects(issueClient({ ...authority, certificatePem: 'nothing' }, { subject: 'x', days: 1 }), refused);
  for (const subject of ['', 'a\nb', 'x'.repeat(65)]) await assert.rejects(issueClient(authority, { subject, days: 1 }), refused);
  for (const days of [0, -1, Number.NaN, 100_000]) await assert.rejects(issueClient(authority, { subject: 'x', days }), refused);
  for (const name of ['', 'a b', 'a..b', 'a\0b', '*', 'a.*.b', '-a'])
    await assert.rejects(issueServer(authority, { names: [name], days: 1 }), refused);
  for (const address of ['', '1.2.3', '1.2.3.4.5', 'localhost'])
    await assert.rejects(issueServer(authority, { addresses: [address], days: 1 }), refused);
  await assert.rejects(issueServer(authority, { names: [], addresses: [], days: 1 }), refused);
  await assert.rejects(issueServer(authority, { names: Array(65).fill('a'), addresses: [], days: 1 }), refused);
});
