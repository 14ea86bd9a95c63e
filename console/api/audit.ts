import { useCallback, useEffect, useMemo, useState } from 'react';
import { auditOlderMax, auditPageMax, pollEveryMs } from '../limits.ts';
import { type Api, type Input, useApi, useOperation } from './call.ts';
import { asProblem, type Problem } from './problem.ts';

export type AuditRecord = {
  readonly sequence: number;
  readonly at: number;
  readonly service: string;
  readonly operation: string;
  readonly kind: string;
  readonly name: string;
  readonly principal: string;
  readonly credential: string;
  readonly scope: string;
  readonly outcome: string;
  readonly count: number;
  readonly bytes: number;
  readonly requestId: string;
  readonly via?: string;
  readonly gap?: boolean;
};

export type EventRecord = {
  readonly sequence: number;
  readonly specversion: string;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string;
  readonly subject: string;
  readonly data: unknown;
};

export type AuditFilter = {
  readonly service?: string | undefined;
  readonly operation?: string | undefined;
  readonly resource?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
};

type Numbered = { readonly sequence: number };
type Page<T> = { readonly items: readonly T[]; readonly next?: number };

export type Stream<T> = {
  readonly items: readonly T[] | undefined;
  readonly more: boolean;
  readonly busy: boolean;
  readonly problem: Problem | undefined;
  readonly heardAt: number | undefined;
  readonly loadMore: () => void;
  readonly again: () => void;
};

export function useAudit(filter: AuditFilter, following = true): Stream<AuditRecord> {
  return useStream<AuditRecord>('ListAudit', filter, following);
}

export function useEvents(type: string | undefined, following = true): Stream<EventRecord> {
  return useStream<EventRecord>('ListEvents', { type }, following);
}

/** A log, newest first: the newest page is read again and again, older ones come by cursor and stay. */
function useStream<T extends Numbered>(
  operation: 'ListAudit' | 'ListEvents',
  filter: Readonly<Record<string, unknown>>,
  following: boolean,
): Stream<T> {
  const api = useApi();
  const text = JSON.stringify(filter);
  const input = useMemo<Input>(() => ({ ...(JSON.parse(text) as Input), limit: auditPageMax }), [text]);
  const newest = useOperation<Page<T>>('platform', operation, '', input, { everyMs: following ? pollEveryMs : undefined });
  const [older, setOlder] = useState<{ key: string; items: readonly T[]; next: number | undefined }>({
    key: '',
    items: [],
    next: undefined,
  });
  const [state, setState] = useState<{ busy: boolean; problem?: Problem }>({ busy: false });
  // What slides off the newest page while it is followed is kept, so that no row is lost between the two.
  useEffect(() => {
    const page = newest.value;
    if (page)
      setOlder((now) =>
        now.key === text ? { ...now, items: mergedBySequence(page.items, now.items) } : { key: text, items: page.items, next: page.next },
      );
  }, [newest.value, text]);
  const current = older.key === text ? older : undefined;
  const loadMore = useCallback(() => {
    if (!current || current.next === undefined || state.busy) return;
    setState({ busy: true });
    void olderPage<T>(api, operation, input, current.next).then(
      (page) => {
        setOlder((now) => ({ key: now.key, items: mergedBySequence(now.items, page.items), next: page.next }));
        setState({ busy: false });
      },
      (thrown) => setState({ busy: false, problem: asProblem(thrown) }),
    );
  }, [api, operation, input, current, state.busy]);
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

function olderPage<T>(api: Api, operation: string, input: Input, before: number): Promise<Page<T>> {
  return api.call<Page<T>>('platform', operation, '', { ...input, limit: auditOlderMax, before });
}

/** Both lists as one, newest first, each record once. */
function mergedBySequence<T extends Numbered>(newer: readonly T[], older: readonly T[]): readonly T[] {
  const bySequence = new Map<number, T>();
  for (const each of older) bySequence.set(each.sequence, each);
  for (const each of newer) bySequence.set(each.sequence, each);
  return [...bySequence.values()].sort((a, b) => b.sequence - a.sequence);
}
