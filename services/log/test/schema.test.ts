import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSchema } from '../domain/schema/compatibility.ts';
import type { ProtoParsed } from '../domain/schema/protobuf/protobuf.ts';
import { SchemaFault } from '#wire/schema/fault.ts';
import type { Resolved, SchemaType } from '../domain/schema/schema.ts';

/** Whether `reader` reads what `writer` wrote. */
const reads = (type: SchemaType, reader: string, writer: string, references: readonly Resolved[] = []) =>
  parseSchema(type, reader, references).refusals(parseSchema(type, writer, references));
type Row = readonly [what: string, reader: unknown, writer: unknown, reason: string];
const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

function holds(type: SchemaType, rows: readonly Row[]): void {
  for (const [what, reader, writer, reason] of rows) {
    const found = reads(type, text(reader), text(writer));
    if (reason === '') assert.deepEqual(found, [], what);
    else assert.ok(found.length > 0 && found.join().includes(reason), `${what}: ${found.join()}`);
  }
}

const r = (...fields: object[]) => ({ type: 'record', name: 'R', fields });
const e = (symbols: string[], more: object = {}) => ({ type: 'enum', name: 'E', symbols, ...more });

test('Avro: what a reader can read of a writer follows its rules of schema resolution', () => {
  holds('AVRO', [
    ['int as long', '"long"', '"int"', ''],
    ['long as int', '"int"', '"long"', 'TYPE_MISMATCH'],
    ['int as double', '"double"', '"int"', ''],
    ['string as bytes', '"bytes"', '"string"', ''],
    ['a new field without default', r({ name: 'a', type: 'int' }), r(), 'READER_FIELD_MISSING_DEFAULT_VALUE'],
    ['a new field with null', r({ name: 'a', type: ['null', 'int'], default: null }), r(), ''],
    ['an alias', r({ name: 'b', aliases: ['a'], type: 'int' }), r({ name: 'a', type: 'int' }), ''],
    ['fewer symbols', e(['A']), e(['A', 'B']), 'MISSING_ENUM_SYMBOLS'],
    ['fewer symbols and a default', e(['A'], { default: 'A' }), e(['A', 'B']), ''],
    ['a union for one of it', ['null', 'string'], '"string"', ''],
    ['one of a union', '"string"', ['null', 'string'], 'TYPE_MISMATCH'],
    ['a narrower union', ['null', 'int'], ['null', 'int', 'string'], 'MISSING_UNION_BRANCH'],
    ['another name', { type: 'fixed', name: 'F', size: 4 }, { type: 'fixed', name: 'G', size: 4 }, 'NAME_MISMATCH'],
    ['another size', { type: 'fixed', name: 'F', size: 4 }, { type: 'fixed', name: 'F', size: 8 }, 'FIXED_SIZE_MISMATCH'],
    ['items', { type: 'array', items: 'int' }, { type: 'array', items: 'string' }, 'TYPE_MISMATCH'],
  ]);
  const node = (more: object[] = []) => r({ name: 'next', type: ['null', 'R'], default: null }, ...more);
  holds('AVRO', [
    ['a record that holds itself', node(), node(), ''],
    ['and lacks a default', node([{ name: 'a', type: 'int' }]), node(), 'READER_FIELD_MISSING_DEFAULT_VALUE'],
  ]);
});

const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });
const string = { type: 'string' };
const shut = { additionalProperties: false };

test('JSON Schema: a new version accepts what the old one accepted, by Confluent rules', () => {
  holds('JSON', [
    ['a wider type', { type: ['string', 'null'] }, string, ''],
    ['a narrower type', string, { type: ['string', 'null'] }, 'TYPE_NARROWED'],
    ['number for integer', { type: 'number' }, { type: 'integer' }, ''],
    ['integer for number', { type: 'integer' }, { type: 'number' }, 'TYPE_CHANGED'],
    ['a property in an open model', object({ a: string, b: string }), object({ a: string }), 'PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL'],
    ['a property in a closed model', object({ a: string, b: string }, shut), object({ a: string }, shut), ''],
    ['no property in an open model', object({ a: string }), object({ a: string, b: string }), ''],
    ['no property in a closed model', object({ a: string }, shut), object({ a: string, b: string }, shut), 'PROPERTY_REMOVED_FROM_CLOSED'],
    ['required', object({ a: string }, { required: ['a'] }), object({ a: string }), 'REQUIRED_ATTRIBUTE_ADDED'],
    ['required with default', object({ a: { type: 'string', default: '' } }, { required: ['a'] }), object({ a: string }), ''],
    ['not required', object({ a: string }), object({ a: string }, { required: ['a'] }), ''],
    ['shut', object({ a: string }, shut), object({ a: string }), 'ADDITIONAL_PROPERTIES_REMOVED'],
    ['opened', object({ a: string }), object({ a: string }, shut), ''],
    ['a longer string', { type: 'string', maxLength: 9 }, { type: 'string', maxLength: 5 }, ''],
    ['a shorter string', { type: 'string', maxLength: 5 }, { type: 'string', maxLength: 9 }, 'MAX_LENGTH_DECREASED'],
    ['a new minimum', { type: 'number', minimum: 1 }, { type: 'number' }, 'MINIMUM_ADDED'],
    ['more values', { enum: ['a', 'b'] }, { enum: ['a'] }, ''],
    ['fewer values', { enum: ['a'] }, { enum: ['a', 'b'] }, 'ENUM_ARRAY_NARROWED'],
    ['one more branch', { oneOf: [string, { type: 'null' }] }, { oneOf: [string] }, ''],
    ['one branch less', { oneOf: [string] }, { oneOf: [string, { type: 'null' }] }, 'SUM_TYPE_NARROWED'],
    ['a branch of what was', { anyOf: [{ type: 'null' }, string] }, string, ''],
    ['one thing less', { allOf: [{ maxLength: 5 }] }, { allOf: [{ maxLength: 5 }, { minLength: 1 }] }, ''],
    ['one thing more', { allOf: [{ maxLength: 5 }, { minLength: 1 }] }, { allOf: [{ maxLength: 5 }] }, 'PRODUCT_TYPE_EXTENDED'],
    ['items', { type: 'array', items: string }, { type: 'array', items: { type: 'number' } }, 'TYPE_CHANGED'],
    ['everything', true, string, ''],
    ['something of everything', string, true, 'SCHEMA_ADDED'],
  ]);
  const tree = (more: object = {}) => ({
    $ref: '#/$defs/t',
    $defs: { t: object({ kids: { type: 'array', items: { $ref: '#/$defs/t' } }, ...more }, shut) },
  });
  holds('JSON', [
    ['a tree', tree(), tree(), ''],
    ['a tree with more', tree({ a: string }), tree(), ''],
    ['a tree with less', tree(), tree({ a: string }), 'PROPERTY_REMOVED_FROM_CLOSED'],
  ]);
});

const m = (body: string, head = 'syntax = "proto3"; package p;') => `${head} message M { ${body} } enum E { Z = 0; }`;

test('Protobuf: a new version reads what the old one wrote, by Confluent rules', () => {
  holds('PROTOBUF', [
    ['a field more', m('string a = 1; string b = 2;'), m('string a = 1;'), ''],
    ['a field less', m('string a = 1;'), m('string a = 1; string b = 2;'), ''],
    ['another name', m('string b = 1;'), m('string a = 1;'), ''],
    ['alike on the wire', m('int64 a = 1; bytes b = 2; E c = 3;'), m('int32 a = 1; string b = 2; uint32 c = 3;'), ''],
    ['another scalar', m('string a = 1;'), m('int32 a = 1;'), 'FIELD_SCALAR_KIND_CHANGED'],
    ['a message for a scalar', m('M a = 1;'), m('int32 a = 1;'), 'FIELD_KIND_CHANGED'],
    ['repeated numbers', m('repeated int32 a = 1;'), m('int32 a = 1;'), 'FIELD_NUMERIC_LABEL_CHANGED'],
    ['repeated strings', m('repeated string a = 1;'), m('string a = 1;'), ''],
    ['another package', m('string a = 1;', 'syntax = "proto3"; package q;'), m('string a = 1;'), 'PACKAGE_CHANGED'],
    ['no message', 'syntax = "proto3"; package p; enum E { Z = 0; }', m('string a = 1;'), 'MESSAGE_REMOVED'],
    ['one into a new oneof', m('oneof o { string a = 1; string c = 3; }'), m('string a = 1;'), ''],
    ['two into a oneof', m('oneof o { string a = 1; string b = 2; }'), m('string a = 1; string b = 2;'), 'MULTIPLE_FIELDS_MOVED_TO_ONEOF'],
    ['a oneof with less', m('oneof o { string a = 1; }'), m('oneof o { string a = 1; string b = 2; }'), 'ONEOF_FIELD_REMOVED'],
    ['inside', m('message N { string a = 1; } N n = 1;'), m('message N { int32 a = 1; } N n = 1;'), 'FIELD_SCALAR_KIND_CHANGED'],
    ['a map', m('map<string, int64> a = 1;'), m('map<string, int32> a = 1;'), ''],
    ['required', m('required string a = 1;', 'package p;'), m('', 'package p;'), 'REQUIRED_FIELD_ADDED'],
  ]);
});

test('a .proto text with everything in it comes back the same from its print and from its descriptor', () => {
  const source = `
    syntax = "proto3"; /* head */ package a.b; // tail
    import public "google/protobuf/any.proto";
    option java_package = "com.a"; option java_multiple_files = true;
    message Outer {
      reserved 7, 9 to 11; reserved "old";
      message Inner { enum Kind { NONE = 0; ONE = 1 [deprecated = true]; } Kind kind = 1; }
      repeated Inner inners = 1; map<string, Inner> by_name = 2; optional int32 maybe = 3;
      oneof choice { string text = 4; .a.b.Outer nested = 5; }
      repeated int32 packed_no = 6 [packed = false]; google.protobuf.Any any = 8; Inner.Kind kind = 12;
    }
    service S { rpc Do (stream Outer) returns (Outer.Inner) { option deprecated = true; } }`;
  const parsed = parseSchema('PROTOBUF', source, []) as ProtoParsed;
  assert.equal(parseSchema('PROTOBUF', parsed.text, []).text, parsed.text);
  const again = parseSchema('PROTOBUF', parsed.serialized(), []) as ProtoParsed;
  assert.deepEqual(again.refusals(parsed), []);
  assert.deepEqual(parsed.refusals(again), []);
  assert.equal((parseSchema('PROTOBUF', again.text, []) as ProtoParsed).serialized(), parsed.serialized());
});

test('hostile texts are refused as schemas, whatever they are, and large ones are compared or refused', () => {
  const seeds = [text(r({ name: 'a', type: ['null', 'R'] })), text(object({ a: { $ref: '#' } })), m('oneof o { map<string, M> a = 1; }')];
  const types = ['AVRO', 'JSON', 'PROTOBUF'] as const;
  fc.assert(
    fc.property(fc.nat(2), fc.nat(200), fc.string({ maxLength: 8 }), (which, place, more) => {
      const seed = seeds[which] as string;
      const hostile = seed.slice(0, place % seed.length) + more + seed.slice((place % seed.length) + (more.length % 3));
      for (const type of types)
        try {
          const parsed = parseSchema(type, hostile, []);
          parsed.refusals(parsed);
        } catch (error) {
          assert.ok(error instanceof SchemaFault, `${type} ${hostile}: ${String(error)}`);
        }
    }),
    { numRuns: 1500 },
  );
  const deep = (depth: number): object =>
    depth === 0 ? string : { anyOf: [deep(depth - 1), { type: 'array', items: string }, deep(depth - 1)] };
  assert.deepEqual(reads('JSON', text(deep(8)), text(deep(8))), []);
  assert.throws(() => parseSchema('AVRO', '['.repeat(5000), []), SchemaFault);
  assert.throws(() => parseSchema('JSON', '{"not":'.repeat(500) + 'true' + '}'.repeat(500), []), SchemaFault);
  assert.throws(() => parseSchema('PROTOBUF', `syntax = "proto3"; ${'message M {'.repeat(500)}${'}'.repeat(500)}`, []), SchemaFault);
  assert.throws(
    () => parseSchema('JSON', text({ $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } }), []),
    SchemaFault,
  );
});
