import { Link } from 'react-router';
import { useMay, useOperation } from '../api/call.ts';
import { useLink } from '../api/place.ts';
import { pollEveryMs } from '../limits.ts';
import { useAsk } from '../operation/ask.ts';
import { Button } from '../part/button.tsx';
import { Live } from '../part/live.tsx';
import { Section } from '../part/page.tsx';
import { Empty, Refusal, Waiting } from '../part/state.tsx';
import { Status, Tag } from '../part/status.tsx';
import { type Column, Table } from '../part/table.tsx';
import { When } from '../part/when.tsx';

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

export function useAlerts(service: string) {
  return useOperation<{ items: readonly Alert[] }>(service, 'ListAlerts', '', {}, { everyMs: pollEveryMs });
}

const tones = { firing: 'bad', pending: 'warn', resolved: 'ok' } as const;

/** What stands, and what was resolved lately. `text` says what rules of the service watch. */
export function AlertList({ service, text }: { service: string; text: string }) {
  const link = useLink();
  const ask = useAsk();
  const may = useMay(service);
  const reading = useAlerts(service);
  const rows = reading.value?.items;
  const create = may('CreateAlertRule') && (
    <Button look="main" icon="plus" onClick={() => ask(service, 'CreateAlertRule')}>
      Create an alert rule
    </Button>
  );
  const columns: Column<Alert>[] = [
    { key: 'state', title: 'State', show: ({ state }) => <Status tone={tones[state]}>{state}</Status> },
    { key: 'rule', title: 'Rule', show: ({ rule }) => <Link to={link(service, 'alert-rules', rule)}>{rule}</Link> },
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
          <Button size="small" onClick={() => ask(service, 'CreateSilence')}>
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
          {text}
        </Empty>
      )}
      {rows && rows.length > 0 && (
        <Table label="Alerts" columns={columns} rows={rows} rowKey={({ rule, labels }) => `${rule} ${JSON.stringify(labels)}`} />
      )}
    </Section>
  );
}
