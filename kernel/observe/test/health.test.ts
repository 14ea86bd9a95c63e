import assert from 'node:assert/strict';
import { test } from 'node:test';
import { httpServer } from '#kernel/listen/http.ts';
import { Health } from '../health.ts';
import { answerObserve } from '../http.ts';
import { Registry } from '../registry.ts';

const place = { name: 'test', host: '127.0.0.1', port: 0, fallback: 'refuse', plain: 'loopback' } as const;

test('health is ready, failing with its sentence, and draining', () => {
  const health = new Health();
  assert.deepEqual(health.state(), { status: 'ready', checks: {} });
  let trouble: string | undefined;
  const remove = health.check('sql', () => trouble);
  health.check('snapshot', () => undefined);
  assert.deepEqual(health.state(), { status: 'ready', checks: { sql: 'ok', snapshot: 'ok' } });
  trouble = 'The database does not answer.';
  assert.deepEqual(health.state(), { status: 'failing', checks: { sql: trouble, snapshot: 'ok' } });
  remove();
  assert.equal(health.state().status, 'ready');
  health.check('broken', () => {
    throw new Error('secret');
  });
  assert.equal(health.state().checks.broken, 'The check itself failed.');
  assert.throws(() => health.check('broken', () => undefined), /exists already/);
  health.drain();
  assert.equal(health.state().status, 'draining');
});

test('a handler serves /healthz by the state, and /metrics as text', async () => {
  const observed = { registry: new Registry(), health: new Health() };
  observed.registry.gauge('gamut_sessions', 'Sessions open.').of().set(2);
  await using door = await httpServer(place, (request, response) => void answerObserve(observed, request, response));
  const metrics = await fetch(`${door.url}/metrics`);
  assert.equal(metrics.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  assert.match(await metrics.text(), /gamut_sessions 2/);
  const healthy = await fetch(`${door.url}/healthz`);
  assert.equal(healthy.status, 200);
  assert.deepEqual(await healthy.json(), { status: 'ready', checks: {} });
  observed.health.drain();
  assert.equal((await fetch(`${door.url}/healthz`)).status, 503);
});

test('a raw handler answers both pages to GET and HEAD and leaves the rest', async () => {
  const observed = { registry: new Registry(), health: new Health() };
  await using door = await httpServer(place, (request, response) => {
    if (!answerObserve(observed, request, response)) response.writeHead(404).end();
  });
  assert.equal((await fetch(`${door.url}/healthz?verbose`)).status, 200);
  const head = await fetch(`${door.url}/metrics`, { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), '');
  assert.equal((await fetch(`${door.url}/metrics`, { method: 'POST' })).status, 404);
  assert.equal((await fetch(`${door.url}/other`)).status, 404);
});
