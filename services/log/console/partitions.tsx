import { useApi, useMay, useOperation } from '#console/api/call.ts';
import type { Thing } from '#console/api/pages.ts';
import { useUsage } from '#console/api/usage.ts';
import { Spark } from '#console/chart/spark.tsx';
import { exactCount } from '#console/format/quantity.ts';
import { pollEveryMs } from '#console/limits.ts';
import { Amount } from '#console/part/amount.tsx';
import { Button } from '#console/part/button.tsx';
import { useChange } from '#console/part/dialog.tsx';
import { notice } from '#console/part/notice.tsx';
import { Figure, Section } from '#console/part/page.tsx';
import { Refusal } from '#console/part/state.tsx';
import { Status } from '#console/part/status.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { When } from '#console/part/when.tsx';
import type { ThingProps } from '#console/service-page.ts';

type Writer = {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly from: number;
  readonly lastWriteAt: number;
  readonly transaction: string | null;
};
type Partition = {
  readonly partition: number;
  readonly start: number;
  readonly end: number;
  readonly stable: number;
  readonly sizeBytes: number;
  readonly localBytes: number;
  readonly open: readonly Writer[];
};
type Told = { readonly partitions: readonly Partition[] };
type OpenRow = Writer & { readonly partition: number };

/** What comes in and goes out of a topic, where its partitions end, and which transactions are open in them. */
export function Partitions({ name }: ThingProps) {
  const usage = useUsage('hour', false, 'log', 'resource');
  const reading = useOperation<Told>('log', 'DescribePartitions', name, {}, { everyMs: pollEveryMs });
  const partitions = reading.value?.partitions ?? [];
  const series = (meter: string) => usage.series?.find((each) => each.meter === meter && each.dimension === name);
  const open = partitions.flatMap(({ partition, open: writers }) => writers.map((writer) => ({ ...writer, partition })));
  return (
    <div className="stack">
      <div className="figures">
        <Figure label="Written" value={<Amount value={series('ingress')?.total ?? 0} unit="byte" />} note="in the last hour">
          <Spark values={series('ingress')?.values ?? []} label="Bytes written by the minute" />
        </Figure>
        <Figure label="Read" value={<Amount value={series('egress')?.total ?? 0} unit="byte" />} note="in the last hour">
          <Spark values={series('egress')?.values ?? []} label="Bytes read by the minute" />
        </Figure>
      </div>
      {reading.problem && <Refusal problem={reading.problem} compact />}
      <Section flush title="Partitions">
        <Table label="Partitions of the topic" columns={partitionColumns} rows={partitions} rowKey={({ partition }) => `${partition}`} />
      </Section>
      {open.length > 0 && <OpenTransactions topic={name} rows={open} onDone={reading.again} />}
    </div>
  );
}

/** One that nobody will end holds up whoever reads committed records. */
function OpenTransactions({ topic, rows, onDone }: { topic: string; rows: readonly OpenRow[]; onDone: () => void }) {
  const api = useApi();
  const may = useMay('log');
  const change = useChange();
  const abort = ({ partition, producerId, producerEpoch, transaction }: OpenRow) =>
    void change.run(async () => {
      if (transaction === null) await api.call('log', 'EndTransaction', topic, { partition, producerId, producerEpoch });
      else await api.call<Thing>('log', 'AbortTransaction', transaction, {});
      notice('The transaction is aborted.');
      onDone();
    });
  const button: Column<OpenRow> = {
    key: 'abort',
    title: '',
    right: true,
    show: (row) =>
      may(row.transaction === null ? 'EndTransaction' : 'AbortTransaction') && (
        <Button busy={change.busy} onClick={() => abort(row)}>
          Abort
        </Button>
      ),
  };
  return (
    <Section flush title="Open transactions" text="Readers of committed records wait before the first of them.">
      {change.problem && <Refusal problem={change.problem} compact />}
      <Table
        label="Open transactions"
        columns={[...openColumns, button]}
        rows={rows}
        rowKey={({ partition, producerId }) => `${partition} ${producerId}`}
      />
    </Section>
  );
}

const partitionColumns: readonly Column<Partition>[] = [
  { key: 'partition', title: 'Partition', right: true, show: ({ partition }) => partition },
  { key: 'start', title: 'Start', right: true, spare: 1, show: ({ start }) => exactCount(start) },
  { key: 'end', title: 'End', right: true, show: ({ end }) => exactCount(end) },
  { key: 'waiting', title: 'Not committed', right: true, spare: 1, show: ({ end, stable }) => exactCount(end - stable) },
  { key: 'size', title: 'Size', right: true, show: ({ sizeBytes }) => <Amount value={sizeBytes} unit="byte" /> },
  { key: 'local', title: 'On this disk', right: true, spare: 1, show: ({ localBytes }) => <Amount value={localBytes} unit="byte" /> },
];
const openColumns: readonly Column<OpenRow>[] = [
  { key: 'partition', title: 'Partition', right: true, show: ({ partition }) => partition },
  {
    key: 'owner',
    title: 'Producer',
    show: ({ transaction, producerId }) => (transaction === null ? <Status tone="bad">{`${producerId} hangs`}</Status> : transaction),
  },
  { key: 'from', title: 'Since offset', right: true, spare: 1, show: ({ from }) => exactCount(from) },
  { key: 'last', title: 'Last record', spare: 1, show: ({ lastWriteAt }) => <When at={lastWriteAt} /> },
];
