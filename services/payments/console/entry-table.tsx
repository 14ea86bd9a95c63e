import { useMemo } from 'react';
import { Link } from 'react-router';
import { useContract } from '#console/api/call.ts';
import { useLink } from '#console/api/place.ts';
import { Section } from '#console/part/page.tsx';
import { Empty } from '#console/part/state.tsx';
import { Tag } from '#console/part/status.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { When } from '#console/part/when.tsx';
import { Money } from './state.tsx';
import type { Entry } from './trace.ts';

/** What a payment left in the ledger: each line takes from one account what it gives to another. */
export function EntryTable({ entries, currency }: { entries: readonly Entry[]; currency: string }) {
  const link = useLink();
  const hasLedger = useContract('ledger') !== undefined;
  const columns = useMemo<Column<Entry>[]>(() => {
    const account = ({ id, account: name }: Entry['debit']) => {
      const words = name ?? id;
      return hasLedger ? <Link to={link('ledger', 'accounts', id)}>{words}</Link> : words;
    };
    return [
      { key: 'step', title: 'Step', show: ({ step, id }) => step ?? id },
      { key: 'kind', title: 'Kind', show: ({ kind }) => <Tag>{kind}</Tag> },
      { key: 'debit', title: 'Debit', show: ({ debit }) => account(debit) },
      { key: 'credit', title: 'Credit', show: ({ credit }) => account(credit) },
      { key: 'amount', title: 'Amount', right: true, show: ({ amount }) => <Money amount={amount} currency={currency} /> },
      { key: 'at', title: 'When', spare: 1, show: ({ at }) => <When at={at} /> },
    ];
  }, [link, hasLedger, currency]);
  return (
    <Section flush title="Ledger" text="Both sides of each transfer, in their order. A hold moves nothing until it is posted.">
      {entries.length === 0 ? (
        <Empty icon="ledger" title="No money was moved" />
      ) : (
        <Table label="Entries of the payment" columns={columns} rows={entries} rowKey={({ id }) => id} />
      )}
    </Section>
  );
}
