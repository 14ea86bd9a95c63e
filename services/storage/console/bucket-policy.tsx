import { useEffect, useState } from 'react';
import { useApi, useMay, useOperation } from '#console/api/call.ts';
import { asProblem } from '#console/api/problem.ts';
import { judgePauseMs } from '#console/limits.ts';
import { Button } from '#console/part/button.tsx';
import { ConfirmDialog, useChange } from '#console/part/dialog.tsx';
import { notice } from '#console/part/notice.tsx';
import { Section } from '#console/part/page.tsx';
import { Refusal, Waiting } from '#console/part/state.tsx';
import { Status, Tag } from '#console/part/status.tsx';
import type { ThingProps } from '#console/service-page.ts';
import { CedarField } from '#console/view/cedar-field.tsx';
import { AccessQuestion } from './access-question.tsx';

/** The policy of a bucket, and how it decides. */
export function BucketPolicy({ name }: ThingProps) {
  const reading = useOperation<{ policy: string }>('storage', 'GetBucketPolicy', name, {});
  const none = reading.problem?.code === 'NoSuchBucketPolicy';
  if (!reading.value && !none)
    return <Section>{reading.problem ? <Refusal problem={reading.problem} again={reading.again} /> : <Waiting rows={6} />}</Section>;
  const saved = none ? '' : pretty(reading.value?.policy ?? '');
  return <Editor key={saved} bucket={name} saved={saved} again={reading.again} />;
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

function Editor({ bucket, saved, again }: { bucket: string; saved: string; again: () => void }) {
  const api = useApi();
  const may = useMay('storage');
  const [text, setText] = useState(saved);
  const [removing, setRemoving] = useState(false);
  const judged = useJudged(bucket, text);
  const change = useChange();
  const save = () =>
    change.run(async () => {
      await api.call('storage', 'PutBucketPolicy', bucket, { policy: text });
      notice('The policy holds now.');
      again();
    });
  const mayWrite = may('PutBucketPolicy');
  return (
    <div className="policy-page">
      <Section
        title="Policy of the bucket"
        text="What it denies is denied; what it allows holds for other accounts too. Nothing holds before it is saved."
        actions={
          <>
            {judged.isPublic && <Tag tone="warn">public</Tag>}
            {saved !== '' && may('DeleteBucketPolicy') && (
              <Button size="small" look="danger" icon="trash" onClick={() => setRemoving(true)}>
                Delete
              </Button>
            )}
            {mayWrite && (
              <Button
                size="small"
                look="main"
                busy={change.busy}
                disabled={text.trim() === '' || text === saved || judged.said !== undefined || !judged.known}
                onClick={() => void save()}
              >
                Save
              </Button>
            )}
          </>
        }
      >
        <div className="stack">
          {change.problem && <Refusal problem={change.problem} compact />}
          <CedarField
            label="Policy of the bucket"
            value={text}
            {...(mayWrite ? { onChange: setText } : {})}
            describedBy="bucket-policy-judgement"
          />
          <p id="bucket-policy-judgement" role="status">
            {judged.said ? (
              <Status tone="bad">{judged.said}</Status>
            ) : (
              <span className="dim">
                {text.trim() === '' ? 'No policy: only the account itself, and whom grants name, may do anything here.' : ' '}
              </span>
            )}
          </p>
          {mayWrite && text.trim() === '' && <Starts bucket={bucket} onTake={setText} />}
        </div>
      </Section>
      <AccessQuestion bucket={bucket} policy={text} isDraft={text !== saved} ready={judged.said === undefined} />
      {removing && (
        <ConfirmDialog
          title="Delete the policy"
          verb="Delete"
          onClose={() => setRemoving(false)}
          act={async () => {
            await api.call('storage', 'DeleteBucketPolicy', bucket, {});
            notice('The bucket has no policy now.');
            again();
          }}
        >
          <p>What it allowed and denied holds no more, at once. Its text is not kept.</p>
        </ConfirmDialog>
      )}
    </div>
  );
}

type Judged = { readonly known: boolean; readonly said?: string; readonly isPublic?: boolean };

/** Has the service read a text after each pause in typing. */
function useJudged(bucket: string, text: string): Judged {
  const api = useApi();
  const [judged, setJudged] = useState<Judged & { readonly text: string }>();
  useEffect(() => {
    if (text.trim() === '') return undefined;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      // Any question will do: the text is read before it is answered.
      api
        .call<{ isPublic: boolean }>(
          'storage',
          'ExplainObjectAccess',
          bucket,
          { operation: 'HeadBucket', policy: text },
          { signal: stop.signal },
        )
        .then(
          ({ isPublic }) => setJudged({ text, known: true, isPublic }),
          (thrown) => {
            const { detail, title } = asProblem(thrown);
            if (!stop.signal.aborted) setJudged({ text, known: true, said: detail ?? title });
          },
        );
    }, judgePauseMs);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [api, bucket, text]);
  return judged?.text === text ? judged : { known: text.trim() === '' };
}

const statement = (bucket: string, more: object) => ({
  Sid: 'first',
  Effect: 'Allow',
  Principal: '*',
  Action: ['s3:GetObject'],
  Resource: [`arn:aws:s3:::${bucket}/*`],
  ...more,
});
const starts: readonly { readonly title: string; readonly more: (bucket: string) => object }[] = [
  { title: 'Everybody may read one folder', more: (bucket) => ({ Resource: [`arn:aws:s3:::${bucket}/public/*`] }) },
  { title: 'Another account may read', more: () => ({ Principal: { AWS: 'arn:aws:iam::ACCOUNT:root' } }) },
  {
    title: 'Refuse all but one network',
    more: (bucket) => ({
      Effect: 'Deny',
      Action: ['s3:*'],
      Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
      Condition: { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
    }),
  },
];

function Starts({ bucket, onTake }: { bucket: string; onTake: (text: string) => void }) {
  return (
    <div className="stack tight">
      <h3>Start from</h3>
      <div className="row wrap">
        {starts.map(({ title, more }) => (
          <Button
            key={title}
            size="small"
            onClick={() => onTake(JSON.stringify({ Version: '2012-10-17', Statement: [statement(bucket, more(bucket))] }, undefined, 2))}
          >
            {title}
          </Button>
        ))}
      </div>
    </div>
  );
}
