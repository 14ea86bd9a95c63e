import assert from 'node:assert/strict';
import { test } from 'node:test';
import avro from 'avsc';
import protobuf from 'protobufjs';
import { decodeAvro } from '../../avro/decode.ts';
import { parseAvro } from '../../avro/parse.ts';
import { decodeProto } from '../../protobuf/decode.ts';
import { parseProto } from '../../protobuf/parse.ts';
import { Scope } from '../../protobuf/scope.ts';

/** A stream of numbers that is the same in each run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const order = {
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'small', type: 'int' },
    { name: 'who', type: ['null', 'string'] },
    { name: 'paid', type: 'boolean' },
    { name: 'f', type: 'float' },
    { name: 'd', type: 'double' },
    { name: 'raw', type: 'bytes' },
    { name: 'id16', type: { type: 'fixed', name: 'Id', size: 4 } },
    { name: 'state', type: { type: 'enum', name: 'State', symbols: ['NEW', 'SENT'] } },
    { name: 'tags', type: { type: 'array', items: 'string' } },
    { name: 'counts', type: { type: 'map', values: 'int' } },
    { name: 'parent', type: ['null', 'Order'] },
  ],
};

test('what avsc writes of a schema is read as the same values, and what is cut or longer is refused', () => {
  const writer = avro.Type.forSchema(order as avro.Schema);
  const type = parseAvro(JSON.stringify(order), new Map());
  const chance = numbers(7);
  const made = (depth: number): Record<string, unknown> => ({
    id: Math.floor((chance() - 0.5) * 2 ** 53),
    small: Math.floor((chance() - 0.5) * 2 ** 32),
    who: chance() < 0.3 ? null : 'ü'.repeat(Math.floor(chance() * 90)),
    paid: chance() < 0.5,
    f: Math.fround(chance() * 1e6),
    d: chance() / 7,
    raw: Buffer.from([1, 2, 3].slice(Math.floor(chance() * 3))),
    id16: Buffer.from('abcd'),
    state: chance() < 0.5 ? 'NEW' : 'SENT',
    tags: Array.from({ length: Math.floor(chance() * 4) }, (_, at) => `t${at}`),
    counts: { a: 1, b: -2 },
    parent: depth > 0 ? made(depth - 1) : null,
  });
  const plain = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? Number(inner) : inner)));
  for (let round = 0; round < 200; round += 1) {
    const value = made(Math.floor(chance() * 4));
    const bytes = writer.toBuffer(value);
    assert.deepEqual(plain(decodeAvro(type, bytes)), plain(value));
    assert.throws(() => decodeAvro(type, bytes.subarray(0, Math.floor(chance() * bytes.length))), RangeError);
    assert.throws(() => decodeAvro(type, Buffer.concat([bytes, Buffer.of(0)])), /behind the value/);
    const broken = Buffer.from(bytes);
    broken[Math.floor(chance() * broken.length)] = Math.floor(chance() * 256);
    try {
      decodeAvro(type, broken);
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error));
    }
  }
  // A billion items that take no bytes.
  const nulls = parseAvro('{"type": "array", "items": "null"}', new Map());
  assert.throws(() => decodeAvro(nulls, Buffer.from('8094ebdc0300', 'hex')), /more than/);
});

test('logical types of Avro come as the texts that SQL reads', () => {
  const told = (type: object, bytes: string) => decodeAvro(parseAvro(JSON.stringify(type), new Map()), Buffer.from(bytes, 'hex'));
  const logical = (type: string, logicalType: string, more = {}) => ({ type, logicalType, ...more });
  const long = (value: number) => avro.Type.forSchema('long').toBuffer(value).toString('hex');
  assert.equal(told(logical('int', 'date'), long(-1)), '1969-12-31');
  assert.equal(told(logical('long', 'timestamp-micros'), long(-1)), '1969-12-31T23:59:59.999999Z');
  assert.equal(told(logical('long', 'timestamp-millis'), long(1_700_000_000_120)), '2023-11-14T22:13:20.12Z');
  assert.equal(told(logical('long', 'local-timestamp-micros'), long(0)), '1970-01-01T00:00:00');
  assert.equal(told(logical('int', 'time-millis'), long(45_296_789)), '12:34:56.789');
  assert.equal(told(logical('bytes', 'decimal', { precision: 9, scale: 2 }), '04ff85'), '-1.23');
  assert.equal(told(logical('bytes', 'decimal', { precision: 9, scale: 3 }), '0207'), '0.007');
  assert.equal(told({ type: 'long', 'connect.name': 'io.debezium.time.MicroTimestamp' }, long(1_500_000)), '1970-01-01T00:00:01.5');
});

const proto = `syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
message Order {
  enum State { NEW = 0; SENT = 1; }
  message Line { string what = 1; sint32 count = 2; repeated Line parts = 3; }
  int64 id = 1; uint64 big = 2; sint64 signed = 3; fixed32 f32 = 4; sfixed64 f64 = 5;
  bool paid = 6; string who = 7; bytes raw = 8; double d = 9; float f = 10;
  State state = 11; repeated int32 packed = 12; repeated string tags = 13; map<string, int64> counts = 14;
  repeated Line lines = 15; oneof how { string card = 16; int32 cash = 17; }
  optional string note = 18; google.protobuf.Timestamp at = 19; google.protobuf.Int64Value maybe = 20; uint32 u32 = 21;
}`;

test('what protobufjs writes of a message is read as the same values, and bytes of any kind end as a value or a refusal', () => {
  const file = parseProto(proto);
  const known = { file, scope: new Scope(file, new Map()) };
  const { root } = protobuf.parse(proto, { keepCase: true });
  root.addJSON((protobuf.common.get('google/protobuf/timestamp.proto') as protobuf.INamespace).nested ?? {});
  root.addJSON((protobuf.common.get('google/protobuf/wrappers.proto') as protobuf.INamespace).nested ?? {});
  const writer = root.lookupType('shop.Order');
  const value = {
    ...{ id: -5, big: '18446744073709551615', signed: -9, f32: 7, f64: -8, paid: true, who: 'Åse', raw: Buffer.from([0, 255]), d: 0.1 },
    ...{ f: 0.5, state: 1, packed: [1, -2, 3], tags: ['a', ''], counts: { x: 4, y: -1 }, cash: 3, u32: 4_294_967_295 },
    lines: [{ what: 'tea', count: -2, parts: [{ what: 'leaf', count: 1 }] }],
    ...{ at: { seconds: 1_700_000_000, nanos: 120_000_000 }, maybe: { value: 0 } },
  };
  const bytes = Buffer.from(writer.encode(writer.fromObject(value)).finish());
  assert.deepEqual(decodeProto(known, [0], bytes), {
    ...{ id: -5n, big: 18446744073709551615n, signed: -9n, f32: 7n, f64: -8n, paid: true, who: 'Åse', raw: Buffer.from([0, 255]), d: 0.1 },
    ...{ f: 0.5, state: 'SENT', packed: [1n, -2n, 3n], tags: ['a', ''], counts: { x: 4n, y: -1n }, card: null, cash: 3n, u32: 4294967295n },
    lines: [{ what: 'tea', count: -2n, parts: [{ what: 'leaf', count: 1n, parts: [] }] }],
    ...{ note: null, at: '2023-11-14T22:13:20.12Z', maybe: 0n },
  });
  const empty = decodeProto(known, [0], Buffer.alloc(0)) as Record<string, unknown>;
  assert.deepEqual([empty.id, empty.who, empty.state, empty.tags, empty.note, empty.at], [0n, '', 'NEW', [], null, null]);
  assert.deepEqual(decodeProto(known, [0, 0], Buffer.from('0a0161', 'hex')), { what: 'a', count: 0n, parts: [] });
  assert.throws(() => decodeProto(known, [1], bytes), RangeError);
  const chance = numbers(11);
  for (let round = 0; round < 2_000; round += 1) {
    const broken = Buffer.from(bytes.subarray(0, Math.ceil(chance() * bytes.length)));
    broken[Math.floor(chance() * broken.length)] = Math.floor(chance() * 256);
    try {
      decodeProto(known, [0], broken);
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error));
    }
  }
});
