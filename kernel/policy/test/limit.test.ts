import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperationError } from '../../contract/fault.ts';
import { formatPolicies, parsePolicies, parseSchema } from '../authority.ts';
import { compilePolicySet } from '../compile.ts';
import { entityStore } from '../entity-store.ts';
import { parseJson, readRecord } from '../json.ts';
import {
  ancestorMax,
  expressionDepthMax,
  expressionNodeMax,
  policyDepthMax,
  policyNestingMax,
  policyTextBytesMax,
  valueDepthMax,
} from '../limits.ts';

const everything = { op: 'All' };
const nobody = { principal: { type: 'U', id: 'a' }, action: { type: 'Action', id: 'a' }, resource: { type: 'U', id: 'b' }, context: {} };
const compile = (body: unknown) =>
  compilePolicySet([
    {
      id: 'p',
      est: { effect: 'permit', principal: everything, action: everything, resource: everything, conditions: [{ kind: 'when', body }] },
    },
  ]);
const text = (condition: string) => `permit (principal, action, resource) when { ${condition} };`;

function refuses(call: () => unknown, code: string, words: string | RegExp): void {
  assert.throws(call, (error) => {
    assert.ok(error instanceof OperationError, String(error));
    assert.equal(error.code, code);
    if (typeof words === 'string') assert.ok(error.message.includes(words), error.message);
    else assert.match(error.message, words);
    return true;
  });
}

/** Wraps a leaf so many times, without recursion. */
function nest(leaf: unknown, times: number, wrap: (inner: unknown) => unknown): unknown {
  let json = leaf;
  for (let level = 0; level < times; level++) json = wrap(json);
  return json;
}

const wraps: Record<string, (inner: unknown) => unknown> = {
  '!': (arg) => ({ '!': { arg } }),
  '+': (left) => ({ '+': { left, right: { Value: 1 } } }),
  'a right operand': (right) => ({ '==': { left: { Value: 1 }, right } }),
  '.': (left) => ({ '.': { left, attr: 'a' } }),
  has: (left) => ({ has: { left, attr: 'a' } }),
  is: (left) => ({ is: { left, entity_type: 'U' } }),
  Set: (inner) => ({ Set: [inner] }),
  Record: (inner) => ({ Record: { a: inner } }),
  'if-then-else': (inner) => ({ 'if-then-else': { if: { Value: true }, then: { Value: true }, else: inner } }),
  ip: (inner) => ({ ip: [inner] }),
  'alternating && and ||': (inner) => ({ '&&': { left: { '||': { left: inner, right: { Value: true } } }, right: { Value: true } } }),
};

for (const [name, wrap] of Object.entries(wraps)) {
  test(`an expression nested in ${name} compiles up to expressionDepthMax and is refused beyond, however deep`, () => {
    const leaf = { Var: 'context' };
    const levels = name.startsWith('alternating') ? expressionDepthMax / 2 : expressionDepthMax;
    const decided = compile(nest(leaf, levels, wrap)).decide(nobody, entityStore([]));
    assert.equal(decided.reasons.length + decided.errors.length <= 1, true);
    for (const times of [levels + 1, 100_000])
      refuses(() => compile(nest(leaf, times, wrap)), 'PolicyInvalid', `expressionDepthMax (${expressionDepthMax})`);
  });
}

test('a chain of && or || is as deep as its deepest operand, however long and whichever way it leans', () => {
  const open = entityStore([]);
  for (const [op, last] of [
    ['&&', true],
    ['||', false],
  ] as const) {
    const left = nest({ Value: last }, 9000, (inner) => ({ [op]: { left: inner, right: { Value: last } } }));
    const right = nest({ Value: last }, 9000, (inner) => ({ [op]: { left: { Value: last }, right: inner } }));
    for (const body of [left, right]) assert.equal(compile(body).decide(nobody, open).allow, last);
  }
  const tooLong = nest({ Value: true }, expressionNodeMax + 1, (left) => ({ '&&': { left, right: { Value: true } } }));
  refuses(() => compile(tooLong), 'PolicyInvalid', `expressionNodeMax (${expressionNodeMax})`);
});

test('a value nested deeper than valueDepthMax is refused in a context, an entity, a literal and JSON text', () => {
  const fits = nest(1, valueDepthMax - 1, (inner) => [inner]);
  assert.equal(readRecord({ a: fits }, '/context').attrs.size, 1);
  for (const times of [valueDepthMax + 1, 100_000]) {
    for (const wrap of [(inner: unknown) => [inner], (inner: unknown) => ({ a: inner })]) {
      const bomb = nest(1, times, wrap);
      const words = `valueDepthMax (${valueDepthMax})`;
      refuses(() => compile({ Value: bomb }), 'PolicyInvalid', words);
      refuses(() => compile({ Value: true }).decide({ ...nobody, context: { bomb } }, entityStore([])), 'BadInput', words);
      refuses(() => entityStore([{ uid: { type: 'U', id: 'a' }, attrs: { bomb }, parents: [] }]), 'BadInput', words);
    }
  }
  refuses(() => readRecord({ a: parseJson(`${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`) }, '/context'), 'BadInput', /nested/);
});

test('an entity may have ancestorMax ancestors, and a longer chain is refused rather than walked', () => {
  const chain = (length: number) =>
    Array.from({ length }, (_, index) => ({
      uid: { type: 'U', id: `${index}` },
      attrs: {},
      parents: index + 1 < length ? [{ type: 'U', id: `${index + 1}` }] : [],
    }));
  assert.equal(entityStore(chain(ancestorMax + 1)).get('U::"0"')?.ancestors.size, ancestorMax);
  refuses(() => entityStore(chain(50_000)), 'BadInput', `ancestorMax (${ancestorMax})`);
});

const bombs: Record<string, (times: number) => string> = {
  parentheses: (times) => `${'('.repeat(times)}true${')'.repeat(times)}`,
  sets: (times) => `${'['.repeat(times)}1${']'.repeat(times)} == 1`,
  records: (times) => `${'{a: '.repeat(times)}1${'}'.repeat(times)} == 1`,
  calls: (times) => `${'ip('.repeat(times)}"1"${')'.repeat(times)} == 1`,
  conditionals: (times) => `${'if true then true else '.repeat(times)}true`,
};

for (const [name, bomb] of Object.entries(bombs)) {
  test(`the text of nested ${name} is read up to policyNestingMax and refused beyond, with its place`, () => {
    const [policy] = parsePolicies(text(bomb(policyNestingMax - 3)));
    assert.equal(policy?.template, false);
    assert.ok(formatPolicies(text(bomb(policyNestingMax - 3))).startsWith('permit'));
    for (const times of [policyNestingMax + 1, 5000])
      refuses(
        () => parsePolicies(`\n${text(bomb(times))}`),
        'PolicyInvalid',
        /Line 2, column [0-9]+: nested deeper than policyNestingMax \(64\)/,
      );
  });
}

test('the text of a long chain is refused at policyDepthMax, a long text at policyTextBytesMax', () => {
  const chain = (times: number, operator: string) => new Array(times).fill('context.a').join(` ${operator} `);
  for (const operator of ['+', '&&', '||']) {
    assert.equal(parsePolicies(text(chain(100, operator))).length, 1);
    refuses(() => parsePolicies(text(chain(3000, operator))), 'PolicyInvalid', `policyDepthMax (${policyDepthMax})`);
  }
  refuses(
    () => parsePolicies(text(`"${'x'.repeat(policyTextBytesMax)}" == ""`)),
    'PolicyInvalid',
    `policyTextBytesMax (${policyTextBytesMax} bytes)`,
  );
  refuses(() => parsePolicies(`permit (principal, action, resource) when { ${'\\"'.repeat(30_000)}`), 'PolicyInvalid', /Line 1/);
});

test('the engine answers again after a text has overflowed its stack', () => {
  refuses(
    () => parseSchema(`entity U { a: ${'Set<'.repeat(5000)}Long${'>'.repeat(5000)} };`),
    'PolicyInvalid',
    /policy engine cannot read this/,
  );
  assert.deepEqual(Object.keys(parseSchema('entity U;')), ['']);
  assert.equal(parsePolicies(text('true')).length, 1);
});
