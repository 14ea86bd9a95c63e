import { Autocomplete, Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useApi } from '#console/api/call.ts';
import { usePrincipals } from '#console/api/member.ts';
import { type Explained, explain } from '#console/api/policy.ts';
import { Button } from '#console/part/button.tsx';
import { useChange } from '#console/part/dialog.tsx';
import { Section } from '#console/part/page.tsx';
import { Refusal } from '#console/part/state.tsx';
import { AccessAnswer, type Answer } from './access-answer.tsx';

const asking = [
  { value: 'account', label: 'Somebody of this account' },
  { value: 'other', label: 'Another account' },
  { value: 'anonymous', label: 'Anybody, without a credential' },
];
const operations = [
  { group: 'Object', items: ['GetObject', 'PutObject', 'DeleteObject', 'CopyObject', 'RestoreObject'] },
  {
    group: 'Tags, grants and locks',
    items: ['GetObjectTagging', 'PutObjectTagging', 'GetObjectAcl', 'PutObjectAcl', 'PutObjectRetention'],
  },
  { group: 'Bucket', items: ['ListObjectsV2', 'ListObjectVersions', 'HeadBucket', 'GetBucketPolicy', 'PutBucketPolicy', 'DeleteBucket'] },
];

type Question = {
  who: 'account' | 'other' | 'anonymous';
  principal: string;
  account: string;
  operation: string;
  key: string;
  address: string;
};
type Props = { bucket: string; policy: string; isDraft: boolean; ready: boolean };
type Said = { readonly policy: string; readonly answer: Answer; readonly own: Explained | undefined };

/** Who may do what on this key, and why: first by the caller's own roles and policies, then by the bucket's. */
export function AccessQuestion({ bucket, policy, isDraft, ready }: Props) {
  const api = useApi();
  const [question, setQuestion] = useState<Question>({
    who: 'anonymous',
    principal: '',
    account: '',
    operation: 'GetObject',
    key: '',
    address: '',
  });
  const [said, setSaid] = useState<Said>();
  const change = useChange();
  const ask = (event: React.FormEvent) => {
    event.preventDefault();
    void change.run(async () => {
      const { who, principal, account, operation, key, address } = question;
      const own = who === 'account' ? await explain(api, { principal, service: 'storage', operation, name: bucket }) : undefined;
      const answer = await api.call<Answer>('storage', 'ExplainObjectAccess', bucket, {
        operation,
        who,
        policy,
        ...(key === '' ? {} : { key }),
        ...(principal === '' || who === 'anonymous' ? {} : { principal }),
        ...(who === 'other' ? { account } : {}),
        ...(own ? { identity: own.allowed ? 'allows' : own.reasons.length > 0 ? 'forbids' : 'silent' } : {}),
        ...(address === '' ? {} : { context: { 'aws:sourceip': address } }),
      });
      setSaid({ policy, answer, own });
    });
  };
  return (
    <Section title="Who may?" text={isDraft ? 'Decided as if this text were saved.' : 'Decided as requests are, here and now.'}>
      <form className="stack" onSubmit={ask}>
        <Fields question={question} onChange={(more) => setQuestion({ ...question, ...more })} />
        {change.problem && <Refusal problem={change.problem} compact />}
        <div className="row dialog-end">
          <Button type="submit" look="main" busy={change.busy} disabled={!ready}>
            Explain
          </Button>
        </div>
        {said?.policy === policy && <AccessAnswer answer={said.answer} own={said.own} />}
      </form>
    </Section>
  );
}

function Fields({ question, onChange }: { question: Question; onChange: (more: Partial<Question>) => void }) {
  const principals = usePrincipals();
  const { who, principal, account, operation, key, address } = question;
  return (
    <>
      <Select
        label="Who"
        data={asking}
        value={who}
        onChange={(value) => onChange({ who: (value ?? 'anonymous') as Question['who'] })}
        allowDeselect={false}
      />
      {who === 'account' && (
        <Autocomplete
          label="Principal"
          description="A member, a credential or a service account; you, if left empty."
          data={principals.map(({ title }) => title)}
          value={principals.find((each) => each.principal === principal)?.title ?? principal}
          onChange={(text) => onChange({ principal: principals.find(({ title }) => title === text)?.principal ?? text })}
        />
      )}
      {who === 'other' && (
        <TextInput
          label="Account"
          description="The id of its environment. Its own policies must allow it too, which is taken for granted here."
          value={account}
          onChange={(event) => onChange({ account: event.currentTarget.value })}
          spellCheck={false}
        />
      )}
      <Select
        label="Operation"
        data={operations}
        value={operation}
        onChange={(value) => onChange({ operation: value ?? 'GetObject' })}
        searchable
        allowDeselect={false}
      />
      <div className="pair">
        <TextInput label="Key" value={key} onChange={(event) => onChange({ key: event.currentTarget.value })} spellCheck={false} />
        <TextInput
          label="From address"
          placeholder="not said"
          value={address}
          onChange={(event) => onChange({ address: event.currentTarget.value })}
          spellCheck={false}
        />
      </div>
    </>
  );
}
