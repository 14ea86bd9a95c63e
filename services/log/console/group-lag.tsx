import { exactCount } from '#console/format/quantity.ts';
import { Section } from '#console/part/page.tsx';
import { Empty } from '#console/part/state.tsx';
import { Status } from '#console/part/status.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import type { ThingProps } from '#console/service-page.ts';

type OffsetRow = {
  readonly topic: string;
  readonly partition: number;
  readonly committed: number;
  readonly end: number;
  readonly lag: number;
};
type MemberRow = { readonly id: string; readonly clientId: string; readonly host: string };

/** How far a group has read, how far it is behind, and who is in it. */
export function GroupLag({ thing }: ThingProps) {
  const offsets = (thing.status?.offsets ?? []) as readonly OffsetRow[];
  const members = (thing.status?.members ?? []) as readonly MemberRow[];
  const behind = offsets.reduce((sum, { lag }) => sum + lag, 0);
  return (
    <div className="stack">
      <Section
        flush
        title="Offsets"
        actions={<Status tone={behind === 0 ? 'ok' : 'warn'}>{behind === 0 ? 'all is read' : `${exactCount(behind)} behind`}</Status>}
      >
        {offsets.length === 0 ? (
          <Empty icon="event" title="Nothing committed yet">
            A group says how far it has read when it commits an offset.
          </Empty>
        ) : (
          <Table
            label="Offsets of the group"
            columns={offsetColumns}
            rows={offsets}
            rowKey={({ topic, partition }) => `${topic} ${partition}`}
          />
        )}
      </Section>
      <Section flush title="Members">
        {members.length === 0 ? (
          <Empty icon="event" title="Nobody reads">
            Consumers that join with the name of this group share its partitions.
          </Empty>
        ) : (
          <Table label="Members of the group" columns={memberColumns} rows={members} rowKey={({ id }) => id} />
        )}
      </Section>
    </div>
  );
}

const offsetColumns: readonly Column<OffsetRow>[] = [
  { key: 'topic', title: 'Topic', show: ({ topic }) => topic },
  { key: 'partition', title: 'Partition', right: true, show: ({ partition }) => partition },
  { key: 'committed', title: 'Committed', right: true, show: ({ committed }) => exactCount(committed) },
  { key: 'end', title: 'End', right: true, spare: 1, show: ({ end }) => exactCount(end) },
  { key: 'lag', title: 'Lag', right: true, show: ({ lag }) => exactCount(lag) },
];
const memberColumns: readonly Column<MemberRow>[] = [
  { key: 'client', title: 'Client', show: ({ clientId }) => clientId },
  { key: 'host', title: 'Address', show: ({ host }) => host.replace(/^\//, '') },
  { key: 'id', title: 'Member', spare: 1, show: ({ id }) => <code className="cell-long cut">{id}</code> },
];
