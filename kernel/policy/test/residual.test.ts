import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { openSql, type Sql } from '#seams/sql/sql.ts';
import { startTestServer, type TestServer } from '#seams/sql/test/server.ts';
import { compilePolicy, compilePolicySet, frameOf, type PolicySource } from '../compile.ts';
import { entityStore } from '../entity-store.ts';
import { residualOf } from '../residual.ts';
import { textOf } from '../sql.ts';

let server: TestServer;
let sql: Sql;
before(async () => {
  server = await startTestServer({ synchronous_commit: 'off', fsync: 'off' });
  sql = openSql(new URL(server.url), { max: 1, applicationName: 'residual' });
});
after(async () => {
  await sql.close();
  await server[Symbol.asyncDispose]();
});

type Json = unknown;
type Row = { readonly name: string; readonly attributes: Record<string, Json>; readonly labels: Record<string, string> };

const primitive = fc.oneof(fc.integer({ min: -2, max: 3 }), fc.constantFrom<Json>('a', 'ab', 'r1', '', "o'x", '%_\\', true, false));
const names = ['a', 'b', 'c', 'name'];
const attributeName = fc.constantFrom(...names, 'labels', 'Value', "it's");
const held = fc.oneof(
  { weight: 4, arbitrary: primitive },
  fc.array(primitive, { maxLength: 3 }),
  fc.constantFrom<Json>([[1], 'a'], [{ a: 1 }]),
  fc.dictionary(fc.constantFrom('a', 'b'), primitive, { maxKeys: 2 }),
  fc.constant(1.5),
);
const row: fc.Arbitrary<Omit<Row, 'name'>> = fc.record({
  attributes: fc.dictionary(attributeName, held, { maxKeys: 4 }),
  labels: fc.dictionary(fc.constantFrom('team', 'a'), fc.constantFrom('a', 'b'), { maxKeys: 2 }),
});
const rows = fc.array(row, { minLength: 1, maxLength: 12 }).map((list) => list.map((one, index): Row => ({ name: `r${index}`, ...one })));

const resource = { Var: 'resource' };
const rowUid = fc.constantFrom(
  { type: 'n::Note', id: 'r0' },
  { type: 'n::Note', id: 'r1' },
  { type: 'n::Other', id: 'r0' },
  { type: 'Gamut::Scope', id: 's' },
  { type: 'Gamut::Scope', id: 'elsewhere' },
);
const literal = primitive.map((Value) => ({ Value }));
const literalSet = fc.array(literal, { maxLength: 3 }).map((Set) => ({ Set }));

const { condition } = fc.letrec<{ condition: Json; value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    literal,
    { weight: 4, arbitrary: attributeName.map((attr) => ({ '.': { left: resource, attr } })) },
    attributeName.map((attr) => ({ '.': { left: { '.': { left: resource, attr } }, attr: 'a' } })),
    fc.constantFrom('team', 'b').map((Value) => ({ getTag: { left: resource, right: { Value } } })),
    fc.constantFrom('face', 'missing').map((attr) => ({ '.': { left: { Var: 'context' }, attr } })),
    attributeName.map((attr) => ({ '.': { left: { Record: { Value: { '.': { left: resource, attr } } } }, attr: 'Value' } })),
    tie('condition'),
  ),
  condition: fc.oneof(
    { maxDepth: 4 },
    tie('value'),
    attributeName.map((attr) => ({ has: { left: resource, attr } })),
    attributeName.map((attr) => ({ has: { left: { '.': { left: resource, attr } }, attr: 'b' } })),
    fc.constantFrom('team', 'z').map((Value) => ({ hasTag: { left: resource, right: { Value } } })),
    fc.record({ op: fc.constantFrom('==', '!=', '<', '<=', '>', '>=', 'contains'), left: tie('value'), right: tie('value') }).map(operator),
    fc.record({ op: fc.constantFrom('containsAll', 'containsAny'), left: tie('value'), right: literalSet }).map(operator),
    fc.record({ op: fc.constant('contains'), left: literalSet, right: tie('value') }).map(operator),
    tie('value').map((arg) => ({ isEmpty: { arg } })),
    fc
      .record({
        left: tie('value'),
        pattern: fc.array(fc.constantFrom<Json>('Wildcard', { Literal: 'a' }, { Literal: '%' }, { Literal: '_' }), { maxLength: 3 }),
      })
      .map((like) => ({ like })),
    rowUid.map((entity) => ({ '==': { left: resource, right: { Value: { __entity: entity } } } })),
    rowUid.map((entity) => ({ in: { left: resource, right: { Value: { __entity: entity } } } })),
    fc.constantFrom('n::Note', 'n::Other').map((entity_type) => ({ is: { left: resource, entity_type } })),
    fc.record({ op: fc.constantFrom('&&', '||'), left: tie('condition'), right: tie('condition') }).map(operator),
    tie('condition').map((arg) => ({ '!': { arg } })),
    fc.record({ if: tie('condition'), then: tie('condition'), else: tie('condition') }).map((body) => ({ 'if-then-else': body })),
  ),
}));

function operator({ op, left, right }: { op: string; left: Json; right: Json }): Json {
  return { [op]: { left, right } };
}

const place = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Json>({ op: 'All' }) },
  rowUid.map((entity) => ({ op: '==', entity })),
  rowUid.map((entity) => ({ op: 'in', entity })),
  fc.constantFrom('n::Note', 'n::Other').map((entity_type) => ({ op: 'is', entity_type })),
  rowUid.map((entity) => ({ op: 'is', entity_type: 'n::Note', in: { entity } })),
);
const policies: fc.Arbitrary<PolicySource[]> = fc
  .array(
    fc.record({
      effect: fc.constantFrom('permit', 'permit', 'forbid'),
      principal: fc.constant({ op: 'All' }),
      action: fc.constant({ op: 'All' }),
      resource: place,
      conditions: fc.array(fc.record({ kind: fc.constantFrom('when', 'unless'), body: condition }), { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((list) => list.map((est, index) => ({ id: `p${index}`, est })));

const asked = (name: string) => ({
  principal: { type: 'P', id: 'me' },
  action: { type: 'n::Action', id: 'Get' },
  resource: { type: 'n::Note', id: name },
  context: { face: 'a' },
});
const parents = [
  { type: 'Gamut::Scope', id: 's' },
  { type: 'Gamut::Tenant', id: 't' },
];

/** Policy sees whole numbers alone, labels as tags, and the name of what has no other. */
const seen = ({ name: own, attributes }: Row) => ({
  name: own,
  ...Object.fromEntries(Object.entries(attributes).filter(([name, value]) => value !== 1.5 && name !== 'labels')),
});

test('what SQL lets through is what random policies allow row by row; where it cannot tell it lets more through, never less', async (t) => {
  const counts = { exact: 0, wide: 0, shown: 0, hidden: 0 };
  const columns = { name: 'r.name', attributes: 'r.attributes', labels: 'r.labels' };
  await fc.assert(
    fc.asyncProperty(policies, fc.option(policies), rows, async (first, second, list) => {
      const sources = second ? [first, second] : [first];
      const sets = sources.map(compilePolicySet);
      const allowed = list.filter((each) => {
        const entities = entityStore([{ uid: { type: 'n::Note', id: each.name }, attrs: seen(each), tags: each.labels, parents }]);
        const answers = sets.map((set) => set.decide(asked(each.name), entities));
        return answers.some(({ allow }) => allow) && answers.every(({ allow, reasons }) => allow || reasons.length === 0);
      });
      const unknown = entityStore([{ uid: { type: 'n::Note', id: '' }, attrs: {}, tags: {}, parents }]);
      const frame = frameOf(asked(''), unknown);
      const askings = sources.map((each) => ({ parts: [{ policies: each.map(compilePolicy), mayPermit: true }], frame }));
      const { where, isExact } = residualOf(askings, columns);
      const values: string[] = [];
      const text = textOf(where, values, 2);
      const from = 'jsonb_to_recordset($1::text::jsonb) as r(name text, attributes jsonb, labels jsonb)';
      const found = await sql.platform().query(`select r.name from ${from} where ${text}`, [JSON.stringify(list), ...values]);
      const shown = new Set((found.rows as { name: string }[]).map(({ name }) => name));
      const wanted = allowed.map(({ name }) => name);
      if (isExact) assert.deepEqual([...shown].sort(), [...wanted].sort(), text);
      else assert.ok(wanted.every((name) => shown.has(name)));
      counts[isExact ? 'exact' : 'wide'] += 1;
      counts.shown += wanted.length;
      counts.hidden += list.length - wanted.length;
    }),
    { numRuns: 1000 },
  );
  t.diagnostic(JSON.stringify(counts));
  for (const count of Object.values(counts)) assert.ok(count > 30);
});
