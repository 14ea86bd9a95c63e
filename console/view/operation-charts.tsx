import { useMemo, useState } from 'react';
import { lineOf, type OperationSum, sumsOf, useOperations } from '../api/operation.ts';
import { SeriesChart } from '../chart/series.tsx';
import { exactCount, inUnit } from '../format/quantity.ts';
import { Button } from '../part/button.tsx';
import { Live } from '../part/live.tsx';
import { Section } from '../part/page.tsx';
import { Empty, Refusal, Waiting } from '../part/state.tsx';
import { type Column, Table } from '../part/table.tsx';
import { type Range, RangePicker, spanOf } from './range.tsx';

/** Calls, errors and latency over time, of one service or of all, and of each operation. */
export function OperationCharts({ service }: { service?: string }) {
  const [range, setRange] = useState<Range>('hour');
  const [chosen, setChosen] = useState<OperationSum>();
  const { from, to, step } = spanOf(range);
  const span = useMemo(() => ({ from, to, step }), [from, to, step]);
  const reading = useOperations(span, service);
  const items = reading.value?.items;
  const own = useMemo(
    () => items?.filter((item) => !chosen || (item.service === chosen.service && item.operation === chosen.operation)),
    [items, chosen],
  );
  const line = useMemo(() => own && lineOf(own, span), [own, span]);
  const bounds = useMemo(() => [from, to - step] as const, [from, to, step]);
  const calls = useMemo(() => line && { label: 'Calls', unit: 'call', at: line.at, values: line.count, bars: true }, [line]);
  const errors = useMemo(
    () => line && { label: 'Failed', unit: 'call', at: line.at, values: line.failed, others: [{ label: 'Refused', values: line.refused }] },
    [line],
  );
  const latency = useMemo(
    () =>
      line && {
        label: 'Mean',
        unit: 'ms',
        at: line.at,
        values: line.averageMs,
        others: [
          { label: 'p95', values: line.p95Ms },
          { label: 'p99', values: line.p99Ms },
        ],
      },
    [line],
  );
  return (
    <>
      <div className="row wrap">
        <RangePicker range={range} onChange={setRange} />
        {chosen && (
          <Button size="small" icon="close" onClick={() => setChosen(undefined)}>
            {chosen.operation} only
          </Button>
        )}
        <Live mode={reading.problem ? 'lost' : 'polled'} heardAt={reading.heardAt} />
      </div>
      {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
      {!items && !reading.problem && (
        <Section>
          <Waiting rows={6} />
        </Section>
      )}
      {items?.length === 0 && (
        <Section>
          <Empty icon="event" title="No calls in this time">
            Every operation that this environment calls is counted and timed here, a few seconds after it ended.
          </Empty>
        </Section>
      )}
      {items && items.length > 0 && calls && errors && latency && (
        <>
          <Section title="Over time">
            <div className="meters">
              <div className="meter">
                <h3>Calls</h3>
                <SeriesChart step={range} span={bounds} series={calls} />
              </div>
              <div className="meter">
                <h3>Failed and refused</h3>
                <SeriesChart step={range} span={bounds} series={errors} />
              </div>
              <div className="meter">
                <h3>Latency{chosen ? '' : ': the mean, and the slowest operation'}</h3>
                <SeriesChart step={range} span={bounds} series={latency} />
              </div>
            </div>
          </Section>
          <Section title="Operations" flush>
            <Table
              label="Operations"
              columns={columnsFor(service === undefined, setChosen)}
              rows={sumsOf(items)}
              rowKey={(row) => `${row.service}.${row.operation}`}
              onOpen={setChosen}
            />
          </Section>
        </>
      )}
    </>
  );
}

function columnsFor(withService: boolean, choose: (row: OperationSum) => void): Column<OperationSum>[] {
  return [
    {
      key: 'operation',
      title: 'Operation',
      show: (row) => (
        <button type="button" className="cell-button" onClick={() => choose(row)}>
          {withService && <span className="faint">{row.service}.</span>}
          {row.operation}
        </button>
      ),
    },
    { key: 'count', title: 'Calls', right: true, show: ({ count }) => exactCount(count) },
    { key: 'failed', title: 'Failed', right: true, show: ({ failed }) => exactCount(failed) },
    { key: 'refused', title: 'Refused', right: true, spare: 1, show: ({ refused }) => exactCount(refused) },
    { key: 'average', title: 'Mean', right: true, spare: 1, show: ({ averageMs }) => inUnit(averageMs, 'ms') },
    { key: 'p95', title: 'p95 at worst', right: true, spare: 2, show: ({ p95Ms }) => inUnit(p95Ms, 'ms') },
  ];
}
