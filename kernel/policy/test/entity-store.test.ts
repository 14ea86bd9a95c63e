import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError } from '../../contract/fault.ts';
import { entityStore } from '../entity-store.ts';

const uid = (id: string) => ({ type: 'U', id });
const entity = (id: string, parents: string[] = [], more: object = {}) => ({ uid: uid(id), attrs: {}, parents: parents.map(uid), ...more });
const ancestors = (json: unknown[], id: string) =>
  [...(entityStore(json).get(`U::"${id}"`)?.ancestors ?? [])].map((key) => key.slice(4, -1)).sort();

test('ancestors are closed over parents of parents, in whatever order entities come', () => {
  const diamond = [entity('a', ['b', 'c']), entity('b', ['d']), entity('c', ['b', 'd', 'e']), entity('d', ['f'])];
  for (const json of [diamond, [...diamond].reverse()]) {
    assert.deepEqual(ancestors(json, 'a'), ['b', 'c', 'd', 'e', 'f']);
    assert.deepEqual(ancestors(json, 'c'), ['b', 'd', 'e', 'f']);
    assert.deepEqual(ancestors(json, 'd'), ['f']);
  }
  assert.equal(entityStore(diamond).get('U::"f"'), undefined);
  assert.equal(entityStore(diamond).size, 4);
});

test('an entity that is its own ancestor is refused', () => {
  for (const json of [
    [entity('a', ['a'])],
    [entity('a', ['b']), entity('b', ['c']), entity('c', ['a'])],
    [entity('x', ['a']), entity('a', ['b']), entity('b', ['a'])],
  ]) {
    assert.throws(() => entityStore(json), /its own ancestor/);
  }
});

test('an entity given twice is one where both say the same, and refused where they differ', () => {
  const same = entity('a', ['b', 'c'], { attrs: { n: 1, s: [1, 2] } });
  assert.equal(entityStore([same, entity('a', ['c', 'b'], { attrs: { s: [2, 1], n: 1 } })]).size, 1);
  for (const other of [
    entity('a', ['b'], { attrs: same.attrs }),
    entity('a', ['b', 'c']),
    entity('a', ['b', 'c'], { attrs: { n: 1, s: [1, 2] }, tags: { t: 1 } }),
  ]) {
    assert.throws(() => entityStore([same, other]), /given twice/);
  }
});

test('what is no entity is refused with its place', () => {
  const wrong: [unknown, string][] = [
    [null, '/0'],
    ['U::"a"', '/0'],
    [{}, '/0/parents'],
    [{ uid: uid('a'), attrs: {} }, '/0/parents'],
    [{ uid: 'U::"a"', attrs: {}, parents: [] }, '/0/uid'],
    [{ uid: { type: 'if', id: '' }, attrs: {}, parents: [] }, '/0/uid'],
    [{ uid: uid('a'), parents: [] }, '/0/attrs'],
    [{ uid: uid('a'), attrs: [], parents: [] }, '/0/attrs'],
    [{ uid: uid('a'), attrs: { x: null }, parents: [] }, '/0/attrs/x'],
    [{ uid: uid('a'), attrs: {}, parents: [{ type: 'U' }] }, '/0/parents/0'],
    [{ uid: uid('a'), attrs: {}, parents: [], tags: 1 }, '/0/tags'],
  ];
  for (const [json, path] of wrong) {
    assert.throws(
      () => entityStore([json]),
      (error) => error instanceof OperationError && error.code === 'BadInput' && error.path === path,
      JSON.stringify(json),
    );
  }
});
