import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '../message.ts';
import { outbox } from '../outbox.ts';

function listStore() {
  const kept: Message[] = [];
  return {
    kept,
    async put(message: Message, keep: number) {
      kept.push(message);
      kept.splice(0, Math.max(0, kept.length - keep));
    },
  };
}

test('the outbox keeps the last mails, as they were sent', async () => {
  const store = listStore();
  const mail = outbox({ keep: 2, store });
  for (const subject of ['one', 'two', 'three']) await mail.send({ to: 'ada@example.org', subject, text: subject });
  assert.deepEqual(
    store.kept.map(({ subject }) => subject),
    ['two', 'three'],
  );
  assert.deepEqual(store.kept[1], { to: 'ada@example.org', subject: 'three', text: 'three' });
});

test('the outbox refuses what a mail server would be spared, and a store that fails fails the mail', async () => {
  const store = listStore();
  await assert.rejects(outbox({ keep: 2, store }).send({ to: 'a@b\r\nBcc: c@d', subject: 's', text: '' }), { code: 'Invalid' });
  assert.equal(store.kept.length, 0);
  const full = { put: () => Promise.reject(new Error('disk full')) };
  await assert.rejects(outbox({ keep: 2, store: full }).send({ to: 'a@b', subject: 's', text: '' }), /disk full/);
  assert.throws(() => outbox({ keep: 0, store }), /at least one/);
});
