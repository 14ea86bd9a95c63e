import { Autocomplete } from '@mantine/core';
import { useState } from 'react';
import { useMay } from '../api/call.ts';
import { useMembers } from '../api/member.ts';
import { useLink, usePlace } from '../api/place.ts';
import { revealed } from '../api/reveal.ts';
import { bytes, exactCount, plural } from '../format/quantity.ts';
import { Button, LinkButton } from '../part/button.tsx';
import { CodeBlock } from '../part/code.tsx';
import { PageHead, Section } from '../part/page.tsx';
import { Refusal } from '../part/state.tsx';
import { Status } from '../part/status.tsx';
import { type Column, Table } from '../part/table.tsx';
import { type Erasure, type Kept, PrivacyErase } from './privacy-erase.tsx';
import { useSubjectExport } from './privacy-export.ts';

/** What a person may ask for: all that is known of them, and that it is erased. */
export default function Privacy() {
  const may = useMay('platform');
  const { project, environment } = usePlace();
  const members = useMembers();
  const isRevealed = revealed.use();
  const [typed, setTyped] = useState('');
  const [erasing, setErasing] = useState(false);
  const [erased, setErased] = useState<{ subject: string; erasure: Erasure }>();
  const subject = typed.trim();
  const taking = useSubjectExport(subject);
  return (
    <div className="page">
      <PageHead
        title="Privacy"
        text={`A person may ask what is known of them, and that it is erased. Both go over every service of ${project.name} /
          ${environment.name}, the members of the organization, and its audit log.`}
      />
      <Section title="Who asks">
        <div className="stack">
          <Autocomplete
            label="Person"
            description="The e-mail address, or the id that your data carries in the label, tag or attribute called subject."
            data={isRevealed ? [...new Set(members?.map(({ spec }) => spec.email))] : []}
            value={typed}
            onChange={setTyped}
          />
          <div className="row wrap">
            <Button
              icon="download"
              look="main"
              busy={taking.busy}
              disabled={subject === '' || !may('ExportDataSubject')}
              onClick={() => void taking.run()}
            >
              Take out what is known
            </Button>
            <Button look="danger" icon="trash" disabled={subject === '' || !may('EraseDataSubject')} onClick={() => setErasing(true)}>
              Erase…
            </Button>
          </div>
          {taking.problem && <Refusal problem={taking.problem} compact />}
          {taking.lines !== undefined && (
            <p role="status">
              {exactCount(taking.lines)} {plural(taking.lines, 'line')}, {bytes(taking.sizeBytes)}
              {taking.saved ? ', saved.' : ' so far…'}
            </p>
          )}
          <CodeBlock
            label="the same on the command line"
            text={['export-data-subject', 'erase-data-subject']
              .map((operation) => `gamut platform ${operation} --subject ${quoted(subject)}`)
              .join('\n')}
          />
        </div>
      </Section>
      {erased && <Erased {...erased} />}
      {erasing && (
        <PrivacyErase
          subject={subject}
          onClose={() => setErasing(false)}
          onErased={(erasure) => {
            setErasing(false);
            setErased({ subject, erasure });
          }}
        />
      )}
    </div>
  );
}

/** A word for a shell; what is not a plain word is quoted. */
const quoted = (text: string) => (/^[A-Za-z0-9@._+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

const columns: readonly Column<Kept>[] = [
  { key: 'kind', title: 'Kind', show: ({ kind }) => kind },
  { key: 'name', title: 'Name', show: ({ name }) => <span className="cell-long cut mono">{name}</span> },
  { key: 'reason', title: 'Why it is kept', show: ({ reason }) => reason },
];

function Erased({ subject, erasure: { erased, kept } }: { subject: string; erasure: Erasure }) {
  const link = useLink();
  return (
    <Section
      flush
      title={`What was erased of ${subject}`}
      text="Audit records and their proofs stay; who acted in them is gone for ever."
      actions={
        <LinkButton size="small" to={link('platform', 'audit', '-', 'log')}>
          See that the log still verifies
        </LinkButton>
      }
    >
      <div className="table-bar" role="status">
        <Status tone="ok">
          {exactCount(erased)} {plural(erased, 'thing')} gone
        </Status>
        <Status tone={kept.length === 0 ? 'ok' : 'warn'}>
          {kept.length === 0 ? 'nothing had to be kept' : `${exactCount(kept.length)} kept`}
        </Status>
      </div>
      {kept.length > 0 && <Table label="What is kept" columns={columns} rows={kept} rowKey={({ kind, name }) => `${kind} ${name}`} />}
    </Section>
  );
}
