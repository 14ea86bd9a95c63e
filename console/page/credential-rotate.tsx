import { Select } from '@mantine/core';
import { useState } from 'react';
import { useApi } from '../api/call.ts';
import type { CredentialThing } from '../api/credential.ts';
import { Button } from '../part/button.tsx';
import { Dialog, useChange } from '../part/dialog.tsx';
import { Refusal } from '../part/state.tsx';
import type { Faces } from '../operation/faces.ts';

const hour = 3_600_000;
const overlaps = [
  { value: '0', label: 'End at once' },
  { value: String(hour), label: 'Work for another hour' },
  { value: String(24 * hour), label: 'Work for another day' },
  { value: String(168 * hour), label: 'Work for another week' },
];

/** Gives new secrets; the old ones may go on for a while, so that programs can change over. */
export function CredentialRotate({
  credential,
  onMade,
  onClose,
}: {
  credential: CredentialThing;
  onMade: (faces: Faces) => void;
  onClose: () => void;
}) {
  const api = useApi();
  const [overlap, setOverlap] = useState(String(24 * hour));
  const change = useChange();
  const rotate = (event: React.FormEvent) => {
    event.preventDefault();
    void change.run(async () =>
      onMade(await api.call<Faces>('platform', 'RotateCredential', credential.name, { overlapMs: Number(overlap) })),
    );
  };
  return (
    <Dialog title={`Rotate ${credential.spec.title || credential.name}`} onClose={onClose}>
      <form onSubmit={rotate} className="stack">
        <p className="dim">The credential keeps its id, role and environment and gets new secrets in every face.</p>
        <Select
          label="The old secrets"
          data={overlaps}
          value={overlap}
          onChange={(next) => setOverlap(next ?? overlap)}
          allowDeselect={false}
          data-autofocus
        />
        {change.problem && <Refusal problem={change.problem} compact />}
        <div className="row dialog-end">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" busy={change.busy}>
            Rotate
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
