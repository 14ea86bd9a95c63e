import { Textarea } from '@mantine/core';
import { useState } from 'react';
import { useApi, useMay, useOperation } from '#console/api/call.ts';
import { useLink } from '#console/api/place.ts';
import { Button, LinkButton } from '#console/part/button.tsx';
import { ConfirmDialog, useChange } from '#console/part/dialog.tsx';
import { notice } from '#console/part/notice.tsx';
import { Facts, PageHead, Section } from '#console/part/page.tsx';
import { Refusal, Waiting } from '#console/part/state.tsx';
import { When } from '#console/part/when.tsx';
import { spoken } from '../domain/currency.ts';
import { type Row, wordOf } from './row.ts';
import { State } from './state.tsx';

type Dispute = Row & {
  readonly reason: string;
  readonly charge: string;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly evidence_details: { readonly due_by: number | null; readonly has_evidence: boolean; readonly submission_count: number };
};

const isOpen = ({ status = '' }: Dispute): boolean => status.endsWith('needs_response') || status.endsWith('under_review');

/** A payment that is contested, and what is said against that. */
export function DisputePage({ name }: { name: string }) {
  const link = useLink();
  const may = useMay('payments');
  const reading = useOperation<Dispute>('payments', 'GetDispute', name);
  const dispute = reading.value;
  const payment = dispute?.payment_intent;
  return (
    <div className="page">
      <PageHead
        title={dispute ? `${spoken(dispute.amount ?? 0, dispute.currency ?? '')} contested` : name}
        aside={dispute?.status && <State status={dispute.status} />}
        actions={payment && <LinkButton to={link('payments', 'payment-intents', payment)}>Its payment</LinkButton>}
      />
      {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
      {!dispute && !reading.problem && <Waiting rows={4} />}
      {dispute && (
        <div className="stack">
          <Section>
            <Facts
              facts={[
                ['Reason', wordOf(dispute.reason)],
                [
                  'Charge',
                  <span key="charge" className="mono">
                    {dispute.charge}
                  </span>,
                ],
                ['Answer until', dispute.evidence_details.due_by ? <When key="due" at={dispute.evidence_details.due_by * 1000} /> : '–'],
                ['Answers handed in', dispute.evidence_details.submission_count],
                ...Object.entries(dispute.evidence).flatMap(([field, said]) =>
                  typeof said === 'string' ? [[wordOf(field), said] as const] : [],
                ),
              ]}
            />
          </Section>
          {isOpen(dispute) && may('UpdateDispute') && <Answer id={name} />}
        </div>
      )}
    </div>
  );
}

function Answer({ id }: { id: string }) {
  const api = useApi();
  const change = useChange();
  const [words, setWords] = useState('');
  const [isAccepting, setAccepting] = useState(false);
  const key = () => ({ key: crypto.randomUUID() });
  const submit = () =>
    void change.run(async () => {
      await api.call('payments', 'UpdateDispute', id, { evidence: { uncategorized_text: words }, submit: true }, key());
      notice('The evidence was handed in.');
    });
  const accept = async () => {
    await api.call('payments', 'CloseDispute', id, {}, key());
    notice('The dispute is accepted.');
  };
  return (
    <Section title="Answer" text="What speaks against it goes to the network, which is simulated and decides by these words.">
      <div className="stack tight">
        <Textarea aria-label="Evidence" autosize minRows={3} value={words} onChange={(event) => setWords(event.currentTarget.value)} />
        {change.problem && <Refusal problem={change.problem} compact />}
        <div className="row dialog-end">
          <Button look="danger" onClick={() => setAccepting(true)}>
            Accept the loss
          </Button>
          <Button look="main" onClick={submit} busy={change.busy} disabled={words.trim() === ''}>
            Hand in
          </Button>
        </div>
        {isAccepting && (
          <ConfirmDialog title="Accept the dispute" verb="Accept" act={accept} onClose={() => setAccepting(false)}>
            <p>The money is lost, and nothing can be said afterwards.</p>
          </ConfirmDialog>
        )}
      </div>
    </Section>
  );
}
