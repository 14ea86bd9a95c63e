import { useOperation, useApi, useMay } from '../api/call.ts';
import { endOthers, endSession, type OpenSession } from '../api/security.ts';
import { Button } from '../part/button.tsx';
import { useChange } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';
import { Section } from '../part/page.tsx';
import { Refusal, Waiting } from '../part/state.tsx';
import { Status, Tag } from '../part/status.tsx';
import { type Column, Table } from '../part/table.tsx';
import { When } from '../part/when.tsx';

type Shown = Omit<OpenSession, 'id' | 'current'> & { current?: boolean; email?: string };

const proven = (session: Shown) =>
  session.byCredential ? (
    <Tag>credential</Tag>
  ) : session.factor ? (
    <Status tone="ok">second factor</Status>
  ) : (
    <Status tone="note">password</Status>
  );

function columnsFor<Row extends Shown>(end: (row: Row) => React.ReactNode, whose: boolean): Column<Row>[] {
  const who: Column<Row> = {
    key: 'who',
    title: 'Who',
    show: ({ email, principal }) => <span className="cell-long cut">{email || principal}</span>,
  };
  return [
    ...(whose ? [who] : []),
    { key: 'agent', title: 'Browser', show: ({ agent }) => <span title={agent}>{browserOf(agent)}</span> },
    { key: 'address', title: 'Address', spare: 1, show: ({ address }) => <span className="mono">{address}</span> },
    { key: 'proven', title: 'Proven by', show: proven },
    { key: 'created', title: 'Begun', spare: 2, show: ({ createdAt }) => <When at={createdAt} /> },
    { key: 'seen', title: 'Seen', spare: 2, show: ({ seenAt }) => <When at={seenAt} /> },
    { key: 'actions', title: '', right: true, show: end },
  ];
}

/** The sessions of the person who looks. */
export function OwnSessions({ sessions, again }: { sessions: readonly OpenSession[]; again: () => void }) {
  const change = useChange();
  const end = (session: OpenSession) =>
    change.run(async () => {
      await endSession(session.id);
      notice('The session is ended.');
      again();
    });
  const others = () =>
    change.run(async () => {
      const { ended } = await endOthers();
      notice(ended === 1 ? 'One session is ended.' : `${ended} sessions are ended.`);
      again();
    });
  const columns = columnsFor<OpenSession>(
    (session) =>
      session.current ? (
        <Tag tone="ok">this one</Tag>
      ) : (
        <Button size="small" look="danger" onClick={() => void end(session)}>
          End
        </Button>
      ),
    false,
  );
  return (
    <Section
      title="Your sessions"
      flush
      actions={
        sessions.length > 1 && (
          <Button size="small" busy={change.busy} onClick={() => void others()}>
            End all others
          </Button>
        )
      }
    >
      {change.problem && <Refusal problem={change.problem} compact />}
      <Table label="Your sessions" columns={columns} rows={sessions} rowKey={({ id }) => id} />
    </Section>
  );
}

type Listed = Shown & { name: string };

/** Everybody's sessions that may act in this organization. */
export function OrganizationSessions() {
  const api = useApi();
  const may = useMay('platform');
  const change = useChange();
  const reading = useOperation<{ items: Listed[] }>('platform', 'ListSessions', '');
  const end = (session: Listed) =>
    change.run(async () => {
      await api.call('platform', 'RevokeSession', session.name, {});
      notice('The session is ended.');
    });
  const columns = columnsFor<Listed>(
    (session) =>
      may('RevokeSession') && (
        <Button size="small" look="danger" onClick={() => void end(session)}>
          End
        </Button>
      ),
    true,
  );
  return (
    <Section title="Sessions in this organization" flush>
      {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
      {change.problem && <Refusal problem={change.problem} compact />}
      {!reading.value && !reading.problem && <Waiting rows={3} />}
      {reading.value && (
        <Table label="Sessions in this organization" columns={columns} rows={reading.value.items} rowKey={({ name }) => name} />
      )}
    </Section>
  );
}

/** The browser and system in an agent's own long words. */
function browserOf(agent: string): string {
  const browser = /(Edg|OPR|Firefox|HeadlessChrome|Chrome|Safari|curl|python-requests)[/ ]?([\d.]*)/.exec(agent);
  const system = /(Windows|Mac OS X|Android|iPhone|iPad|Linux)/.exec(agent)?.[1];
  if (!browser) return agent === '' ? 'unknown' : agent.slice(0, 40);
  const name = { Edg: 'Edge', OPR: 'Opera', HeadlessChrome: 'Chrome' }[browser[1] ?? ''] ?? browser[1];
  return `${name} ${(browser[2] ?? '').split('.')[0]}${system ? ` on ${system.replace('Mac OS X', 'macOS')}` : ''}`;
}
