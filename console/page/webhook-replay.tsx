import { NumberInput, SegmentedControl, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useApi } from '../api/call.ts';
import type { WebhookThing } from '../api/webhook.ts';
import { exactCount } from '../format/quantity.ts';
import { localMoment, momentFromLocal } from '../format/moment.ts';
import { Button } from '../part/button.tsx';
import { Dialog, useChange } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';
import { Refusal } from '../part/state.tsx';

const hour = 3_600_000;

/** Sends again everything from a time, or after an event. */
export function WebhookReplay({ thing, onClose }: { thing: WebhookThing; onClose: () => void }) {
  const api = useApi();
  const [by, setBy] = useState('since');
  const [since, setSince] = useState(() => localMoment(Date.now() - hour));
  const [after, setAfter] = useState<number>(0);
  const change = useChange();
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    void change.run(async () => {
      const input = by === 'since' ? { since: momentFromLocal(since) } : { after };
      const { position } = await api.call<{ position: number }>('platform', 'ReplayWebhook', thing.name, input);
      notice(`Everything after event ${exactCount(position)} is sent again.`);
      onClose();
    });
  };
  return (
    <Dialog title="Replay events" onClose={onClose}>
      <form onSubmit={submit} className="stack">
        <p className="dim">
          Every event that the webhook wants is sent again from there on, in order. Each keeps its id, by which the receiver knows what it
          has seen.
        </p>
        <SegmentedControl
          aria-label="From"
          data={[
            { value: 'since', label: 'From a time on' },
            { value: 'after', label: 'After an event' },
          ]}
          value={by}
          onChange={setBy}
        />
        {by === 'since' ? (
          <TextInput label="From" type="datetime-local" value={since} onChange={(event) => setSince(event.currentTarget.value)} />
        ) : (
          <NumberInput
            label="After event"
            description={`0 sends everything again; the webhook has looked at ${exactCount(thing.spec.position)}.`}
            min={0}
            max={thing.spec.position}
            value={after}
            onChange={(next) => setAfter(typeof next === 'number' ? next : 0)}
          />
        )}
        {change.problem && <Refusal problem={change.problem} compact />}
        <div className="row dialog-end">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" busy={change.busy} disabled={by === 'since' && momentFromLocal(since) === undefined}>
            Send again
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
