import { Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useApi } from '../api/call.ts';
import { usePlace } from '../api/place.ts';
import { Button } from '../part/button.tsx';
import { Dialog, useChange } from '../part/dialog.tsx';
import { Refusal } from '../part/state.tsx';
import type { Faces } from '../operation/faces.ts';
import { RolePicker } from './role-picker.tsx';

const day = 86_400_000;
const lives = [
  { value: '', label: 'Until it is revoked' },
  { value: '1', label: '1 day' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: '1 year' },
];

type Props = {
  /** Whose credential it is; a program of its own if not said. */
  readonly account?: { readonly principal: string; readonly title: string; readonly role: string };
  readonly onMade: (faces: Faces) => void;
  readonly onClose: () => void;
};

/** Makes a credential for a program, in an environment, with a role and an end. */
export function CredentialCreate({ account, onMade, onClose }: Props) {
  const api = useApi();
  const { organization, environment } = usePlace();
  const [title, setTitle] = useState('');
  const [place, setPlace] = useState(environment.id);
  const [role, setRole] = useState(account?.role ?? 'editor');
  const [life, setLife] = useState('');
  const change = useChange();
  const places = organization.projects.map((project) => ({
    group: project.title || project.name,
    items: project.environments.map((each) => ({ value: each.id, label: `${project.name} / ${each.name}` })),
  }));
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    void change.run(async () => {
      const input = {
        title: title.trim(),
        environment: place,
        role,
        ...(account ? { principal: account.principal } : {}),
        ...(life === '' ? {} : { expiresAt: Date.now() + Number(life) * day }),
      };
      onMade(await api.call<Faces>('platform', 'CreateCredential', '', input));
    });
  };
  return (
    <Dialog title={account ? `Create a credential for ${account.title}` : 'Create a credential'} onClose={onClose}>
      <form onSubmit={submit} className="stack">
        <TextInput
          data-autofocus
          label="Title"
          description="What will use it: you will look for this word when you rotate or revoke."
          placeholder="backup of the web server"
          maxLength={100}
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        <Select
          label="Environment"
          description="It reaches this environment and no other."
          data={places}
          value={place}
          onChange={(next) => setPlace(next ?? place)}
          allowDeselect={false}
        />
        <RolePicker role={role} onChange={setRole} />
        <Select label="It works" data={lives} value={life} onChange={(next) => setLife(next ?? '')} allowDeselect={false} />
        {change.problem && <Refusal problem={change.problem} compact />}
        <div className="row dialog-end">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" busy={change.busy} disabled={title.trim() === ''}>
            Create
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
