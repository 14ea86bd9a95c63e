import { useState } from 'react';
import { useMay } from '../api/call.ts';
import { hasPasskeys } from '../api/passkey.ts';
import { useRead } from '../api/read.ts';
import { type Factor, makeRecoveryCodes, readSecurity, removeFactor, type Security as State } from '../api/security.ts';
import { Button } from '../part/button.tsx';
import { CodeBlock } from '../part/code.tsx';
import { DangerDialog, Dialog, useChange } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';
import { PageHead, Section } from '../part/page.tsx';
import { Empty, Refusal, Waiting } from '../part/state.tsx';
import { Status, Tag } from '../part/status.tsx';
import { type Column, Table } from '../part/table.tsx';
import { When } from '../part/when.tsx';
import { AppDialog, PasskeyDialog } from './factor-add.tsx';
import { OrganizationSessions, OwnSessions } from './session-list.tsx';

/** One's own second factors and sessions, and for administrators everybody's sessions here. */
export default function Security() {
  const may = useMay('platform');
  const reading = useRead<State>('security', readSecurity);
  const state = reading.value;
  return (
    <div className="page">
      <PageHead
        title="Security"
        text="A password can be guessed, stolen or used twice. A second factor is a thing you have: with one, your password
          alone opens nothing."
      />
      {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
      {!state && !reading.problem && <Waiting rows={5} />}
      {state && <Factors state={state} again={reading.again} />}
      {state && <OwnSessions sessions={state.sessions} again={reading.again} />}
      {may('ListSessions') && <OrganizationSessions />}
    </div>
  );
}

type Open = 'app' | 'passkey' | { remove: Factor } | { codes: readonly string[] };

function Factors({ state, again }: { state: State; again: () => void }) {
  const [open, setOpen] = useState<Open>();
  const change = useChange();
  const close = () => {
    setOpen(undefined);
    again();
  };
  if (!state.person) {
    return (
      <Section title="Second factors">
        <p className="dim">This session was begun with a credential. Second factors belong to persons: sign in by e-mail to add one.</p>
      </Section>
    );
  }
  const newCodes = () =>
    change.run(async () => {
      setOpen({ codes: await makeRecoveryCodes() });
    });
  const add = (
    <>
      {hasPasskeys && (
        <Button look={state.factors.length === 0 ? 'main' : 'plain'} icon="shield" onClick={() => setOpen('passkey')}>
          Add a passkey
        </Button>
      )}
      <Button icon="plus" onClick={() => setOpen('app')}>
        Add an authenticator app
      </Button>
    </>
  );
  const first = state.factors.length === 0;
  return (
    <Section title="Second factors" flush actions={first ? undefined : add}>
      {first ? (
        <Empty icon="shield" title="No second factor yet" action={add}>
          A passkey is the strongest and the quickest; an authenticator app works everywhere.
        </Empty>
      ) : (
        <>
          <FactorTable factors={state.factors} onRemove={(factor) => setOpen({ remove: factor })} />
          <div className="table-bar">
            <Status tone={state.recovery > 2 ? 'ok' : 'warn'}>
              {state.recovery === 0
                ? 'No recovery codes: without your factor you would be locked out'
                : `${state.recovery} recovery codes left`}
            </Status>
            <span className="grow" />
            <Button size="small" busy={change.busy} onClick={() => void newCodes()}>
              Make recovery codes
            </Button>
          </div>
        </>
      )}
      {change.problem && <Refusal problem={change.problem} compact />}
      {open === 'app' && <AppDialog first={first} onClose={close} />}
      {open === 'passkey' && <PasskeyDialog first={first} onClose={close} />}
      {typeof open === 'object' && 'remove' in open && <Removing factor={open.remove} onClose={close} />}
      {typeof open === 'object' && 'codes' in open && <Codes codes={open.codes} onClose={close} />}
    </Section>
  );
}

const kinds = { totp: 'authenticator app', passkey: 'passkey' } as const;

function FactorTable({ factors, onRemove }: { factors: readonly Factor[]; onRemove: (factor: Factor) => void }) {
  const columns: Column<Factor>[] = [
    { key: 'title', title: 'Title', show: ({ title }) => <span className="cell-long cut">{title}</span> },
    { key: 'kind', title: 'Kind', show: ({ kind }) => <Tag>{kinds[kind]}</Tag> },
    { key: 'created', title: 'Added', spare: 1, show: ({ createdAt }) => <When at={createdAt} /> },
    { key: 'used', title: 'Used last', spare: 2, show: ({ usedAt }) => <When at={usedAt} /> },
    {
      key: 'actions',
      title: '',
      right: true,
      show: (factor) => <Button size="small" look="quiet" icon="trash" label={`Remove ${factor.title}`} onClick={() => onRemove(factor)} />,
    },
  ];
  return <Table label="Second factors" columns={columns} rows={factors} rowKey={({ id }) => id} />;
}

function Removing({ factor, onClose }: { factor: Factor; onClose: () => void }) {
  const act = async () => {
    await removeFactor(factor.id);
    notice(`${factor.title} opens nothing any more.`);
  };
  return (
    <DangerDialog title="Remove a second factor" verb="Remove" name={factor.title} act={act} onClose={onClose}>
      <p>Signing in asks for it no more. Recovery codes go with the last factor.</p>
    </DangerDialog>
  );
}

function Codes({ codes, onClose }: { codes: readonly string[]; onClose: () => void }) {
  return (
    <Dialog title="Keep these recovery codes now" onClose={onClose}>
      <div className="stack">
        <p className="dim">Each opens once where your factor is lost. Those made before work no more, and these are not shown again.</p>
        <CodeBlock label="recovery codes" text={codes.join('\n')} />
        <div className="row dialog-end">
          <Button look="main" onClick={onClose}>
            I have kept them
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
