import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { useOperation } from '#console/api/call.ts';
import { duration } from '#console/format/moment.ts';
import { bytesPerSecond } from '#console/format/quantity.ts';
import { Live } from '#console/part/live.tsx';
import { Section } from '#console/part/page.tsx';
import { Empty, Refusal, Waiting } from '#console/part/state.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import type { ThingProps } from '#console/service-page.ts';
import { liveEveryMs } from './limits.ts';

type By = 'requests' | 'bytes';
type Hot = { readonly prefix: string; readonly perSecond: number; readonly errorPerSecond: number; readonly share: number };
type Told = { readonly halfLifeMs: number; readonly perSecond: number; readonly items: readonly Hot[] };

function rate(by: By, perSecond: number): string {
  if (by === 'bytes') return bytesPerSecond(perSecond);
  return perSecond >= 1 ? `${Number(perSecond.toPrecision(3))}/s` : `${Number((perSecond * 60).toPrecision(2))}/min`;
}

/** Where the requests of a bucket go. */
export function HotPrefixes({ name }: ThingProps) {
  const [by, setBy] = useState<By>('requests');
  const reading = useOperation<Told>('storage', 'ListHotPrefixes', name, { by, limit: 50 }, { everyMs: liveEveryMs });
  const told = reading.value;
  const columns: readonly Column<Hot>[] = [
    {
      key: 'prefix',
      title: 'Prefix or key',
      show: ({ prefix }) => (
        <span className="mono cell-long cut" title={prefix}>
          {prefix}
        </span>
      ),
    },
    {
      key: 'share',
      title: 'Share',
      width: '34%',
      show: ({ share, prefix }) => (
        <span className="share">
          <span className="share-bar" role="img" aria-label={`${Math.round(share * 100)} % of ${prefix}`}>
            <span style={{ width: `${Math.max(1, share * 100)}%` }} />
          </span>
          {Math.round(share * 100)} %
        </span>
      ),
    },
    {
      key: 'rate',
      title: by === 'requests' ? 'Requests' : 'Bytes',
      right: true,
      show: ({ perSecond, errorPerSecond }) => (
        <span title={errorPerSecond > 0 ? `of which ${rate(by, errorPerSecond)} may be of others` : 'exact'}>
          {errorPerSecond > 0 ? '≤ ' : ''}
          {rate(by, perSecond)}
        </span>
      ),
    },
  ];
  return (
    <Section flush>
      <div className="table-bar">
        <SegmentedControl
          size="xs"
          aria-label="By"
          value={by}
          onChange={(value) => setBy(value as By)}
          data={[
            { value: 'requests', label: 'Requests' },
            { value: 'bytes', label: 'Bytes' },
          ]}
        />
        {told && (
          <span className="dim">
            {rate(by, told.perSecond)} in all; what was {duration(told.halfLifeMs)} ago counts half
          </span>
        )}
        <span className="grow" />
        <Live mode={reading.problem ? 'lost' : 'live'} heardAt={reading.heardAt} />
      </div>
      {reading.problem && (
        <div className="section-body">
          <Refusal problem={reading.problem} again={reading.again} />
        </div>
      )}
      {!told && !reading.problem && <Waiting rows={5} />}
      {told?.items.length === 0 && (
        <Empty icon="event" title="Nobody asked of late">
          The prefixes and keys that are read and written most stand here, from the first request on.
        </Empty>
      )}
      {told && told.items.length > 0 && (
        <Table label={`Hot prefixes of ${name}`} columns={columns} rows={told.items} rowKey={({ prefix }) => prefix} />
      )}
    </Section>
  );
}
