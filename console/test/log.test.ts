import assert from 'node:assert/strict';
import kafkajs from 'kafkajs';
import { elsewhere, openFlow } from './fixture/flow.ts';
import { inBothSchemes, type Look } from './fixture/scheme.ts';
import { seen } from './fixture/visit.ts';

const flow = openFlow({ services: ['log'] });

const field = (name: string, type: unknown, more: object = {}) => ({ name, type, ...more });
const schemaOf = (...fields: object[]) => JSON.stringify({ type: 'record', name: 'Order', fields });
const first = schemaOf(field('id', 'long'), field('item', 'string'));
const second = schemaOf(field('id', 'long'), field('item', 'string'), field('note', ['null', 'string'], { default: null }));

async function make(path: string, json: unknown): Promise<Record<string, unknown>> {
  const reply = await elsewhere(flow, 'POST', `/log/${path}`, json);
  const told = (await reply.json()) as Record<string, unknown>;
  assert.ok(reply.ok, JSON.stringify(told));
  return told;
}

/** Orders in Avro with the id of their schema before them, and a group that has read one of three. */
async function fill(): Promise<void> {
  await make('topics', { name: 'orders', partitions: 1 });
  const { id } = await make('subjects/orders-value/register-schema', { schema: first, schemaType: 'AVRO' });
  await make('subjects/orders-value/register-schema', { schema: second, schemaType: 'AVRO' });
  // id 21 as zigzag, then a string with its length.
  const avro = (item: string) =>
    Buffer.concat([Buffer.from([0, 0, 0, 0, Number(id), 42, item.length * 2]), Buffer.from(item)]).toString('base64');
  const key = Buffer.from('k').toString('base64');
  const records = [avro('lamp'), avro('chair'), Buffer.from('plain words').toString('base64')].map((value) => ({ key, value }));
  await make('topics/orders/produce', { records, encoding: 'base64' });
  await fillParcels();
  const { sasl } = (await (await elsewhere(flow, 'POST', '/platform/credentials', { role: 'owner' })).json()) as {
    sasl: { username: string; password: string };
  };
  const { doors } = (await (await elsewhere(flow, 'GET', '/contract')).json()) as { doors: Record<string, { url: string }> };
  const brokers = [(doors['log.kafka']?.url ?? '').replace('kafka://', '')];
  const kafka = new kafkajs.Kafka({ brokers, sasl: { mechanism: 'plain', ...sasl }, logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.setOffsets({ groupId: 'packers', topic: 'orders', partitions: [{ partition: 0, offset: '1' }] });
  await admin.disconnect();
  // Left open, as a producer leaves it that has died.
  for (const scheme of ['dark', 'light']) {
    const of = { transactionalId: `payer-${scheme}`, idempotent: true, maxInFlightRequests: 1, transactionTimeout: 800_000 };
    const producer = kafka.producer(of);
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic: 'paid', messages: [{ value: 'open' }] });
    await producer.disconnect();
  }
}

/** Parcels in Protobuf, whose messages name those of another subject. */
async function fillParcels(): Promise<void> {
  await make('topics', { name: 'parcels', partitions: 1 });
  const item = 'syntax = "proto3"; package shop; message Item { string name = 1; }';
  const parcel = 'syntax = "proto3"; import "item.proto"; message None {} message Parcel { shop.Item item = 1; uint32 weight_g = 2; }';
  await make('subjects/item/register-schema', { schema: item, schemaType: 'PROTOBUF' });
  const references = [{ name: 'item.proto', subject: 'item', version: 1 }];
  const { id } = await make('subjects/parcels-value/register-schema', { schema: parcel, schemaType: 'PROTOBUF', references });
  // The second message of the file, then its fields.
  const value = Buffer.concat([
    Buffer.from([0, 0, 0, 0, Number(id), 2, 2, 0x0a, 6, 0x0a, 4]),
    Buffer.from('lamp'),
    Buffer.from([0x10, 100]),
  ]);
  await make('topics/parcels/produce', { records: [{ value: value.toString('base64') }], encoding: 'base64' });
}

inBothSchemes("records are read decoded, searched and appended, a group's lag is seen, and a schema is compared and checked", {
  flow,
  fill,
  look,
});

async function look({ me, root, scheme }: Look): Promise<void> {
  const { page } = me;
  await page.goto(`${root}/log`);
  await page.getByText('records not read yet').waitFor();
  const busy = page.getByRole('region', { name: 'Busiest topics' });
  const orders = busy.getByRole('row').filter({ has: page.getByRole('link', { name: 'orders', exact: true }) });
  await orders.getByRole('link', { name: 'orders-value' }).waitFor();
  await orders.getByRole('cell', { name: /^[2-9]$/ }).waitFor();
  await seen(me, '50-log');

  await page.goto(`${root}/log/topics/orders`);
  await page.getByRole('link', { name: 'Records', exact: true }).click();
  const records = page.getByRole('region', { name: 'Records of orders' });
  await records.getByText('{"id":21,"item":"lamp"}').waitFor();
  await records.getByText('plain words').waitFor();
  await page.getByRole('textbox', { name: 'Value' }).fill(`made in ${scheme}`);
  await page.getByRole('button', { name: 'Append' }).click();
  await records.getByText(`made in ${scheme}`).waitFor();
  await seen(me, '51-log-records');
  await page.getByRole('textbox', { name: 'Search' }).fill('CHAIR');
  await records.getByText('lamp').waitFor({ state: 'detached' });
  await records.getByText('{"id":21,"item":"chair"}').waitFor();
  await page.getByRole('textbox', { name: 'Search' }).fill('');
  await page.getByRole('textbox', { name: 'From offset' }).fill('1');
  await records.getByText('lamp').waitFor({ state: 'detached' });

  await page.goto(`${root}/log/topics/parcels`);
  await page.getByText('{"item":{"name":"lamp"},"weight_g":100}').waitFor();
  await page.getByText(/^Protobuf \d+$/).waitFor();
  await page.goto(`${root}/log/topics/orders`);
  await page.getByRole('link', { name: 'Partitions', exact: true }).click();
  const partitions = page.getByRole('region', { name: 'Partitions of the topic' });
  // Three records, and those that were appended here.
  await partitions
    .getByRole('cell', { name: /^[4-9]$/ })
    .first()
    .waitFor();
  await page.goto(`${root}/log/topics/paid`);
  await page.getByRole('link', { name: 'Partitions', exact: true }).click();
  const open = page.getByRole('region', { name: 'Open transactions' });
  await open.getByText(`payer-${scheme}`).waitFor();
  await seen(me, '54-log-partitions');
  await open
    .getByRole('row')
    .filter({ hasText: `payer-${scheme}` })
    .getByRole('button', { name: 'Abort' })
    .click();
  await page.getByText('The transaction is aborted.').waitFor();
  await open.getByText(`payer-${scheme}`).waitFor({ state: 'detached' });

  await page.goto(`${root}/log/groups/packers`);
  await page.getByRole('link', { name: 'Lag', exact: true }).click();
  await page.getByText(/[2-9] behind/).waitFor();
  await seen(me, '52-log-lag');

  await page.goto(`${root}/log/subjects/orders-value`);
  await page.getByRole('link', { name: 'Versions', exact: true }).click();
  await page.getByRole('group', { name: 'Schema of version 2' }).getByText('+       "name": "note"').waitFor();
  const schema = page.getByRole('textbox', { name: 'Schema' });
  await schema.fill(schemaOf(field('id', 'string')));
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByText('not compatible', { exact: true }).waitFor();
  await seen(me, '53-log-versions');
  await schema.fill(first);
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByText('compatible', { exact: true }).waitFor();
}
