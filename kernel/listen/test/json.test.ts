import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { OperationError } from '#kernel/contract/fault.ts';
import { parseJson } from '../json.ts';

/** The path of the BadInput that parsing throws. */
function refused(input: string | Uint8Array, depthMax = 64): string | undefined {
  try {
    parseJson(input, { depthMax });
  } catch (error) {
    assert.equal((error as OperationError).code, 'BadInput');
    return (error as OperationError).path;
  }
  return assert.fail(`${String(input).slice(0, 80)} was taken`);
}

test('JSON without tricks is parsed as JSON.parse does, from text and from bytes', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
      const text = JSON.stringify(value);
      if (/\\u0000|__proto__|constructor/.test(text) || !text.isWellFormed() || /\\ud[89a-f]/.test(text)) return;
      assert.deepEqual(parseJson(text), JSON.parse(text));
      assert.deepEqual(parseJson(Buffer.from(text)), JSON.parse(text));
    }),
  );
});

test('of a key given twice the last one counts', () => {
  assert.deepEqual(parseJson('{"a":1,"a":2}'), { a: 2 });
});

test('keys that reach prototypes are refused with their place, escaped or not, at every depth', () => {
  assert.equal(refused('{"__proto__":{"admin":true}}'), '/__proto__');
  assert.equal(refused('{"a":[{"\\u005f_proto__":1}]}'), '/a/0/__proto__');
  assert.equal(refused('{"a":{"constructor":{"prototype":{"admin":true}}}}'), '/a/constructor');
  assert.equal(refused('{"a":1,"__proto__":null,"a":2}'), '/__proto__');
  assert.deepEqual(parseJson('{"constructor":"Tatlin","prototype":1,"proto":{"constructor":{}}}'), {
    constructor: 'Tatlin',
    prototype: 1,
    proto: { constructor: {} },
  });
  assert.equal(({} as { admin?: boolean }).admin, undefined);
});

test('nesting up to the limit is taken and one level more is refused', () => {
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
  assert.ok(parseJson(nested(4), { depthMax: 4 }));
  assert.equal(refused(nested(5), 4), '/0/0/0/0');
  assert.equal(refused('{"a":{"b":{"c":{"d":{}}}}}', 4), '/a/b/c/d');
  assert.equal(parseJson('1', { depthMax: 0 }), 1);
});

test('a depth bomb is refused without a crash', () => {
  for (const levels of [10_000, 1_000_000]) {
    assert.equal(typeof refused('['.repeat(levels) + ']'.repeat(levels)), 'string');
    assert.equal(typeof refused('{"a":'.repeat(levels) + '1' + '}'.repeat(levels)), 'string');
    assert.equal(refused('['.repeat(levels)), '');
  }
});

test('what is no JSON is refused without quoting it', () => {
  for (const text of [
    '',
    ' ',
    '{',
    'undefined',
    'NaN',
    "{'a':1}",
    '{"a":1,}',
    '[1]x',
    '\ufeff{}',
    '01',
    '"a\nb"',
    '{"password":"hunter2",}',
  ]) {
    assert.equal(refused(text), '', text);
    assert.throws(
      () => parseJson(text),
      (error: Error) => !error.message.includes('hunter2'),
    );
  }
});

test('bytes that are no UTF-8 are refused', () => {
  for (const bytes of [
    [0x22, 0xff, 0x22],
    [0x22, 0xc0, 0x80, 0x22],
    [0x22, 0xed, 0xa0, 0x80, 0x22],
    [0x22, 0xc3],
  ])
    assert.equal(refused(Uint8Array.from(bytes)), '');
});

test('strings that no store takes are refused with their place, as values and as keys', () => {
  assert.equal(refused('{"a":{"b/c":["x","\\u0000"]}}'), '/a/b~1c/1');
  assert.equal(refused('["\\ud800"]'), '/0');
  assert.equal(refused('{"a":{"\\udc00":1}}'), '/a');
  assert.equal(refused('{"~":{"\\u0000":1}}'), '/~0');
  assert.deepEqual(parseJson('["\\ud83d\\ude00"]'), ['😀']);
});
