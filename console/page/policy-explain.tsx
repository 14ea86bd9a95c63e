import { useState } from 'react';
import { useApi } from '../api/call.ts';
import { type Explained, explain, type Question } from '../api/policy.ts';
import { Button } from '../part/button.tsx';
import { useChange } from '../part/dialog.tsx';
import { Section } from '../part/page.tsx';
import { Refusal } from '../part/state.tsx';
import { ExplainedView } from '../view/explained.tsx';
import { noQuestion, QuestionForm } from '../view/question-form.tsx';

/** Why somebody may or may not do something in this environment. */
export function PolicyExplain() {
  const api = useApi();
  const [question, setQuestion] = useState<Question>(noQuestion);
  const [answer, setAnswer] = useState<Explained>();
  const change = useChange();
  const ask = (event: React.FormEvent) => {
    event.preventDefault();
    void change.run(async () => setAnswer(await explain(api, question)));
  };
  return (
    <div className="policy-page">
      <Section title="Question" text="Decided as the services decide, here and now.">
        <form className="stack" onSubmit={ask}>
          <QuestionForm question={question} onChange={setQuestion} />
          {change.problem && <Refusal problem={change.problem} compact />}
          <div className="row dialog-end">
            <Button type="submit" look="main" busy={change.busy} disabled={question.operation === ''}>
              Explain
            </Button>
          </div>
        </form>
      </Section>
      <Section title="Answer">
        {answer ? <ExplainedView answer={answer} /> : <p className="dim">By which policies, and from which facts, stands here.</p>}
      </Section>
    </div>
  );
}
