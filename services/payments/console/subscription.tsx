import { useOperation } from '#console/api/call.ts';
import { useLink } from '#console/api/place.ts';
import { LinkButton } from '#console/part/button.tsx';
import { Facts, PageHead, Section } from '#console/part/page.tsx';
import { Refusal, Waiting } from '#console/part/state.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { When } from '#console/part/when.tsx';
import { type Row, wordOf } from './row.ts';
import { Money, State } from './state.tsx';

type Item = {
  readonly id: string;
  readonly quantity?: number;
  readonly current_period_start?: number;
  readonly current_period_end?: number;
  readonly price: {
    readonly id: string;
    readonly unit_amount: number | null;
    readonly currency: string;
    readonly recurring?: Every | null;
  };
};
type Every = { readonly interval: string; readonly interval_count: number };
type Subscription = Row & {
  readonly items: { readonly data: readonly Item[] };
  readonly latest_invoice: string | null;
  readonly collection_method: string;
  readonly cancel_at_period_end: boolean;
};

/** What a customer pays again and again. */
export function SubscriptionPage({ name }: { name: string }) {
  const link = useLink();
  const reading = useOperation<Subscription>('payments', 'GetSubscription', name);
  const it = reading.value;
  return (
    <div className="page">
      <PageHead
        title="Subscription"
        name={name}
        aside={
          <span className="row wrap">
            {it?.status && <State status={it.status} />}
            <span className="mono dim">{name}</span>
          </span>
        }
        actions={it?.latest_invoice && <LinkButton to={link('payments', 'invoices', it.latest_invoice)}>Its last invoice</LinkButton>}
      />
      {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
      {!it && !reading.problem && <Waiting rows={4} />}
      {it && (
        <div className="stack">
          <Section>
            <Facts
              facts={[
                [
                  'Customer',
                  <span key="customer" className="mono">
                    {it.customer}
                  </span>,
                ],
                ['Collected', wordOf(it.collection_method)],
                ['Begun', <When key="begun" at={it.created * 1000} />],
                ['Ends with its period', it.cancel_at_period_end ? 'yes' : 'no'],
              ]}
            />
          </Section>
          <Section flush title="Prices">
            <Table label="Prices of the subscription" columns={columns} rows={it.items.data} rowKey={({ id }) => id} />
          </Section>
        </div>
      )}
    </div>
  );
}

const every = (recurring: Every | null | undefined): string =>
  recurring ? `${recurring.interval_count === 1 ? '' : `${recurring.interval_count} `}${recurring.interval}` : '';

const columns: readonly Column<Item>[] = [
  { key: 'price', title: 'Price', show: ({ price }) => <span className="mono">{price.id}</span> },
  {
    key: 'amount',
    title: 'Amount',
    right: true,
    show: ({ price }) => (price.unit_amount === null ? 'by use' : <Money amount={price.unit_amount} currency={price.currency} />),
  },
  { key: 'every', title: 'Every', show: ({ price }) => every(price.recurring) },
  { key: 'quantity', title: 'Quantity', right: true, show: ({ quantity }) => quantity ?? '' },
  { key: 'until', title: 'Paid until', show: ({ current_period_end: end }) => <When at={end === undefined ? undefined : end * 1000} /> },
];
