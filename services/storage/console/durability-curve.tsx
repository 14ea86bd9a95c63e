import { useEffect, useState } from 'react';
import { useApi } from '#console/api/call.ts';
import { duration } from '#console/format/moment.ts';
import { Section } from '#console/part/page.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { type Asked, type Estimate, inputOf } from './durability-model.ts';

const day = 86_400_000;
const pace = [1 / 24, 0.25, 1, 3, 7, 30, 90] as const;
type Row = { readonly days: number; readonly estimate: Estimate | undefined };

/** What the pace of repair does to the nines, all else as it is. */
export function DurabilityCurve({ asked }: { asked: Asked }) {
  const api = useApi();
  const [rows, setRows] = useState<readonly Row[]>(pace.map((days) => ({ days, estimate: undefined })));
  useEffect(() => {
    const stop = new AbortController();
    const reads = pace.map(async (days): Promise<Row> => {
      const input = { ...inputOf(asked), repairDays: days };
      const estimate = await api.call<Estimate>('storage', 'EstimateDurability', '', input, { signal: stop.signal }).catch(() => undefined);
      return { days, estimate };
    });
    void Promise.all(reads).then((all) => !stop.signal.aborted && setRows(all));
    return () => stop.abort();
  }, [api, asked]);
  const ninesOf = ({ estimate }: Row) => estimate?.correlated?.nines ?? estimate?.nines ?? 0;
  const most = Math.max(1, ...rows.map(ninesOf));
  const columns: readonly Column<Row>[] = [
    { key: 'days', title: 'A shard is made again in', show: ({ days }) => duration(days * day) },
    {
      key: 'bar',
      title: 'Nines',
      width: '46%',
      show: (row) => (
        <span className="share">
          <span className="share-bar" role="img" aria-label={`${ninesOf(row).toFixed(1)} nines`}>
            <span style={{ width: `${(ninesOf(row) / most) * 100}%` }} />
          </span>
          {row.estimate ? ninesOf(row).toFixed(1) : '–'}
        </span>
      ),
    },
    { key: 'windows', title: 'By windows', right: true, spare: 1, show: ({ estimate }) => estimate?.windowNines.toFixed(1) ?? '–' },
  ];
  return (
    <Section
      flush
      title="What repair is worth"
      text={asked.domains > 0 ? 'By the chain in which domains fail too.' : 'By the Markov chain.'}
    >
      <Table label="Nines by the pace of repair" columns={columns} rows={rows} rowKey={({ days }) => String(days)} />
    </Section>
  );
}
