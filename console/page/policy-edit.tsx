import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useApi, useMay } from '../api/call.ts';
import { useLink } from '../api/place.ts';
import { type PolicyDraft, usePolicy } from '../api/policy.ts';
import { Button, LinkButton } from '../part/button.tsx';
import { useChange } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';
import { PageHead, Section } from '../part/page.tsx';
import { Refusal, Waiting } from '../part/state.tsx';
import { Status } from '../part/status.tsx';
import { CedarField } from '../view/cedar-field.tsx';
import { PolicyDelete } from './policy-delete.tsx';
import { PolicyTry } from './policy-try.tsx';
import { type Judgement, useJudgement } from './policy-judgement.ts';
import { starts } from './policy-start.ts';

/** Writes a policy, or changes the one of the address. */
export function PolicyEdit() {
  const { name } = useParams();
  const reading = usePolicy(name);
  if (name !== undefined && !reading.value)
    return (
      <div className="page">
        <PageHead title={name} />
        <Section>{reading.problem ? <Refusal problem={reading.problem} again={reading.again} /> : <Waiting />}</Section>
      </div>
    );
  return <Editor key={name ?? ''} saved={name === undefined ? undefined : { name, text: reading.value?.spec.text ?? '' }} />;
}

function Editor({ saved }: { saved: PolicyDraft | undefined }) {
  const api = useApi();
  const go = useNavigate();
  const link = useLink();
  const may = useMay('platform');
  const [name, setName] = useState(saved?.name ?? '');
  const [text, setText] = useState(saved?.text ?? '');
  const [removing, setRemoving] = useState(false);
  const change = useChange();
  const all = link('platform', 'policies');
  const draft = { name: name === '' ? 'draft' : name, text };
  const judgement = useJudgement(draft);
  const mayWrite = may(saved ? 'UpdatePolicy' : 'CreatePolicy');
  const save = () =>
    change.run(async () => {
      if (saved) await api.call('platform', 'UpdatePolicy', saved.name, { text });
      else await api.call('platform', 'CreatePolicy', '', { text, ...(name === '' ? {} : { name }) });
      notice('The policy holds now.');
      await go(all);
    });
  return (
    <div className="page">
      <PageHead
        title={saved?.name ?? 'New policy'}
        text="Checked against what every service declares, as you write. Nothing holds before it is saved."
        actions={
          <>
            <LinkButton to={all}>Cancel</LinkButton>
            {saved && may('DeletePolicy') && (
              <Button look="danger" icon="trash" onClick={() => setRemoving(true)}>
                Delete
              </Button>
            )}
            {mayWrite && (
              <Button look="main" busy={change.busy} disabled={judgement.is !== 'fits' || text === saved?.text} onClick={() => void save()}>
                Save
              </Button>
            )}
          </>
        }
      />
      {change.problem && <Refusal problem={change.problem} />}
      <div className="policy-page">
        <Section title="Policy" actions={<Verdict judgement={judgement} />}>
          <div className="stack">
            {!saved && (
              <TextInput
                label="Name"
                description="Lower-case letters, digits and hyphens; made up for you if left empty."
                value={name}
                onChange={(event) => setName(event.currentTarget.value)}
                spellCheck={false}
                autoComplete="off"
              />
            )}
            <CedarField
              label="Text of the policy"
              value={text}
              {...(mayWrite ? { onChange: setText } : {})}
              wrongLine={judgement.is === 'wrong' ? judgement.line : undefined}
              describedBy="policy-judgement"
            />
            <p id="policy-judgement" role="status" className={judgement.is === 'wrong' ? 'mantine-InputWrapper-error' : 'dim'}>
              {judgement.is === 'wrong' ? judgement.said : ' '}
            </p>
            {!saved && text === '' && <Starts onTake={setText} />}
          </div>
        </Section>
        <PolicyTry draft={draft} ready={judgement.is === 'fits'} />
      </div>
      {removing && saved && (
        <PolicyDelete operation="DeletePolicy" name={saved.name} onClose={() => setRemoving(false)} onDone={async () => go(all)} />
      )}
    </div>
  );
}

function Verdict({ judgement }: { judgement: Judgement }) {
  switch (judgement.is) {
    case 'fits':
      return <Status tone="ok">fits the schema</Status>;
    case 'wrong':
      return <Status tone="bad">{judgement.line === undefined ? 'not a policy yet' : `line ${judgement.line} is wrong`}</Status>;
    case 'busy':
      return <span className="dim">checking…</span>;
    default:
      return null;
  }
}

function Starts({ onTake }: { onTake: (text: string) => void }) {
  return (
    <div className="stack tight">
      <h3>Begin with</h3>
      <div className="row wrap">
        {starts.map(({ title, text }) => (
          <Button key={title} size="small" onClick={() => onTake(text)}>
            {title}
          </Button>
        ))}
      </div>
    </div>
  );
}
