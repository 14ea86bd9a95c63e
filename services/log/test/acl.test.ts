import assert from 'node:assert/strict';
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { errorCode } from '#wire/kafka/error.ts';
import { writeTxnMarkers } from '#wire/kafka/message/transaction.ts';
import { alterUserScramCredentials, createAcls, describeAcls, describeUserScramCredentials } from '#wire/kafka/message/access.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { openRaw, type Raw } from './fixtures/raw.ts';

let house: House;
let raw: Raw;
let admin: Admin;
before(async () => {
  house = await openHouse();
  // Policies are the owners' to write.
  const owner = await house.credential({ role: 'owner' });
  raw = await openRaw(house.kafka, owner.sasl);
  admin = house.client(owner).admin();
  await admin.connect();
});
after(async () => {
  await admin?.disconnect();
  raw?.end();
  await house?.stop();
});

const [sha256, sha512] = [1, 2];
const salted = (password: string, mechanism: number, iterations = 4096) => {
  const salt = randomBytes(16);
  const [bytes, hash] = mechanism === sha256 ? [32, 'sha256'] : [64, 'sha512'];
  return { mechanism, iterations, salt, saltedPassword: pbkdf2Sync(password, salt, iterations, Number(bytes), String(hash)) };
};
const upsert = async (name: string, password: string, mechanism: number, at = raw, iterations = 4096) => {
  const { results } = await at.call(alterUserScramCredentials, 0, {
    upsertions: [{ name, ...salted(password, mechanism, iterations) }],
  });
  return results[0]?.errorCode;
};

const login = (username: string, password: string, mechanism: 'scram-sha-256' | 'scram-sha-512' | 'plain' = 'scram-sha-256'): Kafka =>
  house.client(house.owner, { sasl: { mechanism, username, password } as never, retry: { retries: 0 } });
async function as<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const mine = kafka.admin();
  try {
    await mine.connect();
    return await work(mine);
  } finally {
    await mine.disconnect();
  }
}
/** Which right is lacking; clients wrap what the broker answered. */
const wordOf = (error: unknown): string =>
  /(topic|group|cluster).authorization.failed|not authorized to access (topic|group)|(group) coordinator/i
    .exec(String(error))
    ?.slice(1)
    .find(Boolean)
    ?.toLowerCase() ?? String(error);
/** What came of sending one record: 'sent', or the kind of thing that may not be done. */
async function send(kafka: Kafka, topic: string): Promise<string> {
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  try {
    await producer.connect();
    await producer.send({ topic, messages: [{ value: 'v' }] });
    return 'sent';
  } catch (error) {
    return wordOf(error);
  } finally {
    await producer.disconnect();
  }
}
async function read(kafka: Kafka, topic: string, groupId: string): Promise<string> {
  const consumer = kafka.consumer({ groupId, retry: { retries: 0 }, maxWaitTimeInMs: 100 });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    return await new Promise<string>((resolve, reject) => {
      consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
      consumer.run({ eachMessage: async ({ message }) => resolve(String(message.value)) }).catch(reject);
    });
  } catch (error) {
    return wordOf(error);
  } finally {
    await consumer.disconnect();
  }
}
/** Waits until an answer is as it should be: policies hold within a moment. */
async function comes<T>(answer: () => Promise<T>, wanted: T): Promise<void> {
  for (let tries = 100; ; tries -= 1) {
    const got = await answer();
    if (got === wanted) return;
    if (tries === 0) assert.deepEqual(got, wanted);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
const { TOPIC, GROUP, CLUSTER } = AclResourceTypes;
const { LITERAL, PREFIXED, MATCH, ANY } = ResourcePatternTypes;
const rule = (
  operation: number,
  resourceName: string,
  more: Partial<{ resourceType: number; resourcePatternType: number; permissionType: number; principal: string; host: string }> = {},
) => ({
  resourceType: TOPIC,
  resourceName,
  resourcePatternType: LITERAL,
  principal: 'User:alice',
  host: '*',
  operation,
  permissionType: AclPermissionTypes.ALLOW,
  ...more,
});
const filter = (more: object) => ({
  resourceType: AclResourceTypes.ANY,
  resourcePatternType: ANY,
  operation: AclOperationTypes.ANY,
  permissionType: AclPermissionTypes.ANY,
  ...more,
});

test('a SCRAM user logs in with the password that was never told, and may do what ACLs say, nothing else', async () => {
  await admin.createTopics({ topics: [{ topic: 'alice-in' }, { topic: 'orders' }, { topic: 'secret' }] });
  assert.deepEqual([await upsert('alice', 'pencil', sha256), await upsert('alice', 'pencil', sha512)], [0, 0]);
  for (const mechanism of ['scram-sha-256', 'scram-sha-512'] as const) {
    await as(login('alice', 'pencil', mechanism), async (mine) => assert.deepEqual(await mine.listTopics(), []));
    await assert.rejects(
      as(login('alice', 'wrong', mechanism), async () => undefined),
      /Authentication failed/,
    );
  }
  await assert.rejects(
    as(login('alice', 'pencil', 'plain'), async () => undefined),
    /Authentication failed/,
  );
  const alice = login('alice', 'pencil');
  assert.equal(await send(alice, 'orders'), 'topic');

  const { READ, WRITE, CREATE } = AclOperationTypes;
  await admin.createAcls({
    acl: [
      rule(WRITE, 'orders'),
      rule(READ, 'orders'),
      rule(WRITE, 'alice-', { resourcePatternType: PREFIXED }),
      rule(CREATE, 'alice-', { resourcePatternType: PREFIXED }),
      rule(READ, 'alices', { resourceType: GROUP }),
    ],
  });
  await comes(() => send(alice, 'orders'), 'sent');
  await comes(() => send(alice, 'alice-in'), 'sent');
  await comes(() => read(alice, 'orders', 'alices'), 'v');
  assert.equal(await send(alice, 'secret'), 'topic');
  assert.equal(await read(alice, 'orders', 'others'), 'group');
  assert.equal(await read(alice, 'alice-in', 'alices'), 'topic');
  await as(alice, async (mine) => {
    assert.deepEqual((await mine.listTopics()).sort(), ['alice-in', 'orders']);
    assert.deepEqual(
      (await mine.listGroups()).groups.map(({ groupId }) => groupId),
      ['alices'],
    );
    await mine.createTopics({ topics: [{ topic: 'alice-made' }] });
    await assert.rejects(mine.createTopics({ topics: [{ topic: 'bob-made' }] }), /./);
    await assert.rejects(mine.deleteTopics({ topics: ['orders'] }), /./);
    await assert.rejects(mine.createAcls({ acl: [rule(READ, 'secret')] }), /./);
  });
  assert.ok(!(await admin.listTopics()).includes('bob-made'));

  // What denies wins, and takes from what it names alone.
  await admin.createAcls({ acl: [rule(WRITE, 'alice-in', { permissionType: AclPermissionTypes.DENY, principal: 'User:*' })] });
  await comes(() => send(alice, 'alice-in'), 'topic');
  assert.equal(await send(alice, 'alice-made'), 'sent');
});

test('ACLs are listed by filter and by match, made once, and deleted by filter', async () => {
  const find = async (more: object) =>
    (await admin.describeAcls(filter(more) as never)).resources.flatMap(({ resourceName, acls }) =>
      acls.map(({ principal, operation, permissionType }) => `${principal} ${resourceName} ${operation} ${permissionType}`),
    );
  const { WRITE, DESCRIBE, ALL } = AclOperationTypes;
  const bob = { principal: 'User:bob' };
  const made = [rule(WRITE, 'm', { ...bob, resourcePatternType: PREFIXED }), rule(DESCRIBE, '*', bob), rule(ALL, 'mine', bob)];
  await admin.createAcls({ acl: made });
  await admin.createAcls({ acl: made });
  await admin.createAcls({ acl: [rule(AclOperationTypes.CREATE, 'kafka-cluster', { ...bob, resourceType: CLUSTER })] });
  assert.equal((await find(bob)).length, 4);
  assert.deepEqual((await find({ ...bob, resourceType: TOPIC, resourcePatternType: MATCH, resourceName: 'mine' })).sort(), [
    'User:bob * 8 3',
    'User:bob m 4 3',
    'User:bob mine 2 3',
  ]);
  assert.deepEqual(await find({ ...bob, resourceType: TOPIC, resourcePatternType: LITERAL, resourceName: 'mine' }), ['User:bob mine 2 3']);
  const { filterResponses } = await admin.deleteAcls({ filters: [filter({ ...bob, resourceType: TOPIC })] as never });
  assert.equal(filterResponses[0]?.matchingAcls.length, 3);
  assert.deepEqual(await find(bob), ['User:bob kafka-cluster 5 3']);

  // A policy of the same kind that somebody wrote anew is no ACL any more.
  const listed = await house.call('GET', '/v1/platform/policies?prefix=kafka-acl-');
  const ours = (listed.body.items ?? []).find(({ spec }) => JSON.stringify(spec).includes('service-bob'));
  const text = String((ours?.spec as { text: string }).text).replace('permit', 'forbid');
  assert.equal((await house.call('PATCH', `/v1/platform/policies/${ours?.name}`, { text })).status, 200);
  assert.deepEqual(await find(bob), []);
});

test('on the cluster, IdempotentWrite lets in who may write to no topic, and ClusterAction and Alter end transactions that hang', async () => {
  await upsert('dora', 'pencil', sha256);
  const dora = { principal: 'User:dora', resourceType: CLUSTER };
  const begin = async (): Promise<string> => {
    const producer = login('dora', 'pencil').producer({ idempotent: true, maxInFlightRequests: 1, retry: { retries: 1, initialRetryTime: 50 } });
    try {
      await producer.connect();
      return 'begun';
    } catch (error) {
      return wordOf(error);
    } finally {
      await producer.disconnect();
    }
  };
  assert.equal(await begin(), 'cluster');
  const { IDEMPOTENT_WRITE, CLUSTER_ACTION, ALTER, WRITE } = AclOperationTypes;
  await admin.createAcls({ acl: [rule(IDEMPOTENT_WRITE, 'kafka-cluster', dora)] });
  await comes(begin, 'begun');
  await admin.createAcls({ acl: [rule(IDEMPOTENT_WRITE, 'kafka-cluster', { ...dora, permissionType: AclPermissionTypes.DENY })] });
  await comes(begin, 'cluster');
  await admin.createAcls({ acl: [rule(WRITE, 'orders', { principal: 'User:dora' })] });
  await comes(begin, 'begun');

  for (const operation of [CLUSTER_ACTION, ALTER]) {
    const reader = await house.credential({ role: 'reader' });
    const theirs = await openRaw(house.kafka, reader.sasl);
    const end = async () => {
      const topics = [{ name: 'orders', partitionIndexes: [0] }];
      const marker = { producerId: 1_000_000, producerEpoch: 0, transactionResult: false, topics, coordinatorEpoch: 0 };
      const { markers } = await theirs.call(writeTxnMarkers, 1, { markers: [marker] });
      const code = markers[0]?.topics[0]?.partitions[0]?.errorCode;
      return code === errorCode.CLUSTER_AUTHORIZATION_FAILED ? 'cluster' : `${code}`;
    };
    assert.equal(await end(), 'cluster');
    await admin.createAcls({ acl: [rule(operation, 'kafka-cluster', { principal: `User:${reader.id}`, resourceType: CLUSTER })] });
    await comes(end, `${errorCode.TRANSACTIONAL_ID_NOT_FOUND}`);
    theirs.end();
  }
});

test('what cannot be said in policies is refused, and so is who may not write them', async () => {
  const create = async (at: Raw, more: object) => {
    const creation = { resourceType: 2, resourceName: 'x', principal: 'User:eve', host: '*', operation: 3, permissionType: 3 };
    return (await at.call(createAcls, 2, { creations: [{ ...creation, ...more }] })).results[0];
  };
  for (const wrong of [{ host: '10.0.0.1' }, { principal: 'Group:x' }, { resourceType: 4 }, { operation: 9 }, { resourcePatternType: 2 }])
    assert.equal((await create(raw, wrong))?.errorCode, errorCode.INVALID_REQUEST, JSON.stringify(wrong));
  const editor = await openRaw(house.kafka, (await house.credential({ role: 'editor' })).sasl);
  assert.equal((await create(editor, {}))?.errorCode, errorCode.CLUSTER_AUTHORIZATION_FAILED);
  assert.equal(await upsert('eve', 'x', sha256, editor), errorCode.CLUSTER_AUTHORIZATION_FAILED);
  editor.end();

  const environment = await house.tenant('neighbours');
  const theirs = await openRaw(house.kafka, (await house.credential({ role: 'owner' }, environment)).sasl);
  const anything = { resourceTypeFilter: 1, patternTypeFilter: 1, operation: 1, permissionType: 1 };
  const { resources } = await theirs.call(describeAcls, 2, {
    ...anything,
    resourceNameFilter: null,
    principalFilter: null,
    hostFilter: null,
  });
  assert.deepEqual(resources, []);
  assert.equal(await upsert('alice', 'another', sha256, theirs), errorCode.UNACCEPTABLE_CREDENTIAL);
  assert.deepEqual((await theirs.call(describeUserScramCredentials, 0, { users: null })).results, []);
  theirs.end();
});

test('SCRAM users are described, changed and deleted; the last mechanism takes the user along', async () => {
  const alter = (more: object) => raw.call(alterUserScramCredentials, 0, more);
  const told = async (users: { name: string }[] | null) => (await raw.call(describeUserScramCredentials, 0, { users })).results;
  assert.deepEqual(await upsert('carol', 'one', sha256, raw, 8192), 0);
  assert.deepEqual((await told([{ name: 'carol' }]))[0]?.credentialInfos, [{ mechanism: 1, iterations: 8192 }]);
  assert.equal((await told([{ name: 'nobody' }]))[0]?.errorCode, errorCode.RESOURCE_NOT_FOUND);
  assert.equal((await told([{ name: 'carol' }, { name: 'carol' }]))[0]?.errorCode, errorCode.DUPLICATE_RESOURCE);
  assert.ok((await told(null)).some(({ user }) => user === 'alice'));
  assert.equal(await upsert('carol', 'x', sha256, raw, 100), errorCode.UNACCEPTABLE_CREDENTIAL);
  assert.equal(await upsert('carol', 'x', sha256, raw, 100_000), errorCode.UNACCEPTABLE_CREDENTIAL);
  assert.equal(await upsert(house.owner.id, 'x', sha256), errorCode.UNACCEPTABLE_CREDENTIAL);
  const twice = await alter({ upsertions: [1, 1].map(() => ({ name: 'carol', ...salted('x', sha256) })) });
  assert.equal(twice.results[0]?.errorCode, errorCode.DUPLICATE_RESOURCE);

  assert.equal(await upsert('carol', 'two', sha256), 0);
  await assert.rejects(
    as(login('carol', 'one'), async () => undefined),
    /Authentication failed/,
  );
  const kafka = login('carol', 'two').admin();
  await kafka.connect();
  const gone = await alter({ deletions: [{ name: 'carol', mechanism: sha512 }] });
  assert.equal(gone.results[0]?.errorCode, errorCode.RESOURCE_NOT_FOUND);
  const deleted = await alter({ deletions: [{ name: 'carol', mechanism: sha256 }] });
  assert.equal(deleted.results[0]?.errorCode, 0);
  await assert.rejects(
    as(login('carol', 'two'), async () => undefined),
    /Authentication failed/,
  );
  await kafka.disconnect();
  // The name is free again.
  assert.equal(await upsert('carol', 'three', sha512), 0);
  await as(login('carol', 'three', 'scram-sha-512'), async () => undefined);
});
