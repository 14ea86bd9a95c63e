import assert from 'node:assert/strict';
import { test } from 'node:test';
import Type, { type TSchema } from 'typebox';
import { Labels, PageInput } from '../../contract/crud.ts';
import { applyDefaults } from '../default.ts';
import { validator } from '../validate.ts';

const why = (schema: TSchema, value: unknown) => {
  const failure = validator(schema)(value);
  return failure && `${failure.path}: ${failure.detail}`;
};

test('a value that fits says nothing', () => {
  const schema = Type.Object({
    a: Type.String(),
    b: Type.Optional(Type.Integer()),
    c: Type.Array(Type.Boolean()),
    d: Type.Null(),
    e: Type.Unknown(),
  });
  assert.equal(why(schema, { a: '', c: [true], d: null, e: { any: 1 }, more: 1 }), undefined);
  assert.equal(why(schema, { a: '', b: undefined, c: [], d: null, e: 0 }), undefined);
});

test('the path is a JSON pointer to the wrong field and the sentence names what was expected', () => {
  const schema = Type.Object(
    {
      list: Type.Array(Type.Object({ 'a/b~c': Type.Integer({ minimum: 2, maximum: 4 }) })),
      title: Type.String({ minLength: 1, maxLength: 3 }),
    },
    { additionalProperties: false },
  );
  assert.equal(why(schema, []), ': must be an object');
  assert.equal(why(schema, { list: [] }), '/title: is required');
  assert.equal(why(schema, { list: {}, title: 'x' }), '/list: must be an array');
  assert.equal(why(schema, { list: [{ 'a/b~c': 3 }, { 'a/b~c': 5 }], title: 'x' }), '/list/1/a~1b~0c: must be at most 4');
  assert.equal(why(schema, { list: [], title: '' }), '/title: must not be empty');
  assert.equal(why(schema, { list: [], title: 'abcd' }), '/title: must have at most 3 characters');
  assert.equal(why(schema, { list: [], title: 'x', other: 1 }), '/other: is not a known field');
});

test('lengths count code points', () => {
  assert.equal(why(Type.String({ maxLength: 2 }), '😀😀'), undefined);
  assert.equal(why(Type.String({ maxLength: 2 }), '😀😀😀'), ': must have at most 2 characters');
  assert.equal(why(Type.String({ minLength: 2 }), '😀'), ': must have at least 2 characters');
});

test('strings that no store keeps are refused', () => {
  assert.match(why(Type.String(), 'a\0b') ?? '', /without NUL/);
  assert.match(why(Type.String(), '\ud800') ?? '', /well-formed/);
});

test('numbers that JavaScript cannot hold exactly are refused', () => {
  for (const value of [1.5, 2 ** 53, 1e300, Number.NaN, Number.POSITIVE_INFINITY, '1', null])
    assert.match(why(Type.Integer(), value) ?? '', /must be an integer/);
  for (const value of [Number.NaN, Number.NEGATIVE_INFINITY, '1']) assert.match(why(Type.Number(), value) ?? '', /finite/);
  assert.equal(why(Type.Number({ multipleOf: 0.5 }), 1.5), undefined);
  assert.equal(why(Type.Number({ multipleOf: 2 }), 3), ': must be a multiple of 2');
});

test('formats are checked', () => {
  const cases: [string, string, string][] = [
    ['email', 'a@example.org', 'a@@b'],
    ['date-time', '2026-01-02T03:04:05Z', '2026-13-02T03:04:05Z'],
    ['uri', 'https://example.org/x', 'no uri'],
  ];
  for (const [format, good, bad] of cases) {
    assert.equal(why(Type.String({ format }), good), undefined, format);
    assert.match(why(Type.String({ format }), bad) ?? '', /must be an? /, format);
  }
});

test('a keyword or format that cannot be checked is refused when the schema is compiled', () => {
  assert.throws(() => validator({ if: {} } as unknown as TSchema), TypeError);
  assert.throws(() => validator(Type.String({ format: 'colour' })), TypeError);
});

test('a choice of constants lists them; a choice of forms points inside the one that comes near', () => {
  assert.equal(why(Type.Union([Type.Literal('a'), Type.Literal('b')]), 'c'), ': must be one of "a", "b"');
  const shape = Type.Union([Type.String(), Type.Object({ size: Type.Integer() })]);
  assert.equal(why(shape, { size: 'x' }), '/size: must be an integer, at most 9007199254740991 from zero');
  assert.equal(why(shape, 7), ': must be a string, or an object');
});

test('labels with a name outside the pattern, a wrong value or too many are refused', () => {
  assert.equal(why(Labels, { app: 'web', 'a.b/c': '' }), undefined);
  assert.match(why(Labels, { '': 'x' }) ?? '', /must have a name that matches/);
  assert.match(why(Labels, { a: 1 }) ?? '', /^\/a: must be a string/);
  assert.match(why(Labels, Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`a${n}`, '']))) ?? '', /64 fields/);
});

test('a field called __proto__ is refused even where any field is taken', () => {
  assert.match(why(Type.Object({}), JSON.parse('{"__proto__": {"admin": true}}')) ?? '', /name that a field may have/);
  assert.match(why(Type.Object({ constructor: Type.Optional(Type.String()) }), {}) ?? 'fits', /fits/);
});

test('tuples, unique items, intersections and schemas that refer to themselves are checked', () => {
  const pair = Type.Tuple([Type.String(), Type.Integer()]);
  assert.equal(why(pair, ['a', 1]), undefined);
  assert.match(why(pair, ['a', 1, 2]) ?? '', /at most 2 items/);
  assert.match(why(pair, ['a', 'b']) ?? '', /^\/1/);
  assert.match(why(Type.Array(Type.Object({ a: Type.Integer() }), { uniqueItems: true }), [{ a: 1 }, { a: 1 }]) ?? '', /twice/);
  assert.match(why(Type.Intersect([Type.Object({ a: Type.String() }), Type.Object({ b: Type.String() })]), { a: 'x' }) ?? '', /^\/b/);
  const tree = Type.Cyclic({ Node: Type.Object({ next: Type.Optional(Type.Ref('Node')), value: Type.Integer() }) }, 'Node');
  assert.equal(why(tree, { value: 1, next: { value: 2 } }), undefined);
  assert.match(why(tree, { value: 1, next: { value: 'x' } }) ?? '', /^\/next\/value/);
});

test('defaults fill what is missing and leave the value given alone', () => {
  const given = { prefix: 'a' };
  assert.deepEqual(applyDefaults(PageInput, given), { prefix: 'a', limit: 100 });
  assert.deepEqual(given, { prefix: 'a' });
  const whole = { limit: 5 };
  assert.equal(applyDefaults(PageInput, whole), whole);
  assert.equal(applyDefaults(PageInput, 'no object'), 'no object');
  const nested = Type.Object({ list: Type.Array(Type.Object({ on: Type.Boolean({ default: true }) })) });
  assert.deepEqual(applyDefaults(nested, { list: [{}, { on: false }] }), { list: [{ on: true }, { on: false }] });
});
