import { useEffect, useState } from 'react';
import { useApi } from '../api/call.ts';
import { explain, type PolicyDraft } from '../api/policy.ts';
import { asProblem } from '../api/problem.ts';
import { judgePauseMs } from '../limits.ts';

/** What the platform thinks of a text that is not saved. */
export type Judgement =
  | { readonly is: 'empty' | 'busy' | 'fits' }
  | { readonly is: 'wrong'; readonly said: string; readonly line: number | undefined };

/** Has the platform check a draft after each pause in typing. */
export function useJudgement({ name, text }: PolicyDraft): Judgement {
  const api = useApi();
  const [judged, setJudged] = useState<{ text: string; judgement: Judgement }>();
  useEffect(() => {
    if (text.trim() === '') return undefined;
    const stop = new AbortController();
    const tell = (judgement: Judgement) => {
      if (!stop.signal.aborted) setJudged({ text, judgement });
    };
    // Any question will do: the draft is judged before it is answered.
    const question = { service: 'platform', operation: 'ListPolicies' };
    const timer = setTimeout(() => {
      explain(api, question, { name, text }, stop.signal).then(
        () => tell({ is: 'fits' }),
        (thrown) => {
          const problem = asProblem(thrown);
          const said = problem.detail ?? problem.title;
          const line = Number(/line (\d+)/i.exec(said)?.[1] ?? Number.NaN);
          tell({ is: 'wrong', said, line: Number.isNaN(line) ? undefined : line });
        },
      );
    }, judgePauseMs);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [api, name, text]);
  if (text.trim() === '') return { is: 'empty' };
  return judged?.text === text ? judged.judgement : { is: 'busy' };
}
