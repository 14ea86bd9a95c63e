import { Select } from '@mantine/core';
import { useState } from 'react';
import { useApi, useMay, useOperation } from '../api/call.ts';
import type { Member } from '../api/member.ts';
import { usePlace } from '../api/place.ts';
import { type Mail, readOutbox, useSession } from '../api/session.ts';
import { useRead } from '../api/read.ts';
import { pollEveryMs } from '../limits.ts';
import { Button } from '../part/button.tsx';
import { DangerDialog, Dialog, useChange } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';
import { PageHead, Section } from '../part/page.tsx';
import { Empty, Refusal, Waiting } from '../part/state.tsx';
import { Status, Tag } from '../part/status.tsx';
import { type Column, Table } from '../part/table.tsx';
import { When } from '../part/when.tsx';
import { MemberInvite } from './member-invite.tsx';
import { Outbox } from './outbox.tsx';
import { useRoles } from './role.ts';

/** The people of the organization. */
export default function Members() {
  const { organization } = usePlace();
  const { person } = useSession();
  const may = useMay('platform');
  const [inviting, setInviting] = useState(false);
  const [changing, setChanging] = useState<Member>();
  const [removing, setRemoving] = useState<Member>();
  const reading = useOperation<{ items: readonly Member[] }>('platform', 'ListMembers', '', { limit: 1000 }, { everyMs: pollEveryMs });
  const mails = useRead<readonly Mail[] | undefined>('/session/outbox', readOutbox, { everyMs: pollEveryMs }).value;
  const invite = may('InviteMember') && (
    <Button look="main" icon="plus" onClick={() => setInviting(true)}>
      Invite
    </Button>
  );
  const columns: Column<Member>[] = [
    {
      key: 'email',
      title: 'Person',
      show: ({ spec }) => (
        <span className="cell-long cut">
          {spec.email}
          {spec.person === person.id && <span className="faint"> (you)</span>}
        </span>
      ),
    },
    { key: 'role', title: 'Role', show: ({ spec }) => <Tag>{spec.role}</Tag> },
    {
      key: 'state',
      title: 'State',
      show: ({ spec }) => (spec.invited ? <Status tone="note">invited</Status> : <Status tone="ok">member</Status>),
    },
    { key: 'since', title: 'Since', spare: 1, show: (member) => <When at={member.createdAt} /> },
    {
      key: 'actions',
      title: '',
      right: true,
      show: (member) => (
        <span className="table-actions">
          {may('UpdateMember') && (
            <Button
              size="small"
              look="quiet"
              icon="edit"
              label={`Change the role of ${member.spec.email}`}
              onClick={() => setChanging(member)}
            />
          )}
          {may('DeleteMember') && (
            <Button size="small" look="quiet" icon="trash" label={`Remove ${member.spec.email}`} onClick={() => setRemoving(member)} />
          )}
        </span>
      ),
    },
  ];
  return (
    <div className="page">
      <PageHead
        title="Members"
        text={`People who may enter ${organization.title || organization.name}. Programs use credentials instead.`}
        actions={invite}
      />
      <Section flush>
        {reading.problem && (
          <div className="section-body">
            <Refusal problem={reading.problem} again={reading.again} />
          </div>
        )}
        {!reading.value && !reading.problem && <Waiting rows={3} />}
        {reading.value?.items.length === 0 && (
          <Empty icon="members" title="Nobody but the administrator's credential" action={invite}>
            Invite the first person; they choose a password by the link in their mail and sign in here.
          </Empty>
        )}
        {reading.value && reading.value.items.length > 0 && (
          <Table label="Members" columns={columns} rows={reading.value.items} rowKey={(member) => member.name} />
        )}
      </Section>
      {mails && mails.length > 0 && <Outbox mails={mails} />}
      {inviting && <MemberInvite onClose={() => setInviting(false)} />}
      {changing && <RoleDialog member={changing} onClose={() => setChanging(undefined)} />}
      {removing && <Removing member={removing} onClose={() => setRemoving(undefined)} />}
    </div>
  );
}

function RoleDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const api = useApi();
  const [role, setRole] = useState(member.spec.role);
  const roles = useRoles();
  const change = useChange();
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    void change.run(async () => {
      await api.call('platform', 'UpdateMember', member.name, { role });
      notice(`${member.spec.email} is ${role} now.`);
      onClose();
    });
  };
  return (
    <Dialog title={`Role of ${member.spec.email}`} onClose={onClose}>
      <form onSubmit={submit} className="stack">
        <Select
          label="Role"
          description={roles.find((each) => each.role === role)?.text}
          data={roles.map((each) => ({ value: each.role, label: each.role }))}
          value={role}
          onChange={(next) => setRole(next ?? role)}
          allowDeselect={false}
          data-autofocus
        />
        {change.problem && <Refusal problem={change.problem} compact />}
        <div className="row dialog-end">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" busy={change.busy} disabled={role === member.spec.role}>
            Change the role
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Removing({ member, onClose }: { member: Member; onClose: () => void }) {
  const api = useApi();
  const act = async () => {
    await api.call('platform', 'DeleteMember', member.name, {});
    notice(`${member.spec.email} is no longer a member.`);
  };
  return (
    <DangerDialog title="Remove a member" verb="Remove" name={member.spec.email} act={act} onClose={onClose}>
      <p>Their open sessions end at once. What they made stays.</p>
    </DangerDialog>
  );
}
