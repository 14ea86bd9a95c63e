import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { provePasskey } from '../api/passkey.ts';
import type { Waits, Way } from '../api/session.ts';
import { Button } from '../part/button.tsx';
import { useChange } from '../part/dialog.tsx';
import { Refusal } from '../part/state.tsx';

const words: Readonly<Record<Exclude<Way, 'passkey'>, { label: string; text: string; field: string; other: string }>> = {
  totp: { label: 'Code', text: 'The six digits your authenticator app shows now.', field: 'code', other: 'Use the authenticator app' },
  recovery: { label: 'Recovery code', text: 'One of those you kept; it works once.', field: 'recovery', other: 'Use a recovery code' },
  mail: {
    label: 'Code from the mail',
    text: 'This sign-in looks unusual, so we sent eight digits to your address.',
    field: 'mailed',
    other: 'Use the mailed code',
  },
};

/** Asks for one of the ways that are waited for. */
export function ProveForm({ waits, act }: { waits: Waits; act: (proof: object) => Promise<void> }) {
  const [way, setWay] = useState<Way>(waits.methods[0] ?? 'totp');
  const [text, setText] = useState('');
  const change = useChange();
  const others = waits.methods.filter((other) => other !== way);
  const byPasskey = () => change.run(async () => act({ passkey: await provePasskey(waits.passkey ?? {}) }));
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    if (way === 'passkey') void byPasskey();
    else if (text.trim() !== '') void change.run(() => act({ [words[way].field]: text.trim() }));
  };
  return (
    <form onSubmit={submit} className="stack">
      {way === 'passkey' ? (
        <p className="dim">Your browser or key asks you to confirm.</p>
      ) : (
        <TextInput
          key={way}
          label={words[way].label}
          description={words[way].text}
          autoComplete="one-time-code"
          inputMode={way === 'recovery' ? 'text' : 'numeric'}
          autoFocus
          data-autofocus
          spellCheck={false}
          classNames={{ input: 'mono' }}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      )}
      {change.problem && <Refusal problem={change.problem} compact brief />}
      <div className="lone-submit">
        <Button type="submit" look="main" busy={change.busy} disabled={way !== 'passkey' && text.trim() === ''}>
          {way === 'passkey' ? 'Prove the passkey' : 'Go on'}
        </Button>
      </div>
      {others.map((other) => (
        <button key={other} type="button" className="lone-switch" onClick={() => setWay(other)}>
          {other === 'passkey' ? 'Use a passkey' : words[other].other}
        </button>
      ))}
    </form>
  );
}
