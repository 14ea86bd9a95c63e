import { useState } from 'react';
import { useApi, useMay } from '../api/call.ts';
import { type BudgetThing, useBudgetAlerts, useBudgets } from '../api/budget.ts';
import { useServed } from '../api/contract.ts';
import { exactMoment } from '../format/moment.ts';
import { titleOf } from '../format/word.ts';
import { Amount } from '../part/amount.tsx';
import { Button } from '../part/button.tsx';
import { DangerDialog, Dialog } from '../part/dialog.tsx';
import { Live } from '../part/live.tsx';
import { notice } from '../part/notice.tsx';
import { Section } from '../part/page.tsx';
import { Empty, Refusal, Waiting } from '../part/state.tsx';
import { Status, Tag, type Tone } from '../part/status.tsx';
import { type Column, Table } from '../part/table.tsx';
import { BudgetForm } from './budget-form.tsx';
import './budget.css';

type Open = { is: 'create' } | { is: 'change' | 'alerts' | 'delete'; budget: BudgetThing };

/** How much is meant to be used, and where that stands. */
export function Budgets() {
  const may = useMay('platform');
  const [open, setOpen] = useState<Open>();
  const reading = useBudgets();
  const rows = reading.value?.items;
  const close = () => setOpen(undefined);
  const create = may('CreateBudget') && (
    <Button look="main" icon="plus" onClick={() => setOpen({ is: 'create' })}>
      Set a budget
    </Button>
  );
  return (
    <Section
      flush
      title="Budgets"
      text="They tell, by mail and as an event, when a share is used. They stop nothing."
      actions={rows && create}
    >
      {reading.problem && (
        <div className="section-body">
          <Refusal problem={reading.problem} again={reading.again} />
        </div>
      )}
      {!rows && !reading.problem && <Waiting rows={3} />}
      {rows?.length === 0 && (
        <Empty icon="usage" title="No budgets yet">
          Say how much of a meter you mean to use in a month, and hear of it before it is more.
        </Empty>
      )}
      {rows && rows.length > 0 && (
        <>
          <div className="table-bar">
            <span className="grow" />
            <Live mode={reading.problem ? 'lost' : 'polled'} heardAt={reading.heardAt} />
          </div>
          <Table label="Budgets" columns={columnsFor(setOpen, may)} rows={rows} rowKey={({ name }) => name} />
        </>
      )}
      {open?.is === 'create' && <BudgetForm onClose={close} />}
      {open?.is === 'change' && <BudgetForm budget={open.budget} onClose={close} />}
      {open?.is === 'alerts' && <Alerts budget={open.budget} onClose={close} />}
      {open?.is === 'delete' && <Deleting budget={open.budget} onClose={close} />}
    </Section>
  );
}

function toneOf({ spec, status }: BudgetThing): Tone {
  if (status.percent >= 100) return 'bad';
  return spec.thresholds.some((threshold) => status.percent >= threshold) ? 'warn' : 'ok';
}

function columnsFor(open: (open: Open) => void, may: (operation: string) => boolean): Column<BudgetThing>[] {
  return [
    {
      key: 'title',
      title: 'Budget',
      show: (budget) => (
        <button type="button" className="cell-button" onClick={() => open({ is: 'alerts', budget })}>
          {budget.spec.title}
        </button>
      ),
    },
    { key: 'meter', title: 'Meter', spare: 1, show: ({ spec }) => <MeterCell spec={spec} /> },
    {
      key: 'used',
      title: 'Used',
      width: '26%',
      show: (budget) => (
        <div className="budget-cell">
          <Status tone={toneOf(budget)}>{budget.status.percent.toLocaleString('en', { maximumFractionDigits: 1 })} %</Status>
          <span className={`budget-track status-${toneOf(budget)}`} aria-hidden="true">
            <span style={{ width: `${Math.min(100, budget.status.percent)}%` }} />
          </span>
        </div>
      ),
    },
    {
      key: 'amount',
      title: 'Amount',
      right: true,
      show: ({ spec, status }) => (
        <span className="nowrap">
          <Amount value={status.used} unit={spec.unit} bare /> of <Amount value={spec.amount} unit={spec.unit} />
        </span>
      ),
    },
    { key: 'period', title: 'Every', spare: 2, show: ({ spec }) => spec.period },
    {
      key: 'actions',
      title: '',
      right: true,
      show: (budget) => (
        <span className="table-actions">
          {may('UpdateBudget') && (
            <Button
              size="small"
              look="quiet"
              icon="edit"
              label={`Change ${budget.spec.title}`}
              onClick={() => open({ is: 'change', budget })}
            />
          )}
          {may('DeleteBudget') && (
            <Button
              size="small"
              look="quiet"
              icon="trash"
              label={`Delete ${budget.spec.title}`}
              onClick={() => open({ is: 'delete', budget })}
            />
          )}
        </span>
      ),
    },
  ];
}

function MeterCell({ spec }: { spec: BudgetThing['spec'] }) {
  const services = useServed().value?.services ?? {};
  return (
    <span className="row">
      {services[spec.service]?.title ?? titleOf(spec.service)}: {titleOf(spec.meter).toLowerCase()}
      {spec.dimension && (
        <Tag>
          {spec.dimension} {spec.value}
        </Tag>
      )}
    </span>
  );
}

function Alerts({ budget, onClose }: { budget: BudgetThing; onClose: () => void }) {
  const reading = useBudgetAlerts(budget.name);
  const rows = reading.value?.items;
  return (
    <Dialog title={budget.spec.title} onClose={onClose} wide>
      <div className="stack">
        <p className="dim">
          From {exactMoment(budget.status.since).slice(0, 16)} to {exactMoment(budget.status.until).slice(0, 16)}; tells at{' '}
          {budget.spec.thresholds.join(', ')} %{' '}
          {budget.spec.notify.length > 0 ? `by mail to every ${budget.spec.notify.join(', ')}` : 'as an event'}.
        </p>
        {reading.problem && <Refusal problem={reading.problem} again={reading.again} compact />}
        {!rows && !reading.problem && <Waiting rows={2} />}
        {rows?.length === 0 && <p>It has told nothing yet.</p>}
        {rows && rows.length > 0 && (
          <ul className="budget-alerts">
            {rows.map((alert) => (
              <li key={`${alert.at} ${alert.percent}`}>
                <Status tone={alert.percent >= 100 ? 'bad' : 'warn'}>{alert.percent} % reached</Status>
                <span className="dim">
                  {exactMoment(alert.at).slice(0, 16)}, <Amount value={alert.used} unit={budget.spec.unit} />
                </span>
                <span className="dim">{[alert.told && 'event', alert.mailed && 'mail'].filter(Boolean).join(' and ') || 'being told'}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </Dialog>
  );
}

function Deleting({ budget, onClose }: { budget: BudgetThing; onClose: () => void }) {
  const api = useApi();
  const act = async () => {
    await api.call('platform', 'DeleteBudget', budget.name, {});
    notice('The budget watches no longer.');
  };
  return (
    <DangerDialog title="Delete a budget" verb="Delete" name={budget.spec.title} act={act} onClose={onClose}>
      <p>Nobody is told any more. Usage is counted as before.</p>
    </DangerDialog>
  );
}
