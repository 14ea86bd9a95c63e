import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { compilePolicySet } from '../compile.ts';
import { entityStore } from '../entity-store.ts';
import { rolePolicies } from '../schema.ts';

// This file imports nothing that imports the engine; each test file is a process of its own.
test('deciding, compiling and deriving role policies load no WebAssembly', async () => {
  const everything = { op: 'All' };
  const set = compilePolicySet([
    {
      id: 'p',
      est: {
        effect: 'permit',
        principal: everything,
        action: everything,
        resource: everything,
        conditions: [{ kind: 'when', body: { Value: true } }],
      },
    },
  ]);
  assert.equal(
    set.decide(
      { principal: { type: 'U', id: 'a' }, action: { type: 'Action', id: 'a' }, resource: { type: 'U', id: 'b' }, context: {} },
      entityStore([]),
    ).allow,
    true,
  );
  assert.equal(rolePolicies({ name: 'notes', resources: {}, operations: {}, roles: {} }), '');
  const loaded = () => Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('cedar'));
  assert.deepEqual(loaded(), []);
  const { engineVersion, parsePolicies } = await import('../authority.ts');
  assert.deepEqual(loaded(), [], 'importing the authority alone loads nothing either');
  assert.equal(parsePolicies('permit (principal, action, resource);').length, 1);
  assert.equal(loaded().length, 1);
  assert.match(engineVersion().engine, /^cedar 4\./);
});
