import { TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useOperation } from '#console/api/call.ts';
import type { Thing } from '#console/api/pages.ts';
import { useLink } from '#console/api/place.ts';
import { useUsage } from '#console/api/usage.ts';
import { Spark } from '#console/chart/spark.tsx';
import { exactCount, plural } from '#console/format/quantity.ts';
import { listPageMax, pollEveryMs } from '#console/limits.ts';
import { Amount } from '#console/part/amount.tsx';
import { Figure, Section } from '#console/part/page.tsx';
import { Empty, Refusal } from '#console/part/state.tsx';
import { type Balances, netOf, type TransferRow } from './row.ts';
import { TransferTable } from './transfer-table.tsx';

/** The ledger's numbers, whether its books balance, and the search for transfers. */
export function LedgerOverview() {
  const link = useLink();
  const usage = useUsage('day', false, 'ledger');
  const accounts = useOperation<{ items: readonly Thing[]; next?: string }>(
    'ledger',
    'ListAccounts',
    '',
    { limit: listPageMax },
    { everyMs: pollEveryMs },
  ).value;
  const series = (meter: string) => usage.series?.find((each) => each.meter === meter);
  const count = accounts ? `${exactCount(accounts.items.length)}${accounts.next ? '+' : ''}` : ' ';
  return (
    <>
      <div className="figures">
        <Figure label="Accounts" to={link('ledger', 'accounts')} value={count} note={plural(accounts?.items.length ?? 0, 'account')} />
        <Figure label="Books" to={link('ledger', '-', 'activity')} value={balanceOf(accounts)} note="each change is in the audit log" />
        <Figure label="Asked for" value={<Amount value={series('event')?.total ?? 0} unit="event" bare />} note="events in 24 hours">
          <Spark values={series('event')?.values ?? []} label="Events by the hour" />
        </Figure>
        <Figure label="Requests" value={<Amount value={series('request')?.total ?? 0} unit="request" bare />} note="in 24 hours">
          <Spark values={series('request')?.values ?? []} label="Requests by the hour" />
        </Figure>
      </div>
      <TransferSearch />
    </>
  );
}

/** Whether debits and credits of all accounts are the same; a part of them need not balance. */
function balanceOf(accounts: { items: readonly Thing[]; next?: string } | undefined): string {
  if (!accounts) return ' ';
  if (accounts.next) return 'large';
  const net = accounts.items.reduce((sum, { status }) => sum + netOf(status as Balances), 0n);
  return net === 0n ? 'balance' : `differ by ${net}`;
}

const fields = [
  { name: 'ledger', label: 'Ledger' },
  { name: 'code', label: 'Code' },
  { name: 'userData64', label: 'User data, 64 bits' },
  { name: 'userData128', label: 'User data, 128 bits' },
] as const;
type Asked = Partial<Record<(typeof fields)[number]['name'], string>>;

/** Transfers by their fields, newest first. */
function TransferSearch() {
  const [asked, ask] = useState<Asked>({});
  const input = useMemo(
    () => ({
      ...Object.fromEntries(
        Object.entries(asked)
          .filter(([, value]) => /^[0-9]+$/.test(value))
          .map(([name, value]) => [name, name.startsWith('user') ? value : Number(value)]),
      ),
      limit: listPageMax,
      reversed: true,
    }),
    [asked],
  );
  const reading = useOperation<{ items: readonly TransferRow[] }>('ledger', 'QueryTransfers', '', input, { everyMs: pollEveryMs });
  const rows = reading.value?.items;
  return (
    <Section flush title="Transfers">
      <div className="table-bar">
        {fields.map(({ name, label }) => (
          <TextInput
            key={name}
            className="filter"
            inputMode="numeric"
            aria-label={label}
            placeholder={label}
            value={asked[name] ?? ''}
            onChange={(event) => ask({ ...asked, [name]: event.currentTarget.value.trim() })}
          />
        ))}
      </div>
      {reading.problem && (
        <div className="section-body">
          <Refusal problem={reading.problem} again={reading.again} />
        </div>
      )}
      {rows?.length === 0 && (
        <Empty icon="search" title="No transfers like these">
          Clients of TigerBeetle make them; the lines for yours are below.
        </Empty>
      )}
      {rows && rows.length > 0 && <TransferTable label="Transfers found" rows={rows} />}
    </Section>
  );
}
