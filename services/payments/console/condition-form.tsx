import { MultiSelect, NumberInput, Select, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useApi, useMay } from '#console/api/call.ts';
import { localMoment, momentFromLocal } from '#console/format/moment.ts';
import { Button } from '#console/part/button.tsx';
import { useChange } from '#console/part/dialog.tsx';
import { notice } from '#console/part/notice.tsx';
import { Section } from '#console/part/page.tsx';
import { Refusal } from '#console/part/state.tsx';
import { outages } from '../domain/outage.ts';
import { declineCodes, declineOf } from '../domain/response-code.ts';

const numbers = [
  { name: 'latency_ms', label: 'Every answer takes', suffix: ' ms' },
  { name: 'spread_ms', label: 'Some take up to this much more', suffix: ' ms' },
  { name: 'wait_ms', label: 'The switch waits', suffix: ' ms' },
  { name: 'lost', label: 'Not answered', suffix: ' %' },
  { name: 'late', label: 'Answered when nobody waits any more', suffix: ' %' },
  { name: 'twice', label: 'Answered twice', suffix: ' %' },
  { name: 'declined', label: 'Cards declined by chance', suffix: ' ‰' },
] as const;

/** What `PutCardNetwork` takes. */
export type Conditions = Readonly<Record<(typeof numbers)[number]['name'], number>> & {
  readonly seed: string;
  readonly decline_code: string;
  readonly down?: string[] | null;
  /** In seconds since 1970. */
  readonly down_until?: number | null;
};
type Change = (changed: Partial<Conditions>) => void;

const codes = declineCodes.map((code) => ({ value: code, label: `${code} ${declineOf(code)?.decline.replaceAll('_', ' ')}` }));

/** What the simulated networks are like, to be changed. */
export function ConditionForm({ conditions }: { conditions: Conditions }) {
  const api = useApi();
  const may = useMay('payments');
  const change = useChange();
  const [draft, setDraft] = useState<Conditions>(conditions);
  const known = JSON.stringify(conditions);
  useEffect(() => setDraft(JSON.parse(known) as Conditions), [known]);
  const put = (next: Partial<Conditions>) =>
    void change.run(async () => {
      await api.call('payments', 'PutCardNetwork', '', next);
      notice('The networks are like this from now on.');
    });
  const save = (event: React.FormEvent) => {
    event.preventDefault();
    put(draft);
  };
  return (
    <Section
      title="What the simulated networks are like"
      text="All chance follows from the seed. Clearing houses lose, delay and repeat as card networks do."
    >
      <form className="stack" onSubmit={save}>
        <div className="condition-fields">
          <Chances draft={draft} onChange={(changed) => setDraft({ ...draft, ...changed })} />
          <Outage draft={draft} onChange={(changed) => setDraft({ ...draft, ...changed })} />
        </div>
        {change.problem && <Refusal problem={change.problem} compact />}
        {may('PutCardNetwork') && (
          <div className="row dialog-end">
            <Button onClick={() => put({})} busy={change.busy}>
              As usual
            </Button>
            <Button look="main" type="submit" busy={change.busy}>
              From now on
            </Button>
          </div>
        )}
      </form>
    </Section>
  );
}

function Chances({ draft, onChange }: { draft: Conditions; onChange: Change }) {
  return (
    <>
      {numbers.map(({ name, label, suffix }) => (
        <NumberInput
          key={name}
          label={label}
          suffix={suffix}
          min={0}
          allowDecimal={false}
          value={draft[name] ?? 0}
          onChange={(value) => onChange({ [name]: Number(value) || 0 })}
        />
      ))}
      <Select
        label="Reason of those declines"
        data={codes}
        value={draft.decline_code}
        onChange={(next) => onChange({ decline_code: next ?? draft.decline_code })}
        allowDeselect={false}
      />
      <TextInput label="Seed" value={draft.seed} onChange={(event) => onChange({ seed: event.currentTarget.value })} />
    </>
  );
}

function Outage({ draft, onChange }: { draft: Conditions; onChange: Change }) {
  const until = draft.down_until ?? undefined;
  return (
    <>
      <MultiSelect label="Down" searchable data={[...outages]} value={draft.down ?? []} onChange={(down) => onChange({ down })} />
      <TextInput
        label="Down until"
        type="datetime-local"
        value={localMoment(until === undefined ? undefined : until * 1000)}
        onChange={(event) => {
          const at = momentFromLocal(event.currentTarget.value);
          onChange({ down_until: at === undefined ? null : Math.floor(at / 1000) });
        }}
      />
    </>
  );
}
