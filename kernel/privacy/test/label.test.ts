import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { filesWith } from '../../../chaos/platform/fixture/search.ts';
import { until } from '../../../chaos/platform/fixture/until.ts';
import { type CallOptions, type House, openHouse } from '../../session/test/fixture/house.ts';

const notes = '/v1/notes/notes';
const door = 'notes.rest';
const author = 'ada.lovelace@example.org';
let house: House;
before(async () => {
  // Thirty days are three seconds.
  house = await openHouse({ settings: { retentionDayMs: 100 } });
});
after(() => house.stop());

type Note = { name: string; labels: Record<string, string>; spec: Record<string, string>; version: string };
type Audited = { operation: string; kind: string; name: string; principal: string; outcome: string; count: number; service: string };

const make = (name: string, spec: object, labels = {}) => house.call('POST', notes, { name, spec, labels }, { door });
const read = async (name: string, more: CallOptions = {}) => {
  const { status, body } = await house.call('GET', `${notes}/${name}`, undefined, { door, ...more });
  return { status, spec: (body as unknown as Note).spec };
};
const audit = async (of: House, more: CallOptions = {}) =>
  (await of.call('GET', '/v1/platform/audit?limit=1000', undefined, more)).body.items as unknown as Audited[];

async function browser(): Promise<Record<string, string>> {
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(`${house.url}/session`, { method: 'POST', headers, body: JSON.stringify({ bearer: house.admin }) });
  const { csrf } = (await reply.json()) as { csrf: string };
  return { cookie: reply.headers.get('set-cookie')?.split(';')[0] ?? '', 'gamut-csrf': csrf };
}

test('a labelled field is masked for whoever may not see it, and in browsers until it is asked for, which is audited', async () => {
  assert.equal((await make('one', { text: 'x', author })).status, 201);
  assert.equal((await read('one')).spec.author, author);
  const { bearer } = await house.credential({ role: 'reader' });
  assert.deepEqual((await read('one', { bearer })).spec, { text: 'x', author: '***' });
  const { items } = (await house.call('GET', notes, undefined, { door, bearer })).body as unknown as { items: Note[] };
  assert.equal(items[0]?.spec.author, '***');
  const asked = await house.call('GET', `${notes}/one`, undefined, { door, bearer, headers: { 'gamut-reveal': 'true' } });
  assert.equal(asked.status, 403);

  const origin = house.platform.doors[door]?.url ?? '';
  const headers = { ...(await browser()), origin };
  assert.equal((await read('one', { bearer: null, headers })).spec.author, '***');
  assert.equal((await read('one', { bearer: null, headers: { ...headers, 'gamut-reveal': 'true' } })).spec.author, author);
  const reveals = (records: Audited[]) =>
    records.filter(({ operation, name, service }) => operation === 'RevealPersonal' && name === 'GetNote' && service === 'notes');
  await until(async () => reveals(await audit(house)).length === 2, 'both wishes in the audit log');
  assert.deepEqual(
    reveals(await audit(house)).map(({ outcome }) => outcome),
    ['ok', 'Denied'],
  );
});

test('changes that are followed are masked as what is read', async () => {
  const { bearer } = await house.credential({ role: 'reader' });
  const reply = await fetch(`${house.platform.doors[door]?.url}/v1/notes/notes/-/watch?from=0`, {
    headers: { authorization: `Bearer ${bearer}`, accept: 'text/event-stream' },
  });
  assert.equal(reply.status, 200);
  assert.ok(reply.body);
  let text = '';
  for await (const piece of reply.body) {
    text += Buffer.from(piece).toString();
    if (text.includes('"one"')) break;
  }
  assert.ok(text.includes('"author":"***"') && !text.includes(author), text);
});

test('who acted is masked in the audit log for whom a policy forbids to see it, in rows and in events', async () => {
  const { bearer } = await house.credential({ role: 'auditor', principal: 'watcher' });
  const seen = await audit(house, { bearer });
  assert.ok(seen.some(({ principal }) => principal !== '' && principal !== '***'));
  const text = 'forbid (principal == Gamut::Principal::"watcher", action == platform::Action::"RevealPersonal", resource);';
  const made = await house.call('POST', '/v1/platform/policies', { name: 'unseen', text });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  await until(async () => (await audit(house, { bearer })).every(({ principal }) => principal === '' || principal === '***'), 'masks');
  const { items } = (await house.call('GET', '/v1/platform/audit/-/export-audit?limit=100', undefined, { bearer })).body as unknown as {
    items: { event: { actor: { user: { uid: string } } } }[];
  };
  assert.ok(items.length > 0 && items.every(({ event }) => ['', '***'].includes(event.actor.user.uid)));
});

test('what the kernel keeps about a person is exported and erased by its labels, from its history and every file', async () => {
  await make('hers', { text: 'gone' }, { subject: author });
  await make('by-her', { text: 'stays', author });
  await make('other', { text: 'stays', author: 'somebody.else@example.org' });
  const request = (operation: string) => house.call('POST', `/v1/notes/data-subjects/-/${operation}`, { subject: author }, { door });
  const reply = await fetch(`${house.platform.doors[door]?.url}/v1/notes/data-subjects/-/export-data-subject`, {
    method: 'POST',
    headers: { authorization: `Bearer ${house.admin}`, 'content-type': 'application/json' },
    body: JSON.stringify({ subject: author }),
  });
  const lines = (await reply.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { service: string; kind: string; name: string });
  assert.deepEqual(lines.map(({ service, kind, name }) => `${service} ${kind} ${name}`).sort(), [
    'notes Note by-her',
    'notes Note hers',
    'notes Note one',
  ]);
  assert.deepEqual((await request('erase-data-subject')).body, { erased: 3, kept: [] });
  assert.equal((await read('hers')).status, 404);
  assert.deepEqual((await read('by-her')).spec, { text: 'stays' });
  assert.equal((await read('other')).spec.author, 'somebody.else@example.org');
  // Through the platform the tables' files are written anew as well.
  await house.call('POST', '/v1/platform/data-subjects/-/erase-data-subject', { subject: author });
  assert.deepEqual(filesWith(house.data, author), []);
});

test('a field that is kept for days is gone after them, from history too, and each run is audited with its count', async () => {
  const telephone = '+49 30 90182-0';
  await house.call('POST', notes, { name: 'days', spec: { text: 'stays', telephone, author } }, { door });
  const first = async () => ((await house.call('GET', `${notes}/days`, undefined, { door })).body as unknown as Note).spec;
  await until(async () => !('telephone' in (await first())), 'the telephone number gone');
  assert.deepEqual(await first(), { text: 'stays', author });
  const told = (records: Audited[]) => records.filter(({ operation, service }) => operation === 'ExpirePersonal' && service === 'notes');
  await until(async () => told(await audit(house)).length > 0, 'the run in the audit log');
  assert.deepEqual(
    told(await audit(house)).map(({ kind, name, count, outcome }) => ({ kind, name, count, outcome })),
    [{ kind: 'Note', name: 'telephone', count: 1, outcome: 'ok' }],
  );
  const watch = await fetch(`${house.platform.doors[door]?.url}/v1/notes/notes/-/watch?from=0`, {
    headers: { authorization: `Bearer ${house.admin}`, accept: 'text/event-stream' },
  });
  let text = '';
  for await (const piece of watch.body ?? []) {
    text += Buffer.from(piece).toString();
    if (text.split('"name":"days"').length > 2) break;
  }
  assert.ok(!text.includes(telephone) && text.includes(author), text);
});
