import { Link } from 'react-router';
import type { Thing } from '#console/api/pages.ts';
import { useLink } from '#console/api/place.ts';
import { useUsage } from '#console/api/usage.ts';
import { exactCount } from '#console/format/quantity.ts';
import { Amount } from '#console/part/amount.tsx';
import { Section } from '#console/part/page.tsx';
import { Status } from '#console/part/status.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { busyTopicsMax } from './limits.ts';

type Offset = { readonly topic: string; readonly lag: number };
type Row = {
  readonly name: string;
  readonly bytesPerSecond: number;
  readonly sizeBytes: number;
  /** How far the group is behind that is furthest; undefined where none reads. */
  readonly lag: number | undefined;
  readonly subjects: readonly string[];
  readonly hanging: number;
};
type Props = { readonly topics: readonly Thing[]; readonly groups: readonly Thing[]; readonly subjects: readonly Thing[] };

/** The minutes that a rate is the mean of; the one that runs is not over. */
const [rateMinutes, minuteSeconds] = [5, 60];

/** The topics in which most happens: what comes in, what they hold, who is behind, and what their records look like. */
export function BusyTopics({ topics, groups, subjects }: Props) {
  const link = useLink();
  const usage = useUsage('hour', false, 'log', 'resource');
  const rateOf = (name: string) => {
    const written = usage.series?.find(({ meter, dimension }) => meter === 'ingress' && dimension === name)?.values ?? [];
    return written.slice(-1 - rateMinutes, -1).reduce((sum, value) => sum + value, 0) / (rateMinutes * minuteSeconds);
  };
  const lags = groups.map(({ status }) => Map.groupBy((status?.offsets ?? []) as readonly Offset[], ({ topic }) => topic));
  const lagOf = (name: string) => {
    const behind = lags.flatMap((byTopic) => byTopic.get(name) ?? []).length > 0;
    return behind ? Math.max(...lags.map((byTopic) => (byTopic.get(name) ?? []).reduce((sum, { lag }) => sum + lag, 0))) : undefined;
  };
  const known = new Set(subjects.map(({ name }) => name));
  const rows = topics
    .map(
      ({ name, status }): Row => ({
        name,
        bytesPerSecond: rateOf(name),
        sizeBytes: Number(status?.sizeBytes ?? 0),
        lag: lagOf(name),
        subjects: [`${name}-key`, `${name}-value`].filter((subject) => known.has(subject)),
        hanging: Number(status?.hanging ?? 0),
      }),
    )
    .sort((a, b) => b.hanging - a.hanging || b.bytesPerSecond - a.bytesPerSecond || b.sizeBytes - a.sizeBytes)
    .slice(0, busyTopicsMax);
  if (rows.length === 0) return null;
  const columns: readonly Column<Row>[] = [
    { key: 'name', title: 'Topic', show: ({ name }) => <Link to={link('log', 'topics', name)}>{name}</Link> },
    {
      key: 'rate',
      title: 'Written a second',
      right: true,
      show: ({ bytesPerSecond }) => <Amount value={Math.round(bytesPerSecond)} unit="byte" />,
    },
    { key: 'size', title: 'Size', right: true, spare: 1, show: ({ sizeBytes }) => <Amount value={sizeBytes} unit="byte" /> },
    { key: 'lag', title: 'Lag', right: true, show: ({ lag }) => (lag === undefined ? <span className="faint">–</span> : exactCount(lag)) },
    {
      key: 'schema',
      title: 'Schema',
      spare: 1,
      show: (row) => <Subjects names={row.subjects} to={(subject) => link('log', 'subjects', subject)} />,
    },
    {
      key: 'hanging',
      title: 'Transactions',
      spare: 2,
      show: ({ hanging }) =>
        hanging > 0 ? <Status tone="bad">{`${exactCount(hanging)} hanging`}</Status> : <span className="faint">–</span>,
    },
  ];
  return (
    <Section flush title="Topics" text="Those in which most happens; the rate is that of the last five minutes.">
      <Table label="Busiest topics" columns={columns} rows={rows} rowKey={({ name }) => name} />
    </Section>
  );
}

function Subjects({ names, to }: { names: readonly string[]; to: (subject: string) => string }) {
  if (names.length === 0) return <span className="faint">–</span>;
  return names.map((name, at) => (
    <span key={name}>
      {at > 0 && ', '}
      <Link to={to(name)}>{name}</Link>
    </span>
  ));
}
