import { useMemo, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { useLink } from '#console/api/place.ts';
import { duration } from '#console/format/moment.ts';
import { exactCount } from '#console/format/quantity.ts';
import { Live } from '#console/part/live.tsx';
import { Section } from '#console/part/page.tsx';
import { Empty, Refusal, Waiting } from '#console/part/state.tsx';
import { Status } from '#console/part/status.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { When } from '#console/part/when.tsx';
import { useOperation } from '#console/api/call.ts';
import { pollEveryMs } from '#console/limits.ts';
import { FilterField } from '#console/view/list-bar.tsx';
import { type Range, RangePicker, spanOf } from '#console/view/range.tsx';

type TraceRow = {
  readonly trace: string;
  readonly at: number;
  readonly durationMs: number;
  readonly spans: number;
  readonly failed: number;
  readonly name: string;
  readonly service: string;
};

/** Search in the traces of programs and of the platform. */
export function Traces() {
  const link = useLink();
  const go = useNavigate();
  const [range, setRange] = useState<Range>('day');
  const [name, setName] = useState('');
  const [slower, setSlower] = useState('');
  const [failed, setFailed] = useState(false);
  const { from } = spanOf(range);
  const slowerMs = /^\d+(\.\d+)?$/.test(slower) ? Number(slower) : undefined;
  const input = useMemo(
    () => ({
      from,
      limit: 200,
      ...(name === '' ? {} : { name }),
      ...(failed ? { failed } : {}),
      ...(slowerMs === undefined ? {} : { slowerMs }),
    }),
    [from, name, failed, slowerMs],
  );
  const reading = useOperation<{ items: readonly TraceRow[] }>('telemetry', 'ListTraces', '', input, { everyMs: pollEveryMs });
  const rows = reading.value?.items;
  const to = (trace: string) => link('telemetry', 'traces', trace);
  const columns: Column<TraceRow>[] = [
    { key: 'at', title: 'When', width: '110px', show: ({ at }) => <When at={at} /> },
    { key: 'name', title: 'Name', show: (row) => <Link to={to(row.trace)}>{row.name || row.trace}</Link> },
    { key: 'service', title: 'Program', spare: 1, show: ({ service }) => <span className="cell-long cut">{service}</span> },
    { key: 'duration', title: 'Took', right: true, show: ({ durationMs }) => duration(durationMs) },
    { key: 'spans', title: 'Spans', right: true, spare: 2, show: ({ spans }) => exactCount(spans) },
    {
      key: 'failed',
      title: 'Outcome',
      show: ({ failed: bad }) => (bad > 0 ? <Status tone="bad">{exactCount(bad)} failed</Status> : <Status tone="ok">done</Status>),
    },
  ];
  return (
    <Section flush>
      <div className="table-bar">
        <FilterField value={name} onChange={setName} label="Part of a span's name" />
        <FilterField value={slower} onChange={setSlower} label="Slower than, in ms" />
        <label className="row nowrap">
          <input type="checkbox" className="tick" checked={failed} onChange={() => setFailed(!failed)} />
          Failed only
        </label>
        <RangePicker range={range} onChange={setRange} />
        <span className="grow" />
        <Live mode={reading.problem ? 'lost' : 'polled'} heardAt={reading.heardAt} />
      </div>
      {reading.problem && (
        <div className="section-body">
          <Refusal problem={reading.problem} again={reading.again} />
        </div>
      )}
      {!rows && !reading.problem && <Waiting rows={8} />}
      {rows?.length === 0 && (
        <Empty icon="event" title="No traces">
          The platform keeps some of its own requests; programs send theirs to the OTLP door.
        </Empty>
      )}
      {rows && rows.length > 0 && (
        <Table label="Traces" columns={columns} rows={rows} rowKey={({ trace }) => trace} onOpen={(row) => go(to(row.trace))} />
      )}
    </Section>
  );
}
