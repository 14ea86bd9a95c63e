import { SegmentedControl } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useApi, useMay } from '../api/call.ts';
import { useStream } from '../api/stream.ts';
import type { Delivery, DeliveryState } from '../api/webhook.ts';
import { Button } from '../part/button.tsx';
import { useChange } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';
import { Empty, Refusal } from '../part/state.tsx';
import { Status, type Tone } from '../part/status.tsx';
import type { Column } from '../part/table.tsx';
import { When } from '../part/when.tsx';
import { RecordDialog } from '../view/record-dialog.tsx';
import { StreamList } from '../view/stream-list.tsx';

const tones: Readonly<Record<DeliveryState, Tone>> = { delivered: 'ok', waiting: 'warn', dead: 'bad' };
const choices = [
  { value: 'all', label: 'All' },
  { value: 'delivered', label: 'Delivered' },
  { value: 'waiting', label: 'Waiting' },
  { value: 'dead', label: 'Dead' },
];

/** What came of every event that a webhook wanted; what is dead or waits can be tried again at once. */
export function Deliveries({ name }: { name: string }) {
  const api = useApi();
  const may = useMay('platform');
  const [state, setState] = useState('all');
  const [open, setOpen] = useState<Delivery>();
  const change = useChange();
  const filter = useMemo(() => (state === 'all' ? {} : { state }), [state]);
  const stream = useStream<Delivery>({ service: 'platform', operation: 'ListDeliveries', name, filter });
  const retry = (sequence?: number) =>
    change.run(async () => {
      const { due } = await api.call<{ due: number }>('platform', 'RetryDeliveries', name, sequence === undefined ? {} : { sequence });
      notice(due === 1 ? 'It is tried again.' : `${due} are tried again.`);
    });
  const mayRetry = may('RetryDeliveries');
  const bar = (
    <>
      <SegmentedControl size="xs" aria-label="State" data={choices} value={state} onChange={setState} />
      {mayRetry && (
        <Button size="small" busy={change.busy} onClick={() => void retry()}>
          Try all that are not delivered
        </Button>
      )}
    </>
  );
  return (
    <>
      {change.problem && <Refusal problem={change.problem} compact />}
      <StreamList
        title="Deliveries"
        stream={stream}
        label="Deliveries"
        noun="event"
        columns={columnsFor(setOpen, mayRetry ? (row) => void retry(row.sequence) : undefined)}
        bar={bar}
        empty={
          <Empty icon="hook" title={state === 'dead' ? 'Nothing was given up' : 'Nothing sent yet'}>
            {state === 'dead'
              ? 'Events that no attempt could deliver are put aside here.'
              : 'Each event it wanted stands here, with the answer.'}
          </Empty>
        }
        onOpen={setOpen}
      />
      {open && <RecordDialog title={open.type} record={open} onClose={() => setOpen(undefined)} />}
    </>
  );
}

function columnsFor(open: (row: Delivery) => void, retry: ((row: Delivery) => void) | undefined): Column<Delivery>[] {
  return [
    { key: 'sequence', title: 'Event', show: ({ sequence }) => <span className="mono">{sequence}</span> },
    {
      key: 'type',
      title: 'Type',
      show: (row) => (
        <button type="button" className="cell-button" onClick={() => open(row)}>
          {row.type || 'no longer kept'}
        </button>
      ),
    },
    { key: 'state', title: 'State', show: ({ state }) => <Status tone={tones[state]}>{state}</Status> },
    { key: 'attempt', title: 'Attempts', right: true, spare: 1, show: ({ attempt }) => attempt },
    {
      key: 'answer',
      title: 'Answer',
      show: ({ status, error }) => (
        <span className="cell-long cut" title={error}>
          {[status, error].filter(Boolean).join(' · ') || <span className="faint">–</span>}
        </span>
      ),
    },
    { key: 'took', title: 'Took', right: true, spare: 2, show: ({ tookMs }) => (tookMs === undefined ? '–' : `${tookMs} ms`) },
    { key: 'at', title: 'Tried', spare: 1, show: ({ at }) => <When at={at} /> },
    {
      key: 'due',
      title: 'Next',
      spare: 2,
      show: ({ state, dueAt }) => (state === 'waiting' && dueAt !== undefined ? <When at={dueAt} /> : <span className="faint">–</span>),
    },
    {
      key: 'actions',
      title: '',
      right: true,
      show: (row) =>
        retry &&
        row.state !== 'delivered' && (
          <Button size="small" look="quiet" icon="refresh" label={`Try event ${row.sequence} again`} onClick={() => retry(row)} />
        ),
    },
  ];
}
