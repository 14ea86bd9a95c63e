import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smtpServer } from '#seams/mail/test/fixtures/smtp-server.ts';
import { openHouse } from '../../session/test/fixture/house.ts';

const known = 'ada@example.org';
const invited = 'bob@example.org';
const unknown = 'nobody@example.org';
const password = 'correct horse battery';

test('whether somebody has an account is told by no answer: not by its status, its head, its words, nor by a mail server that fails', async () => {
  const mail = await smtpServer();
  const house = await openHouse({ settings: { mail: `smtp://127.0.0.1:${mail.port}?from=gamut@example.org` } });
  const send = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const reply = await fetch(`${house.url}/session${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const { requestId: _, ...words } = (await reply.json()) as Record<string, unknown>;
    const head = Object.fromEntries([...reply.headers].filter(([name]) => name !== 'date' && name !== 'x-request-id'));
    return { status: reply.status, head, words };
  };
  try {
    for (const email of [known, invited])
      assert.equal((await house.call('POST', '/v1/platform/members', { email, role: 'reader' })).status, 201);
    const invitation = mail.received.find(({ recipients }) => recipients.includes(known));
    const content = (invitation?.content ?? '').replaceAll('=\r\n', '').replaceAll('=3D', '=');
    const token = /token=([\w-]+)/.exec(content)?.[1];
    assert.equal((await send('/invitation', { token, password })).status, 200);
    const wrong = await send('', { email: known, password: 'wrong password!' });
    assert.equal(wrong.status, 401);
    for (const email of [unknown, invited]) assert.deepEqual(await send('', { email, password: 'wrong password!' }), wrong, email);
    const asked = await send('/reset', { email: known });
    assert.equal(asked.status, 202);
    for (const email of [unknown, invited]) assert.deepEqual(await send('/reset', { email }), asked, email);
    await mail[Symbol.asyncDispose]();
    for (const email of [known, unknown, invited]) assert.deepEqual(await send('/reset', { email }), asked, `${email}, without mail`);
  } finally {
    await house.stop();
  }
});
