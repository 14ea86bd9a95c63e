import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { fault } from '../contract/fault.ts';
import { KeptRecords } from './kept.ts';
import { changedKeptMax, snapshotMapBytes, snapshotReadersMax } from './limits.ts';
import type { RecordKind, Records } from './record.ts';

export const snapshotOptions = { mapSize: snapshotMapBytes, maxReaders: snapshotReadersMax, compression: false, noMemInit: true } as const;

/** The snapshot as every process maps it: read-only, no calls, at most one turn of the event loop old. */
export type Snapshot = {
  /** One record; callers share it, so nobody changes it. */
  get<K extends RecordKind>(kind: K, ...key: readonly string[]): Records[K] | undefined;
  list<K extends RecordKind>(kind: K, ...prefix: readonly string[]): Records[K][];
  /** The same with their keys, which begin with the kind. */
  entries<K extends RecordKind>(kind: K, ...prefix: readonly string[]): [readonly (string | number)[], Records[K]][];
  /** The number of the last change applied. */
  applied(): number;
  /** Tenants changed after `since` ('' = the platform, so everything), or undefined when that is no longer known. */
  changedSince(since: number): ReadonlySet<string> | undefined;
  /** The ids of a tenant's policies that were written after the change `since`, or undefined when that is no longer known. */
  policiesSince(tenant: string, since: number): ReadonlySet<string> | undefined;
  /** Forgets the read transaction held, so that the next read sees the newest commit. */
  refresh(): void;
  close(): Promise<void>;
};

/** Maps the snapshot below a data directory. Refuses to go on when this process is not in LMDB's reader table. */
export function openSnapshot(data: string): Snapshot {
  const database: RootDatabase<unknown, (string | number)[]> = open({ ...snapshotOptions, path: join(data, 'snapshot'), readOnly: true });
  database.get(['applied']);
  assertReader(database);
  return snapshotOver(database);
}

/** A reader that cannot register would read recycled pages silently. */
export function assertReader(database: RootDatabase<unknown, (string | number)[]>): void {
  const registered = database
    .readerList()
    .split('\n')
    .some((line) => line.trim().split(/\s+/)[0] === String(process.pid));
  if (!registered) throw fault('Unavailable', 'This process could not register as a reader of the snapshot.');
}

export function snapshotOver(database: RootDatabase<unknown, (string | number)[]>): Snapshot {
  const applied = () => (database.get(['applied']) as number | undefined) ?? 0;
  const kept = new KeptRecords(() => `${applied()} ${database.get(['begun'])}`);
  return {
    get: <K extends RecordKind>(kind: K, ...key: readonly string[]) =>
      kept.get(kind, key, () => database.get([kind, ...key]) as Records[K] | undefined),
    list<K extends RecordKind>(kind: K, ...prefix: readonly string[]) {
      const range = database.getRange({ start: [kind, ...prefix], end: [kind, ...prefix, '￿'], snapshot: true });
      return [...range].map((entry) => entry.value as Records[K]);
    },
    entries<K extends RecordKind>(kind: K, ...prefix: readonly string[]) {
      const range = database.getRange({ start: [kind, ...prefix], end: [kind, ...prefix, '￿'], snapshot: true });
      return [...range].map(({ key, value }): [readonly (string | number)[], Records[K]] => [key, value as Records[K]]);
    },
    applied,
    changedSince(since) {
      const last = applied();
      if (since >= last) return new Set();
      if (last - since > changedKeptMax) return undefined;
      const range = database.getRange({ start: ['changed', since + 1], end: ['changed', last + 1] });
      return new Set([...range].map((entry) => entry.value as string));
    },
    policiesSince(tenant, since) {
      if (applied() - since > changedKeptMax) return undefined;
      const range = database.getRange({ start: ['ownPolicyChange', tenant, since + 1], end: ['ownPolicyChange', tenant, Infinity] });
      return new Set([...range].flatMap((entry) => entry.value as string[]));
    },
    refresh() {
      database.resetReadTxn();
      kept.refresh();
    },
    close: () => database.close(),
  };
}
