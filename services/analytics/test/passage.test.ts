import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Passage } from '../jobs/passage.ts';
import type { LiveView } from '../jobs/live.ts';

// Nothing passes here, so there is no view to tell.
const nothing = {} as LiveView;

test('what was ended before it began waits for nothing, and what is ended later waits until then', async () => {
  await new Passage(nothing, AbortSignal.abort()).failing;
  const stop = new AbortController();
  const { failing } = new Passage(nothing, stop.signal);
  const first = await Promise.race([failing.then(() => 'ended'), new Promise((resolve) => setImmediate(resolve, 'waiting'))]);
  assert.equal(first, 'waiting');
  stop.abort();
  await failing;
});
