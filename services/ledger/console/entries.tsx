import { useMemo } from 'react';
import { Link } from 'react-router';
import { useOperation } from '#console/api/call.ts';
import { useLink } from '#console/api/place.ts';
import { Section } from '#console/part/page.tsx';
import { Refusal, Waiting } from '#console/part/state.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import type { ThingProps } from '#console/service-page.ts';
import { type Balances, grouped, type TransferRow } from './row.ts';
import { TransferTable } from './transfer-table.tsx';

type Side = Balances & { readonly id: string };
type Change = { readonly transfer: TransferRow; readonly debit: Side; readonly credit: Side };
type Line = { readonly title: string; readonly side: Side; readonly debit: string; readonly credit: string };

/** Both sides of one transfer: what it wrote into each account, and what each came to by it. */
export function Entries({ thing }: ThingProps) {
  const timestamp = String(thing.status?.timestamp ?? '0');
  const spec = thing.spec as Omit<TransferRow, 'id' | 'timestamp'>;
  const at = useMemo(() => ({ timestampMin: timestamp, timestampMax: timestamp, limit: 1 }), [timestamp]);
  const reading = useOperation<{ items: readonly Change[] }>('ledger', 'GetChangeEvents', '', at);
  const change = reading.value?.items[0];
  if (reading.problem) return <Refusal problem={reading.problem} again={reading.again} />;
  if (!reading.value) return <Waiting rows={2} />;
  return (
    <div className="stack">
      {change && <Postings change={change} amount={spec.amount} />}
      {spec.pendingId !== '0' && <Origin id={spec.pendingId} />}
    </div>
  );
}

function Postings({ change, amount }: { change: Change; amount: string }) {
  const link = useLink();
  const columns = useMemo<Column<Line>[]>(
    () => [
      { key: 'account', title: 'Account', show: ({ side }) => <Link to={link('ledger', 'accounts', side.id)}>{side.id}</Link> },
      { key: 'debit', title: 'Debit', right: true, show: (line) => line.debit },
      { key: 'credit', title: 'Credit', right: true, show: (line) => line.credit },
      { key: 'debits', title: 'Debits then', spare: 1, right: true, show: ({ side }) => grouped(side.debitsPosted) },
      { key: 'credits', title: 'Credits then', spare: 1, right: true, show: ({ side }) => grouped(side.creditsPosted) },
      {
        key: 'held',
        title: 'Held then',
        spare: 2,
        right: true,
        show: ({ side }) => grouped(BigInt(side.debitsPending) + BigInt(side.creditsPending)),
      },
    ],
    [link],
  );
  const lines: Line[] = [
    { title: 'debit', side: change.debit, debit: grouped(amount), credit: '' },
    { title: 'credit', side: change.credit, debit: '', credit: grouped(amount) },
  ];
  return (
    <Section flush title="Entries" text="The same amount on both sides, and what each account came to by it.">
      <Table label="Entries of the transfer" columns={columns} rows={lines} rowKey={(line) => line.title} />
    </Section>
  );
}

/** The transfer that held what this one posted or released. */
function Origin({ id }: { id: string }) {
  const asked = useMemo(() => ({ ids: [id] }), [id]);
  const reading = useOperation<{ items: readonly TransferRow[] }>('ledger', 'LookupTransfers', '', asked);
  if (reading.problem) return <Refusal problem={reading.problem} again={reading.again} />;
  return (
    <Section flush title="Held by">
      <TransferTable label="The transfer that held it" rows={reading.value?.items ?? []} />
    </Section>
  );
}
