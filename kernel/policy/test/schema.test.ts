import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from '../../contract/type.ts';
import { OperationError } from '../../contract/fault.ts';
import { actionEntities } from '../action-entity.ts';
import { parsePolicies, parseSchema, validatePolicies } from '../authority.ts';
import { compilePolicySet } from '../compile.ts';
import { entityStore } from '../entity-store.ts';
import { type PolicyContract, policySchema, rolePolicies } from '../schema.ts';
import { specAttributes, specType } from '../spec-type.ts';

const Spec = Type.Object({
  region: Type.String(),
  objects: Type.Integer(),
  ratio: Type.Number(),
  locked: Type.Optional(Type.Boolean()),
  kind: Type.Union([Type.Literal('live'), Type.Literal('test')]),
  note: Type.Union([Type.String(), Type.Null()]),
  tags: Type.Array(Type.String()),
  limits: Type.Object({ bytes: Type.Integer(), share: Type.Optional(Type.Number()) }),
  free: Type.Record(Type.String(), Type.String()),
  either: Type.Union([Type.String(), Type.Integer()]),
});
const storage: PolicyContract = {
  name: 'storage',
  resources: { Bucket: { of: 'scope', spec: Spec }, Upload: { of: 'Bucket', spec: Type.Object({}) } },
  operations: {
    CreateBucket: { on: 'Bucket', effect: 'write' },
    GetObject: { on: 'Bucket', effect: 'read' },
    PutObject: { on: 'Bucket', effect: 'write' },
    ListBuckets: { on: 'Bucket', effect: 'read' },
    AbortUpload: { on: 'Upload', effect: 'write' },
  },
  roles: {
    reader: ['GetObject', 'ListBuckets'],
    editor: ['reader', 'PutObject', 'AbortUpload'],
    admin: ['editor', 'CreateBucket'],
    owner: ['admin'],
    auditor: ['ListBuckets'],
    uploader: ['PutObject'],
    nobody: [],
  },
};
const notes: PolicyContract = {
  name: 'notes',
  resources: { Note: { of: 'scope', spec: Type.Object({}) } },
  operations: { GetNote: { on: 'Note', effect: 'read' } },
  roles: { reader: ['GetNote'], owner: ['reader'] },
};
const schema = policySchema([storage, notes]);
const policies = (text: string) => parsePolicies(text).map(({ text: one, est }, index) => ({ id: `p${index}`, text: one, est }));

function ask(
  set: ReturnType<typeof compilePolicySet>,
  roles: readonly string[],
  operation: string,
  more: { attrs?: object; tags?: object; service?: string; withActions?: boolean } = {},
): boolean {
  const { attrs = {}, tags = {}, service = 'storage', withActions = false } = more;
  const principal = { type: 'Gamut::Principal', id: 'p1' };
  const resource = { type: `${service}::Bucket`, id: 'photos' };
  const entities = entityStore([
    ...(withActions ? actionEntities(schema) : []),
    { uid: principal, attrs: {}, parents: roles.map((id) => ({ type: 'Gamut::Role', id })) },
    { uid: resource, attrs, tags, parents: [{ type: 'Gamut::Scope', id: 's1' }] },
    { uid: { type: 'Gamut::Scope', id: 's1' }, attrs: {}, parents: [{ type: 'Gamut::Tenant', id: 't1' }] },
  ]);
  return set.decide(
    { principal, action: { type: `${service}::Action`, id: operation }, resource, context: { face: 'bearer', now: 1 } },
    entities,
  ).allow;
}

test('the schema of several services is one that the engine takes, and role policies fit it', () => {
  assert.deepEqual(Object.keys(parseSchema(schema)).sort(), ['Gamut', 'notes', 'storage']);
  for (const contract of [storage, notes]) assert.deepEqual(validatePolicies(policies(rolePolicies(contract)), schema), []);
});

test('each role may do what its contract lists for it and for the roles it contains, and nothing else', () => {
  const set = compilePolicySet([
    ...policies(rolePolicies(storage)),
    ...policies(rolePolicies(notes)).map((policy) => ({ ...policy, id: `notes ${policy.id}` })),
  ]);
  const allowed = (role: string) =>
    Object.keys(storage.operations)
      .filter((operation) => ask(set, [role], operation))
      .sort();
  assert.deepEqual(allowed('reader'), ['GetObject', 'ListBuckets']);
  assert.deepEqual(allowed('editor'), ['AbortUpload', 'GetObject', 'ListBuckets', 'PutObject']);
  assert.deepEqual(allowed('owner'), Object.keys(storage.operations).sort());
  assert.deepEqual(allowed('admin'), allowed('owner'));
  assert.deepEqual(allowed('auditor'), ['ListBuckets']);
  assert.deepEqual(allowed('uploader'), ['PutObject']);
  for (const role of ['nobody', 'READER', 'constructor', '']) assert.deepEqual(allowed(role), []);
  assert.equal(ask(set, ['reader'], 'GetNote', { service: 'notes' }), true);
  assert.equal(ask(set, ['uploader'], 'GetNote', { service: 'notes' }), false);
  assert.equal(ask(set, ['uploader', 'auditor'], 'ListBuckets'), true);
});

test('a policy may speak of the groups of actions: a role of a service, and reads and writes of all', () => {
  const text = `
    permit (principal, action in storage::Action::"role:editor", resource);
    forbid (principal, action in Gamut::Action::"write", resource)
    when { context.face == "bearer" && resource has locked && resource.locked };`;
  assert.deepEqual(validatePolicies(policies(text), schema), []);
  const set = compilePolicySet(policies(text));
  const may = (operation: string, locked: boolean) => ask(set, [], operation, { attrs: { locked }, withActions: true });
  assert.deepEqual(
    ['GetObject', 'PutObject', 'CreateBucket'].map((operation) => may(operation, false)),
    [true, true, false],
  );
  assert.deepEqual(
    ['GetObject', 'PutObject', 'CreateBucket'].map((operation) => may(operation, true)),
    [true, false, false],
  );
});

test('policies see labels as tags, the place of a resource, the context, and attributes only after asking for them', () => {
  const fits = (condition: string) =>
    validatePolicies(
      [{ id: 'p', text: `permit (principal, action == storage::Action::"GetObject", resource) when { ${condition} };` }],
      schema,
    );
  const good = [
    'resource.hasTag("env") && resource.getTag("env") == "prod"',
    'resource in Gamut::Scope::"s1" || resource in Gamut::Tenant::"t1"',
    'principal in Gamut::Role::"reader"',
    'context.now > 0 && context.face == "sigv4"',
    'context has ip && context.ip.isInRange(ip("10.0.0.0/8"))',
    'context has via && context.via == "log"',
    'resource has objects && resource.objects < 5',
    'resource has tags && resource.tags.contains("x")',
    'resource has limits && resource.limits.bytes > 1',
    'resource has kind && resource.kind == "live"',
    'resource has note && resource.note like "a*"',
  ];
  for (const condition of good) assert.deepEqual(fits(condition), [], condition);
  for (const condition of [
    'resource.objects < 5',
    'resource.getTag("env") == "prod"',
    'context.ip.isIpv4()',
    'resource has ratio && resource.ratio == 1',
    'resource has limits && resource.limits.share == 1',
    'context.face == 1',
    'resource has nothing && resource.nothing == 1',
  ]) {
    assert.equal(fits(condition).length, 1, condition);
  }
  const set = compilePolicySet(policies(`permit (principal, action, resource) when { ${good[0]} };`));
  assert.equal(ask(set, [], 'GetObject', { tags: { env: 'prod' } }), true);
  assert.equal(ask(set, [], 'GetObject', { tags: { env: 'test' } }), false);
});

test('a spec becomes the attributes its schema gives a type, and contradicting the schema is an error', () => {
  const type = specType(Spec);
  const spec = {
    region: 'eu',
    objects: 5n,
    ratio: 0.5,
    kind: 'live',
    note: null,
    tags: ['a', 'a'],
    limits: { bytes: 7, share: 0.1 },
    free: { a: 'b' },
    either: 1,
    constructor: 1,
  };
  const attrs = specAttributes(type, spec);
  assert.deepEqual([...attrs.keys()].sort(), ['kind', 'limits', 'objects', 'region', 'tags']);
  assert.equal(attrs.get('objects'), 5);
  assert.deepEqual(specAttributes(specType(Type.String()), 'x').size, 0);
  assert.deepEqual(specAttributes(type, {}).size, 0);
  for (const wrong of [
    { objects: 1.5 },
    { objects: '1' },
    { region: 1 },
    { tags: 'a' },
    { tags: [1] },
    { limits: [] },
    { limits: { bytes: 2n ** 63n } },
  ]) {
    assert.throws(
      () => specAttributes(type, wrong),
      (error) => error instanceof OperationError && error.code === 'Internal',
    );
  }
  let deep: unknown = { type: 'string' };
  for (let level = 0; level < 10_000; level++) deep = { type: 'array', items: deep };
  assert.equal(specType(deep), undefined);
  const names = specType({ type: 'object', properties: JSON.parse('{"__proto__": {"type": "string"}, "__entity": {"type": "string"}}') });
  assert.deepEqual(names?.kind === 'record' && [...names.fields.keys()], ['__proto__']);
});

test('a contract that cannot be put in policy is refused with its place', () => {
  const cases: [Partial<PolicyContract>, string][] = [
    [{ name: 'no-identifier' }, '/name'],
    [{ resources: { Action: { of: 'scope', spec: Spec } } }, '/resources/Action'],
    [{ resources: { Bucket: { of: 'Bucket', spec: Spec } } }, '/resources/Bucket/of'],
    [{ operations: { Get: { on: 'Nothing', effect: 'read' } }, roles: {} }, '/operations/Get/on'],
    [{ roles: { a: ['b'], b: ['c'], c: ['b'] } }, '/roles/b'],
    [{ roles: { a: ['a'] } }, '/roles/a'],
    [{ roles: { a: ['constructor'] } }, '/roles/a'],
  ];
  for (const [change, path] of cases) {
    assert.throws(
      () => policySchema([{ ...storage, ...change }]),
      (error) => error instanceof OperationError && error.code === 'ContractInvalid' && error.path === path,
      path,
    );
  }
  assert.throws(() => policySchema([storage, storage]), /one name/);
  const doubling = Object.fromEntries(
    Array.from({ length: 60 }, (_, index) => [`r${index}`, index < 59 ? [`r${index + 1}`, `r${index + 1}`] : ['GetObject']]),
  );
  assert.equal(parsePolicies(rolePolicies({ ...storage, roles: doubling })).length, 60);
});

test('a contract of 600 operations and five roles has role policies that fit the limits on text', () => {
  const operations = Object.fromEntries(
    Array.from({ length: 600 }, (_, index) => [`OperationWithQuiteALongName${index}`, { on: 'Bucket', effect: 'read' as const }]),
  );
  const roles = Object.fromEntries(['owner', 'admin', 'editor', 'reader', 'auditor'].map((role) => [role, Object.keys(operations)]));
  const contract = { ...storage, operations, roles };
  assert.equal(parsePolicies(rolePolicies(contract)).length, 5);
  assert.deepEqual(
    validatePolicies(policies(rolePolicies({ ...contract, roles: { owner: roles.owner ?? [] } })), policySchema([contract])),
    [],
  );
});
