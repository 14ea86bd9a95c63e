import { useSyncExternalStore } from 'react';

/** A value that several parts watch. */
export type Store<T> = { get(): T; change(next: (now: T) => T): void; use(): T };

export function createStore<T>(first: T): Store<T> {
  let value = first;
  const watchers = new Set<() => void>();
  const subscribe = (watcher: () => void) => {
    watchers.add(watcher);
    return () => void watchers.delete(watcher);
  };
  return {
    get: () => value,
    change: (next) => {
      value = next(value);
      for (const watcher of watchers) watcher();
    },
    use: () => useSyncExternalStore(subscribe, () => value),
  };
}
