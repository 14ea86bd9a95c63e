import { useNavigate } from 'react-router';
import { useOperation } from '#console/api/call.ts';
import { useLink } from '#console/api/place.ts';
import { CodeBlock } from '#console/part/code.tsx';
import { Live } from '#console/part/live.tsx';
import { PageHead, Section } from '#console/part/page.tsx';
import { Empty, Refusal, Waiting } from '#console/part/state.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { When } from '#console/part/when.tsx';
import { type Row, wordOf } from './row.ts';
import { Money, State } from './state.tsx';
import { pageMax } from '../contract/limits.ts';
import { lookMs } from './limits.ts';

const columns: readonly Column<Row>[] = [
  {
    key: 'amount',
    title: 'Amount',
    right: true,
    show: ({ amount, currency }) => (amount === undefined ? '' : <Money amount={amount} currency={currency ?? ''} />),
  },
  {
    key: 'status',
    title: 'Status',
    show: ({ status, type, last_payment_error: error }) =>
      status === undefined ? wordOf(type ?? '') : <State status={status} failed={status === 'requires_payment_method' && error != null} />,
  },
  { key: 'id', title: 'Id', show: ({ id }) => <span className="mono">{id}</span> },
  { key: 'reason', title: 'Reason', spare: 2, show: ({ reason }) => wordOf(reason ?? '') },
  { key: 'customer', title: 'Customer', spare: 1, show: ({ customer }) => <span className="mono dim">{customer ?? ''}</span> },
  { key: 'created', title: 'Made', show: ({ created }) => <When at={created * 1000} /> },
];
const used = (rows: readonly Row[]) =>
  columns.filter(({ key }) => ['id', 'status', 'created'].includes(key) || rows.some((row) => row[key as keyof Row] != null));

/** The newest objects of a kind, as they come; at most `most`. */
export function Objects({ operation, plural, title, most = pageMax }: { operation: string; plural: string; title: string; most?: number }) {
  const link = useLink();
  const go = useNavigate();
  const reading = useOperation<{ data: readonly Row[] }>('payments', operation, '', { limit: most }, { everyMs: lookMs });
  const rows = reading.value?.data;
  return (
    <Section flush title={`Newest ${title}`} actions={<Live mode="polled" heardAt={reading.heardAt} />}>
      {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
      {!rows && !reading.problem && <Waiting rows={6} />}
      {rows?.length === 0 && (
        <Empty icon="payments" title={`No ${title} yet`}>
          Clients of Stripe make them; the lines for yours are on the overview.
        </Empty>
      )}
      {rows && rows.length > 0 && (
        <Table
          label={title}
          columns={used(rows)}
          rows={rows}
          rowKey={({ id }) => id}
          onOpen={({ id }) => void go(link('payments', plural, encodeURIComponent(id)))}
        />
      )}
    </Section>
  );
}

export function objectList(operation: string, plural: string, title: string) {
  return () => <Objects operation={operation} plural={plural} title={title} />;
}

/** One object, in the form of the API. */
export function objectPage(operation: string) {
  return function ObjectPage({ name }: { name: string }) {
    const reading = useOperation<Row>('payments', operation, name);
    return (
      <div className="page">
        <PageHead title={name} />
        <Section>
          {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
          {!reading.value && !reading.problem && <Waiting rows={6} />}
          {reading.value && <CodeBlock label={name} text={JSON.stringify(reading.value, undefined, 2)} />}
        </Section>
      </div>
    );
  };
}
