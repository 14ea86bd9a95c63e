import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readArray, writeArray } from '../array.ts';
import { textDecoder } from '../decode.ts';
import { BinaryArray } from '../elements.ts';
import { boundParameter, encodeParameter, json } from '../encode.ts';
import { oids } from '../oid.ts';
import { fieldsOf, readRow } from '../row.ts';
import { readTimestamp, writeTimestamp } from '../timestamp.ts';
import { ProtocolViolation } from '../violation.ts';

function decode(oid: number, text: string): unknown {
  const buffer = Buffer.from(text);
  return textDecoder(oid)(buffer, 0, buffer.length);
}

test('arrays of texts are read back as they were written', () => {
  const text = fc.string({ unit: 'binary' }).filter((each) => each.isWellFormed() && !each.includes('\0'));
  fc.assert(
    fc.property(fc.array(fc.option(text, { nil: null })), (values) => {
      const literal = encodeParameter(values) as string;
      assert.deepEqual(decode(1009, literal), values);
    }),
  );
});

test('arrays of arrays keep their shape, and other elements their types', () => {
  assert.deepEqual(decode(1016, '{{1,2},{NULL,-9223372036854775808}}'), [
    [1n, 2n],
    [null, -9223372036854775808n],
  ]);
  assert.deepEqual(decode(1000, '{t,f,NULL}'), [true, false, null]);
  assert.deepEqual(decode(1022, '{1.5,NaN,Infinity}'), [1.5, Number.NaN, Number.POSITIVE_INFINITY]);
  assert.deepEqual(decode(3807, '{"{\\"a\\": [1, \\"x\\"]}",NULL}'), [{ a: [1, 'x'] }, null]);
  assert.deepEqual(decode(1001, '{"\\\\x00ff"}'), [Buffer.from([0, 255])]);
  assert.deepEqual(decode(1007, '[0:1]={3,4}'), [3, 4]);
  assert.equal(
    encodeParameter([
      [1n, null],
      [Buffer.from([1]), new Date(0)],
    ]),
    '{{1,NULL},{"\\\\x01","1970-01-01T00:00:00.000Z"}}',
  );
});

test('broken array literals are protocol violations', () => {
  for (const broken of [
    '',
    '{',
    '{1',
    '{1,',
    '{1,}',
    '{"a',
    '{"a\\',
    '{1}}',
    '{1}{2}',
    '1',
    '[0:1]=',
    '{{{{{{{1}}}}}}}',
    '{,}',
    '{"a"b}',
  ]) {
    assert.throws(() => readArray(broken, Number), ProtocolViolation, broken);
  }
  const deep = [[[[[[[1]]]]]]];
  assert.throws(() => writeArray(deep, String), TypeError);
});

test('dates keep their millisecond through text, before the year 1 and after the year 9999 too', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('-004712-01-01T00:00:00Z'), max: new Date('+100000-01-01T00:00:00Z'), noInvalidDate: true }),
      (at) => {
        const shown = writeTimestamp(at).replace('T', ' ').replace('Z', '+00');
        assert.equal((readTimestamp(shown) as Date).getTime(), at.getTime());
      },
    ),
  );
  assert.equal((readTimestamp('2024-02-29 23:59:59.123456+05:30') as Date).toISOString(), '2024-02-29T18:29:59.123Z');
  assert.equal(readTimestamp('-infinity'), Number.NEGATIVE_INFINITY);
  assert.throws(() => readTimestamp('29/02/2024'), ProtocolViolation);
  assert.throws(() => encodeParameter(new Date(Number.NaN)), TypeError);
});

test('values of each type come as documented', () => {
  assert.equal(decode(oids.int8, '9223372036854775807'), 9223372036854775807n);
  assert.equal(decode(oids.int4, '-7'), -7);
  assert.equal(decode(oids.numeric, '0.10'), '0.10');
  assert.equal(decode(oids.float8, '-Infinity'), Number.NEGATIVE_INFINITY);
  assert.equal(decode(oids.bool, 'f'), false);
  assert.deepEqual(decode(oids.bytea, '\\x00ff'), Buffer.from([0, 255]));
  assert.deepEqual(decode(oids.jsonb, '{"ä": null}'), { ä: null });
  assert.equal(decode(oids.uuid, '6e8bc430-9c3a-11d9-9669-0800200c9a66'), '6e8bc430-9c3a-11d9-9669-0800200c9a66');
  assert.equal(decode(oids.date, '2024-01-02'), '2024-01-02');
  assert.equal(decode(99_999, 'other'), 'other');
  for (const broken of ['00ff', '\\x0', '\\xzz']) assert.throws(() => decode(oids.bytea, broken), ProtocolViolation);
});

test('parameters are encoded by their JavaScript type, and what has no form is refused', () => {
  assert.equal(encodeParameter(json([1, 'a'])), '[1,"a"]');
  assert.equal(encodeParameter(json(null)), 'null');
  assert.equal(encodeParameter({ a: 1 }), '{"a":1}');
  assert.equal(encodeParameter(2n ** 62n), '4611686018427387904');
  assert.equal(encodeParameter(Number.NaN), 'NaN');
  assert.equal(encodeParameter(true), 't');
  assert.equal(encodeParameter(null), null);
  for (const refused of [undefined, () => 1, Symbol('x'), 'a\0b', '\ud800', ['\ud800']]) {
    assert.throws(() => encodeParameter(refused), TypeError);
  }
});

test('a row whose lengths do not fit its body is a protocol violation at every cut', () => {
  const fields = fieldsOf(['a', 'b'].map((name) => ({ name, table: 0, attribute: 0, oid: oids.text, size: -1, modifier: -1, format: 0 })));
  const row = Buffer.from([0, 2, 0, 0, 0, 2, 104, 105, 255, 255, 255, 255]);
  assert.deepEqual(readRow(row, 0, row.length, fields), { a: 'hi', b: null });
  for (let end = 0; end < row.length; end++) assert.throws(() => readRow(row, 0, end, fields), ProtocolViolation);
  for (const length of [-2, 100, 2 ** 31 - 1]) {
    const hostile = Buffer.from(row);
    hostile.writeInt32BE(length, 2);
    assert.throws(() => readRow(hostile, 0, hostile.length, fields), ProtocolViolation);
  }
  assert.throws(
    () => fieldsOf([{ name: '__proto__', table: 0, attribute: 0, oid: 25, size: -1, modifier: -1, format: 0 }]),
    ProtocolViolation,
  );
});

test('an array goes in binary where its type is known and has the form of its elements, and as a literal elsewhere', () => {
  const bound = (value: unknown, type?: number) => {
    const parameter = boundParameter(value);
    return parameter !== null && typeof parameter === 'object' && 'of' in parameter && !(parameter instanceof Uint8Array)
      ? parameter.of(type)
      : parameter;
  };
  for (const [value, type] of [
    [['a', null], 1009],
    [[{ a: 1 }], 3807],
    [[Buffer.from([1]), null], 1001],
    [[], 1001],
  ] as const)
    assert.ok(bound(value, type) instanceof BinaryArray);
  assert.equal(bound(['a', null]), '{a,NULL}');
  assert.equal(bound([1n, null], 1016), '{1,NULL}');
  assert.equal(bound(['\\x01'], 1001), '{"\\\\x01"}');
  assert.equal(bound([Buffer.from([1])], 1009), '{"\\\\x01"}');
  assert.equal(bound([['a'], ['b']], 1009), '{{a},{b}}');
});
