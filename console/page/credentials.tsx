import { useState } from 'react';
import { Route, Routes } from 'react-router';
import { useApi, useMay } from '../api/call.ts';
import { type CredentialState, credentialState, type CredentialThing, useCredentialList } from '../api/credential.ts';
import { useLink, usePlace } from '../api/place.ts';
import { useAsk } from '../operation/ask.ts';
import type { Faces } from '../operation/faces.ts';
import { FacesPanel } from '../operation/faces-panel.tsx';
import { Button } from '../part/button.tsx';
import { Id } from '../part/copy.tsx';
import { DangerDialog, Dialog } from '../part/dialog.tsx';
import { Live } from '../part/live.tsx';
import { notice } from '../part/notice.tsx';
import { useNow } from '../part/now.ts';
import { PageHead, Section, Tabs } from '../part/page.tsx';
import { Empty, Refusal, Waiting } from '../part/state.tsx';
import { Status, Tag, type Tone } from '../part/status.tsx';
import { type Column, Table } from '../part/table.tsx';
import { When } from '../part/when.tsx';
import { CredentialCreate } from './credential-create.tsx';
import { CredentialRotate } from './credential-rotate.tsx';
import { ServiceAccounts } from './service-accounts.tsx';

const tones: Readonly<Record<CredentialState, Tone>> = { active: 'ok', overlapping: 'warn', expired: 'note', revoked: 'note' };

type Open = { is: 'create' } | { is: 'faces'; faces: Faces } | { is: 'rotate' | 'revoke'; credential: CredentialThing };

/** How programs prove who they are: credentials, and the service accounts they belong to. */
export default function Credentials() {
  return (
    <Routes>
      <Route path="-/service-accounts" element={<Accounts />} />
      <Route path="*" element={<CredentialList />} />
    </Routes>
  );
}

const said =
  'One credential per program. Each has a face for every protocol, derived apart, so that a secret seen at one door opens no other. ' +
  'One revoke ends them all, open connections included.';

function Places() {
  const link = useLink();
  const may = useMay('platform');
  if (!may('ListServiceAccounts')) return null;
  return (
    <Tabs
      label="Credentials"
      tabs={[
        { to: link('platform', 'credentials'), label: 'Credentials', end: true },
        { to: link('platform', 'credentials', '-', 'service-accounts'), label: 'Service accounts' },
      ]}
    />
  );
}

function Accounts() {
  return (
    <div className="page">
      <PageHead title="Credentials" text={said} />
      <Places />
      <ServiceAccounts />
    </div>
  );
}

/** The credentials of the organization: made, shown once, rotated, revoked. */
function CredentialList() {
  const { organization } = usePlace();
  const may = useMay('platform');
  const ask = useAsk();
  const [open, setOpen] = useState<Open>();
  const [withRevoked, setWithRevoked] = useState(false);
  const reading = useCredentialList();
  const all = reading.value?.items;
  const rows = all?.filter((each) => withRevoked || each.spec.revokedAt === undefined).toSorted((a, b) => b.createdAt - a.createdAt);
  const hidden = (all?.length ?? 0) - (rows?.length ?? 0);
  const create = may('CreateCredential') && (
    <Button look="main" icon="plus" onClick={() => setOpen({ is: 'create' })}>
      Create a credential
    </Button>
  );
  return (
    <div className="page">
      <PageHead
        title="Credentials"
        text={said}
        actions={
          <>
            {may('ImportCredential') && <Button onClick={() => ask('platform', 'ImportCredential')}>Import an S3 key</Button>}
            {create}
          </>
        }
      />
      <Places />
      <Section flush>
        {reading.problem && (
          <div className="section-body">
            <Refusal problem={reading.problem} again={reading.again} />
          </div>
        )}
        {!rows && !reading.problem && <Waiting rows={4} />}
        {rows && (
          <div className="table-bar">
            <label className="row">
              <input type="checkbox" className="tick" checked={withRevoked} onChange={() => setWithRevoked(!withRevoked)} />
              Show revoked{hidden > 0 ? ` (${hidden})` : ''}
            </label>
            <span className="grow" />
            <Live mode={reading.problem ? 'lost' : 'polled'} heardAt={reading.heardAt} />
          </div>
        )}
        {rows?.length === 0 && (
          <Empty icon="credential" title={hidden > 0 ? 'Every credential is revoked' : 'No credentials yet'} action={create}>
            A program proves who it is with a credential: an S3 key pair, a bearer, a user name and password.
          </Empty>
        )}
        {rows && rows.length > 0 && <Rows rows={rows} onOpen={setOpen} may={may} organization={organization.projects} />}
      </Section>
      {open?.is === 'create' && <CredentialCreate onMade={(faces) => setOpen({ is: 'faces', faces })} onClose={() => setOpen(undefined)} />}
      {open?.is === 'faces' && (
        <Dialog title="Keep these secrets now" onClose={() => setOpen(undefined)} wide>
          <FacesPanel faces={open.faces} onDone={() => setOpen(undefined)} />
        </Dialog>
      )}
      {open?.is === 'rotate' && (
        <CredentialRotate
          credential={open.credential}
          onMade={(faces) => setOpen({ is: 'faces', faces })}
          onClose={() => setOpen(undefined)}
        />
      )}
      {open?.is === 'revoke' && <Revoking credential={open.credential} onClose={() => setOpen(undefined)} />}
    </div>
  );
}

type RowsProps = {
  rows: readonly CredentialThing[];
  onOpen: (open: Open) => void;
  may: (operation: string) => boolean;
  organization: readonly { name: string; environments: readonly { id: string; name: string; kind: string }[] }[];
};

function Rows({ rows, onOpen, may, organization }: RowsProps) {
  const now = useNow();
  const places = new Map(
    organization.flatMap((project) =>
      project.environments.map(
        (environment) => [environment.id, { text: `${project.name} / ${environment.name}`, isTest: environment.kind !== 'live' }] as const,
      ),
    ),
  );
  const columns: Column<CredentialThing>[] = [
    {
      key: 'title',
      title: 'Title',
      show: ({ spec }) => <span className="cell-long cut">{spec.title || <span className="faint">untitled</span>}</span>,
    },
    { key: 'id', title: 'Id', spare: 1, show: ({ name }) => <Id id={name} whole /> },
    { key: 'role', title: 'Role', show: ({ spec }) => <Tag>{spec.role}</Tag> },
    {
      key: 'environment',
      title: 'Environment',
      spare: 1,
      show: ({ spec }) => {
        const place = places.get(spec.environment);
        return place?.isTest ? <Tag tone="test">{place.text}</Tag> : (place?.text ?? <Id id={spec.environment} />);
      },
    },
    {
      key: 'state',
      title: 'State',
      show: ({ spec }) => {
        const state = credentialState(spec, now);
        return <Status tone={tones[state]}>{state}</Status>;
      },
    },
    { key: 'created', title: 'Created', spare: 2, show: (credential) => <When at={credential.createdAt} /> },
    { key: 'expires', title: 'Expires', spare: 2, show: ({ spec }) => <When at={spec.expiresAt} /> },
    {
      key: 'actions',
      title: '',
      right: true,
      show: (credential) =>
        credential.spec.revokedAt === undefined ? (
          <span className="table-actions">
            {may('RotateCredential') && (
              <Button
                size="small"
                look="quiet"
                icon="refresh"
                label={`Rotate ${credential.spec.title || credential.name}`}
                onClick={() => onOpen({ is: 'rotate', credential })}
              />
            )}
            {may('RevokeCredential') && (
              <Button size="small" look="danger" onClick={() => onOpen({ is: 'revoke', credential })}>
                Revoke
              </Button>
            )}
          </span>
        ) : (
          <When at={credential.spec.revokedAt} />
        ),
    },
  ];
  return <Table label="Credentials" columns={columns} rows={rows} rowKey={(credential) => credential.name} />;
}

function Revoking({ credential, onClose }: { credential: CredentialThing; onClose: () => void }) {
  const api = useApi();
  const act = async () => {
    await api.call('platform', 'RevokeCredential', credential.name, {});
    notice('The credential is revoked; its connections are closed.');
  };
  return (
    <DangerDialog title="Revoke a credential" verb="Revoke" name={credential.spec.title || credential.name} act={act} onClose={onClose}>
      <p>
        Every program that uses it is refused within a tenth of a second, on every protocol. It cannot be taken back; rotate instead if the
        program shall go on.
      </p>
    </DangerDialog>
  );
}
