import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { openMail } from '../mail.ts';
import { certificate, smtpServer } from './fixtures/smtp-server.ts';

const message = { to: 'ada@example.org', subject: 'Welcome', text: 'Hello Ada.\n.\nBye.' };

test('smtp:// delivers one mail to one recipient with the sender of the URL', async () => {
  await using server = await smtpServer();
  await openMail(`smtp://127.0.0.1:${server.port}?from=gamut@example.org`).send({ ...message, html: '<p>Hello</p>' });
  const [mail] = server.received;
  assert.equal(server.received.length, 1);
  assert.deepEqual(mail?.recipients, ['ada@example.org']);
  assert.equal(mail?.from, 'gamut@example.org');
  assert.match(mail?.content ?? '', /^Subject: Welcome\r$/m);
  assert.match(mail?.content ?? '', /^From: gamut@example\.org\r$/m);
  assert.match(mail?.content ?? '', /Hello Ada\.\r\n\.\.\r\nBye\./);
  assert.match(mail?.content ?? '', /<p>Hello<\/p>/);
});

test('smtps:// speaks TLS from the start and logs in with the decoded user', async () => {
  await using server = await smtpServer({ smtps: true, auth: true });
  await openMail(`smtps://a%40b:p%2Fw@localhost:${server.port}`, { ca: certificate }).send(message);
  assert.equal(server.received[0]?.secure, true);
  assert.equal(server.received[0]?.user, 'a@b');
});

test('smtp:// takes STARTTLS up when it is offered', async () => {
  await using server = await smtpServer({ starttls: true });
  await openMail(`smtp://localhost:${server.port}`, { ca: certificate }).send(message);
  assert.equal(server.received[0]?.secure, true);
});

test('no mail goes over plain text where TLS is required and not offered, or refused', async () => {
  await using plain = await smtpServer();
  await using unwilling = await smtpServer({ starttls: true, replies: { STARTTLS: '454 not now' } });
  for (const server of [plain, unwilling]) {
    await assert.rejects(openMail(`smtp://127.0.0.1:${server.port}?tls=required`).send(message), {
      name: 'MailError',
      code: 'Unreachable',
    });
    assert.equal(server.received.length, 0);
  }
});

test('a certificate that nobody vouches for is refused, with TLS from the start and by STARTTLS', async () => {
  await using direct = await smtpServer({ smtps: true });
  await using upgraded = await smtpServer({ starttls: true });
  await assert.rejects(openMail(`smtps://localhost:${direct.port}`).send(message), { code: 'Unreachable' });
  await assert.rejects(openMail(`smtp://localhost:${upgraded.port}`).send(message), { code: 'Unreachable' });
  assert.equal(direct.received.length + upgraded.received.length, 0);
});

test('what could add a header, a recipient or a command is refused before any connection', async () => {
  await using server = await smtpServer();
  const mail = openMail(`smtp://127.0.0.1:${server.port}`);
  const refused = { name: 'MailError', code: 'Invalid' };
  for (const to of [
    '',
    'a',
    'a@b\r\nBcc: c@d',
    'a@b\nRCPT TO:<c@d>',
    'a@b, c@d',
    'A <a@b>',
    '<a@b>',
    'a@b c',
    'a@b\0',
    '"a b"@c',
    'a@b@c',
    `${'a'.repeat(300)}@b`,
    'group:a@b;',
  ]) {
    await assert.rejects(mail.send({ ...message, to }), refused, to);
  }
  for (const subject of ['', 'a\r\nBcc: c@d', 'a\nb', 'a\rb', 'a\0b', 'a\u2028b', 'a\u0085b', 'x'.repeat(1000)])
    await assert.rejects(mail.send({ ...message, subject }), refused);
  await assert.rejects(mail.send({ ...message, text: 'x'.repeat(300_000) }), refused);
  assert.equal(server.received.length, 0);
});

test('a subject outside ASCII is encoded, a text with dots and long lines arrives whole', async () => {
  await using server = await smtpServer();
  await openMail(`smtp://127.0.0.1:${server.port}`).send({
    ...message,
    subject: 'Zugänge für Ådne',
    text: `.\r\n..\r\n${'x'.repeat(5000)}`,
  });
  assert.match(server.received[0]?.content ?? '', /^Subject: =\?UTF-8\?/m);
});

test('refusals for good and for now are told apart', async () => {
  await using gone = await smtpServer({ replies: { RCPT: '550 no such user' } });
  await using busy = await smtpServer({ replies: { RCPT: '451 later' } });
  await using full = await smtpServer({ replies: { CONTENT: '552 too much' } });
  await using stranger = await smtpServer({ auth: true, replies: { AUTH: '535 wrong' } });
  await assert.rejects(openMail(`smtp://127.0.0.1:${gone.port}`).send(message), { code: 'Refused', message: /550/ });
  await assert.rejects(openMail(`smtp://127.0.0.1:${busy.port}`).send(message), { code: 'Unreachable', message: /451/ });
  await assert.rejects(openMail(`smtp://127.0.0.1:${full.port}`).send(message), { code: 'Refused', message: /552/ });
  await assert.rejects(openMail(`smtp://u:hunter2@127.0.0.1:${stranger.port}`).send(message), (error: Error) => {
    assert.match(error.message, /does not accept the user and password/);
    assert.doesNotMatch(error.message, /hunter2/);
    return true;
  });
});

test('a server that is not there or hangs up is unreachable', async () => {
  const server = createServer((socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await assert.rejects(openMail(`smtp://127.0.0.1:${port}`).send(message), { code: 'Unreachable' });
  server.close();
  await once(server, 'close');
  await assert.rejects(openMail(`smtp://127.0.0.1:${port}`).send(message), { code: 'Unreachable', message: /ECONNREFUSED|ESOCKET/ });
});

test('any other address is refused in one sentence that does not repeat it', () => {
  for (const url of [
    '',
    'nonsense',
    'http://u:hunter2@h',
    'sendgrid://hunter2',
    'smtp:',
    'smtp://',
    'smtp://h?tls=never',
    'smtp://u:hunter2@h?tls=opportunistic',
    'smtp://%zz:hunter2@h',
  ]) {
    assert.throws(
      () => openMail(url),
      (error: Error & { code?: string }) => {
        assert.equal(error.name, 'MailError');
        assert.equal(error.code, 'Unsupported');
        assert.doesNotMatch(error.message, /hunter2|sendgrid/);
        return true;
      },
      url,
    );
  }
  assert.throws(() => openMail('smtp://h?from=a@b%0d%0aBcc:c@d'), { code: 'Invalid' });
});
