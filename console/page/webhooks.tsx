import { useState } from 'react';
import { Link, Route, Routes, useNavigate } from 'react-router';
import { useMay } from '../api/call.ts';
import { useLink } from '../api/place.ts';
import { useWebhooks, type WebhookSecret, type WebhookThing } from '../api/webhook.ts';
import { Button } from '../part/button.tsx';
import { Live } from '../part/live.tsx';
import { PageHead, Section } from '../part/page.tsx';
import { Empty, Refusal, Waiting } from '../part/state.tsx';
import { Status } from '../part/status.tsx';
import { type Column, Table } from '../part/table.tsx';
import { When } from '../part/when.tsx';
import { WebhookDetail } from './webhook-detail.tsx';
import { WebhookForm } from './webhook-form.tsx';
import { WebhookSecretDialog } from './webhook-secret.tsx';

/** Where events are sent, and each of these addresses with what came of them. */
export default function Webhooks() {
  return (
    <Routes>
      <Route index element={<List />} />
      <Route path=":name" element={<WebhookDetail />} />
    </Routes>
  );
}

function List() {
  const may = useMay('platform');
  const link = useLink();
  const go = useNavigate();
  const [open, setOpen] = useState<'create' | WebhookSecret>();
  const reading = useWebhooks();
  const rows = reading.value?.items;
  const to = (name: string) => link('platform', 'webhooks', name);
  const create = may('CreateWebhook') && (
    <Button look="main" icon="plus" onClick={() => setOpen('create')}>
      Add a webhook
    </Button>
  );
  return (
    <div className="page">
      <PageHead
        title="Webhooks"
        text="Events are sent to your addresses as they happen, signed as Standard Webhooks has it, and again until they are taken."
        aside={<Live mode={reading.problem ? 'lost' : 'polled'} heardAt={reading.heardAt} />}
        actions={create}
      />
      <Section flush>
        {reading.problem && (
          <div className="section-body">
            <Refusal problem={reading.problem} again={reading.again} />
          </div>
        )}
        {!rows && !reading.problem && <Waiting rows={3} />}
        {rows?.length === 0 && (
          <Empty icon="hook" title="No webhooks yet" action={create}>
            A webhook tells a program of yours what happens here, without its asking.
          </Empty>
        )}
        {rows && rows.length > 0 && (
          <Table label="Webhooks" columns={columnsFor(to)} rows={rows} rowKey={(row) => row.name} onOpen={(row) => go(to(row.name))} />
        )}
      </Section>
      {open === 'create' && <WebhookForm onMade={setOpen} onClose={() => setOpen(undefined)} />}
      {typeof open === 'object' && (
        <WebhookSecretDialog
          secret={open}
          onClose={() => {
            setOpen(undefined);
            void go(to(open.id));
          }}
        />
      )}
    </div>
  );
}

function columnsFor(to: (name: string) => string): Column<WebhookThing>[] {
  return [
    { key: 'title', title: 'Title', show: ({ name, spec }) => <Link to={to(name)}>{spec.title}</Link> },
    {
      key: 'url',
      title: 'Address',
      show: ({ spec }) => (
        <span className="cell-long cut mono" title={spec.url}>
          {spec.url}
        </span>
      ),
    },
    {
      key: 'types',
      title: 'Events',
      spare: 1,
      show: ({ spec }) => <span className="cell-long cut">{spec.types.length === 0 ? 'all' : spec.types.join(', ')}</span>,
    },
    {
      key: 'state',
      title: 'State',
      show: ({ spec: { state, reason } }) => {
        if (state !== 'enabled') return <Status tone="warn">stopped</Status>;
        return reason ? <Status tone="warn">waits</Status> : <Status tone="ok">sending</Status>;
      },
    },
    { key: 'created', title: 'Added', spare: 2, show: (row) => <When at={row.createdAt} /> },
  ];
}
