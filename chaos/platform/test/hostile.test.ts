import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import type { AnyService } from '#kernel/contract/contract.ts';
import { platform } from '#kernel/control/service.ts';
import { addressOf, type Route, routesOf } from '#kernel/derive/route.ts';
import { storage } from '#services/storage/service.ts';
import { hostileBody, hostileInput, hostileQuery, validInput } from '../../../kernel/derive/test/generate-input.ts';
import { echo } from '../../../kernel/session/test/fixture/echo/service.ts';
import { type House, openHouse } from '../../../kernel/session/test/fixture/house.ts';
import { notes } from '../../../kernel/session/test/fixture/notes/service.ts';
import { closeSending, send, type Sent } from '../fixture/send.ts';

const seed = 20_260_502;
/** Requests to each route. */
const runs = { processes: 16, 'in-process': 6 };
const doors: Readonly<Record<string, string>> = {
  platform: 'platform.rest',
  storage: 'storage.rest',
  echo: 'echo.http',
  notes: 'notes.rest',
};
const contracts = [platform, storage, echo, notes] as unknown as readonly AnyService[];
// A quota of five calls a second is kept by waiting, which is its purpose and would be the test's whole time.
const routes = contracts.flatMap(routesOf).filter(({ operation }) => operation !== 'Slow');
const names = fc.oneof(
  fc.constantFrom(
    'bucket-of-all',
    'note',
    'x',
    '-',
    '..',
    '%',
    'a/b',
    'é',
    '😀',
    'раураl',
    '__proto__',
    'constructor',
    'toString',
    '\u202e',
    ' ',
  ),
  fc.constantFrom("'; drop table note; --", '${7*7}', '../../../etc/passwd', 'a'.repeat(300), '0000000000000', '7zzzzzzzzzzzz'),
  fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }).filter((name) => name.isWellFormed() && name !== '.' && name !== '..'),
);
const rawNames = fc.constantFrom('%00', '%ff', '%', '%2e%2e', '%2F..%2F', '.', '..', '\\', ';', '%C0%AF', '');

after(closeSending);

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value) ?? '');

function queryOf(input: unknown): string {
  if (typeof input !== 'object' || input === null) return '';
  const pairs = Object.entries(input).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each) => [name, each] as const),
  );
  const text = (each: unknown) => (typeof each === 'object' ? JSON.stringify(each) : String(each));
  return pairs
    .map(([name, each]) => `${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(text(each).toWellFormed())}`)
    .join('&');
}

/** A request of a route: good, nearly good, or nothing like it. */
type Shot = { readonly path: string; readonly body?: Uint8Array; readonly type: string };

function shots(route: Route): fc.Arbitrary<Shot> {
  const schema = route.definition.input;
  const address = fc.oneof(
    { weight: 6, arbitrary: names.map((name) => addressOf(route, name)) },
    { weight: 1, arbitrary: rawNames.map((raw) => route.path.replace('{name}', () => raw)) },
  );
  const input = fc.oneof({ weight: 3, arbitrary: validInput(schema) }, { weight: 2, arbitrary: hostileInput(schema) });
  const types = fc.constantFrom(
    'application/json',
    'application/json',
    'application/json',
    'text/plain',
    'application/json; charset=utf-7',
    '',
  );
  if (route.input === 'json') {
    const body = fc.oneof(input.map(encode), hostileBody(schema));
    return fc.tuple(address, body, types).map(([path, bytes, type]) => ({ path, body: bytes, type }));
  }
  const query = fc.oneof(input.map(queryOf), hostileQuery(schema));
  const bytes = route.body === 'in' || route.body === 'both' ? fc.uint8Array({ maxLength: 2000 }) : fc.constant(undefined);
  return fc
    .tuple(address, query, bytes)
    .map(([path, text, body]) => ({ path: text === '' ? path : `${path}?${text}`, type: '', ...(body ? { body } : {}) }));
}

const headers: fc.Arbitrary<Record<string, string | undefined>> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      { 'idempotency-key': 'x' },
      { 'idempotency-key': 'y'.repeat(300) },
      { 'idempotency-key': '' },
      { 'gamut-environment': 'nowhere' },
      { 'gamut-environment': '__proto__' },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      { authorization: 'Bearer x' },
      { authorization: 'Basic %%%' },
      { authorization: `Bearer ${'a'.repeat(4000)}` },
      { cookie: 'gamut=x' },
      { accept: 'text/html' },
      { range: 'bytes=9-1' },
      { expect: '200-ok' },
    ),
  },
);

const traces = /\n\s+at |node:internal|\.ts:\d+|node_modules/;

function assertCivil({ status, headers: head, text }: Sent, what: string): void {
  const said = `${what}: ${status} ${text.slice(0, 500)}`;
  assert.ok(status < 500 || [503, 507].includes(status), said);
  assert.doesNotMatch(text, traces, said);
  if (status < 400) return;
  assert.match(String(head['content-type']), /^application\/problem\+json/, said);
  assert.ok(String(head['x-request-id']).length > 0, said);
  if (text === '') return assert.match(String(head['gamut-fault']), /^[A-Z]/, said);
  const problem = JSON.parse(text) as { code?: unknown; requestId?: unknown; status?: unknown };
  assert.ok(typeof problem.code === 'string' && typeof problem.requestId === 'string' && problem.status === status, said);
}

const pids = (house: House) => house.platform.status().processes.map(({ name, pid }) => `${name} ${pid}`);

for (const mode of ['processes', 'in-process'] as const) {
  test(`every derived operation answers good and hostile input without a failure, ${mode} (seed ${seed})`, async (t) => {
    const house = await openHouse({ mode, services: ['storage'] });
    t.after(() => house.stop());
    const own = await house.call('POST', '/v1/storage/buckets', { name: 'bucket-of-all' }, { door: 'storage.rest' });
    assert.equal(own.status, 201, JSON.stringify(own.body));
    assert.equal((await house.call('POST', '/v1/notes/notes', { name: 'note', spec: { text: '' } }, { door: 'notes.rest' })).status, 201);
    const before = pids(house);
    const statuses = new Map<number, number>();
    for (const route of routes) {
      const url = house.platform.doors[doors[route.service] ?? '']?.url ?? '';
      await fc.assert(
        fc.asyncProperty(shots(route), headers, async ({ path, body, type }, more) => {
          const head = {
            authorization: `Bearer ${house.admin}`,
            ...(body && type !== '' ? { 'content-type': type } : {}),
            ...(more as Record<string, string>),
          };
          const answer = await send(url, route.method, path, head, body);
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
          assertCivil(
            answer,
            `${route.method} ${path} ${JSON.stringify(more)} ${body ? Buffer.from(body).toString('latin1').slice(0, 200) : ''}`,
          );
          assert.equal(({} as { admin?: unknown }).admin, undefined);
        }),
        { seed, numRuns: runs[mode] },
      );
    }
    t.diagnostic(
      [...statuses]
        .toSorted(([a], [b]) => a - b)
        .map(([status, count]) => `${status}: ${count}`)
        .join(', '),
    );
    assert.deepEqual(pids(house), before);
    const good = (statuses.get(200) ?? 0) + (statuses.get(201) ?? 0);
    assert.ok(good > (routes.length * runs[mode]) / 16, `good input does something: ${good} of ${routes.length * runs[mode]}`);
  });
}
