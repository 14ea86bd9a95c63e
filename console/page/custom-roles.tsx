import { MultiSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useApi, useMay } from '../api/call.ts';
import { useServed } from '../api/contract.ts';
import { type RoleThing, useCustomRoles } from '../api/policy.ts';
import { exactCount, plural } from '../format/quantity.ts';
import { Button } from '../part/button.tsx';
import { DangerDialog, Dialog, useChange } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';
import { Section } from '../part/page.tsx';
import { Empty, Refusal, Waiting } from '../part/state.tsx';
import { type Column, Table } from '../part/table.tsx';
import { When } from '../part/when.tsx';

/** The roles that the organization made, besides the five that are always there. */
export function CustomRoles() {
  const may = useMay('platform');
  const [making, setMaking] = useState(false);
  const [removing, setRemoving] = useState<RoleThing>();
  const reading = useCustomRoles();
  const rows = reading.value?.items;
  const make = may('CreateCustomRole') && (
    <Button icon="plus" onClick={() => setMaking(true)}>
      Make a role
    </Button>
  );
  const columns: Column<RoleThing>[] = [
    { key: 'name', title: 'Name', show: ({ name }) => name },
    { key: 'title', title: 'Title', spare: 1, show: ({ spec }) => <span className="cell-long cut">{spec.title}</span> },
    {
      key: 'operations',
      title: 'May do',
      show: ({ spec }) => (
        <span className="cell-long cut" title={spec.operations.join(', ')}>
          {spec.operations.length < 4
            ? spec.operations.join(', ')
            : `${exactCount(spec.operations.length)} ${plural(spec.operations.length, 'operation')}`}
        </span>
      ),
    },
    { key: 'created', title: 'Made', spare: 2, show: (row) => <When at={row.createdAt} /> },
    {
      key: 'actions',
      title: '',
      right: true,
      show: (row) =>
        may('DeleteCustomRole') && (
          <Button size="small" look="quiet" icon="trash" label={`Delete ${row.name}`} onClick={() => setRemoving(row)} />
        ),
    },
  ];
  return (
    <Section flush title="Roles of this organization" actions={rows && rows.length > 0 && make}>
      {reading.problem && (
        <div className="section-body">
          <Refusal problem={reading.problem} again={reading.again} />
        </div>
      )}
      {!rows && !reading.problem && <Waiting rows={3} />}
      {rows?.length === 0 && (
        <Empty icon="members" title="No roles of your own" action={make}>
          Owner, admin, editor, reader and auditor are always there. Make one where none of them fits: a role that may do just what you
          list.
        </Empty>
      )}
      {rows && rows.length > 0 && <Table label="Roles" columns={columns} rows={rows} rowKey={(row) => row.name} />}
      {making && <Making onClose={() => setMaking(false)} />}
      {removing && <Removing role={removing.name} onClose={() => setRemoving(undefined)} />}
    </Section>
  );
}

function Making({ onClose }: { onClose: () => void }) {
  const api = useApi();
  const services = Object.values(useServed().value?.services ?? {});
  const [name, setName] = useState('');
  const [title, setTitle] = useState('');
  const [operations, setOperations] = useState<string[]>([]);
  const change = useChange();
  const fits = /^[a-z][A-Za-z0-9]*$/.test(name);
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    void change.run(async () => {
      await api.call('platform', 'CreateCustomRole', '', { name, operations, ...(title.trim() === '' ? {} : { title: title.trim() }) });
      notice(`${name} can be given to members and credentials.`);
      onClose();
    });
  };
  return (
    <Dialog title="Make a role" onClose={onClose} wide>
      <form onSubmit={submit} className="stack">
        <TextInput
          data-autofocus
          label="Name"
          description="Begin with a lower-case letter; use letters and digits only."
          error={name !== '' && !fits ? 'Begin with a lower-case letter; use letters and digits only.' : undefined}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          withAsterisk
          maxLength={64}
          spellCheck={false}
          autoComplete="off"
        />
        <TextInput label="Title" value={title} maxLength={100} onChange={(event) => setTitle(event.currentTarget.value)} />
        <MultiSelect
          label="May do"
          description="Everything else is refused to it."
          data={services.map((contract) => ({
            group: contract.title,
            items: Object.keys(contract.operations).map((operation) => ({ value: `${contract.name}.${operation}`, label: operation })),
          }))}
          value={operations}
          onChange={setOperations}
          searchable
          withAsterisk
          maxDropdownHeight={260}
        />
        {change.problem && <Refusal problem={change.problem} compact />}
        <div className="row dialog-end">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" busy={change.busy} disabled={!fits || operations.length === 0}>
            Make the role
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Removing({ role, onClose }: { role: string; onClose: () => void }) {
  const api = useApi();
  const act = async () => {
    await api.call('platform', 'DeleteCustomRole', role, {});
    notice(`Nobody is ${role} any more.`);
  };
  return (
    <DangerDialog title="Delete a role" verb="Delete" name={role} act={act} onClose={onClose}>
      <p>Everybody who has it loses at once what only it gives.</p>
    </DangerDialog>
  );
}
