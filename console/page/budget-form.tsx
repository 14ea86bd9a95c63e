import { MultiSelect, NumberInput, Select, TagsInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { BudgetThing, Period } from '../api/budget.ts';
import { useApi } from '../api/call.ts';
import { useServed } from '../api/contract.ts';
import { usePlace } from '../api/place.ts';
import { exactInUnit, inUnit } from '../format/quantity.ts';
import { titleOf } from '../format/word.ts';
import { Button } from '../part/button.tsx';
import { Dialog, useChange } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';
import { Refusal } from '../part/state.tsx';
import { useRoles } from './role.ts';

type Props = { readonly budget?: BudgetThing; readonly onClose: () => void };

/** Sets a budget, or changes what it tells and when. */
export function BudgetForm({ budget, onClose }: Props) {
  const api = useApi();
  const services = Object.values(useServed().value?.services ?? {});
  const { environment, project } = usePlace();
  const roles = useRoles();
  const spec = budget?.spec;
  const [title, setTitle] = useState(spec?.title ?? '');
  const [meter, setMeter] = useState<string | null>(spec ? `${spec.service}.${spec.meter}` : null);
  const [place, setPlace] = useState('');
  const [period, setPeriod] = useState<Period>(spec?.period ?? 'month');
  const [amount, setAmount] = useState<number | ''>(spec?.amount ?? '');
  const [thresholds, setThresholds] = useState((spec?.thresholds ?? [50, 80, 100]).map(String));
  const [notify, setNotify] = useState<string[]>([...(spec?.notify ?? ['owner'])]);
  const change = useChange();
  const [service = '', meterName = ''] = (meter ?? '').split('.');
  const unit = spec?.unit ?? services.find(({ name }) => name === service)?.meters[meterName]?.unit ?? '';
  const percents = thresholds.map(Number);
  const fits = meter !== null && amount !== '' && percents.length > 0 && percents.every((each) => Number.isInteger(each) && each > 0);
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    void change.run(async () => {
      const input = { period, amount, thresholds: percents, notify, ...(title.trim() === '' ? {} : { title: title.trim() }) };
      if (budget) await api.call('platform', 'UpdateBudget', budget.name, input);
      else
        await api.call('platform', 'CreateBudget', '', {
          ...input,
          service,
          meter: meterName,
          ...(place === '' ? {} : { environment: place }),
        });
      notice('The budget is set.');
      onClose();
    });
  };
  return (
    <Dialog title={budget ? 'Change a budget' : 'Set a budget'} onClose={onClose} wide>
      <form onSubmit={submit} className="stack">
        {!budget && (
          <>
            <Select
              data-autofocus
              label="Meter"
              data={services
                .filter((contract) => Object.keys(contract.meters).length > 0)
                .map((contract) => ({
                  group: contract.title,
                  items: Object.keys(contract.meters).map((name) => ({ value: `${contract.name}.${name}`, label: titleOf(name) })),
                }))}
              value={meter}
              onChange={setMeter}
              searchable
              withAsterisk
            />
            <Select
              label="Of"
              data={[
                { value: '', label: 'the whole organization' },
                { value: environment.id, label: `${project.name} / ${environment.name}` },
              ]}
              value={place}
              onChange={(next) => setPlace(next ?? '')}
              allowDeselect={false}
            />
          </>
        )}
        <TextInput label="Title" value={title} maxLength={100} onChange={(event) => setTitle(event.currentTarget.value)} />
        <NumberInput
          label="Amount"
          description={
            amount === '' || unit === '' ? 'In units of the meter.' : `${inUnit(amount, unit)}, exactly ${exactInUnit(amount, unit)}.`
          }
          min={1}
          allowDecimal={false}
          thousandSeparator=","
          value={amount}
          onChange={(next) => setAmount(typeof next === 'number' ? next : '')}
          withAsterisk
        />
        <Select
          label="In a"
          data={['hour', 'day', 'month']}
          value={period}
          onChange={(next) => setPeriod((next ?? period) as Period)}
          allowDeselect={false}
        />
        <TagsInput
          label="Tell at"
          description="Percent of the amount."
          error={percents.every((each) => Number.isInteger(each) && each > 0) ? undefined : 'Whole numbers above 0.'}
          value={thresholds}
          onChange={setThresholds}
        />
        <MultiSelect
          label="By mail to every"
          description="Nobody, if left empty; an event is made in any case."
          data={roles.map(({ role }) => role)}
          value={notify}
          onChange={setNotify}
        />
        {change.problem && <Refusal problem={change.problem} compact />}
        <div className="row dialog-end">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" busy={change.busy} disabled={!fits}>
            {budget ? 'Save' : 'Set it'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
