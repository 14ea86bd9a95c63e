import { useCallback, useEffect, useRef, useSyncExternalStore } from 'react';
import { cachedReadsMax, freshForMs } from '../limits.ts';
import { asProblem, type Problem } from './problem.ts';

/** What is known of one reading: the last good reply stays while a newer one is on its way or has failed. */
export type Reading<T> = { readonly value?: T; readonly problem?: Problem; readonly heardAt?: number; readonly busy: boolean };

type Entry = { reading: Reading<unknown>; watchers: Set<() => void>; running: Promise<void> | undefined };

const entries = new Map<string, Entry>();
const idle: Reading<never> = { busy: false };

function entryOf(key: string): Entry {
  let entry = entries.get(key);
  if (entry) return entry;
  entry = { reading: { busy: false }, watchers: new Set(), running: undefined };
  entries.set(key, entry);
  if (entries.size > cachedReadsMax) dropOldest();
  return entry;
}

function dropOldest(): void {
  for (const [key, entry] of entries) {
    if (entry.watchers.size > 0 || entry.running) continue;
    entries.delete(key);
    return;
  }
}

function tell(entry: Entry, reading: Reading<unknown>): void {
  entry.reading = reading;
  for (const watcher of entry.watchers) watcher();
}

function run(entry: Entry, load: () => Promise<unknown>): Promise<void> {
  if (entry.running) return entry.running;
  tell(entry, { ...entry.reading, busy: true });
  entry.running = (async () => {
    try {
      const value = await load();
      tell(entry, { value, heardAt: Date.now(), busy: false });
    } catch (thrown) {
      tell(entry, { ...entry.reading, problem: asProblem(thrown), busy: false });
    } finally {
      entry.running = undefined;
    }
  })();
  return entry.running;
}

/** Forgets every reply, as at the end of a session. */
export function forgetReads(): void {
  entries.clear();
}

/** Marks replies as old, so that pages that show them ask again. */
export function stale(match: (key: string) => boolean): void {
  for (const [key, entry] of entries) {
    if (!match(key)) continue;
    if (entry.watchers.size === 0) entries.delete(key);
    else for (const again of refreshers.get(key) ?? []) again();
  }
}

const refreshers = new Map<string, Set<() => void>>();

/** Changes a remembered reply in place, as a watch or a finished change does. */
export function amend<T>(key: string, change: (value: T) => T): void {
  const entry = entries.get(key);
  if (!entry || entry.reading.value === undefined) return;
  tell(entry, { ...entry.reading, value: change(entry.reading.value as T), heardAt: Date.now() });
}

export type ReadOptions = { everyMs?: number | undefined };

/**
 * Reads through the memory: a reply known from before shows at once and is asked for again. `key` undefined reads
 * nothing. `everyMs` polls while the page is seen.
 */
export function useRead<T>(key: string | undefined, load: () => Promise<T>, options: ReadOptions = {}): Reading<T> & { again: () => void } {
  const latest = useRef(load);
  latest.current = load;
  const subscribe = useCallback(
    (watcher: () => void) => {
      if (key === undefined) return () => undefined;
      const entry = entryOf(key);
      entry.watchers.add(watcher);
      return () => void entry.watchers.delete(watcher);
    },
    [key],
  );
  const reading = useSyncExternalStore(subscribe, () => (key === undefined ? idle : entryOf(key).reading)) as Reading<T>;
  const again = useCallback(() => {
    if (key !== undefined) void run(entryOf(key), () => latest.current());
  }, [key]);
  useEffect(() => registered(key, again), [key, again]);
  useEffect(() => {
    if (key === undefined) return;
    const { heardAt } = entryOf(key).reading;
    if (heardAt === undefined || Date.now() - heardAt > freshForMs) again();
  }, [key, again]);
  usePolling(again, key === undefined ? undefined : options.everyMs);
  return { ...reading, again };
}

function registered(key: string | undefined, again: () => void): (() => void) | undefined {
  if (key === undefined) return undefined;
  const set = refreshers.get(key) ?? new Set();
  refreshers.set(key, set.add(again));
  return () => {
    set.delete(again);
    if (set.size === 0) refreshers.delete(key);
  };
}

function usePolling(again: () => void, everyMs: number | undefined): void {
  useEffect(() => {
    if (everyMs === undefined) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') again();
    }, everyMs);
    return () => clearInterval(timer);
  }, [again, everyMs]);
}
