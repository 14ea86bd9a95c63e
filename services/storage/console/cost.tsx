import { TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { useOperation } from '#console/api/call.ts';
import type { Thing } from '#console/api/pages.ts';
import { useLink } from '#console/api/place.ts';
import { type MeterSeries, useUsage } from '#console/api/usage.ts';
import { pollEveryMs } from '#console/limits.ts';
import { Amount } from '#console/part/amount.tsx';
import { Section } from '#console/part/page.tsx';
import { Empty, Refusal, Waiting } from '#console/part/state.tsx';
import { type Column, sorted, Table } from '#console/part/table.tsx';
import { NumberField } from './number-field.tsx';
import { costOf, noPrices, type Prices, readPrices, type Use, writePrices } from './price.ts';

type Row = Use & { readonly name: string };

/** What each bucket keeps and moved in thirty days, and what that comes to at the reader's own prices. */
export function Cost() {
  const link = useLink();
  const usage = useUsage('month', false, 'storage', 'resource');
  const buckets = useOperation<{ items: readonly Thing[] }>('storage', 'ListBuckets', '', { limit: 1000 }, { everyMs: pollEveryMs });
  const [prices, setPrices] = useState(readPrices);
  const [sorting, setSorting] = useState<{ key: string; down: boolean }>({ key: 'cost', down: true });
  const rows = useMemo(() => buckets.value && rowsOf(buckets.value.items, usage.series ?? []), [buckets.value, usage.series]);
  const write = (more: Partial<Prices>) => {
    const next = { ...prices, ...more };
    setPrices(next);
    writePrices(next);
  };
  const columns: readonly Column<Row>[] = [
    { key: 'name', title: 'Bucket', by: ({ name }) => name, show: ({ name }) => <Link to={link('storage', 'buckets', name)}>{name}</Link> },
    ...(
      [
        ['storedBytes', 'Stored now', 'byte', undefined],
        ['requests', 'Requests', 'request', 1],
        ['receivedBytes', 'Received', 'byte', 2],
        ['sentBytes', 'Sent', 'byte', 1],
      ] as const
    ).map(
      ([key, title, unit, spare]): Column<Row> => ({
        key,
        title,
        right: true,
        spare,
        by: (row) => row[key],
        show: (row) => <Amount value={row[key]} unit={unit} bare />,
      }),
    ),
    { key: 'cost', title: 'Cost', right: true, by: (row) => costOf(row, prices), show: (row) => money(costOf(row, prices), prices) },
  ];
  const price = (name: Exclude<keyof Prices, 'currency'>, label: string) => (
    <NumberField
      label={label}
      min={0}
      max={1_000_000}
      decimals={6}
      bare
      value={prices[name]}
      onChange={(value) => write({ [name]: value })}
    />
  );
  const total = rows?.reduce((sum, row) => sum + costOf(row, prices), 0) ?? 0;
  const problem = usage.problem ?? buckets.problem;
  return (
    <>
      <Section
        title="Prices"
        text="Your own, kept in this browser: this platform sends no bill. A month of what is stored now, and thirty days of the rest."
      >
        <div className="prices">
          <TextInput
            label="Currency"
            value={prices.currency}
            onChange={(event) => write({ currency: event.currentTarget.value.slice(0, 3) })}
          />
          {price('storedGib', 'A GiB kept for a month')}
          {price('requests', '1,000 requests')}
          {price('receivedGib', 'A GiB received')}
          {price('sentGib', 'A GiB sent')}
        </div>
      </Section>
      <Section flush title="Buckets" text="From the meters of the last thirty days.">
        {problem && (
          <div className="section-body">
            <Refusal problem={problem} again={usage.again} />
          </div>
        )}
        {!rows && !problem && <Waiting rows={4} />}
        {rows?.length === 0 && (
          <Empty icon="storage" title="No buckets yet">
            What each keeps, and who moves how much, stands here from the first object on.
          </Empty>
        )}
        {rows && rows.length > 0 && (
          <>
            <Table
              label="Cost of buckets"
              columns={columns}
              rows={sorted(rows, columns, sorting)}
              rowKey={({ name }) => name}
              sorting={sorting}
              onSort={(key) => setSorting((now) => ({ key, down: now.key === key ? !now.down : true }))}
            />
            <div className="table-end">
              <span className="grow">Together</span>
              <strong>{money(total, prices)}</strong>
            </div>
          </>
        )}
      </Section>
    </>
  );
}

function money(value: number, prices: Prices): React.ReactNode {
  if (JSON.stringify({ ...prices, currency: '' }) === JSON.stringify({ ...noPrices, currency: '' }))
    return <span className="faint">no prices</span>;
  const text = value.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: value < 1 ? 6 : 2 });
  return `${text} ${prices.currency}`;
}

function rowsOf(buckets: readonly Thing[], series: readonly MeterSeries[]): readonly Row[] {
  const of = (meter: string, name: string) => series.find((each) => each.meter === meter && each.dimension === name)?.total ?? 0;
  return buckets.map(({ name, status }) => ({
    name,
    storedBytes: Number(status?.sizeBytes ?? 0),
    requests: of('request', name),
    receivedBytes: of('ingress', name),
    sentBytes: of('egress', name),
  }));
}
