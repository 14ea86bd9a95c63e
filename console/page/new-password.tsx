import { PasswordInput } from '@mantine/core';
import { useState } from 'react';
import { passwordLengthMin } from '#kernel/control/limits.ts';
import { Button } from '../part/button.tsx';
import { useChange } from '../part/dialog.tsx';
import { Refusal } from '../part/state.tsx';

/** Asks for a password twice; a long one is all that is wanted of it. */
export function NewPassword({ verb, act }: { verb: string; act: (password: string) => Promise<void> }) {
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const change = useChange();
  const short = password !== '' && password.length < passwordLengthMin;
  const different = again !== '' && again !== password;
  const ready = password.length >= passwordLengthMin && again === password;
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    if (ready) void change.run(() => act(password));
  };
  const show = { visibilityToggleButtonProps: { 'aria-label': 'Show the password' } };
  return (
    <form onSubmit={submit}>
      <PasswordInput
        label="New password"
        description={`At least ${passwordLengthMin} characters; a sentence is easier to remember than signs.`}
        autoComplete="new-password"
        autoFocus
        value={password}
        error={short ? `${passwordLengthMin - password.length} more to go.` : undefined}
        onChange={(event) => setPassword(event.currentTarget.value)}
        {...show}
      />
      <PasswordInput
        label="The same again"
        autoComplete="new-password"
        value={again}
        error={different ? 'It differs from the first.' : undefined}
        onChange={(event) => setAgain(event.currentTarget.value)}
        {...show}
      />
      {change.problem && <Refusal problem={change.problem} compact brief />}
      <div className="lone-submit">
        <Button type="submit" look="main" busy={change.busy} disabled={!ready}>
          {verb}
        </Button>
      </div>
    </form>
  );
}
