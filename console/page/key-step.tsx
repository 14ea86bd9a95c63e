import { Select } from '@mantine/core';
import { useState } from 'react';
import { useApi } from '../api/call.ts';
import { type KeyThing, ringName } from '../api/key.ts';
import { exactMoment } from '../format/moment.ts';
import { ConfirmDialog, DangerDialog } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';

/** What can be done to a key besides reading it. */
export type KeyStep = 'rotate' | 'disable' | 'enable' | 'destroy' | 'keep';

type Props = { step: KeyStep; thing: KeyThing; onClose: () => void };

/** One step of a key's life, with what it means for the data that lies under it. */
export function KeyStepDialog(props: Props) {
  switch (props.step) {
    case 'disable':
      return <Disabling {...props} />;
    case 'destroy':
      return <Destroying {...props} />;
    default:
      return <Plain {...props} step={props.step} />;
  }
}

const plain = {
  rotate: {
    operation: 'RotateKey',
    title: 'Rotate a key',
    verb: 'Rotate',
    text: 'New material is made; new data lies under it. What was sealed before stays readable, and nothing has to be sealed anew.',
    done: 'New data lies under new material.',
  },
  enable: {
    operation: 'EnableKey',
    title: 'Enable a key',
    verb: 'Enable',
    text: 'What lies under it can be read and written again at once.',
    done: 'The key is in use again.',
  },
  keep: {
    operation: 'CancelKeyDestruction',
    title: 'Keep a key',
    verb: 'Keep it',
    text: 'It will not be destroyed. It stays disabled until it is enabled again.',
    done: 'The key is kept; enable it to use it.',
  },
} as const;

function Plain({ step, thing, onClose }: Omit<Props, 'step'> & { step: keyof typeof plain }) {
  const api = useApi();
  const { operation, title, verb, text, done } = plain[step];
  const act = async () => {
    await api.call('platform', operation, thing.name, {});
    notice(done);
  };
  return (
    <ConfirmDialog title={title} verb={verb} act={act} onClose={onClose}>
      <p>
        <strong>{thing.spec.title}</strong>: {text}
      </p>
    </ConfirmDialog>
  );
}

const reach = (thing: KeyThing) =>
  thing.name === ringName
    ? 'This is the ring of the whole organization: every other key and everything that names no key lies under it.'
    : 'Everything that names this key is meant.';

function Disabling({ thing, onClose }: Props) {
  const api = useApi();
  const act = async () => {
    await api.call('platform', 'DisableKey', thing.name, {});
    notice('The key is disabled.');
  };
  return (
    <DangerDialog title="Disable a key" verb="Disable" name={thing.name} act={act} onClose={onClose}>
      <p>
        Nothing under it can be read or written from now on, by nobody. {reach(thing)} Nothing is lost: enabling brings it back. A process
        that cannot reach the rest of the platform stops within {thing.spec.strict ? '60 seconds' : '24 hours'}.
      </p>
    </DangerDialog>
  );
}

const day = 86_400_000;
const waits = [
  { value: '7', label: 'in 7 days' },
  { value: '30', label: 'in 30 days' },
  { value: '90', label: 'in 90 days' },
  { value: '0', label: 'now, without return' },
];

function Destroying({ thing, onClose }: Props) {
  const api = useApi();
  const [wait, setWait] = useState('30');
  const act = async () => {
    await api.call('platform', 'ScheduleKeyDestruction', thing.name, { afterMs: Number(wait) * day });
    notice(wait === '0' ? 'The key is destroyed.' : 'The key is disabled, and its destruction is scheduled.');
  };
  return (
    <DangerDialog
      title="Destroy a key"
      verb={wait === '0' ? 'Destroy now' : 'Schedule the destruction'}
      name={thing.name}
      act={act}
      onClose={onClose}
    >
      <div className="stack">
        <p>
          Its use stops now. When its time has come its material is overwritten, and what lies under it is unreadable for ever.{' '}
          {reach(thing)}
        </p>
        <Select
          label="Destroy it"
          description={
            wait === '0' ? 'It cannot be taken back.' : `Until ${exactMoment(Date.now() + Number(wait) * day).slice(0, 16)} it can be kept.`
          }
          data={waits}
          value={wait}
          onChange={(next) => setWait(next ?? wait)}
          allowDeselect={false}
        />
      </div>
    </DangerDialog>
  );
}
