import { useNavigate } from 'react-router';
import { useOperation } from '#console/api/call.ts';
import { useLink } from '#console/api/place.ts';
import { pageMax } from '../contract/limits.ts';
import { CodeBlock } from '#console/part/code.tsx';
import { PageHead, Section } from '#console/part/page.tsx';
import { Empty, Refusal, Waiting } from '#console/part/state.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { When } from '#console/part/when.tsx';
import { spoken } from '../domain/currency.ts';

type Row = {
  readonly id: string;
  readonly created: number;
  readonly status?: string;
  readonly type?: string;
  readonly amount?: number;
  readonly currency?: string;
  readonly customer?: string | null;
};

const columns: readonly Column<Row>[] = [
  { key: 'id', title: 'Id', show: ({ id }) => <span className="mono">{id}</span> },
  {
    key: 'amount',
    title: 'Amount',
    right: true,
    show: ({ amount, currency }) => (amount === undefined ? '' : spoken(amount, currency ?? '')),
  },
  { key: 'status', title: 'Status', show: ({ status, type }) => status ?? type ?? '' },
  { key: 'customer', title: 'Customer', spare: 1, show: ({ customer }) => <span className="mono dim">{customer ?? ''}</span> },
  { key: 'created', title: 'Made', show: ({ created }) => <When at={created * 1000} /> },
];

/** The newest objects of a kind. */
export function objectList(operation: string, plural: string, title: string) {
  return function ObjectList() {
    const link = useLink();
    const go = useNavigate();
    const reading = useOperation<{ data: readonly Row[] }>('payments', operation, '', { limit: pageMax });
    const rows = reading.value?.data;
    return (
      <Section flush>
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
            columns={columns}
            rows={rows}
            rowKey={({ id }) => id}
            onOpen={({ id }) => void go(link('payments', plural, encodeURIComponent(id)))}
          />
        )}
      </Section>
    );
  };
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
