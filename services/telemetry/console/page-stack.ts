import { useCallback, useEffect, useState } from 'react';
import { type Input, useApi, useOperation } from '#console/api/call.ts';
import { asProblem, type Problem } from '#console/api/problem.ts';
import { pollEveryMs } from '#console/limits.ts';

type Page<T> = { readonly items: readonly T[]; readonly next?: string };

/** What a search found, newest first, as far as it is loaded. */
export type PageStack<T> = {
  readonly items: readonly T[] | undefined;
  readonly more: boolean;
  readonly busy: boolean;
  readonly problem: Problem | undefined;
  readonly heardAt: number | undefined;
  readonly loadMore: () => void;
  readonly again: () => void;
};

/** A search that is paged by `before`. It is asked again and again until older pages are loaded: then it stands still. */
export function usePageStack<T>(operation: string, input: Input): PageStack<T> {
  const api = useApi();
  const key = JSON.stringify(input);
  const [older, setOlder] = useState<{ key: string; items: readonly T[]; next: string | undefined }>();
  const [state, setState] = useState<{ busy: boolean; problem?: Problem }>({ busy: false });
  const behind = older?.key === key ? older : undefined;
  const newest = useOperation<Page<T>>('telemetry', operation, '', input, { everyMs: behind ? undefined : pollEveryMs });
  useEffect(() => setState({ busy: false }), [key]);
  const next = behind ? behind.next : newest.value?.next;
  const loadMore = useCallback(() => {
    if (next === undefined || state.busy) return;
    setState({ busy: true });
    api.call<Page<T>>('telemetry', operation, '', { ...(JSON.parse(key) as Input), before: next }).then(
      (page) => {
        setOlder((now) => ({ key, items: [...(now?.key === key ? now.items : []), ...page.items], next: page.next }));
        setState({ busy: false });
      },
      (thrown) => setState({ busy: false, problem: asProblem(thrown) }),
    );
  }, [api, operation, key, next, state.busy]);
  return {
    items: newest.value && [...newest.value.items, ...(behind?.items ?? [])],
    more: next !== undefined,
    busy: state.busy,
    problem: newest.problem ?? state.problem,
    heardAt: newest.heardAt,
    loadMore,
    again: newest.again,
  };
}
