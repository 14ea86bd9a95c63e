import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import * as s3 from '@aws-sdk/client-s3';
import { Kafka, logLevel } from 'kafkajs';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
/** A Kafka of somebody else's: the log of another platform, at an address that the operator listed. */
let foreign: House;
let owner: s3.S3Client;
const Bucket = 'told-bucket';
/** Listed as well: a way to our own log, whose brokers say of themselves that they are somewhere that is not listed. */
const passage = createServer((socket) => {
  const [host = '', port = ''] = brokerOf(house).split(':');
  const onward = connect(Number(port), host);
  socket.on('error', () => onward.destroy());
  onward.on('error', () => socket.destroy());
  socket.pipe(onward).pipe(socket);
});
const passageAt = () => `127.0.0.1:${(passage.address() as AddressInfo).port}`;

before(async () => {
  foreign = await openHouse({ services: ['log'] });
  await once(passage.listen(0, '127.0.0.1'), 'listening');
  house = await openHouse({ services: ['storage', 'log'], outbound: [brokerOf(foreign), passageAt()] });
  owner = house.client();
  await owner.send(new s3.CreateBucketCommand({ Bucket }));
});
after(async () => {
  await house?.stop();
  await foreign?.stop();
  passage.close();
});

const brokerOf = ({ platform }: House) => new URL(platform.doors['log.kafka']!.url.replace('kafka:', 'http:')).host;
const loginOf = (of: House) => (of.owner as unknown as { sasl: { username: string; password: string } }).sasl;
const kafkaOf = (of: House) =>
  new Kafka({ brokers: [brokerOf(of)], logLevel: logLevel.NOTHING, sasl: { mechanism: 'plain', ...loginOf(of) } });

type Message = {
  eventName: string;
  eventVersion: string;
  userIdentity: { principalId: string };
  responseElements: Record<string, string>;
  s3: {
    configurationId?: string;
    bucket: { name: string; arn: string; ownerIdentity: { principalId: string } };
    object: { key: string; size?: number; eTag?: string; versionId?: string; sequencer: string };
  };
};

/** The messages in the order in which they were recorded. */
async function messages(): Promise<Message[]> {
  const { body } = await house.call('GET', '/v1/platform/events?limit=200');
  const events = (body.items ?? []) as unknown as { type: string; data: { Records: Message[] } }[];
  const own = events.filter(({ type }) => type === 'storage.ObjectNotification');
  return own.map(({ data }) => data.Records[0]!).toReversed();
}

async function until(found: (all: Message[]) => boolean): Promise<Message[]> {
  for (let tries = 0; tries < 300; tries++) {
    const all = await messages();
    if (found(all)) return all;
    await setTimeout(100);
  }
  return messages();
}

const configure = (NotificationConfiguration: s3.NotificationConfiguration) =>
  owner.send(new s3.PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
const put = (Key: string, Body = Key) => owner.send(new s3.PutObjectCommand({ Bucket, Key, Body }));
const TopicArn = 'arn:aws:sns:us-east-1::gamut.events';

test('a notification says where to, which events and which keys, and what it cannot say is refused', async () => {
  const Events: s3.Event[] = ['s3:ObjectCreated:*'];
  const wrong = (one: s3.TopicConfiguration) => configure({ TopicConfigurations: [one] });
  await assert.rejects(wrong({ TopicArn: 'arn:aws:sns:us-east-1:123456789012:mine', Events }), { name: 'InvalidArgument' });
  await assert.rejects(wrong({ TopicArn: 'arn:aws:sns:::no-such-topic', Events }), { name: 'InvalidArgument' });
  await assert.rejects(wrong({ TopicArn, Events: ['s3:Nothing:*' as s3.Event] }), { name: 'InvalidArgument' });
  const FilterRules: s3.FilterRule[] = [
    { Name: 'prefix', Value: 'in/' },
    { Name: 'prefix', Value: 'on/' },
  ];
  await assert.rejects(wrong({ TopicArn, Events, Filter: { Key: { FilterRules } } }), { name: 'InvalidArgument' });
  const functions = { LambdaFunctionConfigurations: [{ LambdaFunctionArn: 'arn:aws:lambda:::function:f', Events }] };
  await assert.rejects(configure(functions), { name: 'NotImplemented' });
  assert.deepEqual((await owner.send(new s3.GetBucketNotificationConfigurationCommand({ Bucket }))).TopicConfigurations, undefined);
});

test("what happens to objects is told in S3's messages, in order, to the configuration that wants it and to no other", async () => {
  await put('in/before');
  const Filter = { Key: { FilterRules: [{ Name: 'prefix' as const, Value: 'in/' }] } };
  await configure({
    TopicConfigurations: [{ Id: 'created', TopicArn, Events: ['s3:ObjectCreated:*'], Filter }],
    QueueConfigurations: [{ QueueArn: 'arn:aws:sqs:::gamut.events', Events: ['s3:ObjectRemoved:Delete'] }],
  });
  const kept = await owner.send(new s3.GetBucketNotificationConfigurationCommand({ Bucket }));
  assert.deepEqual([kept.TopicConfigurations?.[0]?.Id, kept.QueueConfigurations?.[0]?.Id], ['created', 'configuration-2']);
  assert.deepEqual(kept.TopicConfigurations?.[0]?.Filter, Filter);
  const { ETag } = await put('in/a b+c', 'twelve bytes');
  await put('out/x');
  await owner.send(new s3.CopyObjectCommand({ Bucket, Key: 'in/copy', CopySource: `${Bucket}/out/x` }));
  for (let at = 0; at < 20; at++) await put('in/same', `${at}`.repeat(at + 1));
  await owner.send(new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects: ['in/copy', 'out/x', 'never'].map((Key) => ({ Key })) } }));
  await owner.send(new s3.DeleteObjectCommand({ Bucket, Key: 'in/same' }));
  await owner.send(new s3.PutObjectCommand({ Bucket, Key: 'in/a b+c', Body: '!', WriteOffsetBytes: 12 }));
  await owner.send(new s3.RenameObjectCommand({ Bucket, Key: 'in/z', RenameSource: 'in/a%20b%2Bc' }));
  const all = await until((found) => found.filter(({ eventName }) => eventName === 'ObjectRemoved:Delete').length >= 4);
  const told = all.map(({ eventName, s3: { object, configurationId } }) => `${configurationId} ${eventName} ${object.key}`);
  assert.deepEqual(told, [
    'created ObjectCreated:Put in/a+b%2Bc',
    'created ObjectCreated:Copy in/copy',
    ...Array.from({ length: 20 }, () => 'created ObjectCreated:Put in/same'),
    'configuration-2 ObjectRemoved:Delete in/copy',
    'configuration-2 ObjectRemoved:Delete out/x',
    'configuration-2 ObjectRemoved:Delete in/same',
    'created ObjectCreated:Put in/a+b%2Bc',
    'configuration-2 ObjectRemoved:Delete in/a+b%2Bc',
    'created ObjectCreated:Copy in/z',
  ]);
  assert.deepEqual([all.at(-1)?.s3.object.size, all.at(-3)?.s3.object.size], [13, 13]);
  const sizes = all.filter(({ s3: { object } }) => object.key === 'in/same' && object.size).map(({ s3: { object } }) => object.size);
  assert.deepEqual(
    sizes,
    Array.from({ length: 20 }, (_, at) => `${at}`.repeat(at + 1).length),
  );
  const [first] = all;
  assert.deepEqual([first!.eventVersion, first!.s3.object.eTag, first!.s3.object.size], ['2.1', ETag?.replaceAll('"', ''), 12]);
  assert.deepEqual([first!.s3.bucket.name, first!.s3.bucket.arn], [Bucket, `arn:aws:s3:::${Bucket}`]);
  assert.match(first!.responseElements['x-amz-request-id'] ?? '', /^[0-9A-F]{16}$/);
});

test('versions, markers, tags and grants are told with their version to who wants all events', async () => {
  const before = (await messages()).length;
  await configure({ EventBridgeConfiguration: {} });
  await owner.send(new s3.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  const made = await put('v');
  const Tagging = { TagSet: [{ Key: 'a', Value: 'b' }] };
  await owner.send(new s3.PutObjectTaggingCommand({ Bucket, Key: 'v', Tagging }));
  await owner.send(new s3.PutObjectAclCommand({ Bucket, Key: 'v', ACL: 'public-read' }));
  const marker = await owner.send(new s3.DeleteObjectCommand({ Bucket, Key: 'v' }));
  await owner.send(new s3.DeleteObjectCommand({ Bucket, Key: 'v', VersionId: made.VersionId }));
  const all = (await until((found) => found.length >= before + 5)).slice(before);
  assert.deepEqual(
    all.map(({ eventName, s3: { object } }) => [eventName, object.versionId]),
    [
      ['ObjectCreated:Put', made.VersionId],
      ['ObjectTagging:Put', made.VersionId],
      ['ObjectAcl:Put', made.VersionId],
      ['ObjectRemoved:DeleteMarkerCreated', marker.VersionId],
      ['ObjectRemoved:Delete', made.VersionId],
    ],
  );
  await configure({});
  await put('silent');
  await configure({ EventBridgeConfiguration: {} });
  await put('last');
  const more = (await until((found) => found.some(({ s3: { object } }) => object.key === 'last'))).slice(before + 5);
  assert.deepEqual(
    more.map(({ s3: { object } }) => object.key),
    ['last'],
  );
});

test('a Kafka client reads the messages in gamut.events, those of one key in their order', async () => {
  const kafka = kafkaOf(house);
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'gamut.events', numPartitions: 3 }] });
  await admin.disconnect();
  for (let at = 1; at <= 20; at++) await Promise.all([put('one', 'x'.repeat(at)), put(`other ${at}`)]);
  const consumer = kafka.consumer({ groupId: 'of-buckets', maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic: 'gamut.events', fromBeginning: true });
  const { promise, resolve } = Promise.withResolvers<void>();
  const sizes: number[] = [];
  const others = new Set<string>();
  await consumer.run({
    async eachMessage({ message }) {
      const event = JSON.parse(message.value!.toString()) as { type: string; data: { Records: Message[] } };
      if (event.type !== 'storage.ObjectNotification') return;
      const { object } = event.data.Records[0]!.s3;
      assert.equal(message.key?.toString(), `${Bucket}/${object.key.replaceAll('+', ' ')}`);
      // What is told twice is told under the same sequencer.
      if (object.key === 'one') sizes.push(object.size!);
      else others.add(object.key);
      if (sizes.includes(20) && others.size >= 20) resolve();
    },
  });
  await promise;
  await consumer.disconnect();
  assert.deepEqual(
    [...new Set(sizes)],
    Array.from({ length: 20 }, (_, at) => at + 1),
  );
});

test('messages for a topic that a notification names are its records as S3 sends them, those of one key in their order', async () => {
  const kafka = kafkaOf(house);
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: ['of.pictures', 'gone'].map((topic) => ({ topic, numPartitions: 3 })) });
  const Filter = { Key: { FilterRules: [{ Name: 'suffix' as const, Value: '.png' }] } };
  await configure({
    QueueConfigurations: [{ Id: 'pictures', QueueArn: 'arn:aws:sqs:::of.pictures', Events: ['s3:ObjectCreated:*'], Filter }],
    TopicConfigurations: [{ Id: 'gone', TopicArn: 'arn:aws:sns:us-east-1::gone', Events: ['s3:ObjectCreated:*'] }],
  });
  // A topic that is gone holds nothing up.
  await admin.deleteTopics({ topics: ['gone'] });
  await admin.disconnect();
  for (let at = 1; at <= 20; at++) await Promise.all([put('one.png', 'x'.repeat(at)), put(`${at}.png`), put(`${at}.txt`)]);
  const consumer = kafka.consumer({ groupId: 'of-pictures', maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic: 'of.pictures', fromBeginning: true });
  const { promise, resolve } = Promise.withResolvers<void>();
  const sizes = new Set<number>();
  const others = new Set<string>();
  let tests = 0;
  await consumer.run({
    async eachMessage({ message }) {
      const told = JSON.parse(message.value!.toString()) as { Event?: string; Bucket?: string; Records?: Message[] };
      if (told.Event === 's3:TestEvent') tests += told.Bucket === Bucket ? 1 : 0;
      for (const {
        eventName,
        s3: { configurationId, object },
      } of told.Records ?? []) {
        assert.deepEqual(
          [eventName, configurationId, message.key?.toString()],
          ['ObjectCreated:Put', 'pictures', `${Bucket}/${object.key}`],
        );
        if (object.key === 'one.png') sizes.add(object.size!);
        else others.add(object.key);
      }
      if (sizes.size >= 20 && others.size >= 20 && tests > 0) resolve();
    },
  });
  await promise;
  await consumer.disconnect();
  assert.deepEqual(
    [[...sizes], [...others].toSorted()],
    [Array.from({ length: 20 }, (_, at) => at + 1), Array.from({ length: 20 }, (_, at) => `${at + 1}.png`).toSorted()],
  );
});

test('a topic of another Kafka is a webhook: what waited while it was not there comes in its order, its login is never shown', async () => {
  const hooks = '/v1/platform/webhooks';
  const make = (url: string, more: object = {}) => house.call('POST', hooks, { url, types: ['storage.ObjectNotification'], ...more });
  const broker = brokerOf(foreign);
  const login = loginOf(foreign);
  const refused = ['kafka://127.0.0.1:1/pictures', `kafka://u:p@${broker}/pictures`, `kafka://${broker}`, `kafka://${broker}/a/b`];
  for (const url of refused) assert.equal((await make(url)).status, 400, url);
  assert.equal((await make('https://example.org/', { login })).status, 400);
  await configure({ EventBridgeConfiguration: {} });
  const { body } = await make(`kafka://${broker}/pictures`, { login });
  const { body: inside } = await make(`kafka://${passageAt()}/of.pictures`, { login: loginOf(house) });
  const told = async (id = body.id) => {
    const { body: found } = await house.call('GET', `${hooks}/${String(id)}`);
    assert.ok(!JSON.stringify(found).includes(login.password));
    return found.spec as { state: string; reason?: string };
  };
  for (let at = 1; at <= 10; at++) await put('far', 'x'.repeat(at));
  for (let tries = 0; tries < 600 && (await told()).reason === undefined; tries++) await setTimeout(100);
  const { reason, state } = await told();
  assert.match(reason ?? '', /pictures/);
  assert.equal(state, 'enabled');
  for (let tries = 0; tries < 600 && (await told(inside.id)).reason === undefined; tries++) await setTimeout(100);
  assert.match((await told(inside.id)).reason ?? '', /not public/);

  const kafka = kafkaOf(foreign);
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'pictures', numPartitions: 3 }] });
  await admin.disconnect();
  for (let at = 11; at <= 20; at++) await Promise.all([put('far', 'x'.repeat(at)), put(`far ${at}`)]);
  const consumer = kafka.consumer({ groupId: 'of-far', maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic: 'pictures', fromBeginning: true });
  const { promise, resolve } = Promise.withResolvers<void>();
  const sizes = new Set<number>();
  const others = new Set<string>();
  await consumer.run({
    async eachMessage({ message }) {
      const event = JSON.parse(message.value!.toString()) as { type: string; data: { Records: Message[] } };
      const { object } = event.data.Records[0]!.s3;
      assert.equal(event.type, 'storage.ObjectNotification');
      assert.equal(message.key?.toString(), `${Bucket}/${object.key.replaceAll('+', ' ')}`);
      if (object.key === 'far') sizes.add(object.size!);
      else others.add(object.key);
      if (sizes.size >= 20 && others.size >= 10) resolve();
    },
  });
  await promise;
  await consumer.disconnect();
  assert.deepEqual(
    [...sizes],
    Array.from({ length: 20 }, (_, at) => at + 1),
  );
  for (let tries = 0; tries < 300 && (await told()).reason !== undefined; tries++) await setTimeout(100);
  assert.deepEqual([(await told()).reason, (await told()).state], [undefined, 'enabled']);
  const delivered = async () => {
    const { body: page } = await house.call('GET', `${hooks}/${String(body.id)}/list-deliveries`);
    return (page.items ?? []).filter((one) => one.state === 'delivered').length;
  };
  for (let tries = 0; tries < 300 && (await delivered()) < 30; tries++) await setTimeout(100);
  assert.ok((await delivered()) >= 30);

  // Who comes to one address does not come to another, be it another word for the same; who says so anew goes on.
  const change = (input: object) => house.call('PATCH', `${hooks}/${String(body.id)}`, input);
  assert.equal((await change({ url: `kafka://${broker},${broker}/pictures` })).status, 200);
  await put('far again');
  for (let tries = 0; tries < 600 && (await told()).reason === undefined; tries++) await setTimeout(100);
  assert.ok((await told()).reason !== undefined);
  const before = await delivered();
  assert.equal((await change({ login })).status, 200);
  for (let tries = 0; tries < 300 && (await delivered()) === before; tries++) await setTimeout(100);
  assert.equal(await delivered(), before + 1);
});
