import { Select } from '@mantine/core';
import { useState } from 'react';
import { type EventRecord, useEvents } from '../api/audit.ts';
import { PageHead } from '../part/page.tsx';
import { Empty } from '../part/state.tsx';
import type { Column } from '../part/table.tsx';
import { When } from '../part/when.tsx';
import { RecordDialog } from '../view/record-dialog.tsx';
import { StreamList } from '../view/stream-list.tsx';

/** The event stream of the organization. */
export default function Events() {
  const [type, setType] = useState<string>();
  const [open, setOpen] = useState<EventRecord>();
  const stream = useEvents(type);
  const all = useEvents(undefined, false);
  const types = [...new Set(all.items?.map((event) => event.type))].sort();
  const bar = (
    <Select
      className="filter"
      aria-label="Type"
      placeholder="Any type"
      data={types}
      value={type ?? null}
      onChange={(next) => setType(next ?? undefined)}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': 'Any type' }}
    />
  );
  const empty = (
    <Empty icon="event" title="No events yet">
      Services tell here what happened: an object stored, a credential made, a person invited.
    </Empty>
  );
  return (
    <div className="page">
      <PageHead title="Events" text="What happened in this organization, as CloudEvents in the order it was recorded." />
      <StreamList stream={stream} label="Events" noun="event" columns={columnsFor(setOpen)} bar={bar} empty={empty} onOpen={setOpen} />
      {open && <RecordDialog title={open.type} record={open} onClose={() => setOpen(undefined)} />}
    </div>
  );
}

function columnsFor(open: (event: EventRecord) => void): Column<EventRecord>[] {
  return [
    { key: 'time', title: 'When', width: '110px', show: (event) => <When at={Date.parse(event.time)} /> },
    {
      key: 'type',
      title: 'Type',
      show: (event) => (
        <button type="button" className="cell-button" onClick={() => open(event)}>
          {event.type}
        </button>
      ),
    },
    {
      key: 'subject',
      title: 'Subject',
      show: (event) => (
        <span className="cell-long cut" title={event.subject}>
          {event.subject || <span className="faint">–</span>}
        </span>
      ),
    },
    {
      key: 'data',
      title: 'Data',
      spare: 1,
      show: (event) => (
        <span className="cell-long cut mono dim" title={JSON.stringify(event.data)}>
          {JSON.stringify(event.data)}
        </span>
      ),
    },
    {
      key: 'source',
      title: 'Source',
      spare: 2,
      show: (event) => (
        <span className="cell-long cut dim" title={event.source}>
          {event.source}
        </span>
      ),
    },
  ];
}
