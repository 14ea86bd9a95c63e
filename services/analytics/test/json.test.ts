import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrayItemsMax, arrayLengthMax } from '../domain/limits.ts';
import { isRefusal, readRecord } from '../domain/record.ts';
import { type Column, elementOf, type Type, type Value } from '../domain/value.ts';
import { gathered, rowAt } from '../engine/batch.ts';
import { JsonReader } from '../engine/json.ts';
import { Random } from '#engine/random/random.ts';

const columns: readonly Column[] = [
  ...(['bool', 'int4', 'int8', 'numeric', 'float8', 'text', 'date', 'timestamp', 'timestamptz', 'interval'] as const).map((type) => ({
    name: `of ${type}`,
    type: type as Type,
  })),
  { name: 'größe', type: 'text' },
  { name: 'n', type: 'int8' },
  { name: '__proto__', type: 'text' },
  { name: "'];throw 1;//`${process.exit(9)}`", type: 'text' },
];

const listColumns: readonly Column[] = [
  ...(['text', 'bool', 'int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'date', 'jsonb'] as const).map((element) => ({
    name: `many ${element}`,
    type: `${element}[]` as Type,
  })),
  { name: 'n', type: 'int8[]' },
  { name: 'größe', type: 'text[]' },
  { name: 'of text', type: 'text' },
];

const numbers = `0 -0 -0.0 1 -1 7 42 1.50 -12.25 0.1 0.000001 1e5 1E-3 -2.5e+2 1e400 123456789 1234567890 123456789012345 1234567890123456
  9007199254740993 -9007199254740993 9223372036854775807 -9223372036854775808 9223372036854775808 2147483647 2147483648 -2147483648
  -2147483649 99999999999999999999.99 12345678901234.5 123456789012345.6 00 01 -01 +1 .5 1. - -. 1e 1e+ 0x1 NaN Infinity 1_0`.split(/\s+/);
const texts = [
  '""',
  '"a"',
  '"Graz"',
  '"a text of some length, in which nothing is"',
  '"a \\"quoted\\" one"',
  '"\\\\"',
  '"\\/\\b\\f\\n\\r\\t"',
  '"\\u0041\\u00e9\\u20ac"',
  '"\\ud83d\\ude00"',
  '"\\ud83d"',
  '"\\ude00\\ud83d and more"',
  '"größer €"',
  '"😀 at the front"',
  '"sixteen letters!"',
  '"fifteen letters"',
  '"\u007f"',
  '"\ufeff"',
  '"tab\there"',
  '"line\nbreak"',
  '"\\x"',
  '"\\u12"',
  '"\\u12g4"',
  '"open',
  '"true"',
  '"12"',
  '" 12.50 "',
  '"9223372036854775807"',
];
const times =
  `2024-02-29 2023-02-29 2024-13-01 2024-00-10 2024-04-31 2024-12-31 1970-01-01 0001-01-01 9999-12-31 1685-01-01 2250-06-07 24-1-1 2024-1-1
  2024-02-29T23:59:59 2024-02-29T24:00:00 2024-02-29T10:60:00 2024-02-29T10:00:61 2024-02-29T10:00 2024-02-29T10:00:00.5 2024-02-29T10:00:00.123456
  2024-02-29T10:00:00.1234567 2024-02-29T10:00:00. 2024-02-29T10:00:00Z 2024-02-29T10:00:00.25Z 2024-02-29T10:00:00+02:00 2024-02-29T10:00:00-0330
  1600-01-01T00:00:00 1900-03-01T00:00:00.000001 2100-02-28T12:34:56 2100-02-29T00:00:00 2000-02-29T00:00:00z`.split(/\s+/);
const others = [
  'null',
  'true',
  'false',
  'nul',
  'True',
  '{}',
  '[]',
  '[1,{"a":[null,"b"]},2.5]',
  '{"a":{"b":"c"},"d":[]}',
  '[1,]',
  '{"a"}',
  '{"a":1,}',
];
const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

const oddLists = [
  ...['[1,]', '[,]', '[,1]', '[1,,2]', '[1 2]', '[1', '[', '[1,2}', '[1,2]]', '[nul]', '[nulll]', '[null', '[null,]', '[tru]', '[truee]', '[True]'],
  ...['[[1,2],[3,4]]', '[["a"],["b","c"]]', '[1,[2]]', '[[1],2]', '[[],[]]', '[[]]', '[null,[null]]', '[{"a":1}]', '["1",2]', '[1,"2"]'],
  ...['"{1,2}"', '"{a,NULL,\\"b\\"}"', '"{}"', '"{"', '"[0:1]={1,2}"', '[1,2]x', '["a"x]', '["a]', '["a\\"]', '[\u00a01]', '[\f1]', '{}'],
  ...['[32767,-32767]', '[32768]', '[-32768]', '[-32769]', '["a","a\\u0000"]', '["\\ud83d","\\ude00"]', '["\u0000"]', '[-]', '[1.]', '[01]', '[1e2]'],
  ...['[0.8414709848078965,-1e-7,null,-0]', '[0.8414709848078965,1e400]', '[0.8414709848078965,"1"]', '[0.8414709848078965,[1]]'],
];

/** A list of items that suit a type, but for so large a part of all. */
function listText(random: Random, element: Type, odd: number): string {
  if (random.is(odd)) return one(random, oddLists);
  const space = random.is(0.7) ? '' : one(random, [' ', '\n  ', '\t', '\r\n']);
  const count = random.is(0.1) ? random.below(60) : random.below(5);
  const items = Array.from({ length: count }, () => valueText(random, element, odd / 4));
  return `[${space}${items.join(random.is(0.5) ? `,${space}` : `${space},`)}${space}]`;
}

const one = <T>(random: Random, of: readonly T[]): T => of[random.below(of.length)] as T;

/** A value that suits a type, but for so large a part of all. */
function valueText(random: Random, type: Type | undefined, odd: number): string {
  if (random.is(odd))
    return one(random, [...others, deep(1 + random.below(100)), ...numbers, ...texts, ...times.map((time) => `"${time}"`)]);
  if (random.is(0.1)) return 'null';
  const element = type && elementOf(type);
  if (element) return listText(random, element, odd);
  switch (type) {
    case 'bool':
      return random.is(0.5) ? 'true' : 'false';
    case 'int2':
      return !random.is(odd * 3) ? String(random.below(65_535) - 32_767) : one(random, numbers);
    case 'int4':
    case 'int8':
      return !random.is(odd * 3) ? String(random.below(1e9) - 5e8) : one(random, numbers);
    case 'numeric':
    case 'float4':
    case 'float8':
      return !random.is(odd * 3) ? ((random.below(1e9) - 5e8) / 10 ** random.below(6)).toFixed(random.below(7)) : one(random, numbers);
    case 'date':
      return !random.is(odd * 3) ? `"${new Date(random.below(4e12)).toISOString().slice(0, 10)}"` : `"${one(random, times)}"`;
    case 'timestamp':
    case 'timestamptz': {
      const made = new Date(random.below(4e12)).toISOString();
      return !random.is(odd * 3)
        ? `"${random.is(0.5) ? made : made.slice(0, 19).replace('T', ' ')}"`
        : `"${one(random, times).replace('T', ' ')}"`;
    }
    case 'interval':
      return '"1 day 02:03:04"';
    default:
      return one(random, odd > 0 ? texts : texts.slice(0, 17));
  }
}

/** A writer of records that puts fields and spaces as it is used to. */
function writer(random: Random, columns: readonly Column[]): () => Buffer {
  const spaces = random.is(0.6) ? [''] : ['', ' ', '\n  ', '\t'];
  const known = columns.filter(() => random.is(0.8)).sort(() => random.below(3) - 1);
  const fields = known.map(({ name, type }): { name: string; type: Type | undefined } => ({ name, type }));
  for (let more = random.below(3); more > 0; more -= 1)
    fields.splice(random.below(fields.length + 1), 0, { name: `extra ${random.below(4)}`, type: one(random, ['text', 'int8', undefined]) });
  const odd = one(random, [0, 0, 0.01, 0.1]);
  const [before, behind, between, end] = Array.from({ length: 4 }, () => one(random, spaces));
  return () => {
    const own = random.is(0.1) ? fields.filter(() => random.is(0.7)) : fields;
    const pairs = own.map(({ name, type }) => {
      const key = random.is(0.01)
        ? `"\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${JSON.stringify(name.slice(1)).slice(1)}`
        : JSON.stringify(name);
      return `${before}${key}${behind}:${between}${valueText(random, type, odd)}`;
    });
    if (random.is(0.02)) pairs.push(`"n":${valueText(random, columns.find(({ name }) => name === 'n')?.type, odd)}`);
    return Buffer.from(`{${pairs.join(`${end},`)}${before}}${end}`);
  };
}

/** The record with something amiss, now and then. */
function damaged(random: Random, record: Buffer): Buffer | null {
  if (random.is(0.9)) return record;
  const at = random.below(record.length);
  switch (random.below(8)) {
    case 0:
      return record.subarray(0, at);
    case 1:
      return Buffer.concat([record.subarray(0, at), Buffer.from([random.below(256)]), record.subarray(at)]);
    case 2:
      return Buffer.concat([record.subarray(0, at), record.subarray(at + 1)]);
    case 3: {
      const changed = Buffer.from(record);
      changed[at] = one(random, [0, 9, 31, 34, 44, 48, 57, 58, 92, 123, 125, 127, 128, 0xc0, 0xed, 0xff, random.below(256)]);
      return changed;
    }
    case 4:
      return Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), record]);
    case 5:
      return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), record]);
    case 6:
      return random.is(0.5) ? null : Buffer.from(one(random, ['', '[]', '1', 'null', '"a"', '{', '}', '{}', ' {} ', '{} {}', '{},']));
    default:
      return Buffer.concat([record, Buffer.from(one(random, [' ', '\n', ',', '}', '\0']))]);
  }
}

const shown = (row: readonly Value[]): unknown[] => row.map((value) => (Object.is(value, -0) ? 'minus 0' : value));

/** What JSON.parse makes of a record, or why it is none. */
function asParsed(used: readonly Column[], value: Buffer | null): unknown[] | string {
  try {
    const [said] = readRecord({ kind: 'json' }, used, value, new Map());
    return shown(said?.row ?? []);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return error.message;
  }
}

const [seed, batches] = [11, 12];

/** Reads many batches of records, and compares each row and refusal with what JSON.parse says. */
function compare(columns: readonly Column[], readers: number): { taken: number; refused: number; shapes: number } {
  const random = new Random(seed);
  let [taken, refused, shapes] = [0, 0, 0];
  for (let each = 0; each < readers; each += 1) {
    const used = new Set([...columns.keys()].filter(() => each % 3 === 0 || random.is(0.5)));
    const reader = new JsonReader(columns, used);
    const own = [...used].map((place) => columns[place] as Column);
    for (let at = 0; at < batches; at += 1) {
      const write = writer(random, columns);
      const values = Array.from({ length: 1 + random.below(80) }, () => damaged(random, write()));
      if (random.is(0.5)) {
        // As they are fetched: one behind the other, with something between them.
        const all = Buffer.concat(values.flatMap((value) => [Buffer.from('7}"'), value ?? Buffer.alloc(0)]));
        let from = 0;
        for (const [place, value] of values.entries()) {
          from += 3;
          if (value) values[place] = all.subarray(from, (from += value.length));
        }
      }
      const read = reader.read(values);
      const found: (unknown[] | string)[] = values.map(() => 'nothing');
      for (const { record, error } of read.refused) found[record] = error.message;
      for (const [row, record] of read.records.entries())
        found[record] = shown([...used].map((place) => rowAt(read.batch, row)[place] ?? null));
      for (const [place, value] of values.entries()) assert.deepEqual(found[place], asParsed(own, value), `${value}`);
      const some = Uint32Array.from(read.records.keys()).filter(() => random.is(0.5));
      const again = reader.read(values).batch;
      for (const [place, row] of some.entries()) assert.deepEqual(rowAt(gathered(again, some), place), rowAt(read.batch, row));
      for (const [place] of columns.entries()) if (!used.has(place) && read.batch.size > 0) assert.equal(rowAt(read.batch, 0)[place], null);
      taken += read.records.length;
      refused += read.refused.length;
    }
    shapes += reader.code.length;
    const code = reader.code.join('\n');
    for (const word of ['process', 'throw', '__proto__', 'größe', '`']) assert.ok(!code.includes(word), word);
  }
  return { taken, refused, shapes };
}

test('records are what JSON.parse says of them, whatever their fields, spaces, numbers and texts, and what is none is refused', () => {
  const readers = 40;
  const { taken, refused, shapes } = compare(columns, readers);
  assert.ok(taken > 3000 && refused > 3000 && shapes > readers * 2, `${taken} taken, ${refused} refused, ${shapes} decoders`);
});

test('lists are what JSON.parse says of them, whatever their items, spaces and dimensions, and what is none is refused', () => {
  const readers = 20;
  const { taken, refused, shapes } = compare(listColumns, readers);
  assert.ok(taken > 1500 && refused > 1500 && shapes > readers * 2, `${taken} taken, ${refused} refused, ${shapes} decoders`);
});

test('a list holds as many items as an array, and texts as long, and one that holds more is refused', () => {
  const own: Column[] = [
    { name: 'a', type: 'int4[]' },
    { name: 'b', type: 'text[]' },
  ];
  const many = (count: number) => `{"a":[${Array.from({ length: count }, (_, at) => at).join(',')}],"b":[]}`;
  const long = (length: number) => `{"a":[],"b":["${'x'.repeat(length)}","${'y'.repeat(length)}"]}`;
  const said = ['{"a":[1],"b":["c"]}', many(arrayItemsMax), many(arrayItemsMax + 1), long(arrayLengthMax / 2), long(arrayLengthMax / 2 + 1)];
  const values = said.map((text) => Buffer.from(text));
  const { batch, records, refused } = new JsonReader(own).read(values);
  assert.deepEqual([...records], [0, 1, 3]);
  for (const [row, record] of records.entries()) assert.deepEqual(rowAt(batch, row), asParsed(own, values[record] as Buffer));
  assert.deepEqual(
    refused.map(({ record, error }) => [record, error.message]),
    [2, 4].map((record) => [record, asParsed(own, values[record] as Buffer)]),
  );
});

test('what stands in a field that nobody reads must be JSON, and no more', () => {
  const reader = new JsonReader(
    [
      { name: 'a', type: 'int4' },
      { name: 'b', type: 'int4' },
    ],
    new Set([0]),
  );
  const said = ['{"a":1,"b":2}', '{"a":2,"b":"no number"}', '{"a":3,"b":[{}]}', '{"a":4,"b":tru}', '{"a":5,"b":"\\x"}', '{"a":6,"b":01}'];
  const { batch, refused } = reader.read(said.map((text) => Buffer.from(text)));
  assert.deepEqual(
    [0, 1, 2].map((at) => rowAt(batch, at)),
    [
      [1, null],
      [2, null],
      [3, null],
    ],
  );
  assert.deepEqual(
    refused.map(({ record }) => record),
    [3, 4, 5],
  );
});

test('records that are the lines of one buffer have a decoder of their shape', () => {
  const all = Buffer.from(Array.from({ length: 5 }, (_, at) => `{"a":${at}}\n`).join(''));
  const lines = Array.from({ length: 5 }, (_, at) => all.subarray(at * 8, at * 8 + 7));
  const reader = new JsonReader([{ name: 'a', type: 'int4' }]);
  const { batch } = reader.read(lines);
  assert.deepEqual([...(batch.columns[0]?.values ?? [])], [0, 1, 2, 3, 4]);
  assert.equal(reader.code.length, 2);
});
