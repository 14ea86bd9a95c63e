import { useOperation } from '#console/api/call.ts';
import type { Thing } from '#console/api/pages.ts';
import { useLink } from '#console/api/place.ts';
import { useUsage } from '#console/api/usage.ts';
import { Spark } from '#console/chart/spark.tsx';
import { exactCount, plural } from '#console/format/quantity.ts';
import { listPageMax, pollEveryMs } from '#console/limits.ts';
import { Amount } from '#console/part/amount.tsx';
import { Figure } from '#console/part/page.tsx';
import { Status } from '#console/part/status.tsx';
import { BusyTopics } from './busy-topics.tsx';

type Page = { readonly items: readonly Thing[]; readonly next?: string };
type Offset = { readonly lag: number };

const usePage = (operation: string) => useOperation<Page>('log', operation, '', { limit: listPageMax }, { everyMs: pollEveryMs }).value;
const sum = (values: readonly unknown[]) => values.reduce<number>((all, value) => all + Number(value ?? 0), 0);
const counted = (page: Page | undefined, noun: string) =>
  page ? `${exactCount(page.items.length)}${page.next ? '+' : ''} ${plural(page.items.length, noun)}` : ' ';

/** What topics hold, what comes in and goes out, and how far groups are behind. */
export function LogOverview() {
  const link = useLink();
  const usage = useUsage('day', false, 'log');
  const [topics, groups, transactions] = [usePage('ListTopics'), usePage('ListGroups'), usePage('ListTransactions')];
  const subjects = usePage('ListSubjects');
  const series = (meter: string) => usage.series?.find((each) => each.meter === meter);
  const lag = groups && sum(groups.items.flatMap(({ status }) => ((status?.offsets ?? []) as readonly Offset[]).map((one) => one.lag)));
  const hanging = sum(topics?.items.map(({ status }) => status?.hanging) ?? []);
  const open = transactions?.items.filter(({ status }) => status?.state === 'Ongoing').length ?? 0;
  return (
    <div className="stack">
      <div className="figures">
        <Figure
          label="Kept"
          to={link('log', 'topics')}
          value={<Amount value={topics && sum(topics.items.map(({ status }) => status?.sizeBytes))} unit="byte" />}
          note={counted(topics, 'topic')}
        />
        <Figure
          label="Written"
          value={<Amount value={series('ingress')?.total ?? 0} unit="byte" />}
          note={
            <>
              in 24 hours; <Amount value={series('egress')?.total ?? 0} unit="byte" /> read
            </>
          }
        >
          <Spark values={series('ingress')?.values ?? []} label="Bytes written by the hour" />
        </Figure>
        <Figure
          label="Lag"
          to={link('log', 'groups')}
          value={lag === undefined ? ' ' : exactCount(lag)}
          note={lag === 0 || lag === undefined ? counted(groups, 'group') : <Status tone="warn">records not read yet</Status>}
        />
        <Figure
          label="Open transactions"
          to={link('log', 'transactions')}
          value={exactCount(open)}
          note={hanging > 0 ? <Status tone="bad">{`${exactCount(hanging)} hanging`}</Status> : counted(transactions, 'producer')}
        />
      </div>
      <BusyTopics topics={topics?.items ?? []} groups={groups?.items ?? []} subjects={subjects?.items ?? []} />
    </div>
  );
}
