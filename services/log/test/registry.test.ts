import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { type Faces, type House, openHouse } from './fixtures/house.ts';

let house: House;
before(async () => {
  house = await openHouse();
});
after(() => house?.stop());

const asOwner = () => new SchemaRegistry({ host: house.registry, auth: house.owner.basic, retry: { retries: 0 } });

type Reply = { status: number; body: Record<string, unknown> & unknown[] };
async function call(method: string, path: string, body?: unknown, faces: Faces | string = house.owner): Promise<Reply> {
  const authorization =
    typeof faces === 'string' ? faces : `Basic ${Buffer.from(`${faces.basic.username}:${faces.basic.password}`).toString('base64')}`;
  const reply = await fetch(`${house.registry}${path}`, {
    method,
    headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/vnd.schemaregistry.v1+json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  return { status: reply.status, body: text === '' ? {} : JSON.parse(text) };
}
const register = (subject: string, schema: unknown, more: object = {}, query = '') =>
  call('POST', `/subjects/${encodeURIComponent(subject)}/versions${query}`, {
    schema: typeof schema === 'string' ? schema : JSON.stringify(schema),
    ...more,
  });
const refused = async (reply: Promise<Reply>, status: number, code: number) => {
  const { status: told, body } = await reply;
  assert.deepEqual([told, body.error_code], [status, code], JSON.stringify(body));
};
const record = (name: string, ...fields: object[]) => ({ type: 'record', name, fields });
const field = (name: string, type: unknown = 'string', more: object = {}) => ({ name, type, ...more });

test('an unmodified client registers Avro, JSON and Protobuf schemas, and reads with them what it wrote', async () => {
  const registry = asOwner();
  const avro = await registry.register(
    { type: SchemaType.AVRO, schema: JSON.stringify(record('Order', field('id'))) },
    { subject: 'a-value' },
  );
  const json = await registry.register(
    { type: SchemaType.JSON, schema: JSON.stringify({ type: 'object', properties: { id: { type: 'string' } } }) },
    { subject: 'j-value' },
  );
  const proto = await registry.register(
    { type: SchemaType.PROTOBUF, schema: 'syntax = "proto3"; package shop; message Order { string id = 1; }' },
    { subject: 'p-value' },
  );
  assert.equal(new Set([avro.id, json.id, proto.id]).size, 3);
  const fresh = asOwner();
  for (const { id } of [avro, json, proto]) {
    const decoded = await fresh.decode(await registry.encode(id, { id: 'o-1' }));
    assert.equal(decoded.id, 'o-1');
    assert.equal(await fresh.getLatestSchemaId(id === avro.id ? 'a-value' : id === json.id ? 'j-value' : 'p-value'), id);
  }
});

test('a schema that is registered again is the same version; blanks do not matter, subjects share ids', async () => {
  const schema = record('Same', field('a'));
  const first = await register('same-1', schema);
  const again = await register('same-1', JSON.stringify(schema, null, 4));
  const other = await register('same-2', schema);
  assert.deepEqual([again.body.id, other.body.id, again.body.version], [first.body.id, first.body.id, 1]);
  assert.deepEqual((await call('GET', `/schemas/ids/${first.body.id}/versions`)).body, [
    { subject: 'same-1', version: 1 },
    { subject: 'same-2', version: 1 },
  ]);
  const found = await call('POST', '/subjects/same-1', { schema: JSON.stringify(schema) });
  assert.deepEqual([found.body.subject, found.body.version, found.body.id], ['same-1', 1, first.body.id]);
  const unordered = { fields: [{ type: 'string', name: 'a' }], name: 'Same', type: 'record', b: 1, a: 2 };
  const one = await register('same-3', unordered, {}, '?normalize=true');
  const two = await register('same-3', { type: 'record', name: 'Same', a: 2, b: 1, fields: [field('a')] }, {}, '?normalize=true');
  assert.equal(two.body.id, one.body.id);
});

test('each compatibility level takes what it promises and refuses the rest with 409', async () => {
  const base = record('R', field('a'));
  const withDefault = record('R', field('a'), field('b', 'string', { default: '' }));
  const without = record('R', field('a'), field('b'));
  const renamed = record('R', field('c'));
  const takes: Record<string, [object, number][]> = {
    NONE: [[renamed, 200]],
    BACKWARD: [
      [without, 409],
      [withDefault, 200],
    ],
    FORWARD: [
      [renamed, 409],
      [without, 200],
    ],
    FULL: [
      [without, 409],
      [withDefault, 200],
    ],
  };
  for (const [level, steps] of Object.entries(takes)) {
    assert.equal((await call('PUT', `/config/level-${level}`, { compatibility: level })).body.compatibility, level);
    assert.equal((await register(`level-${level}`, base)).status, 200);
    for (const [schema, status] of steps) assert.equal((await register(`level-${level}`, schema)).status, status, level);
  }
  // The third version fits the second, and only a transitive level looks at the first.
  const optional = record('R', field('a', 'string', { default: '' }));
  const chains: Record<string, object[]> = {
    BACKWARD: [record('R', field('a', 'int')), record('R'), optional],
    FORWARD: [optional, record('R'), record('R', field('a', 'int'))],
    FULL: [record('R', field('a', 'int', { default: 0 })), record('R'), optional],
  };
  for (const [level, schemas] of Object.entries(chains))
    for (const [name, last] of [
      [level, 200],
      [`${level}_TRANSITIVE`, 409],
    ] as const) {
      await call('PUT', `/config/chain-${name}`, { compatibility: name });
      const told = [];
      for (const schema of schemas) told.push((await register(`chain-${name}`, schema)).status);
      assert.deepEqual(told, [200, 200, last], name);
    }
});

test('a check of compatibility says why, and changes nothing', async () => {
  await register('checked', record('R', field('a')));
  const body = { schema: JSON.stringify(record('R', field('a'), field('b'))) };
  const told = await call('POST', '/compatibility/subjects/checked/versions/latest?verbose=true', body);
  assert.equal(told.body.is_compatible, false);
  assert.match(String((told.body.messages as unknown as string[])[0]), /READER_FIELD_MISSING_DEFAULT_VALUE/);
  assert.deepEqual((await call('GET', '/subjects/checked/versions')).body, [1]);
  await refused(call('POST', '/compatibility/subjects/checked/versions/9', body), 404, 40402);
  assert.equal((await call('POST', '/compatibility/subjects/nobody/versions', body)).body.is_compatible, true);
});

test('references are resolved, returned, and keep what they name from being deleted', async () => {
  await register('address', record('Address', field('street')));
  const references = [{ name: 'Address', subject: 'address', version: 1 }];
  const person = record('Person', field('home', 'Address'), field('work', 'Address'));
  const made = await register('person', person, { references });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  assert.deepEqual((await call('GET', `/schemas/ids/${made.body.id}`)).body.references, references);
  assert.deepEqual((await call('GET', '/subjects/address/versions/1/referencedby')).body, [made.body.id]);
  await refused(call('DELETE', '/subjects/address'), 422, 42206);
  const { message } = (await call('DELETE', '/subjects/address/versions/1')).body;
  assert.equal(message, 'One or more references exist to the schema {magic=1,keytype=SCHEMA,subject=address,version=1}.');
  // What is no list is not the same as none.
  await refused(register('lost', record('A'), { references: 1 }), 422, 422);
  await refused(register('lost', person), 422, 42201);
  await refused(register('lost', person, { references: [{ name: 'Address', subject: 'nowhere', version: 1 }] }), 422, 42201);
  const proto = await register('money', 'syntax = "proto3"; package m; message Money { int64 units = 1; }', { schemaType: 'PROTOBUF' });
  assert.equal(proto.status, 200, JSON.stringify(proto.body));
  const bill =
    'syntax = "proto3"; package b; import "m.proto"; import "google/protobuf/timestamp.proto"; message Bill { m.Money sum = 1; google.protobuf.Timestamp at = 2; }';
  const of = { schemaType: 'PROTOBUF', references: [{ name: 'm.proto', subject: 'money', version: 1 }] };
  assert.equal((await register('bill', bill, of)).status, 200);
  await refused(register('bill-2', bill, { schemaType: 'PROTOBUF' }), 422, 42201);
  const common =
    'syntax = "proto3"; import "google/type/money.proto"; import "google/type/dayofweek.proto"; import "confluent/type/decimal.proto"; message Due { google.type.Money sum = 1; google.type.DayOfWeek on = 2; confluent.type.Decimal rate = 3; }';
  assert.equal((await register('due', common, { schemaType: 'PROTOBUF' })).status, 200);
  assert.equal((await call('GET', '/subjects/due/versions/1?format=serialized')).status, 200);
  await refused(register('due-2', common.replace('money.proto', 'pence.proto'), { schemaType: 'PROTOBUF' }), 422, 42201);
  const sheet = { type: 'object', properties: { who: { $ref: 'who.json' } } };
  await register('who', { type: 'object', properties: { name: { type: 'string' } } }, { schemaType: 'JSON' });
  await refused(register('sheet', sheet, { schemaType: 'JSON' }), 422, 42201);
  assert.equal(
    (await register('sheet', sheet, { schemaType: 'JSON', references: [{ name: 'who.json', subject: 'who', version: 1 }] })).status,
    200,
  );
});

test('what is deleted is hidden, can be seen, and goes for good when it is deleted again', async () => {
  await register('gone', record('A'));
  await call('PUT', '/config/gone', { compatibility: 'NONE' });
  await register('gone', record('B'));
  await refused(call('DELETE', '/subjects/gone/versions/1?permanent=true'), 404, 40407);
  assert.equal((await call('DELETE', '/subjects/gone/versions/1')).body, 1 as never);
  await refused(call('DELETE', '/subjects/gone/versions/1'), 404, 40406);
  await refused(call('GET', '/subjects/gone/versions/1'), 404, 40402);
  assert.deepEqual((await call('GET', '/subjects/gone/versions?deleted=true')).body, [1, 2]);
  await refused(call('DELETE', '/subjects/gone?permanent=true'), 404, 40405);
  assert.deepEqual((await call('DELETE', '/subjects/gone')).body, [2]);
  await refused(call('DELETE', '/subjects/gone'), 404, 40404);
  await refused(call('GET', '/subjects/gone/versions'), 404, 40401);
  assert.ok((await call('GET', '/subjects?deleted=true')).body.includes('gone'));
  assert.deepEqual((await call('GET', '/subjects?deletedOnly=true&subjectPrefix=go')).body, ['gone']);
  const back = await register('gone', record('B'));
  assert.equal(back.body.version, 3);
  await call('DELETE', '/subjects/gone');
  assert.deepEqual((await call('DELETE', '/subjects/gone?permanent=true')).body, [1, 2, 3]);
  await refused(call('GET', `/schemas/ids/${back.body.id}`), 404, 40403);
  assert.equal((await call('GET', '/subjects?deleted=true')).body.includes('gone'), false);
});

test('modes: read-only refuses, import takes ids and versions as they are', async () => {
  await register('moded', record('A'));
  await call('PUT', '/mode/moded', { mode: 'READONLY' });
  await refused(register('moded', record('A', field('x', 'string', { default: '' }))), 422, 42205);
  assert.equal((await register('moded', record('A'))).body.version, 1);
  await refused(call('PUT', '/mode/moded', { mode: 'IMPORT' }), 422, 42205);
  assert.deepEqual((await call('DELETE', '/mode/moded')).body, { mode: 'READONLY' });
  await refused(call('GET', '/mode/moded'), 404, 40409);
  assert.deepEqual((await call('GET', '/mode/moded?defaultToGlobal=true')).body, { mode: 'READWRITE' });
  await refused(register('moded', record('Z'), { id: 4000, version: 7 }), 422, 42205);
  await call('PUT', '/mode/imported', { mode: 'IMPORT' });
  const made = await register('imported', record('Z'), { id: 4000, version: 7 });
  assert.deepEqual([made.body.id, made.body.version], [4000, 7]);
  await refused(register('imported', record('Y'), { id: 4000, version: 8 }), 422, 42207);
  await refused(call('PUT', '/mode', { mode: 'SOMETIMES' }), 422, 42204);
});

test('bad input gets the documented codes', async () => {
  await refused(register('bad', '{"type":'), 422, 42201);
  await refused(register('bad', record('R', field('a', 'Unknown'))), 422, 42201);
  await refused(register('bad', 'message {', { schemaType: 'PROTOBUF' }), 422, 42201);
  await refused(register('bad', { type: 'thing' }, { schemaType: 'JSON' }), 422, 42201);
  await refused(register('bad', record('R'), { schemaType: 'XML' }), 422, 42201);
  await refused(register('bad', record('R'), { ruleSet: { domainRules: [{ name: 'check' }] } }), 501, 50101);
  await refused(register('bad', record('R'), { metadata: { properties: { owner: 'me' } } }), 501, 50101);
  // Clients send empty ones where nobody asked for any.
  assert.equal((await register('empty', record('R'), { ruleSet: { domainRules: [] }, metadata: {} })).status, 200);
  await refused(register(':.other:bad', record('R')), 422, 42208);
  await refused(call('GET', '/subjects/nobody/versions'), 404, 40401);
  await refused(call('GET', '/subjects/nobody/versions/zero'), 422, 42202);
  await refused(call('GET', '/schemas/ids/999999'), 404, 40403);
  await refused(call('PUT', '/config', { compatibility: 'SIDEWARD' }), 422, 42203);
  assert.match(
    String((await call('PUT', '/config', { compatibility: 'SIDEWARD' })).body.message),
    /none, backward, forward, full, .+, and full/,
  );
  await refused(call('GET', '/config/nobody'), 404, 40408);
  await refused(call('GET', '/subjects', undefined, 'Bearer nothing'), 401, 40101);
  await refused(call('PATCH', '/subjects'), 405, 405);
  assert.deepEqual((await call('GET', '/config')).body, { compatibilityLevel: 'BACKWARD' });
  assert.deepEqual((await call('GET', '/schemas/types')).body, ['AVRO', 'JSON', 'PROTOBUF']);
});

test('rights and environments: a reader registers nothing, a neighbour sees nothing, a bearer is as good as a password', async () => {
  const reader = await house.credential({ role: 'reader' });
  await register('private', record('Private'));
  const asReader = await call('POST', '/subjects/private/versions', { schema: '"string"' }, reader);
  assert.deepEqual([asReader.status, asReader.body.error_code], [403, 40301]);
  assert.equal((await call('GET', '/subjects/private/versions/latest', undefined, reader)).status, 200);
  const neighbour = await house.credential({}, await house.tenant('registry-neighbours'));
  assert.deepEqual((await call('GET', '/subjects?deleted=true', undefined, neighbour)).body, []);
  const theirs = await call('POST', '/subjects/private/versions', { schema: '"string"' }, neighbour);
  assert.deepEqual([theirs.body.id, theirs.body.version], [1, 1]);
  assert.equal((await call('GET', '/subjects/private/versions/1/schema', undefined, `Bearer ${neighbour.bearer}`)).body, 'string' as never);
  assert.equal((await house.call('GET', '/v1/log/subjects/private')).body.name, 'private');
});

test('a topic that demands schemas takes values of its subject alone, and names the record that is none', async () => {
  const config = { 'confluent.value.schema.validation': 'true' };
  await house.call('POST', '/v1/log/topics', { name: 'demanding', config }, { door: 'log.rest', bearer: house.owner.bearer });
  const registry = asOwner();
  const schema = { type: SchemaType.AVRO as const, schema: JSON.stringify(record('Order', field('id'), field('count', ['null', 'int']))) };
  const { id } = await registry.register(schema, { subject: 'demanding-value' });
  const elsewhere = await registry.register(
    { ...schema, schema: JSON.stringify(record('Other', field('id'))) },
    { subject: 'other-value' },
  );
  const producer = house.client().producer();
  await producer.connect();
  const send = (...values: (Buffer | null)[]) =>
    producer.send({ topic: 'demanding', messages: values.map((value) => ({ key: 'k', value })) });
  const good = await registry.encode(id, { id: 'a', count: 3 });
  await send(good, null);
  await assert.rejects(send(good, Buffer.from('plain')));
  await assert.rejects(send(await registry.encode(elsewhere.id, { id: 'a' })));
  await assert.rejects(send(good.subarray(0, good.length - 1)));
  await assert.rejects(send(Buffer.concat([good, Buffer.from([0])])));
  await producer.disconnect();
  const { body } = await house.call('GET', '/v1/log/topics/demanding', undefined, { door: 'log.rest', bearer: house.owner.bearer });
  assert.equal((body.status as { records: number }).records, 2);
});

test('an answer is called what the client accepts, and a client that accepts nothing of it is told so', async () => {
  const typeFor = async (accept?: string) => {
    const headers = { authorization: `Bearer ${house.owner.bearer}`, ...(accept === undefined ? {} : { accept }) };
    const reply = await fetch(`${house.registry}/subjects`, { headers });
    await reply.arrayBuffer();
    return reply.status === 200 ? reply.headers.get('content-type') : reply.status;
  };
  const [v1, newest, plain] = ['application/vnd.schemaregistry.v1+json', 'application/vnd.schemaregistry+json', 'application/json'];
  assert.equal(await typeFor(), v1);
  assert.equal(await typeFor('text/html, */*;q=0.1'), v1);
  assert.equal(await typeFor(plain), plain);
  assert.equal(await typeFor(`${v1};q=0.5, ${newest}, ${plain};q=0.9`), newest);
  assert.equal(await typeFor('application/*;q=0.2'), v1);
  assert.equal(await typeFor('text/html'), 406);
  assert.equal(await typeFor(`${plain};q=0`), 406);
});

test('a schema is found however it is spelled: in another order, with names a primitive has no use for', async () => {
  const json = { type: 'object', properties: { a: { type: 'string' }, b: { type: 'number' } } };
  const made = await register('spelled', json, { schemaType: 'JSON' });
  const turned = { properties: { b: { type: 'number' }, a: { type: 'string' } }, type: 'object' };
  const found = await call('POST', '/subjects/spelled', { schema: JSON.stringify(turned), schemaType: 'JSON' });
  assert.deepEqual([found.status, found.body.id, found.body.schema], [200, made.body.id, JSON.stringify(json)]);
  const other = { ...turned, required: ['a'] };
  await refused(call('POST', '/subjects/spelled', { schema: JSON.stringify(other), schemaType: 'JSON' }), 404, 40403);
  const named = await register('stray', { type: 'int', name: 'Count', doc: 'how many', logicalType: 'date' });
  assert.deepEqual((await register('stray', { type: 'int', logicalType: 'date' })).body, named.body);
  assert.deepEqual((await call('GET', '/subjects/stray/versions/1/schema')).body, { type: 'int', logicalType: 'date' } as never);
});

test('a subject that nobody knows, a version that it has not, and settings that are not its own are told apart', async () => {
  const body = { schema: JSON.stringify(record('Known')) };
  await refused(call('GET', '/subjects/stranger/versions/1'), 404, 40401);
  await refused(call('GET', '/subjects/stranger/versions/1/referencedby'), 404, 40401);
  await refused(call('DELETE', '/subjects/stranger/versions/1'), 404, 40401);
  await refused(call('DELETE', '/subjects/stranger'), 404, 40401);
  await refused(call('POST', '/subjects/stranger', body), 404, 40401);
  await refused(call('DELETE', '/mode/stranger'), 404, 40401);
  await refused(call('DELETE', '/config/stranger'), 404, 40401);
  await refused(call('GET', '/mode/stranger'), 404, 40409);
  // A check asks for the version first: nobody's first version is as good as a subject that has not come so far.
  await refused(call('POST', '/compatibility/subjects/stranger/versions/1', body), 404, 40402);
  assert.equal((await call('POST', '/compatibility/subjects/stranger/versions/latest', body)).body.is_compatible, true);
  await register('known', record('Known'));
  await refused(call('GET', '/subjects/known/versions/2'), 404, 40402);
  await refused(call('GET', '/subjects/known/versions/2/referencedby'), 404, 40402);
  await refused(call('DELETE', '/subjects/known/versions/2'), 404, 40402);
  await refused(call('POST', '/subjects/known', { schema: '"int"' }), 404, 40403);
  await call('DELETE', '/subjects/known/versions/1');
  await refused(call('POST', '/compatibility/subjects/known/versions/1', body), 404, 40402);
  await refused(call('GET', '/subjects/known/versions/1'), 404, 40401);
  await refused(call('GET', '/schemas/ids/word'), 404, 404);
});

test('the latest version is deleted softly as long as there is one', async () => {
  await register('shrinking', record('A', field('a')));
  await register('shrinking', record('A', field('a', 'string', { default: '' }), field('b', 'string', { default: '' })));
  assert.equal((await call('DELETE', '/subjects/shrinking/versions/latest')).body, 2 as never);
  assert.equal((await call('DELETE', '/subjects/shrinking/versions/latest')).body, 1 as never);
  assert.equal((await call('DELETE', '/subjects/shrinking/versions/latest')).status, 404);
});
