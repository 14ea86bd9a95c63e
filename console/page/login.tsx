import { PasswordInput, Textarea, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Link, Navigate, useSearchParams } from 'react-router';
import { type Proof, readSession, signIn, useSessionState } from '../api/session.ts';
import { Button } from '../part/button.tsx';
import { useChange } from '../part/dialog.tsx';
import { Refusal } from '../part/state.tsx';
import { Status } from '../part/status.tsx';
import { Lone } from './lone.tsx';

/** Sign-in by e-mail and password, or by a credential that is pasted. */
export default function Login() {
  const state = useSessionState();
  const [search] = useSearchParams();
  const [way, setWay] = useState<'password' | 'bearer'>('password');
  useEffect(() => {
    document.title = 'Sign in · Gamut';
    // A platform that does not answer says so when the form is sent.
    if (state.is === 'unknown') readSession().catch(() => undefined);
  }, [state.is]);
  if (state.is === 'in') return <Navigate to={insidePath(search.get('to'))} replace />;
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
      {way === 'password' ? <ByPassword /> : <ByBearer />}
    </Lone>
  );
}

/** Where to go on: only an address of this console, never another site's. */
function insidePath(to: string | null): string {
  return to?.startsWith('/') && !to.startsWith('//') && !to.includes('\\') ? to : '/';
}

function ByPassword() {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  return (
    <SignInForm proof={{ email: email.trim(), password }} ready={email !== '' && password !== ''}>
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

function SignInForm({ proof, ready, children }: { proof: Proof; ready: boolean; children: React.ReactNode }) {
  const change = useChange();
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    if (ready) void change.run(() => signIn(proof));
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
