import { useState } from 'react';
import { useParams } from 'react-router';
import { useMay } from '../api/call.ts';
import { keyStates, useKey } from '../api/key.ts';
import { useLink } from '../api/place.ts';
import { LinkButton } from '../part/button.tsx';
import { CopyButton, Id } from '../part/copy.tsx';
import { Live } from '../part/live.tsx';
import { Facts, PageHead, Section } from '../part/page.tsx';
import { Refusal, Waiting } from '../part/state.tsx';
import { When } from '../part/when.tsx';
import { AuditList } from '../view/audit-list.tsx';
import { KeyMenu, KeyStatus } from './key-menu.tsx';
import { type KeyStep, KeyStepDialog } from './key-step.tsx';

/** One key: what its state means, how services name it, what was done to it. */
export function KeyDetail() {
  const { name = '' } = useParams();
  const link = useLink();
  const may = useMay('platform');
  const [step, setStep] = useState<KeyStep>();
  const reading = useKey(name);
  const thing = reading.value;
  return (
    <div className="page">
      <PageHead
        title={name}
        aside={
          <>
            {thing && <KeyStatus spec={thing.spec} />}
            <Live mode={reading.problem ? 'lost' : 'polled'} heardAt={reading.heardAt} />
          </>
        }
        text={thing && keyStates[thing.spec.state].means}
        actions={
          <>
            <LinkButton to={link('platform', 'keys')}>All keys</LinkButton>
            {thing && <KeyMenu thing={thing} onStep={setStep} may={may} />}
          </>
        }
      />
      {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
      {!thing && !reading.problem && (
        <Section>
          <Waiting rows={3} />
        </Section>
      )}
      {thing && (
        <>
          <Section title="Key">
            <Facts
              facts={[
                ['Title', thing.spec.title],
                ['Material', thing.spec.versions === 0 ? 'none left' : `version ${thing.spec.versions}`],
                ['Came from', thing.spec.imported ? 'outside' : 'the keeper of this platform'],
                ['Leased to a process for', thing.spec.strict ? '60 seconds' : '24 hours'],
                ['Created', <When key="at" at={thing.createdAt} />],
                ['Unique id', <Id key="uid" id={thing.uid} />],
              ]}
            />
          </Section>
          <Section title="Name for services" text="An S3 client gives it as the KMS key of an object or a bucket.">
            <span className="row">
              <span className="mono cut">{thing.spec.arn}</span>
              <CopyButton text={thing.spec.arn} label="Copy the name for services" />
            </span>
          </Section>
          <AuditList fixed={{ service: 'platform', resource: name }} what="this key" />
        </>
      )}
      {step && thing && <KeyStepDialog step={step} thing={thing} onClose={() => setStep(undefined)} />}
    </div>
  );
}
