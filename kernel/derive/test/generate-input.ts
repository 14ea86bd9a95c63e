import fc from 'fast-check';
import type { TSchema } from 'typebox';
import type { PlainSchema } from '../plain-schema.ts';
import { validator } from '../validate.ts';

/** Values that fit a schema, with the odd but legal ones among them: other scripts, look-alikes, bounds, every choice. */
export function validInput(schema: TSchema): fc.Arbitrary<unknown> {
  return fitting(schema as PlainSchema, 0);
}

function fitting(schema: PlainSchema, depth: number): fc.Arbitrary<unknown> {
  return form(schema, depth).filter((value) => validator(schema as TSchema)(value) === undefined);
}

function form(schema: PlainSchema, depth: number): fc.Arbitrary<unknown> {
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return fc.oneof(...options.map((option) => fitting(option, depth + 1)));
  switch (schema.type) {
    case 'string':
      return text(schema);
    case 'integer':
      return fc.integer({
        min: schema.minimum ?? -1000,
        max: Math.min(schema.maximum ?? Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
      });
    case 'number':
      return fc.double({ min: schema.minimum ?? -1e9, max: schema.maximum ?? 1e9, noNaN: true }).map((value) => value + 0);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(fitting((schema.items ?? {}) as PlainSchema, depth + 1), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 4, (schema.minItems ?? 0) + 4),
      });
    case 'object':
      return fields(schema, depth);
    default:
      return fc.constantFrom<unknown>('text', 7, true, null, { a: ['b'] });
  }
}

const oddTexts = [
  '',
  ' ',
  '-',
  '..',
  '%2F',
  'a/b',
  'a+b',
  'a b',
  '?x=1&y',
  '#',
  '"quoted"',
  "o'clock",
  '\\',
  '\n',
  '\t',
  '😀',
  'é',
  'e\u0301',
  'раураl',
  '\u202e',
  'true',
  '7',
  'null',
  '[]',
  '{}',
  '__proto__',
  'constructor',
];

function text(schema: PlainSchema): fc.Arbitrary<string> {
  if (schema.format === 'email') return fc.emailAddress();
  if (schema.format === 'date-time')
    return fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }).map((date) => date.toISOString());
  if (schema.format === 'uri') return fc.webUrl();
  if (schema.pattern !== undefined)
    return fc.stringMatching(new RegExp(schema.pattern, 'u')).map((value) => value.slice(0, schema.maxLength));
  const size = { minLength: schema.minLength ?? 0, maxLength: Math.min(schema.maxLength ?? 20, Math.max(20, schema.minLength ?? 0)) };
  return fc.oneof(fc.constantFrom(...oddTexts), fc.string({ ...size, unit: 'grapheme' }), fc.string(size));
}

function fields(schema: PlainSchema, depth: number): fc.Arbitrary<unknown> {
  if (schema.patternProperties) {
    const [[pattern, inner] = ['^.*$', {} as PlainSchema]] = Object.entries(schema.patternProperties);
    return fc.dictionary(text({ pattern }), fitting(inner, depth + 1), { maxKeys: 3 }).map((record) => ({ ...record }));
  }
  const inner = Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, field]) => [name, fitting(field, depth + 1)]));
  return fc.record(inner, { requiredKeys: [...(schema.required ?? [])] });
}

const wrong: unknown[] = [
  null,
  true,
  -1,
  0.5,
  1e308,
  2 ** 53,
  '',
  '\0',
  'x'.repeat(5000),
  '\ud800',
  [],
  [[[[]]]],
  {},
  { a: 1 },
  '__proto__',
  'NaN',
  '../../etc/passwd',
  "'; drop table x; --",
  '<script>',
  '%00',
  [null, {}, 'x'],
];

/** Inputs near a schema that a careless or hostile caller sends: one field wrong, missing or too much, or anything at all. */
export function hostileInput(schema: TSchema): fc.Arbitrary<unknown> {
  const plain = schema as PlainSchema;
  const names = Object.keys(plain.properties ?? {});
  const one = fc
    .tuple(validInput(schema), fc.constantFrom(...(names.length > 0 ? names : ['extra'])), fc.constantFrom(...wrong))
    .map(([value, name, bad]) => ({ ...(value as object), [name]: bad }));
  const less = fc.tuple(validInput(schema), fc.constantFrom(...(names.length > 0 ? names : ['extra']))).map(([value, name]) => {
    const { [name]: _, ...rest } = value as Record<string, unknown>;
    return rest;
  });
  const more = fc
    .tuple(validInput(schema), fc.string({ minLength: 1 }), fc.constantFrom(...wrong))
    .map(([value, name, bad]) => ({ ...(value as object), [`x${name}`]: bad }));
  return fc.oneof(one, less, more, fc.jsonValue(), fc.constantFrom(...wrong));
}

/** Bodies as bytes of JSON or nearly so, with what no parsed value can hold: prototype keys, depth, cut ends, other encodings. */
export function hostileBody(schema: TSchema): fc.Arbitrary<Uint8Array> {
  const json = hostileInput(schema).map((value) => JSON.stringify(value) ?? '');
  const texts = fc.oneof(
    json,
    json.map((value) => value.slice(0, -1)),
    json.map((value) => value.replace('{', '{"__proto__":{"admin":true},')),
    json.map((value) => value.replace('{', '{"constructor":{"prototype":{"admin":true}},')),
    fc.constantFrom(
      '[',
      '{"a":',
      `${'['.repeat(5000)}${']'.repeat(5000)}`,
      `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
      '{"a":1e999}',
      '{"a":1,"a":2}',
      '"\\ud800"',
      '\u2028',
      'null',
      '0',
      'undefined',
    ),
  );
  return fc.oneof(
    texts.map((value) => new TextEncoder().encode(value)),
    fc.uint8Array({ maxLength: 64 }),
  );
}

/** Queries as a hostile caller writes them. */
export function hostileQuery(schema: TSchema): fc.Arbitrary<string> {
  const names = [...Object.keys((schema as PlainSchema).properties ?? {}), '__proto__', 'constructor', 'x'];
  const values = [
    '',
    '1',
    '-1',
    '1e9',
    '%00',
    '%ff',
    '%',
    'true',
    '{',
    '%7B%22a%22%3A1%7D',
    '%5B%5D',
    'a'.repeat(3000),
    '%F0%9F%98%80',
    '+',
    '=',
    'null',
    '0x10',
    '9'.repeat(30),
  ];
  const pair = fc.tuple(fc.constantFrom(...names), fc.constantFrom(...values)).map(([name, value]) => `${name}=${value}`);
  return fc.array(fc.oneof(pair, fc.constantFrom('&', '=', '%', 'a', '?', 'a%=b')), { maxLength: 6 }).map((pairs) => pairs.join('&'));
}
