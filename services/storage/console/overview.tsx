import { useOperation } from '#console/api/call.ts';
import type { Thing } from '#console/api/pages.ts';
import { useLink } from '#console/api/place.ts';
import { useUsage } from '#console/api/usage.ts';
import { Spark } from '#console/chart/spark.tsx';
import { exactCount, plural } from '#console/format/quantity.ts';
import { listPageMax, pollEveryMs } from '#console/limits.ts';
import { Amount } from '#console/part/amount.tsx';
import { Figure } from '#console/part/page.tsx';
import { DriveFigures } from './drive-map.tsx';

/** The three numbers of storage: what is kept, what is asked, what goes out. */
export function StorageOverview() {
  const link = useLink();
  const usage = useUsage('day', false, 'storage');
  const buckets = useOperation<{ items: readonly Thing[]; next?: string }>(
    'storage',
    'ListBuckets',
    '',
    { limit: listPageMax },
    { everyMs: pollEveryMs },
  ).value;
  const sum = (field: string) => buckets?.items.reduce((total, bucket) => total + Number(bucket.status?.[field] ?? 0), 0);
  const series = (meter: string) => usage.series?.find((each) => each.meter === meter);
  const objects = sum('objects');
  return (
    <div className="figures">
      <Figure
        label="Stored"
        to={link('storage', 'buckets')}
        value={<Amount value={sum('sizeBytes')} unit="byte" />}
        note={buckets ? `${counted(objects ?? 0, 'object')} in ${counted(buckets.items.length, 'bucket', buckets.next)}` : ' '}
      />
      <DriveFigures />
      <Figure label="Requests" value={<Amount value={series('request')?.total ?? 0} unit="request" bare />} note="in 24 hours">
        <Spark values={series('request')?.values ?? []} label="Requests by the hour" />
      </Figure>
      <Figure label="Sent" value={<Amount value={series('egress')?.total ?? 0} unit="byte" />} note="in 24 hours">
        <Spark values={series('egress')?.values ?? []} label="Bytes sent by the hour" />
      </Figure>
    </div>
  );
}

const counted = (count: number, noun: string, more?: string) => `${exactCount(count)}${more ? '+' : ''} ${plural(count, noun)}`;
