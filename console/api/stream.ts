import { useCallback, useEffect, useMemo, useState } from 'react';
import { pollEveryMs, streamOlderMax, streamPageMax } from '../limits.ts';
import { type Api, type Input, useApi, useOperation } from './call.ts';
import { asProblem, type Problem } from './problem.ts';

type Numbered = { readonly sequence: number };
type Page<T> = { readonly items: readonly T[]; readonly next?: number };

/** A log as far as it is loaded, newest first. */
export type Stream<T> = {
  readonly items: readonly T[] | undefined;
  readonly more: boolean;
  readonly busy: boolean;
  readonly problem: Problem | undefined;
  readonly heardAt: number | undefined;
  readonly loadMore: () => void;
  readonly again: () => void;
};

/** An operation that reads a log backwards: it takes `before` and `limit`, and answers `items` and `next`. */
export type StreamSource = {
  readonly service: string;
  readonly operation: string;
  readonly name?: string;
  readonly filter: Readonly<Record<string, unknown>>;
  readonly following?: boolean;
};

/** A log, newest first: the newest page is read again and again, older ones come by cursor and stay. */
export function useStream<T extends Numbered>({ service, operation, name = '', filter, following = true }: StreamSource): Stream<T> {
  const api = useApi();
  const text = JSON.stringify([service, operation, name, filter]);
  const input = useMemo<Input>(() => ({ ...(JSON.parse(text) as [string, string, string, Input])[3], limit: streamPageMax }), [text]);
  const newest = useOperation<Page<T>>(service, operation, name, input, { everyMs: following ? pollEveryMs : undefined });
  const [older, setOlder] = useState<Loaded<T>>({ key: '', items: [], next: undefined });
  const [state, setState] = useState<{ busy: boolean; problem?: Problem }>({ busy: false });
  useEffect(() => {
    const page = newest.value;
    if (page) setOlder((now) => (now.key === text ? extended(now, page) : { key: text, items: page.items, next: page.next }));
  }, [newest.value, text]);
  const current = older.key === text ? older : undefined;
  const loadMore = useCallback(() => {
    if (!current || current.next === undefined || state.busy) return;
    setState({ busy: true });
    void olderPage<T>(api, { service, operation, name }, input, current.next).then(
      (page) => {
        setOlder((now) => ({ key: now.key, items: mergedBySequence(now.items, page.items), next: page.next }));
        setState({ busy: false });
      },
      (thrown) => setState({ busy: false, problem: asProblem(thrown) }),
    );
  }, [api, service, operation, name, input, current, state.busy]);
  return {
    items: current?.items,
    more: current?.next !== undefined,
    busy: state.busy,
    problem: newest.problem ?? state.problem,
    heardAt: newest.heardAt,
    loadMore,
    again: newest.again,
  };
}

type Loaded<T> = { readonly key: string; readonly items: readonly T[]; readonly next: number | undefined };

/**
 * What is loaded, with a newer newest page. Below it everything stays, so that no row is lost that slides off it; within
 * it the platform's word counts: a row that it leaves out no longer fits the filter.
 */
function extended<T extends Numbered>(now: Loaded<T>, page: Page<T>): Loaded<T> {
  const least = page.next === undefined ? undefined : page.items.at(-1)?.sequence;
  if (least === undefined) return { key: now.key, items: page.items, next: undefined };
  const below = now.items.filter(({ sequence }) => sequence < least);
  return { key: now.key, items: [...page.items, ...below], next: below.length === 0 ? page.next : now.next };
}

type Place = { service: string; operation: string; name: string };

function olderPage<T>(api: Api, { service, operation, name }: Place, input: Input, before: number): Promise<Page<T>> {
  return api.call<Page<T>>(service, operation, name, { ...input, limit: streamOlderMax, before });
}

/** Both lists as one, newest first, each record once; of two that differ the newer one counts. */
function mergedBySequence<T extends Numbered>(newer: readonly T[], older: readonly T[]): readonly T[] {
  const bySequence = new Map<number, T>();
  for (const each of older) bySequence.set(each.sequence, each);
  for (const each of newer) bySequence.set(each.sequence, each);
  return [...bySequence.values()].sort((a, b) => b.sequence - a.sequence);
}
