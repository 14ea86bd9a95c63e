import { useEffect, useMemo, useState } from 'react';
import { type Api, useApi } from '#console/api/call.ts';
import { asProblem, Problem } from '#console/api/problem.ts';
import { messagesOf } from '#console/api/watch.ts';
import { retryMs } from './limits.ts';

export type Cells = readonly (string | null)[];
export type Event = {
  readonly type: 'begin' | 'changes';
  readonly version: string;
  readonly columns?: readonly { readonly name: string; readonly type: string }[];
  /** Lines of a diff and values. */
  readonly changes: readonly Cells[];
};

type Watching = {
  readonly onEvent: (event: Event) => void;
  readonly onHeard: () => void;
  readonly onLost: (problem: Problem | undefined) => void;
  readonly signal: AbortSignal;
};

/** Follows the commits of a view until the signal, and takes a broken stream up again. */
export async function followView(api: Api, view: string, { onEvent, onHeard, onLost, signal }: Watching): Promise<void> {
  let from: string | undefined;
  while (!signal.aborted) {
    try {
      const reply = await api.open('analytics', 'WatchView', view, from === undefined ? {} : { from }, { signal });
      onHeard();
      for await (const { event, text } of messagesOf(reply)) {
        onHeard();
        if (text === '' || event === 'end') continue;
        const told = JSON.parse(text) as Event;
        from = told.version;
        onEvent(told);
      }
    } catch (thrown) {
      if (signal.aborted) return;
      const problem = asProblem(thrown);
      onLost(problem);
      if (thrown instanceof Problem && thrown.status >= 400 && thrown.status < 500 && thrown.status !== 429) return;
    }
    if (signal.aborted) return;
    onLost(undefined);
    await new Promise((wake) => setTimeout(wake, retryMs));
  }
}

export type LiveRows = {
  readonly columns: readonly { readonly name: string; readonly type: string }[] | undefined;
  readonly rows: readonly Cells[];
  readonly problem: Problem | undefined;
  readonly isLost: boolean;
  readonly heardAt: number | undefined;
};

/** The rows of a view, kept up by its commits. */
export function useViewRows(view: string | undefined): LiveRows {
  const api = useApi();
  const none = useMemo<LiveRows>(() => ({ columns: undefined, rows: [], problem: undefined, isLost: false, heardAt: undefined }), []);
  const [state, setState] = useState(none);
  useEffect(() => {
    if (view === undefined) return undefined;
    const stop = new AbortController();
    const counts = new Map<string, number>();
    setState(none);
    void followView(api, view, {
      signal: stop.signal,
      onHeard: () => setState((now) => ({ ...now, isLost: false, problem: undefined, heardAt: Date.now() })),
      onLost: (problem) => setState((now) => ({ ...now, isLost: true, problem })),
      onEvent({ type, columns, changes }) {
        if (type === 'begin') counts.clear();
        for (const [diff, ...cells] of changes) {
          const key = JSON.stringify(cells);
          const count = (counts.get(key) ?? 0) + Number(diff);
          if (count === 0) counts.delete(key);
          else counts.set(key, count);
        }
        const rows = [...counts].flatMap(([key, count]) => new Array<Cells>(Math.max(0, count)).fill(JSON.parse(key) as Cells));
        setState((now) => ({ ...now, columns: columns ?? now.columns, rows }));
      },
    });
    return () => stop.abort();
  }, [api, view, none]);
  return state;
}
