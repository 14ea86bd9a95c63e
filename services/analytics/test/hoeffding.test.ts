import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { learnTree, type Tree, treeLearned } from '../engine/hoeffding/tree.ts';
import { noWindow, slid } from '../engine/hoeffding/window.ts';
import { predictOnline } from '../engine/learner.ts';

/** What river says of the same streams; made by make-hoeffding.py. */
const river = JSON.parse(readFileSync(new URL('fixtures/hoeffding.json', import.meta.url), 'utf8')) as {
  readonly trees: Readonly<Record<'sea' | 'abrupt', readonly number[]>>;
  readonly window: { readonly drifts: readonly number[]; readonly width: number; readonly total: number; readonly squares: number };
};

/** Numbers between 0 and 1, the same as in make-hoeffding.py. */
function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

const rowCount = 10_000;

/** Rows as text, the label first; what is to be learned becomes another in the middle. */
function stream(kind: 'sea' | 'abrupt'): string[] {
  const chance = chances(12345);
  return Array.from({ length: rowCount }, (_, at) => {
    const [a, b, c] = [chance() * 10, chance() * 10, chance() * 10];
    const isFirst = at < rowCount / 2;
    const label = kind === 'sea' ? a + b <= (isFirst ? 8 : 9.5) : isFirst ? a + b <= 8 : a - c > 1;
    return JSON.stringify([Number(label !== chance() < 0.1), a, b, c]);
  });
}

test('a window drifts at the very values at which that of river does, and is as wide, with the same mean and variance', () => {
  const chance = chances(777);
  let window = noWindow;
  const drifts: number[] = [];
  for (let at = 0; at < 6000; at += 1) {
    const before = window.drifts;
    window = slid(window, Number(chance() < (at < 2000 ? 0.2 : at < 4000 ? 0.5 : 0.3)));
    if (window.drifts > before) drifts.push(at);
  }
  assert.deepEqual(drifts, river.window.drifts);
  assert.deepEqual([window.width, window.total], [river.window.width, river.window.total]);
  assert.ok(Math.abs(window.squares - river.window.squares) < 1e-9);
  assert.ok(window.buckets.length <= Math.log2(window.width), 'buckets grow with the logarithm of the width');
});

for (const kind of ['sea', 'abrupt'] as const)
  test(`a tree foretells a stream that drifts (${kind}) within one point of river's, or better, and goes on from what was written down`, () => {
    let tree: Tree | null = null;
    let again: Tree | null = null;
    for (const [at, row] of stream(kind).entries()) {
      tree = learnTree(tree, row, 1, true);
      again = learnTree(at % 500 === 0 ? (JSON.parse(JSON.stringify(again)) as Tree | null) : again, row, 1, true);
    }
    const text = treeLearned(tree as Tree);
    assert.equal(treeLearned(again as Tree), text);
    const { accuracy, drifts, replaced, leaves } = JSON.parse(text) as Record<string, number>;
    for (const other of river.trees[kind]) assert.ok((accuracy ?? 0) > other - 0.01, `${accuracy}, and river ${other}`);
    assert.ok(Number(drifts) > 0 && Number(replaced) > 0 && Number(leaves) > 1, text.slice(0, 200));
    // What the stream is in the end is what the tree says.
    const sure = kind === 'sea' ? [[1, 1, 5, 1] as const, [9, 9, 5, 0] as const] : [[9, 5, 1, 1] as const, [1, 5, 9, 0] as const];
    for (const [a, b, c, label] of sure) assert.ok(Math.abs(predictOnline(text, [a, b, c]) - label) < 0.3, `${a} ${b} ${c}`);
  });

test('without another tree to take its place the same tree would not follow', () => {
  let tree: Tree | null = null;
  for (const row of stream('abrupt').slice(0, rowCount / 2)) tree = learnTree(tree, row, 1, true);
  const stale = treeLearned(tree as Tree);
  const later = stream('abrupt').slice(rowCount / 2);
  let right = 0;
  for (const row of later) {
    const [label = 0, ...features] = JSON.parse(row) as number[];
    right += Number(predictOnline(stale, features) > 0.5 === (label === 1));
  }
  assert.ok(right / later.length < 0.7, `${right}`);
});

test('a tree of several classes tells the likeliest, and grows neither classes nor leaves beyond what it may have', () => {
  const chance = chances(99);
  const wide = Array.from({ length: 60 }, () => 0);
  let tree: Tree | null = null;
  for (let at = 0; at < 6000; at += 1) {
    const features = wide.map(() => chance());
    const label = 7 + Math.floor((features[0] as number) * 4);
    tree = learnTree(tree, JSON.stringify([label, ...features]), 1, false);
  }
  for (let label = 100; label < 130; label += 1) tree = learnTree(tree, JSON.stringify([label, ...wide]), 1, false);
  const text = treeLearned(tree as Tree);
  const told = JSON.parse(text) as { labels: number[]; leaves: number; unlearned: number };
  assert.ok(told.labels.length <= 16 && told.labels.length * told.leaves * wide.length <= 2 * 4096);
  assert.equal(told.labels.length + told.unlearned, 34);
  for (const [share, label] of [
    [0.1, 7],
    [0.4, 8],
    [0.6, 9],
    [0.9, 10],
  ] as const)
    assert.equal(predictOnline(text, [share, ...wide.slice(1).map(() => 0.5)]), label);
});

test('a text that is no tree answers an error', () => {
  const leaf = '{"counts":[1]}';
  const head = '{"kind":"tree","features":1,"labels":[1],"label":"boolean","root":';
  assert.equal(predictOnline(`${head}${leaf}}`, [1]), 1);
  for (const root of [
    '1',
    '{}',
    '{"counts":[]}',
    '{"counts":[1,2]}',
    '{"counts":["1"]}',
    '{"counts":[1],"isNaive":true,"estimates":[[1]]}',
  ])
    assert.throws(() => predictOnline(`${head}${root}}`, [1]), { sqlstate: '22023' }, root);
  for (const feature of ['-1', '1', '0.5', '"0"'])
    assert.throws(() => predictOnline(`${head}{"feature":${feature},"at":1,"below":${leaf},"above":${leaf}}}`, [1]), { sqlstate: '22023' });
  const deep = `${`{"feature":0,"at":1,"above":${leaf},"below":`.repeat(100_000)}${leaf}${'}'.repeat(100_000)}`;
  assert.throws(() => predictOnline(`${head}${deep}}`, [1]), { sqlstate: '22023' });
  assert.throws(() => predictOnline(`${head}${leaf}}`, [1, 2]), { sqlstate: '22023' });
});
