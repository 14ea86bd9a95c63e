import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { useApi } from '../api/call.ts';
import { stale } from '../api/read.ts';
import { Button } from '../part/button.tsx';
import { Dialog, useChange } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';
import { Refusal } from '../part/state.tsx';
import { RolePicker } from './role-picker.tsx';

/** Invites a person by mail. */
export function MemberInvite({ onClose }: { onClose: () => void }) {
  const api = useApi();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState('editor');
  const change = useChange();
  const fits = /^\S+@\S+\.\S+$/.test(email.trim()) || /^\S+@localhost$/.test(email.trim());
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    if (fits)
      void change.run(async () => {
        await api.call('platform', 'InviteMember', '', { email: email.trim(), role });
        stale((key) => key === '/session/outbox');
        notice(`${email.trim()} is invited.`);
        onClose();
      });
  };
  return (
    <Dialog title="Invite a person" onClose={onClose}>
      <form onSubmit={submit} className="stack">
        <TextInput
          data-autofocus
          label="E-mail"
          type="email"
          autoComplete="off"
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <RolePicker role={role} onChange={setRole} />
        {change.problem && <Refusal problem={change.problem} compact />}
        <div className="row dialog-end">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" busy={change.busy} disabled={!fits}>
            Send the invitation
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
