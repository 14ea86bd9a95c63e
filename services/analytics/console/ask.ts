import { useEffect, useState } from 'react';
import { type Api, type Input, useApi } from '#console/api/call.ts';
import { asProblem, type Problem } from '#console/api/problem.ts';
import { type Cells, followView } from './follow.ts';
import { askAgainMs } from './limits.ts';

type Understood = {
  readonly operation?: string;
  readonly name: string;
  readonly input: Input;
  readonly follows: readonly string[];
  readonly lines?: readonly string[];
};
export type Answer = {
  readonly fields: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly Cells[];
};

/** What came of a statement: rows, lines of EXPLAIN, a view to follow, or that it was done. */
export type Asked =
  | { readonly kind: 'rows'; readonly answer: Answer }
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  | { readonly kind: 'view'; readonly name: string }
  | { readonly kind: 'done'; readonly operation: string };

const understand = (api: Api, text: string): Promise<Understood> => api.call<Understood>('analytics', 'UnderstandStatement', '', { text });

async function carryOut(api: Api, { operation, name, input, lines }: Understood): Promise<Asked> {
  if (lines) return { kind: 'lines', lines };
  if (operation === 'WatchView') return { kind: 'view', name };
  const answer = await api.call<Partial<Answer>>('analytics', operation ?? '', name, input);
  return answer.rows && answer.fields
    ? { kind: 'rows', answer: { fields: answer.fields, rows: answer.rows } }
    : { kind: 'done', operation: operation ?? '' };
}

export type LiveAnswer = {
  readonly asked: Asked | undefined;
  readonly problem: Problem | undefined;
  readonly isLive: boolean;
  readonly heardAt: number | undefined;
};

/** Carries a statement out; the answer of a query is asked for again as soon as a view of it has changed. */
export function useLiveAnswer(text: string | undefined, run: number): LiveAnswer {
  const api = useApi();
  const [state, setState] = useState<LiveAnswer>({ asked: undefined, problem: undefined, isLive: false, heardAt: undefined });
  useEffect(() => {
    if (text === undefined || text.trim() === '') return undefined;
    const stop = new AbortController();
    const { signal } = stop;
    void answerLive(api, text, signal, (more) => {
      if (!signal.aborted) setState((now) => ({ ...now, ...more }));
    });
    return () => stop.abort();
  }, [api, text, run]);
  return state;
}

async function answerLive(api: Api, text: string, signal: AbortSignal, tell: (more: Partial<LiveAnswer>) => void): Promise<void> {
  try {
    const understood = await understand(api, text);
    const once = async () => tell({ asked: await carryOut(api, understood), problem: undefined, heardAt: Date.now() });
    await once();
    if (signal.aborted || understood.follows.length === 0) return tell({ isLive: false });
    let [due, running] = [false, false];
    const again = () => {
      due = true;
      if (running) return;
      running = true;
      const step = async () => {
        while (due && !signal.aborted) {
          due = false;
          await once();
          await new Promise((wake) => setTimeout(wake, askAgainMs));
        }
      };
      step()
        .catch((thrown: unknown) => tell({ problem: asProblem(thrown) }))
        .finally(() => (running = false));
    };
    for (const view of understood.follows)
      void followView(api, view, {
        ...{ signal, onEvent: again },
        onHeard: () => tell({ isLive: true, heardAt: Date.now() }),
        onLost: () => tell({ isLive: false }),
      });
  } catch (thrown) {
    tell({ asked: undefined, problem: asProblem(thrown), isLive: false });
  }
}
