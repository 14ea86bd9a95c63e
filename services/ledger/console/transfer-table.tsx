import { useMemo } from 'react';
import { Link } from 'react-router';
import { useLink } from '#console/api/place.ts';
import { type Column, Table } from '#console/part/table.tsx';
import { When } from '#console/part/when.tsx';
import { deedOf, grouped, momentOf, type TransferRow } from './row.ts';

/** Transfers in a table; for one account (`of`) with its own side's sign and the other account, else with both. */
export function TransferTable({ label, rows, of }: { label: string; rows: readonly TransferRow[]; of?: string }) {
  const link = useLink();
  const columns = useMemo<Column<TransferRow>[]>(() => {
    const account = (id: string) => <Link to={link('ledger', 'accounts', id)}>{id}</Link>;
    const other = (row: TransferRow) => (row.debitAccountId === of ? row.creditAccountId : row.debitAccountId);
    const sides: Column<TransferRow>[] =
      of === undefined
        ? [
            { key: 'debit', title: 'From', show: (row) => account(row.debitAccountId) },
            { key: 'credit', title: 'To', show: (row) => account(row.creditAccountId) },
          ]
        : [{ key: 'other', title: 'Other account', show: (row) => account(other(row)) }];
    return [
      { key: 'id', title: 'Transfer', show: (row) => <Link to={link('ledger', 'transfers', row.id)}>{row.id}</Link> },
      ...sides,
      { key: 'deed', title: 'What', spare: 1, show: deedOf },
      { key: 'code', title: 'Code', spare: 2, right: true, show: (row) => row.code },
      {
        key: 'amount',
        title: 'Amount',
        right: true,
        show: (row) => `${row.debitAccountId === of ? '−' : ''}${grouped(row.amount)}`,
      },
      { key: 'at', title: 'When', spare: 1, show: (row) => <When at={momentOf(row.timestamp)} /> },
    ];
  }, [link, of]);
  return <Table label={label} columns={columns} rows={rows} rowKey={(row) => row.id} />;
}
