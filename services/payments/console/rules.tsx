import { useOperation } from '#console/api/call.ts';
import { useApi, useMay } from '#console/api/call.ts';
import { Button } from '#console/part/button.tsx';
import { useChange } from '#console/part/dialog.tsx';
import { notice } from '#console/part/notice.tsx';
import { Section } from '#console/part/page.tsx';
import { Empty, Refusal, Waiting } from '#console/part/state.tsx';
import { Tag } from '#console/part/status.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { spoken } from '../domain/currency.ts';
import { Models } from './model.tsx';
import { RuleEditor } from './rule-editor.tsx';
import { pageMax } from '../contract/limits.ts';

type Results = { readonly payments: number; readonly amounts: Readonly<Record<string, number>>; readonly disputed: number };
type Rule = {
  readonly id: string;
  readonly action: string;
  readonly predicate: string;
  readonly status: 'enabled' | 'shadow' | 'disabled';
};

/** Rules of risk: written, tried on the payments that were, and put to work; what they met is beside them. */
export function Rules() {
  const reading = useOperation<{ data: readonly Rule[] }>('payments', 'ListRiskRules', '', { limit: pageMax });
  const rows = reading.value?.data;
  return (
    <div className="stack">
      <RuleEditor />
      <Models />
      <Section
        flush
        title="Rules"
        text="Allow goes before block, that before challenge, that before review. What is changed holds within a second."
      >
        {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
        {!rows && !reading.problem && <Waiting rows={3} />}
        {rows?.length === 0 && (
          <Empty icon="shield" title="No rules yet">
            A rule allows, blocks, challenges or reviews payments. In shadow it only counts what it would have met.
          </Empty>
        )}
        {rows && rows.length > 0 && <Table label="Rules" columns={columns} rows={rows} rowKey={({ id }) => id} />}
      </Section>
    </div>
  );
}

const columns: readonly Column<Rule>[] = [
  { key: 'action', title: 'Does', show: ({ action }) => action },
  { key: 'predicate', title: 'If', show: ({ predicate }) => <span className="mono">{predicate}</span> },
  { key: 'status', title: 'Is', show: ({ status }) => <Tag>{status}</Tag> },
  { key: 'met', title: 'Met', right: true, show: ({ id }) => <Met id={id} /> },
  { key: 'acts', title: '', right: true, show: (rule) => <Acts rule={rule} /> },
];

/** What a rule met since it is there. */
function Met({ id }: { id: string }) {
  const { results } = useOperation<{ results: Results }>('payments', 'GetRiskRule', id).value ?? {};
  if (!results) return <span className="faint">…</span>;
  const sums = Object.entries(results.amounts).map(([currency, amount]) => spoken(amount, currency));
  const title = [...sums, `${results.disputed} contested`].join(', ');
  return <span title={title}>{results.payments}</span>;
}

function Acts({ rule: { id, status } }: { rule: Rule }) {
  const api = useApi();
  const may = useMay('payments');
  const change = useChange();
  if (!may('UpdateRiskRule')) return null;
  const put = (next: Rule['status']) =>
    void change.run(async () => {
      await api.call('payments', 'UpdateRiskRule', id, { status: next }, { key: crypto.randomUUID() });
      notice(next === 'enabled' ? 'The rule holds from now on.' : `The rule is ${next}.`);
    });
  const remove = () =>
    void change.run(async () => {
      await api.call('payments', 'DeleteRiskRule', id, {}, { key: crypto.randomUUID() });
      notice('The rule is gone.');
    });
  return (
    <span className="row rule-acts">
      {change.problem && <span role="alert">{change.problem.title}</span>}
      {status !== 'enabled' && (
        <Button size="small" busy={change.busy} onClick={() => put('enabled')}>
          Enable
        </Button>
      )}
      {status !== 'shadow' && (
        <Button size="small" busy={change.busy} onClick={() => put('shadow')}>
          Into shadow
        </Button>
      )}
      <Button size="small" look="danger" icon="trash" label="Take the rule away" busy={change.busy} onClick={remove} />
    </span>
  );
}
