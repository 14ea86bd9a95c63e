import type { ToldGauge } from '#kernel/contract/implement.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import type { Crews } from '../engine/worker/crew.ts';
import type { Lags } from './lag.ts';
import type { LiveViews } from './live.ts';

type Told = { readonly lags: Lags; readonly live: LiveViews; readonly crews: Crews };
const labels = ['environment', 'relation', 'source'] as const;

/** What the operator sees of views and sinks that are behind, and of the rings between workers. */
export function lagGauges({ lags, live, crews }: Told): ToldGauge[] {
  const byView = (of: 'records' | 'ageMs', scale: number) => () =>
    lags.all().map(({ at, view, lag }) => [[formatId(at.scope), view, lag.source], lag[of] * scale] as const);
  const ring = (of: 'ringBytes' | 'ringMaxBytes') => () => (crews.rings ? [[[], crews.rings[of]] as const] : []);
  return [
    {
      ...{ name: 'gamut_analytics_lag_records', labels, read: byView('records', 1) },
      help: 'Committed records of a source that a view or sink has not read yet.',
    },
    {
      ...{ name: 'gamut_analytics_lag_seconds', labels, read: byView('ageMs', 1 / 1000) },
      help: 'How long ago the oldest of these was written, in seconds.',
    },
    {
      ...{
        name: 'gamut_analytics_shared_views',
        labels: [],
        read: () => [[[], live.count(({ view }) => view.shared !== undefined)] as const],
      },
      help: 'Views and sinks that workers share.',
    },
    {
      ...{ name: 'gamut_analytics_ring_bytes', labels: [], read: ring('ringBytes') },
      help: 'Bytes that wait in the rings through which workers hand rows to each other.',
    },
    {
      ...{ name: 'gamut_analytics_ring_max_bytes', labels: [], read: ring('ringMaxBytes') },
      help: 'Most bytes that these rings have room for.',
    },
  ];
}
