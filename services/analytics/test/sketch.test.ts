import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readValue, type Type } from '../domain/value.ts';
import { BatchBuilder } from '../engine/batch.ts';
import { runtime } from '../engine/runtime.ts';
import { distinctIn } from '../engine/sketch.ts';

test('different values of a column are counted within some hundredths, however often each comes', () => {
  const types: readonly Type[] = ['int8', 'text', 'numeric'];
  for (const type of types)
    for (const count of [1, 10, 1000, 20_000, 100_000]) {
      const builder = new BatchBuilder([{ name: 'a', type }]);
      for (let at = 0; at < Math.max(count, 3000); at += 1) builder.add([readValue(type, String((at % count) * 1_000_003))], 1);
      const found = distinctIn(builder.finish(), 0);
      assert.ok(Math.abs(found - count) <= count * 0.07 + 0.5, `${type}: ${found} of ${count}`);
    }
});

test('texts that are different have different hashes, whatever number these are multiplied by in this process', () => {
  const hashes = new Set(Array.from({ length: 20_000 }, (_, at) => runtime.hashOf(String(at * 1_000_003))));
  assert.ok(hashes.size >= 19_990, String(hashes.size));
});
