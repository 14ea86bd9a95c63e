import { useCallback, useMemo, useState } from 'react';
import { useSearchParams } from 'react-router';
import type { Sorting } from '../part/table.tsx';

/**
 * How a list is looked at. Filter and order stand in the address, so that a view can be kept as a bookmark; columns are
 * kept in this browser.
 */
export type ListView = {
  readonly filter: string;
  readonly sorting: Sorting | undefined;
  readonly hidden: ReadonlySet<string>;
  readonly setFilter: (filter: string) => void;
  readonly sort: (key: string) => void;
  readonly toggle: (key: string) => void;
};

export function useListView(name: string): ListView {
  const [search, change] = useSearchParams();
  const filter = search.get('filter') ?? '';
  const sortText = search.get('sort') ?? '';
  const sorting = useMemo<Sorting | undefined>(
    () => (sortText === '' ? undefined : { key: sortText.replace(/^-/, ''), down: sortText.startsWith('-') }),
    [sortText],
  );
  const [hidden, setHidden] = useState(() => hiddenColumns(name));
  const write = useCallback(
    (key: string, value: string) =>
      change(
        (now) => {
          const next = new URLSearchParams(now);
          if (value === '') next.delete(key);
          else next.set(key, value);
          return next;
        },
        { replace: true },
      ),
    [change],
  );
  return {
    filter,
    sorting,
    hidden,
    setFilter: (text) => write('filter', text),
    // Up, down, and back to the platform's own order.
    sort: (key) => write('sort', sorting?.key !== key ? key : sorting.down ? '' : `-${key}`),
    toggle: (key) =>
      setHidden((now) => {
        const next = new Set(now);
        if (!next.delete(key)) next.add(key);
        keepHidden(name, next);
        return next;
      }),
  };
}

function hiddenColumns(name: string): ReadonlySet<string> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(`gamut-hidden ${name}`) ?? '[]');
    return new Set(Array.isArray(kept) ? kept.map(String) : []);
  } catch {
    return new Set();
  }
}

function keepHidden(name: string, hidden: ReadonlySet<string>): void {
  try {
    localStorage.setItem(`gamut-hidden ${name}`, JSON.stringify([...hidden]));
  } catch {
    // Storage may be forbidden; the choice lasts as long as the page then.
  }
}
