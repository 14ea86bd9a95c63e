import { useState } from 'react';
import { useApi } from '../api/call.ts';
import { usePrincipalNames } from '../api/member.ts';
import { type Explained, explain, type PolicyDraft, type Preview, preview, type Question } from '../api/policy.ts';
import { exactCount, plural } from '../format/quantity.ts';
import { Button } from '../part/button.tsx';
import { useChange } from '../part/dialog.tsx';
import { Section } from '../part/page.tsx';
import { Refusal } from '../part/state.tsx';
import { Status } from '../part/status.tsx';
import { type Column, Table } from '../part/table.tsx';
import { ExplainedView } from '../view/explained.tsx';
import { noQuestion, QuestionForm } from '../view/question-form.tsx';

type Props = { readonly draft: PolicyDraft; readonly ready: boolean };

/** What would be if a draft were saved: on the latest requests, and for any question. */
export function PolicyTry(props: Props) {
  return (
    <div className="stack">
      <OnLatest {...props} />
      <OnQuestion {...props} />
    </div>
  );
}

type Change = Preview['changes'][number];

function OnLatest({ draft, ready }: Props) {
  const api = useApi();
  const nameOf = usePrincipalNames();
  const [tried, setTried] = useState<{ text: string; preview: Preview }>();
  const change = useChange();
  const run = () => change.run(async () => setTried({ text: draft.text, preview: await preview(api, draft) }));
  const shown = tried?.text === draft.text ? tried.preview : undefined;
  const columns: Column<Change>[] = [
    { key: 'who', title: 'Who', show: ({ principal }) => <span className="cell-long cut">{nameOf(principal)}</span> },
    {
      key: 'what',
      title: 'Operation',
      show: ({ service, operation, name }) => (
        <span className="cell-long cut" title={`${service}.${operation} ${name}`}>
          {operation} <span className="dim">{name}</span>
        </span>
      ),
    },
    {
      key: 'then',
      title: 'Then',
      show: ({ after }) => <Status tone={after ? 'ok' : 'bad'}>{after ? 'allowed' : 'refused'}</Status>,
    },
  ];
  return (
    <Section
      flush
      title="What would change"
      text="The latest different requests of this environment, decided with and without this policy."
      actions={
        <Button size="small" busy={change.busy} disabled={!ready} onClick={() => void run()}>
          Try it
        </Button>
      }
    >
      {change.problem && <Refusal problem={change.problem} compact />}
      {shown && (
        <>
          <p className="table-bar" role="status">
            {shown.changes.length === 0
              ? `None of ${exactCount(shown.tried)} ${plural(shown.tried, 'request')} would be decided otherwise.`
              : `${exactCount(shown.changes.length)} of ${exactCount(shown.tried)} requests would be decided otherwise.`}
          </p>
          {shown.warnings.map((warning) => (
            <p key={warning} className="table-bar">
              <Status tone="warn">{warning}</Status>
            </p>
          ))}
          {shown.changes.length > 0 && (
            <Table
              label="Requests that would be decided otherwise"
              columns={columns}
              rows={shown.changes}
              rowKey={({ principal, service, operation, name }) => `${principal} ${service} ${operation} ${name}`}
            />
          )}
        </>
      )}
    </Section>
  );
}

function OnQuestion({ draft, ready }: Props) {
  const api = useApi();
  const [question, setQuestion] = useState<Question>(noQuestion);
  const [answer, setAnswer] = useState<{ text: string; explained: Explained }>();
  const change = useChange();
  const ask = (event: React.FormEvent) => {
    event.preventDefault();
    void change.run(async () => setAnswer({ text: draft.text, explained: await explain(api, question, draft) }));
  };
  return (
    <Section title="What if" text="Decided as if this policy were saved.">
      <form className="stack" onSubmit={ask}>
        <QuestionForm question={question} onChange={setQuestion} />
        {change.problem && <Refusal problem={change.problem} compact />}
        <div className="row dialog-end">
          <Button type="submit" busy={change.busy} disabled={!ready || question.operation === ''}>
            Explain
          </Button>
        </div>
        {answer?.text === draft.text && <ExplainedView answer={answer.explained} />}
      </form>
    </Section>
  );
}
