import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError } from '../../contract/fault.ts';
import { type EngineRequest, engineSet } from '../authority.ts';
import { compilePolicySet } from '../compile.ts';
import { entityStore } from '../entity-store.ts';
import { parseJson } from '../json.ts';
import { outcome } from './fixtures/case.ts';
import { hostileNames } from './fixtures/arbitrary-value.ts';

const everything = { op: 'All' };
const permit = (id: string, body: unknown) => ({
  id,
  est: { effect: 'permit', principal: everything, action: everything, resource: everything, conditions: [{ kind: 'when', body }] },
});
const asked: EngineRequest = {
  principal: { type: 'U', id: 'a' },
  action: { type: 'Action', id: 'constructor' },
  resource: { type: 'U', id: '__proto__' },
  context: {},
};

test('an attribute, tag or field with a name of JavaScript exists where it was given and nowhere else', () => {
  for (const name of hostileNames) {
    const fields = parseJson(`{${JSON.stringify(name)}: 7}`) as Record<string, unknown>;
    const given = [{ uid: asked.principal, attrs: fields, tags: fields, parents: [] }];
    const missing = [{ uid: asked.principal, attrs: {}, tags: {}, parents: [] }];
    const places = [{ Var: 'principal' }, { Var: 'context' }];
    const set = [
      ...places.map((left, index) => permit(`has ${index}`, { has: { left, attr: name } })),
      ...places.map((left, index) => permit(`equals ${index}`, { '==': { left: { '.': { left, attr: name } }, right: { Value: 7 } } })),
      permit('hasTag', { hasTag: { left: { Var: 'principal' }, right: { Value: name } } }),
      permit('getTag', { '==': { left: { getTag: { left: { Var: 'principal' }, right: { Value: name } } }, right: { Value: 7 } } }),
      permit('literal', { has: { left: { Record: Object.fromEntries([[name, { Value: 1 }]]) }, attr: name } }),
    ];
    const compiled = compilePolicySet(set);
    const there = compiled.decide({ ...asked, context: fields }, entityStore(given));
    assert.deepEqual([there.reasons.length, there.errors.length], [set.length, 0], JSON.stringify(name));
    const absent = compiled.decide(asked, entityStore(missing));
    assert.deepEqual(
      outcome(absent),
      { allow: true, reasons: ['literal'], errors: ['equals 0', 'equals 1', 'getTag'] },
      JSON.stringify(name),
    );
    assert.deepEqual(outcome(engineSet(set).decide(asked, missing)), outcome(absent));
  }
  assert.equal(({} as Record<string, unknown>)['7'], undefined);
});

test('a policy whose id, type or entity has such a name is decided like any other', () => {
  const uid = { type: 'constructor', id: '__proto__' };
  const set = ['__proto__', 'constructor'].map((id) => ({
    id,
    est: {
      effect: 'permit',
      principal: { op: 'in', entity: uid },
      action: { op: '==', entity: asked.action },
      resource: { op: '==', entity: asked.resource },
      conditions: [],
    },
  }));
  const entities = [{ uid: asked.principal, attrs: {}, parents: [uid] }];
  assert.deepEqual(outcome(compilePolicySet(set).decide(asked, entityStore(entities))).reasons, ['__proto__', 'constructor']);
});

test('an id that looks like the key of another entity is not that entity', () => {
  const set = compilePolicySet([
    {
      id: 'p',
      est: {
        effect: 'permit',
        principal: { op: '==', entity: { type: 'A', id: 'x"::B::"y' } },
        action: everything,
        resource: everything,
        conditions: [],
      },
    },
  ]);
  const as = (type: string, id: string) => set.decide({ ...asked, principal: { type, id } }, entityStore([])).allow;
  assert.equal(as('A', 'x"::B::"y'), true);
  assert.equal(as('B', 'y'), false);
  assert.throws(() => as('A::"x"::B', 'y'), OperationError);
});

test('values without a meaning in policy are refused with their place', () => {
  const set = compilePolicySet([]);
  const wrong: [unknown, string][] = [
    [null, '/context/a'],
    [1.5, '/context/a'],
    [Number.NaN, '/context/a'],
    [2 ** 53, '/context/a'],
    [2n ** 63n, '/context/a'],
    [() => 1, '/context/a'],
    [Symbol('a'), '/context/a'],
    ['\ud800', '/context/a'],
    [[1, [null]], '/context/a/1/0'],
    [{ 'b/c': { '~': null } }, '/context/a/b~1c/~0'],
    [{ __expr: '1' }, '/context/a'],
    [{ __entity: { type: 'a b', id: 'x' } }, '/context/a'],
    [{ __extn: { fn: 'ip', arg: 'x' } }, '/context/a'],
    [{ __extn: { fn: 'constructor', arg: 'x' } }, '/context/a'],
  ];
  for (const [a, path] of wrong) {
    assert.throws(
      () => set.decide({ ...asked, context: { a } }, entityStore([])),
      (error) => error instanceof OperationError && error.code === 'BadInput' && error.path === path,
      `${String(a)} at ${path}`,
    );
  }
  for (const context of [null, [], 'x', 1])
    assert.throws(() => set.decide({ ...asked, context: context as never }, entityStore([])), OperationError);
  for (const uid of [null, [], 'U::"a"', {}, { type: 'U' }, { type: 'U', id: 1 }, { type: '', id: '' }]) {
    for (const place of ['principal', 'action', 'resource'])
      assert.throws(() => set.decide({ ...asked, [place]: uid }, entityStore([])), OperationError);
  }
});
