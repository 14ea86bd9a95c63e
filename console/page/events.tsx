import { Select } from '@mantine/core';
import { useMemo, useState } from 'react';
import { type EventRecord, useEvents } from '../api/audit.ts';
import { Button } from '../part/button.tsx';
import { Live } from '../part/live.tsx';
import { PageHead, Section } from '../part/page.tsx';
import { Empty, Refusal, Waiting } from '../part/state.tsx';
import { type Column, Table } from '../part/table.tsx';
import { When } from '../part/when.tsx';
import { RecordDialog } from '../view/record-dialog.tsx';

/** The event stream of the organization. */
export default function Events() {
  const [type, setType] = useState<string>();
  const [open, setOpen] = useState<EventRecord>();
  const stream = useEvents(type);
  const all = useEvents(undefined, false);
  const types = [...new Set(all.items?.map((event) => event.type))].sort();
  const columns = useMemo<Column<EventRecord>[]>(
    () => [
      { key: 'time', title: 'When', width: '110px', show: (event) => <When at={Date.parse(event.time)} /> },
      {
        key: 'type',
        title: 'Type',
        show: (event) => (
          <button type="button" className="cell-button" onClick={() => setOpen(event)}>
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
    ],
    [],
  );
  return (
    <div className="page">
      <PageHead title="Events" text="What happened in this organization, as CloudEvents in the order it was recorded." />
      <Section flush>
        <div className="table-bar">
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
          <span className="grow" />
          <Live mode={stream.problem ? 'lost' : 'live'} heardAt={stream.heardAt} />
        </div>
        {stream.problem && (
          <div className="section-body">
            <Refusal problem={stream.problem} again={stream.again} />
          </div>
        )}
        {!stream.items && !stream.problem && <Waiting rows={8} />}
        {stream.items?.length === 0 && (
          <Empty icon="event" title="No events yet">
            Services tell here what happened: an object stored, a credential made, a person invited.
          </Empty>
        )}
        {stream.items && stream.items.length > 0 && (
          <>
            <Table
              label="Events"
              columns={columns}
              rows={stream.items}
              rowKey={(event) => String(event.sequence)}
              onOpen={setOpen}
              onEnd={stream.loadMore}
            />
            <div className="table-end">
              <span>{stream.items.length} events</span>
              {stream.more && (
                <Button size="small" busy={stream.busy} onClick={stream.loadMore}>
                  Older
                </Button>
              )}
            </div>
          </>
        )}
      </Section>
      {open && <RecordDialog title={open.type} record={open} onClose={() => setOpen(undefined)} />}
    </div>
  );
}
