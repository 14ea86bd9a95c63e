import { exactCount } from '#console/format/quantity.ts';
import { Section } from '#console/part/page.tsx';
import { Status } from '#console/part/status.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { When } from '#console/part/when.tsx';
import type { StorageNode } from './drive.ts';

const columns: readonly Column<StorageNode>[] = [
  { key: 'name', title: 'Node', show: ({ name }) => <strong>{name}</strong> },
  { key: 'address', title: 'Address', spare: 1, show: ({ address }) => <code className="cut">{address}</code> },
  { key: 'drives', title: 'Drives', show: ({ drives }) => drives.join(', ') },
  {
    key: 'state',
    title: 'Now',
    show: ({ state, reason }) => <Status tone={state === 'there' ? 'ok' : 'bad'}>{state === 'there' ? 'there' : `away: ${reason}`}</Status>,
  },
  { key: 'since', title: 'Since', show: ({ since }) => <When at={since} /> },
];

/** The processes that hold drives, and which of them are there. */
export function StorageNodes({ nodes }: { nodes: readonly StorageNode[] }) {
  const away = nodes.filter(({ state }) => state === 'away').length;
  const all = exactCount(nodes.length);
  return (
    <Section
      flush
      title="Storage nodes"
      text={away === 0 ? `All ${all} are there.` : `${exactCount(away)} of ${all} are away; their drives are out.`}
    >
      <Table label="Storage nodes" columns={columns} rows={nodes} rowKey={({ name }) => name} />
    </Section>
  );
}
