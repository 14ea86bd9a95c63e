import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatId, idTime, openIds, parseId } from '../id.ts';

const bits63 = fc.bigInt({ min: 1n, max: (1n << 63n) - 1n });

test('ids grow within a process, whatever its clock does', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -50, max: 3 }), { minLength: 1, maxLength: 2000 }), (moves) => {
      let clock = Date.UTC(2030, 0, 1);
      const ids = openIds({ region: 3, process: 9 }, () => clock);
      let last = 0n;
      for (const move of moves) {
        clock += move;
        const id = ids.next();
        assert.ok(id > last);
        last = id;
      }
    }),
    { numRuns: 30 },
  );
});

test('ids of processes and regions with different numbers never meet, and keep their time', () => {
  const now = () => Date.UTC(2026, 5, 1, 12);
  const made = new Set<bigint>();
  for (const place of [
    { region: 0, process: 0 },
    { region: 0, process: 255 },
    { region: 31, process: 0 },
    { region: 31, process: 255 },
  ]) {
    const ids = openIds(place, now);
    for (let i = 0; i < 256; i++) made.add(ids.next());
  }
  assert.equal(made.size, 4 * 256);
  for (const id of made) {
    assert.equal(idTime(id), now());
    assert.ok(id < 1n << 63n);
  }
});

test('a burst far beyond the clock is refused, and goes on when the clock has come up', () => {
  let clock = Date.UTC(2026, 0, 1);
  const ids = openIds({ region: 1, process: 1 }, () => clock);
  let last = 0n;
  assert.throws(
    () => {
      for (let i = 0; i < 4_000_000; i++) last = ids.next();
    },
    { code: 'TooMany' },
  );
  clock += 60_000;
  assert.ok(ids.next() > last);
});

test('the text form is 13 characters, sorts as the ids do and is read back', () => {
  fc.assert(
    fc.property(bits63, bits63, (a, b) => {
      const [x, y] = [formatId(a), formatId(b)];
      assert.match(x, /^[0-7][0-9a-hjkmnp-tv-z]{12}$/);
      assert.equal(parseId(x), a);
      assert.equal(a < b, x < y);
    }),
  );
  assert.equal(formatId((1n << 63n) - 1n), '7zzzzzzzzzzzz');
});

test('anything else is refused as an id', () => {
  for (const junk of [
    '',
    '0000000000000',
    '8000000000000',
    '1234567890abc ',
    '1234567890abC',
    'i234567890abc',
    '1234567890abl',
    '1234567890abo',
    '1234567890abu',
    '1234567890ab',
    '1234567890abcd',
    '-234567890abc',
    '１２３４５６７８９０abc',
    '1234567890\n12',
    undefined,
    7,
    {},
  ]) {
    assert.throws(() => parseId(junk as string), { code: 'BadInput' }, String(junk));
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      if (/^[0-7][0-9a-hjkmnp-tv-z]{12}$/.test(text)) return;
      assert.throws(() => parseId(text), { code: 'BadInput' });
    }),
  );
  for (const out of [-1n, 1n << 63n]) assert.throws(() => formatId(out), RangeError);
});

test('a place that has no room in an id is refused', () => {
  for (const place of [
    { region: 32, process: 0 },
    { region: -1, process: 0 },
    { region: 0, process: 256 },
    { region: 0.5, process: 0 },
  ]) {
    assert.throws(() => openIds(place), RangeError);
  }
});
