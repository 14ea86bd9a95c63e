import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { useServed } from '../api/contract.ts';
import { usePlace } from '../api/place.ts';
import { type MeterSeries, type Range, ranges, useUsage } from '../api/usage.ts';
import { SeriesChart } from '../chart/series.tsx';
import { titleOf } from '../format/word.ts';
import { Amount } from '../part/amount.tsx';
import { Live } from '../part/live.tsx';
import { Section } from '../part/page.tsx';
import { Empty, Refusal, Waiting } from '../part/state.tsx';
import { FilterField } from '../view/list-bar.tsx';

/** What was used, by meter, and by the values of a dimension. */
export function UsageMeters() {
  const [range, setRange] = useState<Range>('day');
  const [everywhere, setEverywhere] = useState(false);
  const { organization } = usePlace();
  const [dimension, setDimension] = useState('');
  const isDimension = /^[A-Za-z][A-Za-z0-9_.-]{0,39}$/.test(dimension);
  const usage = useUsage(range, everywhere, undefined, isDimension ? dimension : undefined);
  const services = useServed().value?.services ?? {};
  const groups = Map.groupBy(usage.series ?? [], (series) => series.service);
  return (
    <>
      <div className="row wrap">
        <SegmentedControl
          size="xs"
          aria-label="Where"
          value={everywhere ? 'all' : 'here'}
          onChange={(value) => setEverywhere(value === 'all')}
          data={[
            { value: 'here', label: 'This environment' },
            { value: 'all', label: `All of ${organization.title || organization.name}` },
          ]}
        />
        <SegmentedControl
          size="xs"
          aria-label="Range"
          value={range}
          onChange={(value) => setRange(value as Range)}
          data={Object.entries(ranges).map(([value, { title }]) => ({ value, label: title }))}
        />
        <FilterField value={dimension} onChange={setDimension} label="By dimension, such as region" />
        <span className="grow" />
        <Live mode={usage.problem ? 'lost' : 'live'} heardAt={usage.heardAt} />
      </div>
      {usage.problem && <Refusal problem={usage.problem} again={usage.again} />}
      {!usage.series && !usage.problem && (
        <Section>
          <Waiting />
        </Section>
      )}
      {usage.series?.length === 0 && (
        <Section>
          <Empty icon="usage" title="Nothing used in this range">
            Requests, bytes and everything else a service meters show here a minute after they happen.
          </Empty>
        </Section>
      )}
      {[...groups].map(([service, series]) => (
        <Section key={service} title={services[service]?.title ?? titleOf(service)}>
          <div className="meters">
            {series.map((each) => (
              <MeterChart key={`${each.meter} ${each.dimension ?? ''}`} series={each} range={range} span={usage.span} />
            ))}
          </div>
        </Section>
      ))}
    </>
  );
}

function MeterChart({ series, range, span }: { series: MeterSeries; range: Range; span: readonly [number, number] }) {
  const total = series.kind === 'sum' ? `in ${ranges[range].title}` : 'now';
  return (
    <div className="meter">
      <div className="row apart wrap">
        <h3>
          {titleOf(series.meter)}
          {series.dimension !== undefined && <span className="dim"> · {series.dimension || 'without'}</span>}
        </h3>
        <span>
          <strong>
            <Amount value={series.total} unit={series.unit} />
          </strong>{' '}
          <span className="dim">{total}</span>
        </span>
      </div>
      <p className="dim">{series.text}</p>
      <SeriesChart
        step={range}
        span={span}
        series={{ label: titleOf(series.meter), unit: series.unit, at: series.at, values: series.values, bars: series.kind === 'sum' }}
      />
    </div>
  );
}
