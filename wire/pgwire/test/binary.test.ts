import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readBinary, writeBinary } from '../binary.ts';
import { oids } from '../oid.ts';
import { ProtocolViolation } from '../violation.ts';

const values: readonly (readonly [number, fc.Arbitrary<unknown>])[] = [
  [oids.bool, fc.boolean()],
  [oids.int2, fc.integer({ min: -32_768, max: 32_767 })],
  [oids.int4, fc.integer()],
  [oids.int8, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  [oids.float4, fc.float()],
  [oids.float8, fc.double()],
  [oids.text, fc.string({ unit: 'grapheme' }).filter((each) => each.isWellFormed())],
  [oids.jsonb, fc.jsonValue().map((each) => JSON.parse(JSON.stringify(each)) as unknown)],
  [oids.bytea, fc.uint8Array().map((each) => Buffer.from(each))],
  [oids.uuid, fc.uuid()],
  [oids.timestamptz, fc.date({ min: new Date(-60_000_000_000_000), max: new Date(200_000_000_000_000), noInvalidDate: true })],
  [oids.timestamptz, fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)],
];

test('binary values are read back as they were written', () => {
  for (const [oid, arbitrary] of values) {
    fc.assert(fc.property(arbitrary, (value) => assert.deepEqual(readBinary(oid, writeBinary(oid, value)), value)));
  }
});

test('a binary value of another size than its type is a protocol violation, and a type without a codec says so', () => {
  const sized = [oids.bool, oids.int2, oids.int4, oids.int8, oids.float4, oids.float8, oids.uuid, oids.timestamptz];
  for (const oid of sized) for (const size of [0, 3, 17]) assert.throws(() => readBinary(oid, Buffer.alloc(size)), ProtocolViolation);
  assert.throws(() => readBinary(oids.jsonb, Buffer.from('\x02{}')), ProtocolViolation);
  assert.throws(() => readBinary(oids.numeric, Buffer.alloc(8)), RangeError);
});
