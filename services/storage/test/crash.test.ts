import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import type { Step } from '../store/step.ts';
import { closeStore } from '../store/store.ts';
import { checkFates, type Fate, runAndKill } from './fixtures/fate.ts';
import { openShelf, temporary } from './fixtures/shelf.ts';

test('killed at any moment, the store keeps every acknowledged change, shows no half one and leaves no file behind', async () => {
  const directory = temporary();
  const fates = new Map<string, Fate>();
  try {
    let sequence = 0;
    for (let round = 0; round < 8; round++) {
      sequence = await runAndKill(directory, fates, sequence, { afterMs: 20 + Math.random() * 400 });
      const store = await openShelf(directory);
      await checkFates(store, directory, fates);
      await closeStore(store);
    }
    assert.ok(sequence > 80, `only ${sequence} changes were tried`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

const steps = [
  'packed-written',
  'packed-synced',
  'extent-begun',
  'shards-intended',
  'shards-written',
  'shards-synced',
  'seal-written',
  'seal-committed',
  'move-appended',
  'move-committed',
  'extent-dropped',
  'repair-written',
  'upload-joined',
  'index-committed',
] as const satisfies Step[];

test('killed at each labelled step, the store keeps every acknowledged change and shows no half one', async () => {
  const directory = temporary();
  const fates = new Map<string, Fate>();
  try {
    let sequence = 0;
    for (const step of steps) {
      sequence = await runAndKill(directory, fates, sequence, { step, times: 2 });
      const store = await openShelf(directory, { extentBytes: 500_000 });
      await checkFates(store, directory, fates);
      await closeStore(store);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
