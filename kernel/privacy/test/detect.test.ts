import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Finding, findPersonal, maskPersonal } from '../detect.ts';
import { labelled } from './labelled.ts';

/** A marked line as its plain text and what is personal in it. */
function unmarked(line: string): { text: string; wanted: Finding[] } {
  let text = '';
  const wanted: Finding[] = [];
  for (const part of line.split(/(\{[a-z-]+\|[^}]+\})/)) {
    const mark = /^\{([a-z-]+)\|([^}]+)\}$/.exec(part);
    if (mark) wanted.push({ kind: mark[1] as Finding['kind'], start: text.length, end: text.length + (mark[2] ?? '').length });
    text += mark?.[2] ?? part;
  }
  return { text, wanted };
}

/** A finding counts when it is of the right kind and covers what was marked, give or take a title or a stop. */
const covers = (found: Finding, wanted: Finding) =>
  found.kind === wanted.kind &&
  found.start <= wanted.start + 4 &&
  found.end >= wanted.end - 1 &&
  found.end - found.start <= wanted.end - wanted.start + 6;

test('personal data in the labelled set is found with F1 of at least 0.9, for every kind with at least 0.8', () => {
  const counts = new Map<string, { hit: number; missed: number; wrong: number }>();
  const count = (kind: string) =>
    counts.get(kind) ?? (counts.set(kind, { hit: 0, missed: 0, wrong: 0 }).get(kind) as { hit: number; missed: number; wrong: number });
  const seen: string[] = [];
  for (const line of labelled) {
    const { text, wanted } = unmarked(line);
    const found = findPersonal(text);
    for (const each of wanted) {
      const isFound = found.some((other) => covers(other, each));
      if (isFound) count(each.kind).hit += 1;
      else count(each.kind).missed += 1;
      if (!isFound) seen.push(`missed ${each.kind}: ${line}`);
    }
    for (const each of found) {
      if (wanted.some((other) => covers(each, other))) continue;
      count(each.kind).wrong += 1;
      seen.push(`wrong ${each.kind} "${text.slice(each.start, each.end)}": ${line}`);
    }
  }
  const f1 = ({ hit, missed, wrong }: { hit: number; missed: number; wrong: number }) => (2 * hit) / (2 * hit + missed + wrong);
  const all = [...counts.values()].reduce((sum, each) => ({
    hit: sum.hit + each.hit,
    missed: sum.missed + each.missed,
    wrong: sum.wrong + each.wrong,
  }));
  const told = [...counts].map(([kind, each]) => `${kind} ${f1(each).toFixed(2)}`).join(', ');
  assert.ok(labelled.length >= 130 && f1(all) >= 0.9, `F1 ${f1(all).toFixed(3)}: ${told}\n${seen.join('\n')}`);
  for (const [kind, each] of counts) assert.ok(f1(each) >= 0.8, `${kind} has ${f1(each).toFixed(2)}\n${seen.join('\n')}`);
});

test('masking names the kind in the place of the data, and leaves the rest as it was', () => {
  assert.equal(
    maskPersonal('Pay DE89 3704 0044 0532 0130 00 for Mrs Agnieszka Nowak, ada@example.org; order 17.'),
    'Pay [iban] for Mrs [name], [email]; order 17.',
  );
  assert.equal(maskPersonal('Nothing of note in build 20260304.'), 'Nothing of note in build 20260304.');
});

test('whatever the text, findings lie in it, in order and apart, and masked text has none of their texts left in place', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...labelled)), { maxLength: 6 }), (parts) => {
      const text = parts.join(' ');
      let last = 0;
      for (const { start, end } of findPersonal(text)) {
        assert.ok(start >= last && end > start && end <= text.length);
        last = end;
      }
    }),
    { numRuns: 200 },
  );
});

test('long texts made to be slow are read in a time that grows with their length alone', () => {
  const steps = [
    `${'A'.repeat(60_000)}@`,
    '1 '.repeat(30_000),
    `${'Anna '.repeat(12_000)}`,
    `${'a.'.repeat(30_000)}@${'b.'.repeat(5000)}`,
    'Dear '.repeat(12_000),
  ];
  // A pattern that backtracks over its text would not end within the time of a test.
  for (const text of steps) assert.ok(Array.isArray(findPersonal(text)));
});
