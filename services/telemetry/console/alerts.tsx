import { Link } from 'react-router';
import { useMay, useOperation } from '#console/api/call.ts';
import { useLink } from '#console/api/place.ts';
import { pollEveryMs } from '#console/limits.ts';
import { useAsk } from '#console/operation/ask.ts';
import { Button } from '#console/part/button.tsx';
import { Live } from '#console/part/live.tsx';
import { Section } from '#console/part/page.tsx';
import { Empty, Refusal, Waiting } from '#console/part/state.tsx';
import { Status, Tag } from '#console/part/status.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { When } from '#console/part/when.tsx';

export type Alert = {
  readonly rule: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing' | 'resolved';
  readonly severity: string;
  readonly summary: string;
  readonly value?: number;
  readonly since: number;
  readonly silenced: boolean;
  readonly told: string;
};

export function useAlerts() {
  return useOperation<{ items: readonly Alert[] }>('telemetry', 'ListAlerts', '', {}, { everyMs: pollEveryMs });
}

const tones = { firing: 'bad', pending: 'warn', resolved: 'ok' } as const;

/** What stands, and what was resolved lately. */
export function Alerts() {
  const link = useLink();
  const ask = useAsk();
  const may = useMay('telemetry');
  const reading = useAlerts();
  const rows = reading.value?.items;
  const create = may('CreateAlertRule') && (
    <Button look="main" icon="plus" onClick={() => ask('telemetry', 'CreateAlertRule')}>
      Create an alert rule
    </Button>
  );
  const columns: Column<Alert>[] = [
    { key: 'state', title: 'State', show: ({ state }) => <Status tone={tones[state]}>{state}</Status> },
    { key: 'rule', title: 'Rule', show: ({ rule }) => <Link to={link('telemetry', 'alert-rules', rule)}>{rule}</Link> },
    {
      key: 'summary',
      title: 'Summary',
      spare: 1,
      show: ({ summary, labels }) => (
        <span className="cell-long cut" title={summary}>
          {summary}{' '}
          <span className="dim">
            {Object.entries(labels)
              .map(([name, value]) => `${name}=${value}`)
              .join(' ')}
          </span>
        </span>
      ),
    },
    { key: 'severity', title: 'Severity', spare: 1, show: ({ severity }) => <Tag>{severity}</Tag> },
    {
      key: 'value',
      title: 'Value',
      right: true,
      spare: 2,
      show: ({ value }) =>
        value === undefined ? <span className="faint">–</span> : value.toLocaleString('en', { maximumSignificantDigits: 4 }),
    },
    { key: 'since', title: 'Since', show: ({ since }) => <When at={since} /> },
    {
      key: 'told',
      title: 'Told',
      spare: 2,
      show: ({ silenced, told }) =>
        silenced ? (
          <Tag>silenced</Tag>
        ) : (
          <span className="cell-long cut" title={told}>
            {told || '–'}
          </span>
        ),
    },
  ];
  return (
    <Section flush>
      <div className="table-bar">
        {may('CreateSilence') && rows && rows.length > 0 && (
          <Button size="small" onClick={() => ask('telemetry', 'CreateSilence')}>
            Silence…
          </Button>
        )}
        <span className="grow" />
        <Live mode={reading.problem ? 'lost' : 'live'} heardAt={reading.heardAt} />
      </div>
      {reading.problem && (
        <div className="section-body">
          <Refusal problem={reading.problem} again={reading.again} />
        </div>
      )}
      {!rows && !reading.problem && <Waiting rows={4} />}
      {rows?.length === 0 && (
        <Empty icon="check" title="Nothing is wrong" action={create}>
          A rule watches a metric or the calls of an operation, and tells whom you name when it leaves its bounds.
        </Empty>
      )}
      {rows && rows.length > 0 && (
        <Table label="Alerts" columns={columns} rows={rows} rowKey={({ rule, labels }) => `${rule} ${JSON.stringify(labels)}`} />
      )}
    </Section>
  );
}
