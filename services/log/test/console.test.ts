import assert from 'node:assert/strict';
import { test } from 'node:test';
import { avroReader } from '../console/avro.ts';
import { differences } from '../console/difference.ts';
import { protoReader } from '../console/protobuf.ts';

test('the console reads Avro: records, unions, enums, arrays and maps in blocks, named types, numbers of any length', () => {
  const schema = {
    type: 'record',
    name: 'Order',
    namespace: 'shop',
    fields: [
      { name: 'id', type: 'long' },
      { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['new', 'used'] } },
      { name: 'note', type: ['null', 'string'] },
      { name: 'tags', type: { type: 'array', items: 'string' } },
      { name: 'prices', type: { type: 'map', values: 'double' } },
      { name: 'other', type: 'Kind' },
      { name: 'mark', type: { type: 'fixed', name: 'Mark', size: 2 } },
      { name: 'is', type: 'boolean' },
    ],
  };
  const price = Buffer.alloc(8);
  price.writeDoubleLE(2.5);
  const bytes = Buffer.concat([
    ...[Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]), Buffer.from([2]), Buffer.from([2, 4]), Buffer.from('hi')],
    // An array of two in one block that says its size, then the end.
    ...[Buffer.from([3, 8, 2]), Buffer.from('a'), Buffer.from([2]), Buffer.from('b'), Buffer.from([0])],
    ...[Buffer.from([2, 2]), Buffer.from('p'), price, Buffer.from([0]), Buffer.from([0]), Buffer.from([0xab, 0xcd]), Buffer.from([1])],
  ]);
  assert.deepEqual(avroReader(JSON.stringify(schema), [])(bytes), {
    ...{ id: '-9223372036854775808', kind: 'used', note: 'hi', tags: ['a', 'b'], prices: { p: 2.5 } },
    ...{ other: 'new', mark: '0xabcd', is: true },
  });
  assert.throws(() => avroReader(JSON.stringify(schema), [])(bytes.subarray(0, 20)), RangeError);
  assert.throws(() => avroReader('"long"', [])(Buffer.alloc(20, 0xff)), RangeError);
  assert.throws(() => avroReader('{"type":"array","items":"null"}', [])(Buffer.from([0xfe, 0xff, 0xff, 0xff, 0x0f])), RangeError);
});

test('the console reads schemas that name others: types of Avro by their full names, messages of Protobuf by their files', () => {
  const other = JSON.stringify({
    type: 'record',
    name: 'shop.Item',
    fields: [{ name: 'size', type: { type: 'enum', name: 'Size', symbols: ['s'] } }],
  });
  const fields = ['shop.Item', 'shop.Size'].map((type, at) => ({ name: `f${at}`, type }));
  const named = avroReader(JSON.stringify({ type: 'record', name: 'Order', fields }), [other]);
  assert.deepEqual(named(Buffer.from([0, 0])), { f0: { size: 's' }, f1: 's' });
  const order =
    'syntax = "proto3"; import "item.proto"; message None {} message Order { message Line { shop.Item item = 1; double price = 2; } }';
  const read = protoReader(
    order,
    new Map([['item.proto', 'syntax = "proto3"; package shop; message Item { string name = 1; bytes mark = 2; }']]),
  );
  const line = Buffer.concat([Buffer.from([4, 2, 0, 0x0a, 6, 0x0a, 1, 0x61, 0x12, 1, 0xff, 0x11]), Buffer.alloc(8)]);
  // What a browser has is no Buffer.
  const bytes = new Uint8Array(line);
  assert.deepEqual(read(bytes), { item: { name: 'a', mark: new Uint8Array([0xff]) }, price: 0 });
  assert.deepEqual(read(new Uint8Array([0])), {});
  for (const broken of [[], [4, 2], [2, 10, 0], [4, 2, 0, 0x0a, 6, 0x0a]]) assert.throws(() => read(new Uint8Array(broken)), RangeError);
});

test('two versions of a schema are compared line by line', () => {
  const told = (before: string, after: string) =>
    differences(before, after).map(({ kind, text }) => `${kind === 'same' ? ' ' : kind === 'new' ? '+' : '-'}${text}`);
  assert.deepEqual(told('a\nb\nc', 'a\nc\nd'), [' a', '-b', ' c', '+d']);
  assert.deepEqual(told('', 'a'), ['+a']);
  assert.deepEqual(told('a', 'a'), [' a']);
  const long = Array.from({ length: 2000 }, (_, at) => `${at}`).join('\n');
  assert.equal(differences(long, long).length, 2000);
});
