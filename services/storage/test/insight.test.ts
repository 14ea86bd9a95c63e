import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeavyHitters, prefixesOf } from '../domain/heavy-hitter.ts';
import type { Rule } from '../domain/lifecycle.ts';
import { runAll } from '../jobs/lifecycle.ts';
import { createBucket } from '../store/bucket.ts';
import { writeConfiguration } from '../store/configuration.ts';
import { simulateLifecycle, type SimulatedItem } from '../store/lifecycle.ts';
import { listUploads, listVersions } from '../store/list.ts';
import { deleteObjects } from '../store/removal.ts';
import type { Store } from '../store/store.ts';
import { createUpload } from '../store/upload.ts';
import { versionIdOf } from '../store/version.ts';
import { bytesOf, never, owner, put, shelfOf, whoIs, withShelf } from './fixtures/shelf.ts';

const day = 86_400_000;
const all = { prefix: '', delimiter: '', after: '', afterPrefix: '', limit: 1000 };

/** Every version by its id, with its class. */
function versionsIn(store: Store): Map<string, string> {
  const { items } = listVersions(store.catalog, shelfOf(store, 'shelf'), all, undefined);
  return new Map(
    items.map(({ key, object }) => [`${key} ${versionIdOf(object)}`, object.deleteMarker ? 'marker' : (object.storageClass ?? '')]),
  );
}

async function simulated(store: Store, rules: readonly Rule[], at: number, looksMax = 10_000) {
  const items: SimulatedItem[] = [];
  let from: string | undefined = '';
  let turns = 0;
  for (; from !== undefined; turns++) {
    const { next } = await simulateLifecycle(store, shelfOf(store, 'shelf'), { rules, at, from, looksMax }, (item) => items.push(item));
    from = next;
  }
  return { items, turns };
}

test('a simulated lifecycle names what a round of the lifecycle then does, version by version, in one turn or in many', async () => {
  let now = 1_000 * day;
  await withShelf(
    async (store) => {
      await createBucket(store, owner, {
        name: 'shelf',
        location: 'local',
        labels: {},
        settings: { versioning: 'Enabled', objectLock: true },
      });
      for (let at = 0; at < 30; at++) {
        await put(store, 'shelf', `logs/${at % 10}`, bytesOf(at, 10 + at));
        if (at < 8) await put(store, 'shelf', `keep/${at}`, bytesOf(at, 10));
        now += day / 4;
      }
      await deleteObjects(store, shelfOf(store, 'shelf'), [{ key: 'logs/3' }, { key: 'keep/1' }], whoIs('DeleteObject'));
      await createUpload(store, shelfOf(store, 'shelf'), {
        key: 'logs/part',
        headers: {},
        traits: {},
        who: whoIs('CreateMultipartUpload'),
      });
      const rules: Rule[] = [
        {
          id: 'logs',
          status: 'Enabled',
          filter: { prefix: 'logs/' },
          expiration: { days: 5 },
          noncurrentVersionExpiration: { noncurrentDays: 3, newerNoncurrentVersions: 1 },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 4 },
        },
        { id: 'keep', status: 'Enabled', filter: { prefix: 'keep/' }, transitions: [{ days: 6, storageClass: 'GLACIER' }] },
      ];
      await writeConfiguration(store, shelfOf(store, 'shelf'), 'lifecycle', { rules });
      const before = versionsIn(store);
      assert.deepEqual(
        (await simulated(store, rules, now)).items.filter(({ act }) => act === 'abort'),
        [],
      );
      const at = now + 6 * day;
      const whole = await simulated(store, rules, at);
      const inTurns = await simulated(store, rules, at, 4);
      assert.deepEqual(inTurns.items, whole.items);
      assert.ok(inTurns.turns > 3 && whole.turns === 1);
      assert.deepEqual(versionsIn(store), before, 'nothing was done');
      now = at;
      await runAll(store, never);
      const after = versionsIn(store);
      const of = (act: string) => whole.items.filter((item) => item.act === act);
      const names = (items: readonly SimulatedItem[]) => items.map(({ key, versionId }) => `${key} ${versionId}`).toSorted();
      const gone = [...before.keys()].filter((name) => !after.has(name)).toSorted();
      assert.deepEqual(gone, names(of('delete')));
      assert.ok(gone.length > 3);
      const cold = [...after].filter(([name, kept]) => kept === 'GLACIER' && before.get(name) !== 'GLACIER').map(([name]) => name);
      assert.deepEqual(cold.toSorted(), names(of('transition')));
      const markers = [...after].filter(([name, kept]) => kept === 'marker' && !before.has(name)).map(([name]) => name.split(' ')[0]);
      assert.deepEqual(
        markers.toSorted(),
        of('expire')
          .map(({ key }) => key)
          .toSorted(),
      );
      assert.equal(of('abort').length, 1);
      assert.equal(listUploads(store.catalog, shelfOf(store, 'shelf'), all, undefined).items.length, 0);
    },
    { now: () => now },
  );
});

test('a sketch of few counters misses no heavy prefix, is wrong by no more than it says, and forgets by its half-life', () => {
  const sketch = new HeavyHitters(32, 60_000, 0);
  const exact = new Map<string, number>();
  let state = 7;
  for (let at = 0; at < 20_000; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const key = state % 3 === 0 ? `hot/${state % 2}/x` : `cold/${state % 5000}/${at}`;
    const names = prefixesOf(key, 3);
    sketch.add(names, 1, 0);
    for (const name of names) exact.set(name, (exact.get(name) ?? 0) + 1);
  }
  const { total, hits } = sketch.read(0);
  assert.equal(total, 20_000);
  assert.equal(hits.length, 32);
  for (const { name, count, error } of hits) {
    const real = exact.get(name) ?? 0;
    assert.ok(count >= real && count - error <= real, `${name}: ${count} ${error} ${real}`);
  }
  const sum = [...exact.values()].reduce((a, b) => a + b, 0);
  for (const [name, real] of exact)
    if (real > sum / 32)
      assert.ok(
        hits.some((hit) => hit.name === name),
        name,
      );
  assert.deepEqual(prefixesOf('a/b/c/d/e', 2), ['a/', 'a/b/', 'a/b/c/d/e']);
  assert.deepEqual([prefixesOf('a/', 3), prefixesOf('plain', 3)], [['a/'], ['plain']]);
  const later = sketch.read(120_000);
  assert.ok(Math.abs(later.total - 5000) < 1e-6);
  sketch.add(['new/'], 6000, 120_000);
  // So late that the numbers are made small again.
  const last = sketch.read(60_000 * 60);
  assert.ok(last.total < 1 && last.hits.some(({ name }) => name === 'new/'));
});
