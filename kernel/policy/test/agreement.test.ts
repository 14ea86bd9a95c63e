import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OperationError } from '../../contract/fault.ts';
import type { EntityJson } from '../action-entity.ts';
import { type EngineRequest, engineSet } from '../authority.ts';
import { compilePolicy, compilePolicySet, type PolicySource, policySetOf } from '../compile.ts';
import { entityStore } from '../entity-store.ts';
import { calculation, constructorCall, likeTest, setTest } from './fixtures/arbitrary-condition.ts';
import { entities, policies, policy, request } from './fixtures/arbitrary-policy.ts';
import { outcome } from './fixtures/case.ts';

type Outcome = ReturnType<typeof outcome> | 'refused';
const runs = Number(process.env.POLICY_RUNS ?? 1000);
const seed = process.env.POLICY_SEED === undefined ? undefined : Number(process.env.POLICY_SEED);

/** What a call answers; an input that is refused with a sentence is an answer too. */
function answer(call: () => Outcome): Outcome {
  try {
    return call();
  } catch (error) {
    assert.ok(error instanceof OperationError, String((error as Error).stack));
    return 'refused';
  }
}

function compiled(set: readonly PolicySource[], known: readonly EntityJson[], asked: EngineRequest): Outcome {
  return answer(() => {
    const store = entityStore(known);
    return outcome(compilePolicySet(set).decide(asked, store));
  });
}

function engine(set: readonly PolicySource[], known: readonly EntityJson[], asked: EngineRequest): Outcome {
  return answer(() => outcome(engineSet(set).decide(asked, known)));
}

test('random policies over random entities are decided as the engine decides them', (t) => {
  const seen = { allowed: 0, denied: 0, withErrors: 0, refused: 0 };
  fc.assert(
    fc.property(policies, entities, fc.array(request, { minLength: 1, maxLength: 3 }), (set, known, asked) => {
      for (const one of asked) {
        const ours = compiled(set, known, one);
        assert.deepEqual(ours, engine(set, known, one));
        if (ours === 'refused') seen.refused++;
        else {
          seen[ours.allow ? 'allowed' : 'denied']++;
          if (ours.errors.length > 0) seen.withErrors++;
        }
      }
    }),
    { numRuns: runs, seed },
  );
  t.diagnostic(JSON.stringify(seen));
  for (const [kind, count] of Object.entries(seen)) assert.ok(count > runs / 50, `only ${count} ${kind}`);
});

test('a set in which policies were replaced and removed one by one decides as one that was made of what is left', () => {
  let changes = 0;
  const ask = fc.array(request, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(policies, policies, entities, ask, (first, second, known, asked) => {
      const isRefused = asked.some((one) => [first, second].some((set) => compiled(set, known, one) === 'refused'));
      if (isRefused) return;
      const store = entityStore(known);
      const set = policySetOf(first.map(compilePolicy));
      const current = new Map(first.map((one) => [one.id, one]));
      const steps = [...second, ...first.filter(({ id }) => second.every((other) => other.id !== id)).map(({ id }) => ({ id }))];
      for (const step of steps) {
        for (const one of asked) assert.deepEqual(outcome(set.decide(one, store)), compiled([...current.values()], known, one));
        changes++;
        if ('est' in step) {
          set.put(compilePolicy(step));
          current.set(step.id, step);
        } else {
          set.remove(step.id);
          current.delete(step.id);
        }
      }
      for (const one of asked) assert.deepEqual(outcome(set.decide(one, store)), compiled(second, known, one));
      assert.equal(set.size, second.length);
    }),
    { numRuns: Math.ceil(runs / 4), seed },
  );
  assert.ok(changes > runs / 8, `only ${changes} changes`);
});

test('a further forbid never allows what was denied, and a further permit never denies what was allowed', () => {
  fc.assert(
    fc.property(
      policies,
      policy(fc.constant('forbid')),
      policy(fc.constant('permit')),
      entities,
      request,
      (set, forbid, permit, known, asked) => {
        const before = compiled(set, known, asked);
        const stricter = compiled([...set, { id: 'more', ...forbid }], known, asked);
        const looser = compiled([...set, { id: 'more', ...permit }], known, asked);
        if (before === 'refused' || stricter === 'refused' || looser === 'refused') return;
        assert.ok(before.allow || !stricter.allow);
        assert.ok(!before.allow || looser.allow);
      },
    ),
    { numRuns: runs, seed },
  );
});

const anybody = { principal: { type: 'U', id: '1' }, action: { type: 'Action', id: 'r' }, resource: { type: 'U', id: '1' }, context: {} };

/** Decides many conditions, each as a policy of its own, a hundred at a time. */
function agreeOnConditions(condition: fc.Arbitrary<unknown>): void {
  const all = { op: 'All' };
  const bodies = fc.sample(condition, { numRuns: runs * 3, seed });
  for (let from = 0; from < bodies.length; from += 100) {
    const set = bodies.slice(from, from + 100).map((body, index) => ({
      id: `p${index}`,
      est: { effect: 'permit', principal: all, action: all, resource: all, conditions: [{ kind: 'when', body }] },
    }));
    const [ours, theirs] = [compiled(set, [], anybody), engine(set, [], anybody)];
    assert.ok(ours !== 'refused' && theirs !== 'refused');
    const differs = (id: string) =>
      ours.reasons.includes(id) !== theirs.reasons.includes(id) || ours.errors.includes(id) !== theirs.errors.includes(id);
    assert.deepEqual(
      set.filter(({ id }) => differs(id)).map(({ est }) => est.conditions[0]?.body),
      [],
    );
  }
}

test('constructors of extensions take the texts that the engine takes, and make equal values of them', () => {
  const pair = fc.tuple(constructorCall, constructorCall);
  agreeOnConditions(
    fc.oneof(
      constructorCall.map((one) => ({ '==': { left: one, right: one } })),
      pair.map(([left, right]) => ({ '==': { left, right } })),
      pair.map(([left, right]) => ({ '<': { left, right } })),
      pair.map((list) => ({ isInRange: list })),
      pair.map((list) => ({ lessThan: list })),
      pair.map(([left, right]) => ({
        '==': { left: { durationSince: [left, right] }, right: { Value: { __extn: { fn: 'duration', arg: '1ms' } } } },
      })),
      constructorCall.map((one) => ({ '==': { left: { toDate: [one] }, right: one } })),
      constructorCall.map((one) => ({ '<': { left: { toTime: [one] }, right: { duration: [{ Value: '12h' }] } } })),
    ),
  );
});

test('like fits the texts that the engine fits', () => agreeOnConditions(likeTest));

test('sets are equal and contain one another where the engine says so', () => agreeOnConditions(setTest));

test('integers are exact to 64 bits and overflow where the engine overflows', () => {
  agreeOnConditions(
    fc
      .tuple(calculation, calculation, fc.constantFrom('==', '<', '<=', '>', '>=', '!='))
      .map(([left, right, op]) => ({ [op]: { left, right } })),
  );
});
