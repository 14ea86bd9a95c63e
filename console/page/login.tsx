import { PasswordInput, Textarea, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Link, Navigate, useSearchParams } from 'react-router';
import { hasPasskeys } from '../api/passkey.ts';
import { type Proof, readSession, signIn, signInByPasskey, useSessionState, type Waits } from '../api/session.ts';
import { Button } from '../part/button.tsx';
import { useChange } from '../part/dialog.tsx';
import { Refusal } from '../part/state.tsx';
import { Status } from '../part/status.tsx';
import { Lone } from './lone.tsx';
import { SecondStep } from './second-step.tsx';

/** Sign-in by e-mail and password, or by a credential that is pasted. */
export default function Login() {
  const state = useSessionState();
  const [search] = useSearchParams();
  const [way, setWay] = useState<'password' | 'bearer'>('password');
  const [waits, setWaits] = useState<Waits>();
  useEffect(() => {
    document.title = 'Sign in · Gamut';
    // A platform that does not answer says so when the form is sent.
    if (state.is === 'unknown') readSession().catch(() => undefined);
  }, [state.is]);
  if (state.is === 'in') return <Navigate to={insidePath(search.get('to'))} replace />;
  if (waits) return <SecondStep waits={waits} onDone={() => undefined} onBack={() => setWaits(undefined)} />;
  const other = way === 'password' ? 'Use a credential instead' : 'Use a password instead';
  return (
    <Lone
      title="Sign in"
      foot={
        <button type="button" className="lone-switch" onClick={() => setWay(way === 'password' ? 'bearer' : 'password')}>
          {other}
        </button>
      }
    >
      {state.is === 'out' && state.ended && <Status tone="note">Your session has ended. Sign in to go on where you were.</Status>}
      {search.has('changed') && <Status tone="ok">Your password is set. Sign in with it.</Status>}
      {way === 'password' ? <ByPassword onWaits={setWaits} /> : <ByBearer />}
      {way === 'password' && hasPasskeys && <ByPasskey />}
    </Lone>
  );
}

/** Where to go on: only an address of this console, never another site's. */
function insidePath(to: string | null): string {
  return to?.startsWith('/') && !to.startsWith('//') && !to.includes('\\') ? to : '/';
}

/** A passkey says itself whose it is: no address, no password. */
function ByPasskey() {
  const change = useChange();
  return (
    <div className="stack">
      <Button icon="shield" busy={change.busy} onClick={() => void change.run(signInByPasskey)}>
        Use a passkey
      </Button>
      {change.problem && <Refusal problem={change.problem} compact brief />}
    </div>
  );
}

function ByPassword({ onWaits }: { onWaits: (waits: Waits) => void }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  return (
    <SignInForm onWaits={onWaits} proof={{ email: email.trim(), password }} ready={email !== '' && password !== ''}>
      <TextInput
        label="E-mail"
        type="email"
        name="email"
        autoComplete="username"
        autoFocus
        required
        withAsterisk={false}
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
      <PasswordInput
        label="Password"
        name="password"
        autoComplete="current-password"
        required
        withAsterisk={false}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
      />
      <Link to="/reset" className="lone-switch">
        Forgot the password?
      </Link>
    </SignInForm>
  );
}

function ByBearer() {
  const [bearer, setBearer] = useState('');
  return (
    <SignInForm proof={{ bearer: bearer.trim() }} ready={bearer.trim() !== ''}>
      <Textarea
        label="Credential"
        description="The bearer face of a credential; `./gamut up` prints the administrator's."
        placeholder="gmt_…"
        autoFocus
        autosize
        minRows={2}
        maxRows={4}
        spellCheck={false}
        autoComplete="off"
        classNames={{ input: 'mono' }}
        value={bearer}
        onChange={(event) => setBearer(event.currentTarget.value)}
      />
    </SignInForm>
  );
}

type FormProps = { proof: Proof; ready: boolean; onWaits?: (waits: Waits) => void; children: React.ReactNode };

function SignInForm({ proof, ready, onWaits, children }: FormProps) {
  const change = useChange();
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    if (ready)
      void change.run(async () => {
        const waits = await signIn(proof);
        if (waits) onWaits?.(waits);
      });
  };
  return (
    <form onSubmit={submit}>
      {children}
      {change.problem && <Refusal problem={change.problem} compact brief />}
      <div className="lone-submit">
        <Button type="submit" look="main" busy={change.busy} disabled={!ready}>
          Sign in
        </Button>
      </div>
    </form>
  );
}
