import { TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { askReset, confirmReset } from '../api/session.ts';
import { Button } from '../part/button.tsx';
import { useChange } from '../part/dialog.tsx';
import { Refusal } from '../part/state.tsx';
import { Lone } from './lone.tsx';
import { NewPassword } from './new-password.tsx';

/** Asks for a link by mail; with the link's token, asks for the new password. */
export default function Reset() {
  const [search] = useSearchParams();
  const token = search.get('token');
  useEffect(() => {
    document.title = 'Reset the password · Gamut';
  }, []);
  return token ? <Confirm token={token} /> : <Ask />;
}

function Confirm({ token }: { token: string }) {
  const go = useNavigate();
  const confirm = async (password: string) => {
    await confirmReset(token, password);
    await go('/login?changed', { replace: true });
  };
  return (
    <Lone title="Choose a new password" text="Every other session of yours ends." foot={<Link to="/login">Sign in instead</Link>}>
      <NewPassword verb="Set the password" act={confirm} />
    </Lone>
  );
}

function Ask() {
  const [email, setEmail] = useState('');
  const [sent, setSent] = useState(false);
  const change = useChange();
  if (sent) {
    return (
      <Lone title="Look into your mail" foot={<Link to="/login">Back to sign-in</Link>}>
        <p>
          If <strong>{email}</strong> is known here, a link is on its way. It works once, for a short time.
        </p>
      </Lone>
    );
  }
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    void change.run(async () => {
      await askReset(email.trim());
      setSent(true);
    });
  };
  return (
    <Lone title="Reset the password" text="You get a link by mail to choose a new one." foot={<Link to="/login">Back to sign-in</Link>}>
      <form onSubmit={submit}>
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="username"
          autoFocus
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        {change.problem && <Refusal problem={change.problem} compact />}
        <div className="lone-submit">
          <Button type="submit" look="main" busy={change.busy} disabled={!/^\S+@\S+$/.test(email.trim())}>
            Send the link
          </Button>
        </div>
      </form>
    </Lone>
  );
}
