import { Menu } from '@mantine/core';
import { type KeyThing, keyStates } from '../api/key.ts';
import { Button } from '../part/button.tsx';
import { Status } from '../part/status.tsx';
import { When } from '../part/when.tsx';
import type { KeyStep } from './key-step.tsx';

type Step = (step: KeyStep, thing: KeyThing) => void;
type May = (operation: string) => boolean;

/** A key's state in a word, with the day of its destruction. */
export function KeyStatus({ spec }: { spec: KeyThing['spec'] }) {
  const { tone, word } = keyStates[spec.state];
  return (
    <Status tone={tone}>
      {word}
      {spec.state === 'pending' && (
        <>
          {' '}
          <When at={spec.destroyAt} />
        </>
      )}
    </Status>
  );
}

const steps: readonly { step: KeyStep; operation: string; text: string; from: readonly string[]; ends?: true }[] = [
  { step: 'rotate', operation: 'RotateKey', text: 'Rotate…', from: ['enabled'] },
  { step: 'enable', operation: 'EnableKey', text: 'Enable…', from: ['disabled'] },
  { step: 'keep', operation: 'CancelKeyDestruction', text: 'Keep it…', from: ['pending'] },
  { step: 'disable', operation: 'DisableKey', text: 'Disable…', from: ['enabled'], ends: true },
  { step: 'destroy', operation: 'ScheduleKeyDestruction', text: 'Destroy…', from: ['enabled', 'disabled'], ends: true },
];

/** The steps that the key's state and the person's role allow. */
export function KeyMenu({ thing, onStep, may }: { thing: KeyThing; onStep: Step; may: May }) {
  const possible = steps.filter(({ operation, from }) => from.includes(thing.spec.state) && may(operation));
  if (possible.length === 0) return null;
  return (
    <Menu position="bottom-end" width={180} transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <Button size="small" look="quiet" icon="more" label={`Steps of ${thing.name}`} />
      </Menu.Target>
      <Menu.Dropdown>
        {possible.map(({ step, text, ends }) => (
          <Menu.Item key={step} data-bad={ends} onClick={() => onStep(step, thing)}>
            {text}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
