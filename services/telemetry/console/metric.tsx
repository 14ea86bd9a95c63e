import { Select } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useOperation } from '#console/api/call.ts';
import { useLink } from '#console/api/place.ts';
import { SeriesChart } from '#console/chart/series.tsx';
import { pollEveryMs, shownSeriesMax } from '#console/limits.ts';
import { LinkButton } from '#console/part/button.tsx';
import { Live } from '#console/part/live.tsx';
import { PageHead, Section } from '#console/part/page.tsx';
import { Empty, Refusal, Waiting } from '#console/part/state.tsx';
import { type Range, RangePicker, spanOf } from '#console/view/range.tsx';

type Found = {
  readonly unit: string;
  readonly kind: string;
  readonly series: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly points: readonly { readonly at: number; readonly value: number }[];
  }[];
};

const folds = ['average', 'rate', 'increase', 'sum', 'minimum', 'maximum', 'last', 'p50', 'p90', 'p95', 'p99'];

/** One metric over time, a chart for every combination of the labels it is grouped by. */
export function MetricPage({ name }: { name: string }) {
  const link = useLink();
  const [range, setRange] = useState<Range>('hour');
  const [fold, setFold] = useState<string | null>(null);
  const { from, to, step } = spanOf(range);
  const input = useMemo(() => ({ from, to, step, ...(fold ? { fold } : {}) }), [from, to, step, fold]);
  const reading = useOperation<Found>('telemetry', 'QueryMetric', name, input, { everyMs: pollEveryMs });
  const found = reading.value;
  return (
    <div className="page">
      <PageHead
        title={name}
        aside={<Live mode={reading.problem ? 'lost' : 'polled'} heardAt={reading.heardAt} />}
        text={found && `${found.kind}${found.unit === '' ? '' : `, in ${found.unit}`}`}
        actions={
          <>
            <LinkButton to={link('telemetry', 'metrics')}>All metrics</LinkButton>
            <Select
              aria-label="Fold"
              className="filter-short"
              placeholder="As it is meant"
              data={folds}
              value={fold}
              onChange={setFold}
              clearable
              clearButtonProps={{ 'aria-label': 'As it is meant' }}
            />
            <RangePicker range={range} onChange={setRange} />
          </>
        }
      />
      {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
      {!found && !reading.problem && (
        <Section>
          <Waiting rows={5} />
        </Section>
      )}
      {found?.series.length === 0 && (
        <Section>
          <Empty icon="analytics" title="Nothing in this time" />
        </Section>
      )}
      {found && found.series.length > 0 && (
        <Section title="Over time">
          <div className="meters">
            {found.series.slice(0, shownSeriesMax).map((series) => (
              <One key={JSON.stringify(series.labels)} series={series} unit={found.unit} range={range} span={[from, to - step]} />
            ))}
          </div>
        </Section>
      )}
    </div>
  );
}

type OneProps = { series: Found['series'][number]; unit: string; range: Range; span: readonly [number, number] };

function One({ series, unit, range, span }: OneProps) {
  const [from, to] = span;
  const chart = useMemo(
    () => ({ at: series.points.map(({ at }) => at), values: series.points.map(({ value }) => value) }),
    [series.points],
  );
  const bounds = useMemo(() => [from, to] as const, [from, to]);
  const title =
    Object.entries(series.labels)
      .map(([label, value]) => `${label}=${value}`)
      .join(' ') || 'all';
  return (
    <div className="meter">
      <h3 className="cut" title={title}>
        {title}
      </h3>
      <SeriesChart step={range} span={bounds} series={{ label: title, unit, ...chart }} />
    </div>
  );
}
