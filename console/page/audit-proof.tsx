import { useParams } from 'react-router';
import type { AuditRecord } from '../api/audit.ts';
import { useApi, useOperation } from '../api/call.ts';
import { usePrincipalNames } from '../api/member.ts';
import { useLink } from '../api/place.ts';
import { useRead } from '../api/read.ts';
import { save } from '../api/transfer.ts';
import { exactMoment } from '../format/moment.ts';
import { exactCount } from '../format/quantity.ts';
import { Button, LinkButton } from '../part/button.tsx';
import { Facts, PageHead, Section } from '../part/page.tsx';
import { Empty, Refusal, Waiting } from '../part/state.tsx';
import { Status, Tag } from '../part/status.tsx';
import { toHex } from '../proof/byte.ts';
import { canCheck, type CheckedProof, checkInclusion, type Proof } from '../proof/check.ts';
import { together } from '../proof/note.ts';
import { PathDrawing } from '../proof/path-drawing.tsx';
import { SignatureLines } from '../proof/signature-line.tsx';
import { Outcome } from '../view/outcome.tsx';
import type { AuditLogFacts } from './audit-log.tsx';

type Found = { readonly proof: Proof; readonly checked: CheckedProof | undefined };

/** One record of the audit log and the way from it to the signed root, checked by this browser. */
export function AuditProof() {
  const { sequence: text = '' } = useParams();
  const sequence = Number(text);
  const link = useLink();
  const api = useApi();
  const records = useOperation<{ items: readonly AuditRecord[] }>('platform', 'ListAudit', '', { before: sequence + 1, limit: 1 });
  const record = records.value?.items.find((each) => each.sequence === sequence);
  const reading = useRead<Found>(canCheck() ? `audit proof ${api.environment ?? ''} ${sequence}` : undefined, async () => {
    const log = await api.call<AuditLogFacts>('platform', 'GetAuditLog', '');
    const proof = await api.call<Proof>('platform', 'ProveAudit', log.log, { sequence });
    return { proof, checked: await checkInclusion(proof, sequence, log.verifiers) };
  });
  const { value } = reading;
  return (
    <div className="page">
      <PageHead
        title={`Record ${exactCount(sequence)}`}
        aside={value?.checked && <ProofVerdict checked={value.checked} />}
        text="The record is a leaf of a tree of hashes whose root is signed. This browser hashes the way up itself: what was changed,
          moved or slipped in later would end in another root."
        actions={
          <>
            <LinkButton to={link('platform', 'audit')}>All records</LinkButton>
            {value && (
              <Button
                icon="download"
                onClick={() => save(new Blob([JSON.stringify(value.proof)]), `proof-${value.proof.log}-${sequence}.json`)}
              >
                Save the proof
              </Button>
            )}
          </>
        }
      />
      {records.problem && <Refusal problem={records.problem} again={records.again} />}
      {!canCheck() && (
        <Section>
          <Empty icon="warning" title="This browser cannot check it here">
            Hashing is open only to pages of an address that the browser trusts: https, or this machine's own.
          </Empty>
        </Section>
      )}
      {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
      {!value && !reading.problem && canCheck() && (
        <Section>
          <Waiting rows={4} />
        </Section>
      )}
      <div className="proof-page">
        <div className="stack">
          {value?.checked && <Checks checked={value.checked} />}
          {record && <RecordFacts record={record} />}
        </div>
        {value?.checked && (
          <Section title="From the record to the root" text="Filled: hashed by this browser. Outlined: given by the platform.">
            <PathDrawing proof={value.checked} />
          </Section>
        )}
      </div>
      {value && !value.checked && (
        <Section>
          <Status tone="bad">The platform's answer is no proof of this record.</Status>
        </Section>
      )}
    </div>
  );
}

function ProofVerdict({ checked }: { checked: CheckedProof }) {
  const signed = together(checked.signatures);
  const holds = checked.leads && checked.named && signed !== 'bad' && signed !== 'missing';
  if (!holds) return <Status tone="bad">the proof does not hold</Status>;
  return signed === 'good' ? <Status tone="ok">proven</Status> : <Status tone="warn">in the log; signature not checked</Status>;
}

function Checks({ checked }: { checked: CheckedProof }) {
  const { header } = checked;
  return (
    <Section title="Checked in this browser">
      <ol className="checks">
        <li>
          <Status tone={checked.named ? 'ok' : 'bad'}>
            {checked.named ? 'The entry is this record of this log' : 'The entry says that it is another record'}
          </Status>
          <span className="dim">
            {exactCount(checked.sizeBytes)} bytes, sealed
            {header && `; written ${exactMoment(header.at)} by ${header.process}, its record number ${exactCount(header.number)}`}
          </span>
        </li>
        <li>
          <Status tone={checked.leads ? 'ok' : 'bad'}>
            {checked.leads ? 'The path leads to the root of the checkpoint' : 'The path does not lead to the root of the checkpoint'}
          </Status>
          <span className="dim">
            {checked.steps.length} steps of SHA-256 in a tree of {exactCount(checked.size)} records
          </span>
          <span className="mono cut" title={toHex(checked.root)}>
            {toHex(checked.root)}
          </span>
        </li>
        <SignatureLines signatures={checked.signatures} />
      </ol>
    </Section>
  );
}

function RecordFacts({ record }: { record: AuditRecord }) {
  const nameOf = usePrincipalNames();
  return (
    <Section
      title={`${record.service}.${record.operation}`}
      actions={record.erased ? <Tag>erased</Tag> : record.unreadable && <Tag>sealed</Tag>}
    >
      <Facts
        facts={[
          ['When', exactMoment(record.at)],
          ['Outcome', <Outcome key="o" outcome={record.outcome} gap={record.gap} />],
          ['Resource', `${record.kind} ${record.name}`],
          ['Who', record.erased ? 'erased' : nameOf(record.principal)],
          ['Times', exactCount(record.count)],
          [
            'Request',
            <span key="r" className="mono">
              {record.requestId || '–'}
            </span>,
          ],
        ]}
      />
    </Section>
  );
}
