import { Textarea } from '@mantine/core';
import { useState } from 'react';
import { exactCount, plural } from '#console/format/quantity.ts';
import { Button } from '#console/part/button.tsx';
import { CodeBlock } from '#console/part/code.tsx';
import { Live } from '#console/part/live.tsx';
import { Section } from '#console/part/page.tsx';
import { Empty, Refusal } from '#console/part/state.tsx';
import { Status } from '#console/part/status.tsx';
import { titleOf } from '#console/format/word.ts';
import { type LiveAnswer, useLiveAnswer } from './ask.ts';
import { useViewRows } from './follow.ts';
import { RowTable } from './row-table.tsx';

/** One statement, and its answer, which follows the views that it asks. */
export function Editor() {
  const [text, setText] = useState('');
  const [asked, setAsked] = useState<{ text: string; run: number }>();
  const answer = useLiveAnswer(asked?.text, asked?.run ?? 0);
  const run = () => setAsked((now) => ({ text, run: (now?.run ?? 0) + 1 }));
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    run();
  };
  return (
    <div className="stack">
      <Section title="SQL" text="One statement; EXPLAIN (CODE) shows what runs. Ctrl+Enter carries it out.">
        <div className="stack">
          <Textarea
            classNames={{ input: 'sql-text' }}
            aria-label="Statement"
            placeholder="select city, n from sales where n > 10 order by n desc"
            autosize
            minRows={4}
            spellCheck={false}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={onKeyDown}
          />
          <div className="row dialog-end">
            <Button look="main" onClick={run} disabled={text.trim() === ''}>
              Run
            </Button>
          </div>
        </div>
      </Section>
      {asked && <Answered answer={answer} />}
    </div>
  );
}

function Answered({ answer: { asked, problem, isLive, heardAt } }: { answer: LiveAnswer }) {
  if (problem) return <Refusal problem={problem} />;
  switch (asked?.kind) {
    case undefined:
      return null;
    case 'lines':
      return (
        <Section title="Plan">
          <CodeBlock text={asked.lines.join('\n')} label="Plan" />
        </Section>
      );
    case 'done':
      return <Status tone="ok">{titleOf(asked.operation.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase())}: done</Status>;
    case 'view':
      return <Followed name={asked.name} />;
    case 'rows': {
      const { fields, rows } = asked.answer;
      const live = isLive ? <Live mode="live" heardAt={heardAt} /> : undefined;
      return (
        <Section flush title={`${exactCount(rows.length)} ${plural(rows.length, 'row')}`} actions={live}>
          {rows.length === 0 ? <Empty icon="analytics" title="No rows" /> : <RowTable label="Answer" fields={fields} rows={rows} />}
        </Section>
      );
    }
  }
}

/** A view as it goes on. */
export function Followed({ name }: { name: string }) {
  const { columns = [], rows, problem, isLost, heardAt } = useViewRows(name);
  const live = <Live mode={isLost ? 'lost' : 'live'} heardAt={heardAt} />;
  return (
    <Section flush title={`${exactCount(rows.length)} ${plural(rows.length, 'row')}`} actions={live}>
      {problem && <Refusal problem={problem} />}
      {rows.length === 0 ? <Empty icon="analytics" title="No rows" /> : <RowTable label={`Rows of ${name}`} fields={columns} rows={rows} />}
    </Section>
  );
}
