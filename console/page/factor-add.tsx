import { PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { renderSVG } from 'uqr';
import { addPasskey, beginApp, confirmApp, type NewApp } from '../api/security.ts';
import { Button } from '../part/button.tsx';
import { CodeBlock } from '../part/code.tsx';
import { Dialog, useChange } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';
import { Refusal } from '../part/state.tsx';
import './factor-add.css';

type Props = { first: boolean; onClose: () => void };

/** The first factor is added by who knows the password, so that a borrowed browser cannot lock its person out. */
function Password({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <PasswordInput
      data-autofocus
      label="Your password"
      description="Asked once, for the first factor."
      autoComplete="current-password"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
    />
  );
}

/** Makes a passkey in this browser. */
export function PasskeyDialog({ first, onClose }: Props) {
  const [title, setTitle] = useState('');
  const [password, setPassword] = useState('');
  const change = useChange();
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    void change.run(async () => {
      await addPasskey(title, password);
      notice('The passkey is added.');
      onClose();
    });
  };
  return (
    <Dialog title="Add a passkey" onClose={onClose}>
      <form onSubmit={submit} className="stack">
        {first && <Password value={password} onChange={setPassword} />}
        <TextInput
          label="Title"
          placeholder="laptop"
          maxLength={60}
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        {change.problem && <Refusal problem={change.problem} compact brief />}
        <Ending busy={change.busy} verb="Make the passkey" disabled={first && password === ''} onClose={onClose} />
      </form>
    </Dialog>
  );
}

function Ending({ busy, verb, disabled, onClose }: { busy: boolean; verb: string; disabled: boolean; onClose: () => void }) {
  return (
    <div className="row dialog-end">
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" look="main" busy={busy} disabled={disabled}>
        {verb}
      </Button>
    </div>
  );
}

/** Shows an app its secret as a picture, and takes its first code. */
export function AppDialog({ first, onClose }: Props) {
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [app, setApp] = useState<NewApp>();
  const change = useChange();
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    void change.run(async () => {
      if (!app) return setApp(await beginApp(password));
      await confirmApp(code);
      notice('The authenticator app is added.');
      onClose();
    });
  };
  return (
    <Dialog title="Add an authenticator app" onClose={onClose}>
      <form onSubmit={submit} className="stack">
        {!app && first && <Password value={password} onChange={setPassword} />}
        {!app && <p className="dim">Any app that reads the pictures of RFC 6238 works; it needs no network.</p>}
        {app && (
          <>
            <p className="dim">Let the app read this picture, or type the secret into it.</p>
            <img className="factor-picture" alt="The secret of the app, as a picture" src={pictureOf(app.uri)} />
            <CodeBlock label="the secret" text={app.secret} />
            <TextInput
              data-autofocus
              label="First code"
              description="The six digits it shows now."
              inputMode="numeric"
              autoComplete="one-time-code"
              classNames={{ input: 'mono' }}
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
            />
          </>
        )}
        {change.problem && <Refusal problem={change.problem} compact brief />}
        <Ending
          busy={change.busy}
          verb={app ? 'Add' : 'Show the secret'}
          disabled={app ? code.trim() === '' : first && password === ''}
          onClose={onClose}
        />
      </form>
    </Dialog>
  );
}

const pictureOf = (uri: string) => `data:image/svg+xml,${encodeURIComponent(renderSVG(uri, { border: 2 }))}`;
