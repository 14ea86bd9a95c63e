import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { changedKeptMax } from './limits.ts';
import { assertReader, type Snapshot, snapshotOptions, snapshotOver } from './reader.ts';
import type { PlatformRecord, RecordKind } from './record.ts';

/** One line of the snapshot to write, or (without value) to remove. */
export type Entry = { readonly key: readonly [RecordKind, ...string[]]; readonly value?: unknown };

/** The single writer of the snapshot: control. */
export type SnapshotWriter = Snapshot & {
  /** Writes the entries of changes up to `number` in one transaction and resolves when it is on disk. */
  apply(
    number: number,
    changes: readonly { readonly number: number; readonly tenant: string; readonly entries: readonly Entry[] }[],
  ): Promise<void>;
  /** Sets the facts of the whole platform, which come from how it was started and not from a change. */
  setPlatform(record: PlatformRecord): Promise<void>;
};

/** Opens the snapshot for writing and clears readers that died. */
export function openSnapshotWriter(data: string): SnapshotWriter {
  const path = join(data, 'snapshot');
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
  const database: RootDatabase<unknown, (string | number)[]> = open({ ...snapshotOptions, path });
  database.readerCheck();
  database.get(['applied']);
  assertReader(database);
  const reader = snapshotOver(database);
  return {
    ...reader,
    async apply(number, changes) {
      await database.transaction(() => {
        for (const change of changes) {
          for (const entry of change.entries) {
            if (entry.value === undefined) database.remove([...entry.key]);
            else database.put([...entry.key], entry.value);
          }
          database.put(['changed', change.number], change.tenant);
        }
        database.put(['applied'], number);
        for (const old of [
          ...database.getKeys({ start: ['changed', 0], end: ['changed', Math.max(0, number - changedKeptMax)], limit: 1000 }),
        ])
          database.remove(old);
      });
      await database.flushed;
    },
    async setPlatform(record) {
      await database.put(['platform'], record);
      await database.flushed;
      database.resetReadTxn();
    },
  };
}
