import { NumberInput, Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useApi, useMay, useOperation } from '#console/api/call.ts';
import { Button } from '#console/part/button.tsx';
import { ConfirmDialog, useChange } from '#console/part/dialog.tsx';
import { notice } from '#console/part/notice.tsx';
import { Section } from '#console/part/page.tsx';
import { Empty, Refusal, Waiting } from '#console/part/state.tsx';
import { Status } from '#console/part/status.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import type { ThingProps } from '#console/service-page.ts';
import { emptyDraft, type Rule, type RuleDraft, ruleOf, sayFilter, sayRule } from './lifecycle-rule.ts';
import { LifecycleTrial } from './lifecycle-trial.tsx';

/** The rules of a bucket, a rule to be added, and what they would do. */
export function Lifecycle({ name }: ThingProps) {
  const reading = useOperation<{ rules: readonly Rule[] }>('storage', 'GetBucketLifecycle', name, {});
  const [draft, setDraft] = useState<RuleDraft>(emptyDraft);
  const none = reading.problem?.code === 'NoSuchLifecycleConfiguration';
  const rules = none ? [] : reading.value?.rules;
  if (!rules)
    return <Section>{reading.problem ? <Refusal problem={reading.problem} again={reading.again} /> : <Waiting rows={4} />}</Section>;
  return (
    <div className="policy-page">
      <div className="stack">
        <Rules bucket={name} rules={rules} again={reading.again} />
        <NewRule
          bucket={name}
          rules={rules}
          draft={draft}
          onChange={setDraft}
          onAdded={() => {
            setDraft(emptyDraft);
            reading.again();
          }}
        />
      </div>
      <LifecycleTrial bucket={name} rules={rules} draft={ruleOf(draft)} />
    </div>
  );
}

/** Writes all rules, or takes the last one away. */
function useWriting(bucket: string) {
  const api = useApi();
  return (rules: readonly Rule[]) =>
    rules.length === 0
      ? api.call('storage', 'DeleteBucketLifecycle', bucket, {})
      : api.call('storage', 'PutBucketLifecycle', bucket, { rules });
}

function Rules({ bucket, rules, again }: { bucket: string; rules: readonly Rule[]; again: () => void }) {
  const may = useMay('storage');
  const write = useWriting(bucket);
  const [removing, setRemoving] = useState<Rule>();
  const change = useChange();
  const turn = (rule: Rule) =>
    change.run(async () => {
      const status = rule.status === 'Enabled' ? 'Disabled' : 'Enabled';
      await write(rules.map((each) => (each.id === rule.id ? { ...each, status } : each)));
      again();
    });
  const columns: Column<Rule>[] = [
    {
      key: 'what',
      title: 'Rule',
      show: (rule) => (
        <span className="rule">
          <span>{sayRule(rule) || 'nothing'}</span>
          <span className="dim">{sayFilter(rule)}</span>
        </span>
      ),
    },
    {
      key: 'state',
      title: 'State',
      width: '90px',
      show: ({ status }) => <Status tone={status === 'Enabled' ? 'ok' : 'note'}>{status === 'Enabled' ? 'on' : 'off'}</Status>,
    },
    {
      key: 'actions',
      title: '',
      right: true,
      width: '140px',
      show: (rule) =>
        may('PutBucketLifecycle') && (
          <span className="table-actions">
            <Button size="small" busy={change.busy} onClick={() => void turn(rule)}>
              Turn {rule.status === 'Enabled' ? 'off' : 'on'}
            </Button>
            <Button size="small" look="quiet" icon="trash" label={`Remove the rule: ${sayRule(rule)}`} onClick={() => setRemoving(rule)} />
          </span>
        ),
    },
  ];
  return (
    <Section flush title="Rules" text="Looked at a few times a day; what is locked stays.">
      {change.problem && (
        <div className="section-body">
          <Refusal problem={change.problem} compact />
        </div>
      )}
      {rules.length === 0 ? (
        <Empty icon="refresh" title="No rules">
          A rule deletes what nobody needs any more, moves it to a cheaper class, or clears away what uploads left behind.
        </Empty>
      ) : (
        <Table label="Rules of the lifecycle" columns={columns} rows={rules} rowKey={({ id = '' }) => id} />
      )}
      {removing && (
        <ConfirmDialog
          title="Remove a rule"
          verb="Remove"
          onClose={() => setRemoving(undefined)}
          act={async () => {
            await write(rules.filter(({ id }) => id !== removing.id));
            notice('The rule is gone.');
            again();
          }}
        >
          <p>
            No more objects are {sayRule(removing)} ({sayFilter(removing)}). What it did stays done.
          </p>
        </ConfirmDialog>
      )}
    </Section>
  );
}

const classes = ['STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'GLACIER_IR', 'GLACIER', 'DEEP_ARCHIVE'];
type NewProps = { bucket: string; rules: readonly Rule[]; draft: RuleDraft; onChange: (draft: RuleDraft) => void; onAdded: () => void };

function NewRule({ bucket, rules, draft, onChange, onAdded }: NewProps) {
  const may = useMay('storage');
  const write = useWriting(bucket);
  const change = useChange();
  const rule = ruleOf(draft);
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    if (!rule) return;
    void change.run(async () => {
      await write([...rules, rule]);
      notice('The rule holds now.');
      onAdded();
    });
  };
  const days = (name: 'deleteDays' | 'moveDays' | 'oldDays' | 'oldKept' | 'abortDays', label: string, unit = ' d') => (
    <NumberInput
      label={label}
      suffix={unit}
      min={1}
      max={36_500}
      allowDecimal={false}
      value={draft[name]}
      onChange={(value) => onChange({ ...draft, [name]: typeof value === 'number' ? value : '' })}
    />
  );
  return (
    <Section title="New rule" text="Fields that are empty ask for nothing. Try it before it holds.">
      <form className="stack" onSubmit={submit}>
        <TextInput
          label="Prefix"
          description="All objects, if left empty."
          value={draft.prefix}
          onChange={(event) => onChange({ ...draft, prefix: event.currentTarget.value })}
          spellCheck={false}
        />
        {days('deleteDays', 'Delete after')}
        <div className="pair">
          {days('moveDays', 'Move after')}
          <Select
            label="To the class"
            data={classes}
            value={draft.moveTo}
            onChange={(moveTo) => onChange({ ...draft, moveTo: moveTo ?? 'STANDARD_IA' })}
            allowDeselect={false}
          />
        </div>
        <div className="pair">
          {days('oldDays', 'Delete old versions after')}
          {days('oldKept', 'But keep the newest', ' versions')}
        </div>
        {days('abortDays', 'Give up unfinished uploads after')}
        {change.problem && <Refusal problem={change.problem} compact />}
        {may('PutBucketLifecycle') && (
          <div className="row dialog-end">
            <Button type="submit" busy={change.busy} disabled={!rule}>
              Add the rule
            </Button>
          </div>
        )}
      </form>
    </Section>
  );
}
