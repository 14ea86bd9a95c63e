import { useApi, useMay, useOperation } from '#console/api/call.ts';
import { Button } from '#console/part/button.tsx';
import { useChange } from '#console/part/dialog.tsx';
import { notice } from '#console/part/notice.tsx';
import { Section } from '#console/part/page.tsx';
import { Empty, Refusal, Waiting } from '#console/part/state.tsx';
import { Tag } from '#console/part/status.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { When } from '#console/part/when.tsx';
import { pageMax } from '../contract/limits.ts';
import { lookMs } from './limits.ts';

type Report = { readonly average_precision: number; readonly calibration_error: number; readonly told: { readonly payments: number } };
type Version = {
  readonly id: string;
  readonly created: number;
  readonly status: 'training' | 'failed' | 'shadow' | 'active' | 'retired';
  readonly failure: string | null;
  readonly report: Report | null;
};
type Shadow = { readonly payments: number; readonly frauds: number; readonly blocked: number; readonly blocked_frauds: number };

/** Models that score payments: trained on what was, in shadow beside the one that decides, and put to work. */
export function Models() {
  const may = useMay('payments');
  const model = useOperation<{ version: string | null; features: readonly string[] }>(
    'payments',
    'GetRiskModel',
    '',
    {},
    { everyMs: lookMs },
  );
  const reading = useOperation<{ data: readonly Version[] }>(
    'payments',
    'ListRiskModelVersions',
    '',
    { limit: pageMax },
    { everyMs: lookMs },
  );
  const rows = reading.value?.data;
  const { version, features = [] } = model.value ?? {};
  const scoring =
    features.length === 0 ? 'Payments are not scored.' : `Payments are scored by ${nameOf(version)}, of ${features.length} features.`;
  return (
    <Section flush title="Models" text={model.value ? scoring : ' '} actions={may('TrainRiskModel') ? <Train /> : undefined}>
      {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
      {!rows && !reading.problem && <Waiting rows={2} />}
      {rows?.length === 0 && (
        <Empty icon="shield" title="No model of your own yet">
          One is trained on the payments that were, and on which of them were contested, given back as frauds, warned of or approved. It
          scores in shadow until it is put to work.
        </Empty>
      )}
      {rows && rows.length > 0 && <Table label="Models" columns={columns} rows={rows} rowKey={({ id }) => id} />}
    </Section>
  );
}

function nameOf(version: string | null | undefined): string {
  if (version === 'default') return 'the model that environments begin with';
  return version ?? 'a model that was handed in';
}

const digits = 3;
const columns: readonly Column<Version>[] = [
  { key: 'id', title: 'Model', show: ({ id }) => <span className="mono">{id}</span> },
  {
    key: 'status',
    title: 'Is',
    show: ({ status, failure }) => (
      <span title={failure ?? undefined}>
        <Tag>{status}</Tag>
      </span>
    ),
  },
  { key: 'precision', title: 'Average precision', right: true, show: ({ report }) => report?.average_precision.toFixed(digits) ?? '–' },
  {
    key: 'calibration',
    title: 'Calibrated to',
    right: true,
    spare: 1,
    show: ({ report }) => report?.calibration_error.toFixed(digits) ?? '–',
  },
  { key: 'told', title: 'On payments', right: true, spare: 1, show: ({ report }) => report?.told.payments ?? '–' },
  { key: 'shadow', title: 'In shadow', right: true, show: (version) => (version.status === 'shadow' ? <InShadow id={version.id} /> : '') },
  { key: 'created', title: 'Trained', spare: 1, show: ({ created }) => <When at={created * 1000} /> },
  { key: 'acts', title: '', right: true, show: (version) => <Acts version={version} /> },
];

/** What a model in shadow would have blocked so far. */
function InShadow({ id }: { id: string }) {
  const { shadow } = useOperation<{ shadow: Shadow }>('payments', 'GetRiskModelVersion', id).value ?? {};
  if (!shadow) return <span className="faint">…</span>;
  const title = `${shadow.blocked_frauds} of them frauds; ${shadow.frauds} frauds in all`;
  return <span title={title}>{`would block ${shadow.blocked} of ${shadow.payments}`}</span>;
}

function Train() {
  const api = useApi();
  const change = useChange();
  const train = () =>
    void change.run(async () => {
      await api.call('payments', 'TrainRiskModel', '', {}, { key: crypto.randomUUID() });
      notice('A model is being trained; it is in shadow when it is ready.');
    });
  return (
    <span className="row">
      {change.problem && <span role="alert">{change.problem.title}</span>}
      <Button busy={change.busy} onClick={train}>
        Train a model
      </Button>
    </span>
  );
}

function Acts({ version: { id, status } }: { version: Version }) {
  const api = useApi();
  const may = useMay('payments');
  const change = useChange();
  if (!may('UpdateRiskModelVersion') || status === 'training' || status === 'failed' || status === 'active') return null;
  const put = (next: 'active' | 'shadow' | 'retired') =>
    void change.run(async () => {
      await api.call('payments', 'UpdateRiskModelVersion', id, { status: next }, { key: crypto.randomUUID() });
      notice(next === 'active' ? 'The model decides from now on.' : `The model is ${next === 'shadow' ? 'in shadow' : 'retired'}.`);
    });
  return (
    <span className="row rule-acts">
      {change.problem && <span role="alert">{change.problem.title}</span>}
      <Button size="small" busy={change.busy} onClick={() => put('active')}>
        Put to work
      </Button>
      <Button size="small" busy={change.busy} onClick={() => put(status === 'shadow' ? 'retired' : 'shadow')}>
        {status === 'shadow' ? 'Retire' : 'Into shadow'}
      </Button>
    </span>
  );
}
