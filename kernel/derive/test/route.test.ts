import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from '../../contract/type.ts';
import { platform } from '../../control/service.ts';
import type { AnyService } from '../../contract/contract.ts';
import { addressOf, kebab, routesOf, routeTable } from '../route.ts';
import { sample } from './fixture.ts';

const lines = (contract: AnyService) =>
  Object.fromEntries(routesOf(contract).map((route) => [route.operation, `${route.method} ${route.path} ${route.input}`]));

test('every shape of operation has its address', () => {
  assert.deepEqual(lines(sample), {
    CreateNote: 'POST /v1/sample/notes json',
    GetNote: 'GET /v1/sample/notes/{name} query',
    ListNotes: 'GET /v1/sample/notes query',
    UpdateNote: 'PATCH /v1/sample/notes/{name} json',
    DeleteNote: 'DELETE /v1/sample/notes/{name} query',
    WatchNotes: 'GET /v1/sample/notes/-/watch query',
    ShareNote: 'POST /v1/sample/notes/{name}/share-note json',
    CountNotes: 'GET /v1/sample/notes/-/count-notes query',
    PutBlob: 'PUT /v1/sample/blobs/{name} query',
    GetBlob: 'GET /v1/sample/blobs/{name} query',
    HeadBlob: 'HEAD /v1/sample/blobs/{name} query',
    TurnBlob: 'POST /v1/sample/blobs/{name}/turn-blob query',
  });
});

test('the contract of the platform has its addresses', () => {
  const of = lines(platform);
  assert.equal(of.InviteMember, 'POST /v1/platform/members json');
  assert.equal(of.ImportCredential, 'POST /v1/platform/credentials/-/import-credential json');
  assert.equal(of.RotateCredential, 'POST /v1/platform/credentials/{name}/rotate-credential json');
  assert.equal(of.ListAudit, 'GET /v1/platform/audit query');
  assert.equal(of.IngestUsage, 'POST /v1/platform/usage/-/ingest-usage json');
  assert.equal(of.ExplainAccess, 'POST /v1/platform/policies/-/explain-access json');
  assert.equal(of.GetHealth, 'GET /v1/platform/health query');
});

test('names of operations become lower-case words with dashes', () => {
  assert.deepEqual(['GetACL', 'CreateAPIKey', 'ListObjectsV2', 'Put'].map(kebab), ['get-acl', 'create-api-key', 'list-objects-v2', 'put']);
});

test('two operations at one address are refused with the path of the second', () => {
  const operation = {
    on: 'Note',
    at: 'collection',
    effect: 'read',
    text: 'x',
    audit: 'window',
    repeat: 'natural',
    expose: ['rest'],
    input: Type.Object({}),
    output: Type.Object({}),
  } as const;
  const twice = { ...sample, operations: { ListV2: operation, ListV_2: { ...operation } } } as unknown as AnyService;
  assert.equal(routesOf({ ...twice, operations: { ListV2: operation } }).length, 1);
  const collide = { ...sample, operations: { WatchNotes: operation, Watch: { ...operation } } } as unknown as AnyService;
  assert.throws(() => routesOf(collide), { code: 'ContractInvalid', path: '/operations/Watch' });
});

test('two kinds with one collection are refused', () => {
  const resources = { ...sample.resources, Blob: { ...sample.resources.Blob, plural: 'notes' } };
  assert.throws(() => routesOf({ ...sample, resources }), { code: 'ContractInvalid', path: '/resources/Blob/plural' });
});

test('every address of a route leads back to it, whatever the name', () => {
  const names = ['a', '-', 'a/b', 'a b', 'ä€😀', '%', '%2F', 'x?y#z', 'a+b', '{name}', '..x', 'watch'];
  for (const contract of [sample, platform]) {
    const table = routeTable(contract);
    for (const route of table.routes) {
      for (const name of names) {
        const match = table.match(route.method, addressOf(route, name));
        assert.equal(match?.route?.operation, route.operation, `${route.operation} ${name}`);
        assert.equal(match?.route && match.name, route.path.includes('{name}') ? name : '');
      }
    }
  }
});

test('a path that exists for other methods names them; a path that does not exist matches nothing', () => {
  const table = routeTable(sample);
  assert.deepEqual(table.match('DELETE', '/v1/sample/notes'), { allow: ['GET', 'HEAD', 'POST'] });
  assert.deepEqual(table.match('POST', '/v1/sample/blobs/x'), { allow: ['GET', 'HEAD', 'PUT'] });
  for (const path of [
    '/',
    '/v1/sample',
    '/v1/sample/',
    '/v1/sample/nothing',
    '/v1/other/notes',
    '/v1/sample/notes/',
    '/v1/sample/notes/a/b',
    '/v1/sample/notes/a/share-note/',
    '/v1/sample/notes/a/share-note/x',
    '/v1/sample/notes/{name}/hidden-blob',
    '/v1/sample/blobs/a/hidden-blob',
    '*',
    '',
  ]) {
    assert.equal(table.match('GET', path), undefined, path);
  }
});

test('HEAD goes to GET where nothing streams, and to its own operation where there is one', () => {
  const table = routeTable(sample);
  assert.equal(table.match('HEAD', '/v1/sample/notes/a')?.route?.operation, 'GetNote');
  assert.equal(table.match('HEAD', '/v1/sample/blobs/a')?.route?.operation, 'HeadBlob');
});

test('a name that is not UTF-8, holds NUL or is too long is bad input', () => {
  const table = routeTable(sample);
  for (const raw of ['%', '%zz', '%ff', '%C3', 'a%00b', 'x'.repeat(3000)]) {
    assert.throws(() => table.match('GET', `/v1/sample/notes/${raw}`), { code: 'BadInput', path: '/name' });
  }
});
