import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { useApi } from '../api/call.ts';
import { type PolicyThing, usePolicies } from '../api/policy.ts';
import { Button } from '../part/button.tsx';
import { Dialog, useChange } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';
import { Section } from '../part/page.tsx';
import { Empty, Refusal, Waiting } from '../part/state.tsx';
import { Table } from '../part/table.tsx';
import { CedarField } from '../view/cedar-field.tsx';
import { policyColumns } from './policy-column.tsx';
import { PolicyDelete } from './policy-delete.tsx';

/** What the platform forbids everybody: for those who run it. */
export function GuardRails() {
  const [making, setMaking] = useState(false);
  const [removing, setRemoving] = useState<PolicyThing>();
  const reading = usePolicies('ListGuardRails');
  const rows = reading.value?.items;
  const make = (
    <Button icon="plus" onClick={() => setMaking(true)}>
      Forbid something
    </Button>
  );
  return (
    <Section
      flush
      title="Guard-rails"
      text="They hold for every organization on this platform, and none can weaken them."
      actions={rows && rows.length > 0 && make}
    >
      {reading.problem && (
        <div className="section-body">
          <Refusal problem={reading.problem} again={reading.again} />
        </div>
      )}
      {!rows && !reading.problem && <Waiting rows={3} />}
      {rows?.length === 0 && (
        <Empty icon="shield" title="No guard-rails" action={make}>
          A guard-rail only forbids. It is for what must never happen here, whoever asks.
        </Empty>
      )}
      {rows && rows.length > 0 && (
        <Table
          label="Guard-rails"
          columns={[
            ...policyColumns((row) => row.name),
            {
              key: 'actions',
              title: '',
              right: true,
              show: (row) => (
                <Button size="small" look="quiet" icon="trash" label={`Delete ${row.name}`} onClick={() => setRemoving(row)} />
              ),
            },
          ]}
          rows={rows}
          rowKey={(row) => row.name}
        />
      )}
      {making && <Making onClose={() => setMaking(false)} />}
      {removing && <PolicyDelete operation="DeleteGuardRail" name={removing.name} onClose={() => setRemoving(undefined)} />}
    </Section>
  );
}

function Making({ onClose }: { onClose: () => void }) {
  const api = useApi();
  const [name, setName] = useState('');
  const [text, setText] = useState('forbid (\n  principal,\n  action,\n  resource\n)\nwhen { false };\n');
  const change = useChange();
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    void change.run(async () => {
      await api.call('platform', 'CreateGuardRail', '', { text, ...(name === '' ? {} : { name }) });
      notice('The guard-rail holds on the whole platform.');
      onClose();
    });
  };
  return (
    <Dialog title="Forbid something on the whole platform" onClose={onClose} wide>
      <form onSubmit={submit} className="stack">
        <TextInput
          data-autofocus
          label="Name"
          description="Lower-case letters, digits and hyphens."
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          spellCheck={false}
          autoComplete="off"
        />
        <CedarField label="Text of the guard-rail" value={text} onChange={setText} />
        {change.problem && <Refusal problem={change.problem} compact />}
        <div className="row dialog-end">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" busy={change.busy}>
            Let it hold
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
