import { useOperation } from '#console/api/call.ts';
import { useLink } from '#console/api/place.ts';
import { LinkButton } from '#console/part/button.tsx';
import { CodeBlock } from '#console/part/code.tsx';
import { CopyButton } from '#console/part/copy.tsx';
import { Live } from '#console/part/live.tsx';
import { PageHead, Section } from '#console/part/page.tsx';
import { Refusal, Waiting } from '#console/part/state.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { When } from '#console/part/when.tsx';
import { spoken } from '../domain/currency.ts';
import { AttemptSection } from './attempt.tsx';
import { EntryTable } from './entry-table.tsx';
import { Messages, Records } from './message.tsx';
import { ReviewSection } from './review.tsx';
import { type Row, wordOf } from './row.ts';
import { Money, State } from './state.tsx';
import type { Trace } from './trace.ts';
import { lookMs } from './limits.ts';

/** One payment with all that led to what became of it. */
export function PaymentPage({ name }: { name: string }) {
  const link = useLink();
  const reading = useOperation<Trace>('payments', 'GetPaymentIntentTrace', name, {}, { everyMs: lookMs });
  const trace = reading.value;
  const { payment } = trace ?? {};
  return (
    <div className="page">
      <PageHead
        title={payment?.amount === undefined ? name : spoken(payment.amount, payment.currency ?? '')}
        aside={
          <span className="row wrap">
            {payment?.status && <State status={payment.status} failed={isFailed(payment)} />}
            <span className="mono dim">{name}</span>
            <CopyButton text={name} label="Copy the id of the payment" />
          </span>
        }
        text={payment?.last_payment_error?.message}
        actions={
          <>
            <Live mode="polled" heardAt={reading.heardAt} />
            <LinkButton to={link('payments', 'payment-intents')}>All payments</LinkButton>
          </>
        }
      />
      {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
      {!trace && !reading.problem && (
        <Section>
          <Waiting rows={8} />
        </Section>
      )}
      {trace && <Traced trace={trace} />}
    </div>
  );
}

const isFailed = ({ status, last_payment_error: error }: Row): boolean => status === 'requires_payment_method' && error != null;

function Traced({ trace }: { trace: Trace }) {
  const { attempts, messages, records, entries, refunds, disputes, reviews, events, payment } = trace;
  const back = [...refunds, ...disputes];
  return (
    <div className="stack">
      {reviews.map((review) => (
        <ReviewSection key={review.id} review={review} />
      ))}
      {attempts.map((attempt, at) => (
        <AttemptSection key={attempt.charge.id} attempt={attempt} number={at + 1} of={attempts.length} />
      ))}
      {attempts.length === 0 && (
        <Section title="Not tried yet" text="Nothing was decided: nobody has confirmed this payment.">
          {null}
        </Section>
      )}
      {messages.length > 0 && <Messages messages={messages} />}
      {records.length > 0 && <Records records={records} />}
      <EntryTable entries={entries} currency={payment.currency ?? ''} />
      {back.length > 0 && (
        <Section flush title="Given back and contested">
          <Table label="Refunds and disputes" columns={backColumns} rows={back} rowKey={({ id }) => id} />
        </Section>
      )}
      <Section flush title="Events">
        <Table label="Events of the payment" columns={eventColumns} rows={events} rowKey={({ id }) => id} />
      </Section>
      <Section title="As the API has it">
        <CodeBlock label={payment.id} text={JSON.stringify(payment, undefined, 2)} />
      </Section>
    </div>
  );
}

const backColumns: readonly Column<Row>[] = [
  { key: 'object', title: 'What', show: ({ object }) => wordOf(object) },
  { key: 'amount', title: 'Amount', right: true, show: ({ amount = 0, currency = '' }) => <Money amount={amount} currency={currency} /> },
  { key: 'status', title: 'Status', show: ({ status = '' }) => <State status={status} /> },
  { key: 'id', title: 'Id', spare: 1, show: ({ id }) => <span className="mono">{id}</span> },
  { key: 'created', title: 'Made', show: ({ created }) => <When at={created * 1000} /> },
];

const eventColumns: readonly Column<Row>[] = [
  { key: 'type', title: 'Event', show: ({ type = '' }) => <span className="mono">{type}</span> },
  { key: 'id', title: 'Id', spare: 1, show: ({ id }) => <span className="mono dim">{id}</span> },
  { key: 'created', title: 'When', show: ({ created }) => <When at={created * 1000} /> },
];
