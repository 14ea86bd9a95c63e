import { Autocomplete } from '@mantine/core';
import { useState } from 'react';
import { useMay } from '../api/call.ts';
import { usePrincipals } from '../api/member.ts';
import { useLink } from '../api/place.ts';
import { exactCount } from '../format/quantity.ts';
import { Button, LinkButton } from '../part/button.tsx';
import { PageHead, Section } from '../part/page.tsx';
import { Empty, Refusal } from '../part/state.tsx';
import { Status } from '../part/status.tsx';
import { PrivacyErase } from './privacy-erase.tsx';
import { useSubjectExport } from './privacy-export.ts';

/** What a person may ask for: all that is kept of them, and that it is erased. */
export default function Privacy() {
  const may = useMay('platform');
  const link = useLink();
  const principals = usePrincipals();
  const [typed, setTyped] = useState('');
  const [erasing, setErasing] = useState(false);
  const [erased, setErased] = useState<string>();
  const principal = principals.find(({ title }) => title === typed)?.principal ?? typed.trim();
  const taking = useSubjectExport(principal);
  return (
    <div className="page">
      <PageHead
        title="Privacy"
        text="A person may ask what is kept of them, and that it is erased. Here is what the platform itself keeps: membership, sessions,
          credentials, and the audit log. What services hold in their own records is not among it."
      />
      <Section title="Who asks">
        <div className="stack">
          <Autocomplete
            label="Person or program"
            description="By e-mail or title, or by the id that the audit log has; somebody who left is still found by it."
            data={principals.map(({ title }) => title)}
            value={typed}
            onChange={(text) => {
              setTyped(text);
              setErased(undefined);
            }}
          />
          <div className="row wrap">
            <Button
              icon="download"
              look="main"
              busy={taking.busy}
              disabled={principal === '' || !may('ExportAudit')}
              onClick={() => void taking.run()}
            >
              Take out what is kept
            </Button>
            <Button look="danger" icon="trash" disabled={principal === '' || !may('EraseAuditSubject')} onClick={() => setErasing(true)}>
              Erase…
            </Button>
          </div>
          {taking.problem && <Refusal problem={taking.problem} compact />}
          {taking.looked > 0 && (
            <p role="status">
              {exactCount(taking.looked)} audit records looked at, {exactCount(taking.found)} of them by this{' '}
              {principal === '' ? 'one' : 'person'}
              {taking.saved ? '; saved.' : '.'}
            </p>
          )}
        </div>
      </Section>
      {erased !== undefined && (
        <Section>
          <Empty
            icon="check"
            title="Erased"
            action={<LinkButton to={link('platform', 'audit', '-', 'log')}>See that the log still verifies</LinkButton>}
          >
            The key under which the audit log kept who {erased} is was destroyed. Every record is still there and every proof holds; nobody
            reads any more whose they were.
          </Empty>
          <p className="row wrap">
            <Status tone="note">What this person does from now on is recorded without who it was</Status>
          </p>
        </Section>
      )}
      {erasing && (
        <PrivacyErase
          principal={principal}
          onClose={() => setErasing(false)}
          onErased={() => {
            setErasing(false);
            setErased(principal);
          }}
        />
      )}
    </div>
  );
}
