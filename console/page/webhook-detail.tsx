import { Menu } from '@mantine/core';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useApi, useMay } from '../api/call.ts';
import { useLink } from '../api/place.ts';
import { useWebhook, type WebhookSecret, type WebhookThing } from '../api/webhook.ts';
import { exactCount } from '../format/quantity.ts';
import { Button, LinkButton } from '../part/button.tsx';
import { Id } from '../part/copy.tsx';
import { DangerDialog, useChange } from '../part/dialog.tsx';
import { Live } from '../part/live.tsx';
import { notice } from '../part/notice.tsx';
import { Facts, PageHead, Section } from '../part/page.tsx';
import { Refusal, Waiting } from '../part/state.tsx';
import { Status } from '../part/status.tsx';
import { WebhookForm } from './webhook-form.tsx';
import { Deliveries } from './webhook-delivery.tsx';
import { WebhookReplay } from './webhook-replay.tsx';
import { WebhookSecretDialog } from './webhook-secret.tsx';

type Open = 'edit' | 'replay' | 'delete' | WebhookSecret;

/** One webhook: where it sends, what came of each event, and sending again. */
export function WebhookDetail() {
  const { name = '' } = useParams();
  const link = useLink();
  const go = useNavigate();
  const [open, setOpen] = useState<Open>();
  const reading = useWebhook(name);
  const thing = reading.value;
  const close = () => setOpen(undefined);
  return (
    <div className="page">
      <PageHead
        title={thing?.spec.title ?? name}
        aside={
          <>
            {thing && <State thing={thing} />}
            <Live mode={reading.problem ? 'lost' : 'polled'} heardAt={reading.heardAt} />
          </>
        }
        text={thing && <span className="mono">{thing.spec.url}</span>}
        actions={
          <>
            <LinkButton to={link('platform', 'webhooks')}>All webhooks</LinkButton>
            {thing && <Steps thing={thing} onOpen={setOpen} />}
          </>
        }
      />
      {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
      {!thing && !reading.problem && (
        <Section>
          <Waiting rows={3} />
        </Section>
      )}
      {thing && (
        <>
          <Section>
            <Facts
              facts={[
                ['Events', thing.spec.types.length === 0 ? 'all' : thing.spec.types.join(', ')],
                ['Of', thing.spec.environment ? <Id key="e" id={thing.spec.environment} /> : 'the whole organization'],
                ['Attempts', exactCount(thing.spec.attempts)],
                ['Looked at up to event', exactCount(thing.spec.position)],
              ]}
            />
          </Section>
          <Deliveries name={name} />
          {open === 'edit' && <WebhookForm thing={thing} onClose={close} />}
          {open === 'replay' && <WebhookReplay thing={thing} onClose={close} />}
          {open === 'delete' && <Deleting thing={thing} onClose={close} onDone={async () => go(link('platform', 'webhooks'))} />}
          {typeof open === 'object' && <WebhookSecretDialog secret={open} onClose={close} />}
        </>
      )}
    </div>
  );
}

function State({ thing: { spec } }: { thing: WebhookThing }) {
  if (spec.state === 'enabled' && spec.reason) return <Status tone="warn">waits: {spec.reason}</Status>;
  if (spec.state === 'enabled') return <Status tone="ok">sending</Status>;
  return <Status tone="warn">stopped{spec.reason ? `: ${spec.reason}` : ''}</Status>;
}

function Steps({ thing, onOpen }: { thing: WebhookThing; onOpen: (open: Open) => void }) {
  const api = useApi();
  const may = useMay('platform');
  const change = useChange();
  const { name, spec } = thing;
  const ping = () =>
    change.run(async () => {
      await api.call('platform', 'PingWebhook', name, {});
      notice('An event is on its way.');
    });
  const toggle = () =>
    change.run(async () => {
      const state = spec.state === 'enabled' ? 'disabled' : 'enabled';
      await api.call('platform', 'UpdateWebhook', name, { state });
      notice(state === 'enabled' ? 'Events are sent again, those of the pause too.' : 'Nothing is sent until it is started again.');
    });
  const rotate = () => change.run(async () => onOpen(await api.call<WebhookSecret>('platform', 'RotateWebhook', name, {})));
  if (!may('UpdateWebhook')) return null;
  return (
    <>
      {change.problem && <Refusal problem={change.problem} compact />}
      <Button busy={change.busy} onClick={() => void ping()}>
        Try it out
      </Button>
      <Button icon="refresh" onClick={() => onOpen('replay')}>
        Replay
      </Button>
      <Menu position="bottom-end" width={200} transitionProps={{ duration: 0 }}>
        <Menu.Target>
          <Button icon="more" label="More steps" />
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => onOpen('edit')}>Change…</Menu.Item>
          <Menu.Item onClick={() => void rotate()}>Give a new secret</Menu.Item>
          <Menu.Item onClick={() => void toggle()}>{spec.state === 'enabled' ? 'Stop for a while' : 'Start again'}</Menu.Item>
          <Menu.Item data-bad onClick={() => onOpen('delete')}>
            Delete…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

function Deleting({ thing, onClose, onDone }: { thing: WebhookThing; onClose: () => void; onDone: () => Promise<void> }) {
  const api = useApi();
  const act = async () => {
    await api.call('platform', 'DeleteWebhook', thing.name, {});
    notice('Nothing more is sent there.');
  };
  return (
    <DangerDialog title="Delete a webhook" verb="Delete" name={thing.spec.title} act={act} onClose={onClose} onDone={onDone}>
      <p>Nothing more is sent, what waits included. What came of its deliveries is forgotten; the events stay.</p>
    </DangerDialog>
  );
}
