import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { useOperation } from '#console/api/call.ts';
import { useLink } from '#console/api/place.ts';
import { exactCount } from '#console/format/quantity.ts';
import { pollEveryMs } from '#console/limits.ts';
import { Live } from '#console/part/live.tsx';
import { Section } from '#console/part/page.tsx';
import { Empty, Refusal, Waiting } from '#console/part/state.tsx';
import { Tag } from '#console/part/status.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { When } from '#console/part/when.tsx';
import { FilterField } from '#console/view/list-bar.tsx';

type MetricRow = {
  readonly metric: string;
  readonly kind: string;
  readonly unit: string;
  readonly series: number;
  readonly services: readonly string[];
  readonly at?: number;
};

/** The metrics that programs have sent. */
export function Metrics() {
  const link = useLink();
  const go = useNavigate();
  const [prefix, setPrefix] = useState('');
  const input = prefix === '' ? { limit: 1000 } : { limit: 1000, prefix };
  const reading = useOperation<{ items: readonly MetricRow[] }>('telemetry', 'ListMetrics', '', input, { everyMs: pollEveryMs });
  const rows = reading.value?.items;
  const to = (metric: string) => link('telemetry', 'metrics', metric);
  const columns: Column<MetricRow>[] = [
    { key: 'metric', title: 'Metric', show: ({ metric }) => <Link to={to(metric)}>{metric}</Link> },
    { key: 'kind', title: 'Kind', spare: 1, show: ({ kind }) => <Tag>{kind}</Tag> },
    { key: 'unit', title: 'Unit', spare: 2, show: ({ unit }) => unit || <span className="faint">–</span> },
    { key: 'services', title: 'Programs', spare: 1, show: ({ services }) => <span className="cell-long cut">{services.join(', ')}</span> },
    { key: 'series', title: 'Series', right: true, show: ({ series }) => exactCount(series) },
    { key: 'at', title: 'Heard', spare: 2, show: ({ at }) => <When at={at} /> },
  ];
  return (
    <Section flush>
      <div className="table-bar">
        <FilterField value={prefix} onChange={setPrefix} label="Names that begin with…" />
        <span className="grow" />
        <Live mode={reading.problem ? 'lost' : 'polled'} heardAt={reading.heardAt} />
      </div>
      {reading.problem && (
        <div className="section-body">
          <Refusal problem={reading.problem} again={reading.again} />
        </div>
      )}
      {!rows && !reading.problem && <Waiting rows={6} />}
      {rows?.length === 0 && (
        <Empty icon="analytics" title="No metrics">
          Point an OpenTelemetry SDK or collector at the OTLP door; the overview has the lines.
        </Empty>
      )}
      {rows && rows.length > 0 && (
        <Table label="Metrics" columns={columns} rows={rows} rowKey={({ metric }) => metric} onOpen={(row) => go(to(row.metric))} />
      )}
    </Section>
  );
}
