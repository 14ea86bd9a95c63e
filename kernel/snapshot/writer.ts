import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { commitCause } from '#engine/lmdb/commit-cause.ts';
import { changedKeptMax } from './limits.ts';
import { assertReader, type Snapshot, snapshotOptions, snapshotOver } from './reader.ts';
import type { PlatformRecord, RecordKind } from './record.ts';

/** One line of the snapshot to write, or (without value) to remove. */
export type Entry = { readonly key: readonly [RecordKind, ...string[]]; readonly value?: unknown };

/** A change with what it wrote; `tenant` is '' where that is the platform's. */
type Change = { readonly number: number; readonly tenant: string; readonly entries: readonly Entry[] };
type Database = RootDatabase<unknown, (string | number)[]>;

/** The single writer of the snapshot: control. */
export type SnapshotWriter = Snapshot & {
  /** Writes the entries of changes up to `number` in one transaction and resolves when it is on disk. */
  apply(number: number, changes: readonly Change[]): Promise<void>;
  /** Sets the facts of the whole platform, which come from how it was started and not from a change. */
  setPlatform(record: PlatformRecord): Promise<void>;
};

/** Opens the snapshot for writing and clears readers that died. */
export function openSnapshotWriter(data: string): SnapshotWriter {
  const path = join(data, 'snapshot');
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
  // Changes are gathered by whoever calls: the wrapper's own gathering leaves rejected promises behind when the disk is full.
  const database: Database = open({ ...snapshotOptions, path, overlappingSync: false, eventTurnBatching: false });
  database.readerCheck();
  database.get(['applied']);
  assertReader(database);
  const reader = snapshotOver(database);
  return {
    ...reader,
    async apply(number, changes) {
      await commit(database, () => {
        for (const change of changes) {
          for (const entry of change.entries) {
            if (entry.value === undefined) database.remove([...entry.key]);
            else database.put([...entry.key], entry.value);
          }
          database.put(['changed', change.number], change.tenant);
          notePolicies(database, change);
        }
        database.put(['applied'], number);
        forget(database, ['changed'], number);
      });
    },
    async setPlatform(record) {
      await commit(database, () => {
        database.put(['platform'], record);
        database.put(['begun'], randomUUID());
      });
      reader.refresh();
    },
  };
}

/** Makes changes in one transaction; resolves when it is on disk. */
async function commit(database: Database, change: () => void): Promise<void> {
  try {
    await database.childTransaction(change);
  } catch (error) {
    throw await commitCause(error);
  }
}

/** Says which policies of the tenant a change wrote, so that who knows the others reads these alone. */
function notePolicies(database: Database, { number, tenant, entries }: Change): void {
  const ids = entries.flatMap(({ key: [kind, , id] }) => (kind === 'ownPolicy' && id !== undefined ? [id] : []));
  if (ids.length === 0) return;
  database.put(['ownPolicyChange', tenant, number], ids);
  database.put(['ownPolicyAt', tenant], number);
  forget(database, ['ownPolicyChange', tenant], number);
}

/** Removes what was noted under `key` of changes that nobody asks for any more. */
function forget(database: Database, key: readonly string[], number: number): void {
  const range = { start: [...key, 0], end: [...key, Math.max(0, number - changedKeptMax)], limit: 1000 };
  for (const old of [...database.getKeys(range)]) database.remove(old);
}
