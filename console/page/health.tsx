import { useServed } from '../api/contract.ts';
import { type Health as HealthReply, type ProcessState, toneOfState, useHealth } from '../api/health.ts';
import { bytes, exactCount } from '../format/quantity.ts';
import { CopyButton } from '../part/copy.tsx';
import { Live } from '../part/live.tsx';
import { PageHead, Section } from '../part/page.tsx';
import { Refusal, Waiting } from '../part/state.tsx';
import { Status } from '../part/status.tsx';
import { type Column, Table } from '../part/table.tsx';
import { When } from '../part/when.tsx';

const columns: readonly Column<ProcessState>[] = [
  { key: 'name', title: 'Process', show: (process) => <span className="mono">{process.name}</span> },
  { key: 'state', title: 'State', show: (process) => <Status tone={toneOfState(process.state)}>{process.state}</Status> },
  { key: 'since', title: 'Since', show: (process) => <When at={process.since} /> },
  { key: 'restarts', title: 'Restarts', right: true, show: (process) => process.restarts },
  {
    key: 'pid',
    title: 'Process id',
    right: true,
    spare: 1,
    show: (process) => (process.pid === null ? <span className="faint">–</span> : <span className="mono">{process.pid}</span>),
  },
];

/** The processes of this platform, its disk and its doors. */
export default function Health() {
  const health = useHealth();
  return (
    <div className="page">
      <PageHead
        title="Health"
        text="What this platform consists of and whether it is well."
        aside={
          <>
            <Verdict health={health.value} />
            <Live mode={health.problem ? 'lost' : 'live'} heardAt={health.heardAt} />
          </>
        }
      />
      {health.problem && <Refusal problem={health.problem} again={health.again} />}
      {!health.value && !health.problem && (
        <Section>
          <Waiting />
        </Section>
      )}
      {health.value && (
        <>
          <Section title="Disk">
            <Disk health={health.value} />
          </Section>
          <Section title="Processes" flush>
            <Table label="Processes" columns={columns} rows={health.value.processes} rowKey={(process) => process.name} />
          </Section>
        </>
      )}
      <Doors />
    </div>
  );
}

function Verdict({ health }: { health: HealthReply | undefined }) {
  if (!health) return null;
  const away = health.processes.filter((process) => process.state !== 'ready');
  const full = health.diskFreeBytes < health.diskReserveBytes;
  if (away.length === 0 && !full) return <Status tone="ok">all well</Status>;
  return <Status tone="bad">{full ? 'disk full' : `${away.length} not ready`}</Status>;
}

/** Free space against the reserve below which changes stop. */
function Disk({ health }: { health: HealthReply }) {
  const { diskFreeBytes: free, diskReserveBytes: reserve } = health;
  const tone = free < reserve ? 'bad' : free < reserve * 2 ? 'warn' : 'ok';
  const said =
    tone === 'bad'
      ? 'Changes are refused until there is space; reads, revokes and deletes go on.'
      : tone === 'warn'
        ? 'Space is getting short.'
        : 'There is room.';
  const share = Math.min(1, reserve / Math.max(free, 1));
  return (
    <div className="stack tight">
      <div className="row wrap">
        <Status tone={tone}>{said}</Status>
      </div>
      <div className="disk" role="img" aria-label={`${bytes(free)} free, changes stop below ${bytes(reserve)}`}>
        <span className={`disk-part status-${tone}`} style={{ width: '100%' }} />
        <span className="disk-mark" style={{ left: `${(share * 100).toFixed(1)}%` }} />
      </div>
      <div className="row apart wrap dim">
        <span title={`${exactCount(free)} bytes`}>
          <strong>{bytes(free)}</strong> free
        </span>
        <span title={`${exactCount(reserve)} bytes`}>changes stop below {bytes(reserve)}</span>
      </div>
    </div>
  );
}

function Doors() {
  const served = useServed().value;
  const doors = Object.values(served?.services ?? {}).flatMap((contract) =>
    Object.entries(contract.doors).flatMap(([name, door]) => {
      const url = served?.doors[`${contract.name}.${name}`]?.url ?? (contract.name === 'platform' ? location.origin : undefined);
      return url === undefined ? [] : [{ key: `${contract.name}.${name}`, protocol: door.protocol, text: door.text, url }];
    }),
  );
  if (doors.length === 0) return null;
  return (
    <Section title="Doors" text="Where clients connect.">
      <dl className="doors">
        {doors.map(({ key, text, url }) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd>
              <span className="mono">{url}</span>
              <CopyButton text={url} label={`Copy the address of ${key}`} />
            </dd>
            <dd className="dim">{text}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
