import { TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useOperation } from '#console/api/call.ts';
import { exactCount, plural } from '#console/format/quantity.ts';
import { listPageMax, pollEveryMs } from '#console/limits.ts';
import { Live } from '#console/part/live.tsx';
import { Section } from '#console/part/page.tsx';
import { Empty, Refusal, Waiting } from '#console/part/state.tsx';
import { Tag } from '#console/part/status.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { When } from '#console/part/when.tsx';
import type { ThingProps } from '#console/service-page.ts';
import { ProduceForm } from './produce-form.tsx';
import { type Fetched, type Shown, type ShownRecord, useShown } from './record.ts';

const number = (text: string) => (/^[0-9]{1,15}$/.test(text) ? Number(text) : undefined);

/** The records of a topic, decoded, partition by partition; and a form that appends one. */
export function Messages({ name, thing }: ThingProps) {
  const [partition, setPartition] = useState('0');
  const [offset, setOffset] = useState('');
  const [search, setSearch] = useState('');
  const input = useMemo(() => {
    const from = number(offset);
    return { partition: number(partition) ?? 0, limit: listPageMax, encoding: 'base64', ...(from === undefined ? {} : { offset: from }) };
  }, [partition, offset]);
  const reading = useOperation<{ records: readonly Fetched[]; next: number; end: number }>('log', 'Fetch', name, input, {
    everyMs: pollEveryMs,
  });
  const records = useShown(reading.value?.records);
  const rows = useMemo(() => records?.filter((record) => mentions(record, search)), [records, search]);
  const partitions = Number(thing.spec.partitions);
  return (
    <div className="stack">
      <Section flush title="Records" actions={<Live mode={reading.problem ? 'lost' : 'polled'} heardAt={reading.heardAt} />}>
        <div className="table-bar">
          <Bar label="Partition" value={partition} onChange={setPartition} note={`0 to ${partitions - 1}`} />
          <Bar label="From offset" value={offset} onChange={setOffset} note="oldest" />
          <Bar label="Search" value={search} onChange={setSearch} note="in keys, values and headers" />
        </div>
        {reading.problem && (
          <div className="section-body">
            <Refusal problem={reading.problem} again={reading.again} />
          </div>
        )}
        {!rows && !reading.problem && <Waiting rows={5} />}
        {rows?.length === 0 && (
          <Empty icon="event" title={search === '' ? 'No records here' : 'None of these records mentions it'}>
            {search === ''
              ? 'Producers append to a partition; what they wrote is read from the oldest record on.'
              : 'Search looks at the records that are loaded.'}
          </Empty>
        )}
        {rows && rows.length > 0 && (
          <Table label={`Records of ${name}`} columns={columns} rows={rows} rowKey={({ of }) => `${of.partition}-${of.offset}`} />
        )}
        {reading.value && rows && rows.length > 0 && (
          <div className="section-body dim">
            {`${exactCount(rows.length)} ${plural(rows.length, 'record')} before offset ${exactCount(reading.value.next)}; `}
            {`the partition ends at ${exactCount(reading.value.end)}.`}
          </div>
        )}
      </Section>
      <ProduceForm topic={name} onDone={reading.again} />
    </div>
  );
}

function Bar({ label, value, onChange, note }: { label: string; value: string; onChange: (value: string) => void; note: string }) {
  return (
    <TextInput
      className="filter"
      aria-label={label}
      placeholder={`${label}: ${note}`}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function mentions({ of, key, value }: ShownRecord, search: string): boolean {
  const wanted = search.trim().toLowerCase();
  const headers = Object.entries(of.headers).map(([name, text]) => `${name} ${text === null ? '' : atob(text)}`);
  return [key.text, value.text, ...headers].some((text) => text.toLowerCase().includes(wanted));
}

const part = ({ text, schema }: Shown) => (
  <span className="record-part">
    <code title={text}>{text === '' ? <span className="faint">none</span> : text}</code>
    {schema && <Tag>{schema}</Tag>}
  </span>
);

const columns: readonly Column<ShownRecord>[] = [
  { key: 'offset', title: 'Offset', right: true, show: ({ of }) => exactCount(of.offset) },
  { key: 'at', title: 'Time', spare: 1, show: ({ of }) => <When at={of.timestamp} /> },
  { key: 'key', title: 'Key', show: ({ key }) => part(key) },
  { key: 'value', title: 'Value', show: ({ value }) => part(value) },
  {
    key: 'headers',
    title: 'Headers',
    spare: 2,
    show: ({ of }) =>
      Object.keys(of.headers).length === 0 ? (
        <span className="faint">–</span>
      ) : (
        <span className="cell-long cut">{Object.keys(of.headers).join(', ')}</span>
      ),
  },
];
