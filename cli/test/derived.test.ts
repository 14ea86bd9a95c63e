import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check } from '#kernel/contract/check.ts';
import { routesOf } from '#kernel/derive/route.ts';
import { allContracts } from '../verb/contract.ts';
import { verbsOf } from '../verb/verb.ts';

test('every contract is sound, and every operation for the command line or the console has an address', async () => {
  for (const contract of await allContracts()) {
    assert.deepEqual(check(contract), []);
    const routed = new Set(routesOf(contract).map((route) => route.operation));
    for (const [name, { expose = [] }] of Object.entries(contract.operations)) {
      if (expose.includes('cli') || expose.includes('console')) assert.ok(routed.has(name), `${contract.name}.${name}`);
    }
  }
});

test('every operation for the command line has a verb, and no short name means two', async () => {
  for (const contract of await allContracts()) {
    const verbs = verbsOf(contract);
    assert.equal(verbs.length, Object.values(contract.operations).filter(({ expose }) => expose?.includes('cli')).length);
    const words = verbs.flatMap(({ name, alias }) => (alias === undefined ? [name] : [name, alias]));
    assert.equal(new Set(words).size, words.length, contract.name);
  }
});

test('the addresses of storage are those of its documents', async () => {
  const storage = (await allContracts()).find(({ name }) => name === 'storage');
  assert.ok(storage);
  const of = Object.fromEntries(routesOf(storage).map((route) => [route.operation, `${route.method} ${route.path} ${route.input}`]));
  assert.equal(of.HeadBucket, 'GET /v1/storage/buckets/{name} query');
  assert.equal(of.CreateBucket, 'POST /v1/storage/buckets json');
  assert.equal(of.PutObject, 'POST /v1/storage/buckets/{name}/put-object query');
  assert.equal(of.GetObject, 'GET /v1/storage/buckets/{name}/get-object query');
  assert.equal(of.ListObjectsV2, 'GET /v1/storage/buckets/{name}/list-objects-v2 query');
});
