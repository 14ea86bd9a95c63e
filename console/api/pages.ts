import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Change, Envelope } from '#kernel/contract/provider.ts';
import { listPageMax, pollEveryMs } from '../limits.ts';
import type { LiveState } from '../part/live.tsx';
import { type Input, readKey, useApi } from './call.ts';
import type { Kind } from './contract.ts';
import { asProblem, type Problem } from './problem.ts';
import { amend, useRead } from './read.ts';
import { useWatch } from './watch.ts';

export type Thing = Envelope<Record<string, unknown>, Record<string, unknown>>;
type ListReply = { items: readonly Thing[]; next?: string; version?: string };

export type Listing = {
  readonly items: readonly Thing[] | undefined;
  /** Whether the platform has more than is loaded. */
  readonly more: boolean;
  readonly problem: Problem | undefined;
  readonly live: LiveState;
  readonly loadMore: () => void;
  readonly again: () => void;
};

/** The resources of one kind, page by page by cursor; followed by a watch where the contract has one, else read again and again. */
export function useListing(kind: Kind, prefix: string): Listing {
  const api = useApi();
  const service = kind.contract.name;
  const operation = kind.list?.name;
  const input: Input = useMemo(() => (prefix === '' ? { limit: listPageMax } : { limit: listPageMax, prefix }), [prefix]);
  const key = operation !== undefined && api.has(service, operation) ? readKey(api, service, operation, '', input) : undefined;
  const first = useRead<ListReply>(key, () => api.call(service, operation ?? '', '', input), {
    everyMs: kind.watch ? undefined : pollEveryMs,
  });
  const rest = useRest(key, (after) => api.call<ListReply>(service, operation ?? '', '', { ...input, after }), first.value);
  const apply = (change: Change) => {
    if (change.type === 'bookmark' || key === undefined) return;
    const changed = change as Extract<Change, { type: 'put' | 'deleted' }> & { resource: Thing };
    if (!changed.resource.name.startsWith(prefix)) return;
    amend<ListReply>(key, (reply) => ({ ...reply, items: merged(reply.items, changed.type, changed.resource, rest.end ?? reply.next) }));
    rest.apply((items) =>
      items.some((each) => each.name === changed.resource.name) ? merged(items, changed.type, changed.resource, undefined) : items,
    );
  };
  const watched = useWatch(
    kind.watch && { service, operation: kind.watch.name, from: first.value?.version, onChange: apply, onLost: first.again },
  );
  const items = useMemo(() => first.value && together(first.value.items, rest.items), [first.value, rest.items]);
  return {
    items,
    more: rest.next !== undefined,
    problem: first.problem ?? rest.problem,
    loadMore: rest.loadMore,
    again: first.again,
    live: kind.watch
      ? { ...watched, heardAt: watched.heardAt ?? first.heardAt }
      : { mode: first.problem ? 'lost' : 'polled', heardAt: first.heardAt },
  };
}

function together(first: readonly Thing[], rest: readonly Thing[]): readonly Thing[] {
  if (rest.length === 0) return first;
  const names = new Set(rest.map((each) => each.name));
  return [...first.filter((each) => !names.has(each.name)), ...rest];
}

/** The list after one change, still in order of name. A new name behind the loaded part is left to its page. */
function merged(items: readonly Thing[], type: 'put' | 'deleted', thing: Thing, next: string | undefined): readonly Thing[] {
  const without = items.filter((each) => each.name !== thing.name);
  if (type === 'deleted') return without;
  const at = without.findIndex((each) => each.name > thing.name);
  if (at < 0) return next !== undefined && without.length === items.length ? items : [...without, thing];
  return without.toSpliced(at, 0, thing);
}

type Rest = {
  items: readonly Thing[];
  next: string | undefined;
  end: string | undefined;
  problem: Problem | undefined;
  loadMore: () => void;
  apply: (change: (items: readonly Thing[]) => readonly Thing[]) => void;
};

/** The pages after the first, kept while the same list is shown. */
function useRest(key: string | undefined, load: (after: string) => Promise<ListReply>, first: ListReply | undefined): Rest {
  const [pages, setPages] = useState<{ items: readonly Thing[]; next?: string | undefined; loaded: boolean }>({ items: [], loaded: false });
  const [problem, setProblem] = useState<Problem>();
  const running = useRef(false);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    if (key !== undefined) setPages({ items: [], loaded: false });
    setProblem(undefined);
  }, [key]);
  const next = pages.loaded ? pages.next : first?.next;
  const loadMore = useCallback(() => {
    if (next === undefined || running.current) return;
    running.current = true;
    latest
      .current(next)
      .then(
        (reply) => setPages((now) => ({ items: [...now.items, ...reply.items], next: reply.next, loaded: true })),
        (thrown) => setProblem(asProblem(thrown)),
      )
      .finally(() => {
        running.current = false;
      });
  }, [next]);
  const apply: Rest['apply'] = (change) => setPages((now) => ({ ...now, items: change(now.items) }));
  return { items: pages.items, next, end: pages.loaded ? pages.next : undefined, problem, loadMore, apply };
}
