import { useMemo } from 'react';
import { useOperation } from '#console/api/call.ts';
import { SeriesChart } from '#console/chart/series.tsx';
import { listPageMax, pollEveryMs } from '#console/limits.ts';
import { Live } from '#console/part/live.tsx';
import { Section } from '#console/part/page.tsx';
import { Empty, Refusal, Waiting } from '#console/part/state.tsx';
import type { ThingProps } from '#console/service-page.ts';
import { type BalanceRow, momentOf, netOf, type TransferRow } from './row.ts';
import { TransferTable } from './transfer-table.tsx';

const newest = { limit: listPageMax, reversed: true };

/** What an account has seen: its balance over time, where it keeps a history, and its transfers, newest first. */
export function AccountHistory({ name, thing }: ThingProps) {
  const reading = useOperation<{ items: readonly TransferRow[] }>('ledger', 'GetAccountTransfers', name, newest, { everyMs: pollEveryMs });
  const keeps = (thing.spec.flags as readonly string[]).includes('history');
  const rows = reading.value?.items;
  return (
    <div className="stack">
      {keeps ? (
        <BalanceChart name={name} />
      ) : (
        <p className="dim">An account that is made with the flag history shows its balance over time here.</p>
      )}
      <Section flush title="Transfers" actions={<Live mode={reading.problem ? 'lost' : 'polled'} heardAt={reading.heardAt} />}>
        {reading.problem && (
          <div className="section-body">
            <Refusal problem={reading.problem} again={reading.again} />
          </div>
        )}
        {!rows && !reading.problem && <Waiting rows={4} />}
        {rows?.length === 0 && (
          <Empty icon="event" title="No transfers yet">
            What moves into this account or out of it is listed here.
          </Empty>
        )}
        {rows && rows.length > 0 && <TransferTable label={`Transfers of account ${name}`} rows={rows} of={name} />}
      </Section>
    </div>
  );
}

function BalanceChart({ name }: { name: string }) {
  const reading = useOperation<{ items: readonly BalanceRow[] }>('ledger', 'GetAccountBalances', name, newest, { everyMs: pollEveryMs });
  const rows = useMemo(() => reading.value?.items.toReversed() ?? [], [reading.value]);
  const series = useMemo(
    () => ({
      label: 'Balance',
      unit: 'unit',
      at: rows.map((row) => momentOf(row.timestamp)),
      values: rows.map((row) => Number(netOf(row))),
    }),
    [rows],
  );
  const first = series.at[0];
  const last = series.at.at(-1);
  if (reading.problem) return <Refusal problem={reading.problem} again={reading.again} />;
  if (first === undefined || last === undefined) return null;
  return (
    <Section title="Balance over time" text="Credits less debits, after each transfer that is posted.">
      <SeriesChart series={series} step={`ledger-${name}`} span={[first, Math.max(last, first + 1000)]} />
    </Section>
  );
}
