import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UsageRecord } from '../../audit/record.ts';
import type { AnyService } from '../../contract/contract.ts';
import { meteredResourcesMax } from '../limits.ts';
import { Meters } from '../meters.ts';

const contract = {
  name: 'echo',
  meters: {
    split: { unit: 'call', kind: 'sum', text: 'Split.', by: ['operation', 'resource'] },
    said: { unit: 'call', kind: 'sum', text: 'Said.' },
    held: { unit: 'text', kind: 'gauge', text: 'Held.' },
  },
} as unknown as AnyService;

function opened() {
  const written: UsageRecord[] = [];
  return {
    written,
    meters: new Meters(
      contract,
      (record) => written.push(record),
      () => 90_000,
    ),
  };
}

test('a sum starts anew after each flush, in the minute that is running', () => {
  const { written, meters } = opened();
  meters.add('t', 's', 'said', 2);
  meters.add('t', 's', 'said', 3);
  meters.flush();
  meters.add('t', 's', 'said', 4);
  meters.flush();
  meters.flush();
  assert.deepEqual(
    written.map(({ value, minute }) => [value, minute]),
    [
      ['5', 60_000],
      ['4', 60_000],
    ],
  );
});

test('what is counted in a counter that was kept through idle flushes is written', () => {
  const { written, meters } = opened();
  const kept = meters.counter('t', 's', 'said');
  meters.flush();
  meters.flush();
  kept.add(6);
  meters.add('t', 's', 'said', 1);
  meters.flush();
  assert.equal(
    written.reduce((sum, { value }) => sum + Number(value), 0),
    7,
  );
});

test('a gauge says its last value', () => {
  const { written, meters } = opened();
  meters.add('t', 's', 'held', 4);
  meters.add('t', 's', 'held', 3);
  meters.flush();
  assert.deepEqual(
    written.map(({ value, gauge }) => [value, gauge]),
    [['3', true]],
  );
});

test('a meter with dimensions is split by them, its resources up to a number, and loses nothing above it', () => {
  const { written, meters } = opened();
  const total = meteredResourcesMax + 5;
  for (let at = 0; at < total; at += 1) meters.add('t', 's', 'split', 1, { operation: 'Say', resource: `r${at}` });
  meters.add('t', 's', 'split', 2, { operation: 'Say', resource: 'r0' });
  meters.add('t', 's', 'split', 7, { operation: 'Hear', resource: 'r0' });
  meters.add('t', 's', 'said', 1, { operation: 'Say', resource: 'r0' });
  meters.flush();
  const of = (dimensions?: object) => written.find((record) => record.dimensions === (dimensions && JSON.stringify(dimensions)))?.value;
  assert.equal(of({ operation: 'Say', resource: 'r0' }), '3');
  assert.equal(of({ operation: 'Hear', resource: 'r0' }), '7');
  assert.equal(of({ operation: 'Say', resource: '*' }), '5');
  assert.equal(of(), '1');
  assert.equal(written.length, meteredResourcesMax + 3);
  meters.add('t', 's', 'split', 1, { operation: 'Say', resource: `r${total}` });
  meters.flush();
  assert.equal(of({ operation: 'Say', resource: `r${total}` }), '1');
});
