import { useState } from 'react';
import { useApi, useMay, useOperation } from '../api/call.ts';
import type { Thing } from '../api/pages.ts';
import { pollEveryMs } from '../limits.ts';
import { useAsk } from '../operation/ask.ts';
import type { Faces } from '../operation/faces.ts';
import { FacesPanel } from '../operation/faces-panel.tsx';
import { Button } from '../part/button.tsx';
import { Id } from '../part/copy.tsx';
import { DangerDialog, Dialog } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';
import { Section } from '../part/page.tsx';
import { Empty, Refusal, Waiting } from '../part/state.tsx';
import { Tag } from '../part/status.tsx';
import { type Column, Table } from '../part/table.tsx';
import { When } from '../part/when.tsx';
import { CredentialCreate } from './credential-create.tsx';

type Account = Thing & {
  readonly spec: { readonly title: string; readonly principal: string; readonly role: string; readonly environment?: string };
};
type Open = { is: 'credential' | 'delete'; account: Account } | { is: 'faces'; faces: Faces };

/** Programs with a name of their own, which keep it when their credentials change. */
export function ServiceAccounts() {
  const may = useMay('platform');
  const ask = useAsk();
  const [open, setOpen] = useState<Open>();
  const reading = useOperation<{ items: readonly Account[] }>(
    'platform',
    'ListServiceAccounts',
    '',
    { limit: 1000 },
    { everyMs: pollEveryMs },
  );
  const rows = reading.value?.items;
  const close = () => setOpen(undefined);
  const create = may('CreateServiceAccount') && (
    <Button icon="plus" onClick={() => ask('platform', 'CreateServiceAccount')}>
      Make a service account
    </Button>
  );
  return (
    <Section
      flush
      title="Service accounts"
      text="Several credentials share one name in policies and in the audit log."
      actions={rows && rows.length > 0 && create}
    >
      {reading.problem && (
        <div className="section-body">
          <Refusal problem={reading.problem} again={reading.again} />
        </div>
      )}
      {!rows && !reading.problem && <Waiting rows={3} />}
      {rows?.length === 0 && (
        <Empty icon="credential" title="No service accounts yet" action={create}>
          Give a program a name that stays when its credential is made anew, and a role that holds for all of its credentials.
        </Empty>
      )}
      {rows && rows.length > 0 && (
        <Table label="Service accounts" columns={columnsFor(setOpen, may)} rows={rows} rowKey={({ name }) => name} />
      )}
      {open?.is === 'credential' && (
        <CredentialCreate account={open.account.spec} onMade={(faces) => setOpen({ is: 'faces', faces })} onClose={close} />
      )}
      {open?.is === 'faces' && (
        <Dialog title="Keep these secrets now" onClose={close} wide>
          <FacesPanel faces={open.faces} onDone={close} />
        </Dialog>
      )}
      {open?.is === 'delete' && <Deleting account={open.account} onClose={close} />}
    </Section>
  );
}

function columnsFor(open: (open: Open) => void, may: (operation: string) => boolean): Column<Account>[] {
  return [
    { key: 'name', title: 'Name', show: ({ name }) => name },
    { key: 'title', title: 'Title', spare: 1, show: ({ spec }) => <span className="cell-long cut">{spec.title}</span> },
    { key: 'role', title: 'Role', show: ({ spec }) => <Tag>{spec.role}</Tag> },
    { key: 'principal', title: 'Principal', spare: 1, show: ({ spec }) => <Id id={spec.principal} /> },
    { key: 'created', title: 'Made', spare: 2, show: (account) => <When at={account.createdAt} /> },
    {
      key: 'actions',
      title: '',
      right: true,
      show: (account) => (
        <span className="table-actions">
          {may('CreateCredential') && (
            <Button size="small" onClick={() => open({ is: 'credential', account })}>
              New credential
            </Button>
          )}
          {may('DeleteServiceAccount') && (
            <Button
              size="small"
              look="quiet"
              icon="trash"
              label={`Delete ${account.name}`}
              onClick={() => open({ is: 'delete', account })}
            />
          )}
        </span>
      ),
    },
  ];
}

function Deleting({ account, onClose }: { account: Account; onClose: () => void }) {
  const api = useApi();
  const act = async () => {
    await api.call('platform', 'DeleteServiceAccount', account.name, {});
    notice('The service account and all its credentials are ended.');
  };
  return (
    <DangerDialog title="Delete a service account" verb="Delete" name={account.name} act={act} onClose={onClose}>
      <p>All its credentials end at once, on every protocol.</p>
    </DangerDialog>
  );
}
