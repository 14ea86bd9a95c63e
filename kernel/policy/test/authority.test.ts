import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OperationError } from '../../contract/fault.ts';
import { engineSet, formatPolicies, parsePolicies, parseSchema, schemaText, validatePolicies } from '../authority.ts';
import { compilePolicySet, type PolicySource } from '../compile.ts';
import { entityStore } from '../entity-store.ts';

const schema = `entity User { age: Long, name?: String }; entity Doc { owner: User };
action view appliesTo { principal: User, resource: Doc, context: {} };`;
const uid = (type: string, id: string) => ({ type, id });
const asked = { principal: uid('User', 'ada'), action: uid('Action', 'view'), resource: uid('Doc', 'd'), context: {} };

function problem(call: () => unknown): OperationError {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof OperationError, String(error));
    assert.equal(error.code, 'PolicyInvalid');
    return error;
  }
  return assert.fail('nothing was refused');
}

test('a document is cut into its policies, whatever semicolons, quotes and comments they hold', () => {
  const document = `// first; not a policy
@id("a;b") permit (principal, action, resource) when { "x;\\";" == "//" }; // and; this

forbid (principal == ?principal, action, resource)
  unless { context has "}" }; /`.replace(/ \/$/, '');
  const policies = parsePolicies(document);
  assert.deepEqual(
    policies.map(({ template, line, est }) => [template, est.effect, line]),
    [
      [false, 'permit', 1],
      [true, 'forbid', 2],
    ].map(([template, effect], index) => [template, effect, [1, 2][index]]),
  );
  assert.ok(policies[0]?.text.endsWith('};'));
  assert.deepEqual(parsePolicies(' \n// nothing\n'), []);
  for (const { text, est } of policies) assert.deepEqual(parsePolicies(text)[0]?.est, est);
});

test('a text that does not parse is refused with line, column and a sentence', () => {
  const before = '// ünïcödé \u{1F600}\npermit (principal, action, resource);\n';
  const cases: [string, string, RegExp][] = [
    [`${before}permit (principal, action, resource) when { "\u{1F600}" == };`, '3:52', /unexpected token `}`/],
    [`${before}permit (principal, action, resource) when { foo(1) };`, '3:45', /`foo` is not a valid function/],
    [`${before}permit (principal, action, resource)`, '3:37', /unexpected end of input/],
    [`${before}allow (principal, action, resource);`, '3:1', /invalid policy effect/],
    ['permit (principal, action, resource) when { 9223372036854775808 == 1 };', '1:45', /too large/],
    ['permit (principal, action == User::"x", resource);', '1:30', /Action/],
    ['permit (principal, action, resource) when { ?principal == principal };', '1:45', /slot/],
    ['permit (principal, action, resource) when { principal == "unfinished };', '1:58', /invalid token/],
  ];
  for (const [text, place, words] of cases) {
    const error = problem(() => parsePolicies(text));
    assert.equal(error.path, place, error.message);
    assert.match(error.message, words);
    assert.ok(error.message.includes(`Line ${place.replace(':', ', column ')}: `), error.message);
  }
});

test('validation names the policy, the place and the reason, errors before warnings', () => {
  const good = { id: 'good', text: 'permit (principal, action == Action::"view", resource) when { principal.age > 18 };' };
  assert.deepEqual(validatePolicies([good], schema), []);
  assert.deepEqual(validatePolicies([good], parseSchema(schema)), []);
  const found = validatePolicies(
    [
      good,
      { id: 'warns', text: 'permit (principal, action, resource)\nwhen { false && principal.age > 1 };' },
      { id: 'attribute', text: 'permit (principal, action, resource)\nwhen {\n  "é" != "" && principal.size > 1 };' },
      { id: 'optional', text: 'permit (principal, action, resource) when { principal.name == "ada" };' },
      { id: 'types', text: 'permit (principal == User::"é", action, resource) when { principal.age == "x" };' },
      { id: 'template', text: 'permit (principal in ?principal, action, resource) when { resource.owner.nothing };' },
    ],
    schema,
  );
  assert.deepEqual(
    found.map(({ policy, line, column, warning }) => [policy, line, column, warning]),
    [
      ['attribute', 3, 16, false],
      ['optional', 1, 45, false],
      ['template', 1, 59, false],
      ['types', 1, 58, false],
      ['warns', 1, 1, true],
    ],
  );
  assert.match(found[0]?.sentence ?? '', /attribute `size` on entity type `User` not found/);
  assert.match(problem(() => validatePolicies([{ id: 'two', text: `${good.text}${good.text}` }], schema)).message, /one statement/);
  assert.match(problem(() => validatePolicies([good], 'entity User in [Nothing];')).message, /Nothing/);
});

test('a schema is refused with its place, and its two forms say the same', () => {
  const error = problem(() => parseSchema('entity User;\nentity Doc {{ };'));
  assert.equal(error.path, '2:13');
  assert.deepEqual(parseSchema(schemaText(parseSchema(schema))), parseSchema(schema));
});

test('formatting changes the layout alone', () => {
  const text = 'permit(principal,action,resource)when{principal.age>18&&9223372036854775807!=1};// why\nforbid(principal,action,resource);';
  const formatted = formatPolicies(text);
  assert.match(formatted, /^permit \(principal, action, resource\)\nwhen \{/);
  assert.match(formatted, /\/\/ why/);
  assert.deepEqual(
    parsePolicies(formatted).map(({ est }) => est),
    parsePolicies(text).map(({ est }) => est),
  );
  assert.equal(problem(() => formatPolicies('permit (')).code, 'PolicyInvalid');
});

test('integers beyond 2^53 stay exact from the text to the decision', () => {
  const integer = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n, 2n ** 53n - 1n, -(2n ** 53n) - 1n),
  );
  const values = [...fc.sample(integer, 60), -(2n ** 63n), 2n ** 63n - 1n];
  const texts = values.flatMap((value) => [
    `context.n == ${value}`,
    `-(${value}) == context.n`,
    `[${value}, "integer:${value}"].contains(context.n) && "integer:" != ""`,
    `{"a": ${value}}.a - 1 < context.n`,
  ]);
  const policies = texts.map((condition, index) => ({
    id: `p${index}`,
    text: `permit (principal, action, resource) when { ${condition} };`,
  }));
  const parsed = policies.map(({ id, text }) => ({ id, est: parsePolicies(text)[0]?.est }));
  assert.deepEqual(JSON.parse(JSON.stringify(parsed)), parsed, 'the JSON form survives JSON');
  const [compiled, engine, reread] = [compilePolicySet(parsed), engineSet(policies), engineSet(parsed)];
  for (const n of values) {
    const [ours, ...theirs] = [
      compiled.decide({ ...asked, context: { n } }, entityStore([])),
      engine.decide({ ...asked, context: { n } }, []),
      reread.decide({ ...asked, context: { n } }, []),
    ].map(({ reasons, errors }) => [[...reasons].sort(), errors.map(({ policy }) => policy).sort()]);
    for (const other of theirs) assert.deepEqual(ours, other);
    assert.ok((ours?.[0]?.length ?? 0) >= 3);
  }
});

test('a template decides once its slots are filled, as the engine links it, and is refused while they are not', () => {
  const [template] = parsePolicies('permit (principal == ?principal, action, resource in ?resource);');
  const slots = { '?principal': uid('User', 'ada'), '?resource': uid('Doc', 'd') };
  const linked = [{ id: 'linked', est: template?.est, slots }];
  const answers = [compilePolicySet(linked).decide(asked, entityStore([])), engineSet(linked).decide(asked, [])];
  for (const answer of answers) assert.deepEqual([answer.allow, answer.reasons], [true, ['linked']]);
  assert.equal(compilePolicySet(linked).decide({ ...asked, principal: uid('User', 'bob') }, entityStore([])).allow, false);
  const incomplete: (PolicySource['slots'] | undefined)[] = [
    undefined,
    {},
    { '?principal': slots['?principal'] },
    { '?principal': slots['?principal'], '?resource': uid('a b', 'x') },
  ];
  for (const missing of incomplete) {
    assert.match(problem(() => compilePolicySet([{ id: 'linked', est: template?.est, slots: missing }])).message, /\?resource|\?principal/);
  }
});

test('the JSON form of a policy is refused with the policy, the place and the reason', () => {
  const all = { op: 'All' };
  const policy = { effect: 'permit', principal: all, action: all, resource: all, conditions: [] };
  const when = (body: unknown) => ({ ...policy, conditions: [{ kind: 'when', body }] });
  const cases: [unknown, string][] = [
    [null, ''],
    [[], ''],
    [{ ...policy, effect: 'Permit' }, '/effect'],
    [{ ...policy, more: 1 }, ''],
    [{ ...policy, conditions: {} }, '/conditions'],
    [{ ...policy, principal: undefined }, '/principal'],
    [{ ...policy, principal: { op: 'near' } }, '/principal/op'],
    [{ ...policy, principal: { op: '==', entity: 'User::"x"' } }, '/principal/entity'],
    [{ ...policy, principal: { op: 'is', entity_type: 'if' } }, '/principal/entity_type'],
    [{ ...policy, action: { op: '==', entity: uid('User', 'x') } }, '/action/entity'],
    [{ ...policy, action: { op: 'in', entities: [uid('Action', 'x'), 1] } }, '/action/entities/1'],
    [{ ...policy, action: { op: 'is', entity_type: 'Action' } }, '/action/op'],
    [{ ...policy, resource: { op: '==', slot: '?principal' } }, '/resource/slot'],
    [{ ...policy, conditions: [{ kind: 'where', body: { Value: true } }] }, '/conditions/0/kind'],
    [when({}), '/conditions/0/body'],
    [when({ Value: 1, Var: 'context' }), '/conditions/0/body'],
    [when({ constructor: [] }), '/conditions/0/body'],
    [when({ unknown: [{ Value: 'x' }] }), '/conditions/0/body'],
    [when({ Var: 'toString' }), '/conditions/0/body/Var'],
    [when({ Slot: '?principal' }), '/conditions/0/body/Slot'],
    [when({ Value: null }), '/conditions/0/body/Value'],
    [when({ Value: 2 ** 60 }), '/conditions/0/body/Value'],
    [when({ '==': { left: { Value: 1 } } }), '/conditions/0/body/=='],
    [
      when({ '&&': { left: { Value: true }, right: { '&&': { left: 1, right: { Value: true } } } } }),
      '/conditions/0/body/&&/right/&&/left',
    ],
    [when({ has: { left: { Var: 'context' }, attr: [] } }), '/conditions/0/body/has/attr'],
    [when({ like: { left: { Value: '' }, pattern: ['*'] } }), '/conditions/0/body/like/pattern/0'],
    [when({ Record: { 'a/b': 1 } }), '/conditions/0/body/Record/a~1b'],
  ];
  for (const [est, path] of cases) {
    const error = problem(() => compilePolicySet([{ id: 'mine', est }]));
    assert.equal(error.path, path, error.message);
    assert.match(error.message, /Policy "mine": /);
  }
  assert.match(
    problem(() =>
      compilePolicySet([
        { id: 'twice', est: policy },
        { id: 'twice', est: policy },
      ]),
    ).message,
    /"twice"/,
  );
});
