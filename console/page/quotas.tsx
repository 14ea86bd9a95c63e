import { useApi, useMay, useOperation } from '../api/call.ts';
import { useServed } from '../api/contract.ts';
import { exactCount, exactInUnit, plural } from '../format/quantity.ts';
import { titleOf } from '../format/word.ts';
import { useAsk } from '../operation/ask.ts';
import { Button } from '../part/button.tsx';
import { useChange } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';
import { Section } from '../part/page.tsx';
import { Refusal, Waiting } from '../part/state.tsx';
import { Tag } from '../part/status.tsx';
import { type Column, Table } from '../part/table.tsx';

type Quota = {
  readonly service: string;
  readonly quota: string;
  readonly text: string;
  readonly kind: 'rate' | 'count';
  readonly unit: string;
  readonly limit: number;
  readonly burst?: number;
  readonly isOwn: boolean;
};

/** What this environment may use of every service. */
export function Quotas() {
  const api = useApi();
  const ask = useAsk();
  const may = useMay('platform');
  const services = useServed().value?.services ?? {};
  const input = api.environment === undefined ? {} : { environment: api.environment };
  const reading = useOperation<{ items: readonly Quota[] }>('platform', 'ListQuotas', '', input);
  const change = useChange();
  const reset = (name: string) =>
    change.run(async () => {
      await api.call('platform', 'ResetQuota', name, input);
      notice('The usual rate holds again.');
    });
  const rows = reading.value?.items;
  const columns: Column<Quota>[] = [
    { key: 'service', title: 'Service', spare: 1, show: ({ service }) => services[service]?.title ?? titleOf(service) },
    {
      key: 'quota',
      title: 'Quota',
      show: ({ quota, text, isOwn }) => (
        <span className="row" title={text}>
          {titleOf(quota)} {isOwn && <Tag>set for this environment</Tag>}
        </span>
      ),
    },
    {
      key: 'limit',
      title: 'May use',
      right: true,
      show: ({ kind, limit, unit }) =>
        kind === 'rate' ? `${exactInUnit(limit, unit)} a second` : `${exactCount(limit)} ${plural(limit, titleOf(unit).toLowerCase())}`,
    },
    {
      key: 'burst',
      title: 'At once after a pause',
      right: true,
      spare: 2,
      show: ({ burst, unit }) => (burst === undefined ? <span className="faint">–</span> : exactInUnit(burst, unit)),
    },
    {
      key: 'actions',
      title: '',
      right: true,
      show: ({ service, quota, kind, isOwn }) =>
        kind === 'rate' &&
        may('SetQuota') && (
          <span className="table-actions">
            {isOwn && (
              <Button
                size="small"
                look="quiet"
                icon="refresh"
                label={`Give ${service}.${quota} its usual rate`}
                busy={change.busy}
                onClick={() => void reset(`${service}.${quota}`)}
              />
            )}
            <Button
              size="small"
              look="quiet"
              icon="edit"
              label={`Set ${service}.${quota}`}
              onClick={() => ask('platform', 'SetQuota', `${service}.${quota}`)}
            />
          </span>
        ),
    },
  ];
  return (
    <Section flush title="Quotas" text="Who asks faster waits a moment, and is refused only after that.">
      {reading.problem && (
        <div className="section-body">
          <Refusal problem={reading.problem} again={reading.again} />
        </div>
      )}
      {change.problem && <Refusal problem={change.problem} compact />}
      {!rows && !reading.problem && <Waiting rows={6} />}
      {rows && <Table label="Quotas" columns={columns} rows={rows} rowKey={({ service, quota }) => `${service}.${quota}`} />}
    </Section>
  );
}
