import { Textarea } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useApi, useMay } from '#console/api/call.ts';
import { Button } from '#console/part/button.tsx';
import { useChange } from '#console/part/dialog.tsx';
import { exactCount, plural } from '#console/format/quantity.ts';
import { notice } from '#console/part/notice.tsx';
import { Section } from '#console/part/page.tsx';
import { Refusal } from '#console/part/state.tsx';
import { Status } from '#console/part/status.tsx';
import { spoken } from '../domain/currency.ts';
import { ruleTypedMs } from './limits.ts';

type Trial = {
  readonly problem: { readonly message: string; readonly at: number } | null;
  readonly payments: number;
  readonly met: number;
  readonly disputed: number;
  readonly missed: number;
  readonly amounts: Readonly<Record<string, number>>;
};
type Tried = { readonly text: string; readonly trial: Trial };

/** A rule as it is typed: what is wrong with it is said at its place, and what it would have met is counted on the payments that were. */
export function RuleEditor() {
  const api = useApi();
  const may = useMay('payments');
  const [text, setText] = useState('');
  const tried = useTrial(text);
  const change = useChange();
  const isReady = tried?.text === text && tried.trial.problem === null;
  const save = (status: 'enabled' | 'shadow') =>
    void change.run(async () => {
      await api.call('payments', 'CreateRiskRule', '', { rule: text, status }, { key: crypto.randomUUID() });
      setText('');
      notice(status === 'shadow' ? 'The rule counts in shadow.' : 'The rule holds from now on.');
    });
  if (!may('CreateRiskRule')) return null;
  return (
    <Section title="A new rule" text="Attributes stand between colons, metadata between pairs of them.">
      <div className="stack tight">
        <Textarea
          classNames={{ input: 'rule-text' }}
          aria-label="Rule"
          aria-invalid={tried?.trial.problem != null}
          aria-describedby="rule-trial"
          placeholder="block if :card_country: != 'US' and :card_count_1h: > 3"
          autosize
          minRows={2}
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <div id="rule-trial" aria-live="polite">
          {tried && text !== '' && <Told {...tried} />}
        </div>
        {change.problem && <Refusal problem={change.problem} compact />}
        <div className="row dialog-end">
          <Button onClick={() => save('shadow')} disabled={!isReady} busy={change.busy}>
            Count in shadow
          </Button>
          <Button look="main" onClick={() => save('enabled')} disabled={!isReady} busy={change.busy}>
            Put to work
          </Button>
        </div>
      </div>
    </Section>
  );
}

/** Has the rule tried a moment after the last key was pressed; an answer to an earlier text is dropped. */
function useTrial(text: string): Tried | undefined {
  const api = useApi();
  const [tried, setTried] = useState<Tried>();
  useEffect(() => {
    if (text.trim() === '') return setTried(undefined);
    const gone = new AbortController();
    const timer = setTimeout(async () => {
      const trial = await api.call<Trial>('payments', 'TryRiskRule', '', { rule: text }, { signal: gone.signal }).catch(() => undefined);
      if (trial && !gone.signal.aborted) setTried({ text, trial });
    }, ruleTypedMs);
    return () => {
      clearTimeout(timer);
      gone.abort();
    };
  }, [api, text]);
  return tried;
}

function Told({ text, trial }: Tried) {
  const { problem, payments, met, disputed, missed, amounts } = trial;
  if (problem)
    return (
      <div className="stack tight">
        <Status tone="bad">{problem.message}</Status>
        <p className="mono rule-wrong">
          {text.slice(0, problem.at)}
          <mark>{text.slice(problem.at) || ' '}</mark>
        </p>
      </div>
    );
  const sums = Object.entries(amounts).map(([currency, amount]) => spoken(amount, currency));
  return (
    <Status tone={met === 0 ? 'note' : 'ok'}>
      Would have met {exactCount(met)} of the last {exactCount(payments)} {plural(payments, 'payment')}
      {sums.length > 0 && ` (${sums.join(', ')})`}, {disputed} of them contested; {missed} contested {plural(missed, 'payment')} not met
    </Status>
  );
}
