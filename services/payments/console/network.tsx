import { NumberInput, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useApi, useMay, useOperation } from '#console/api/call.ts';
import { Button } from '#console/part/button.tsx';
import { useChange } from '#console/part/dialog.tsx';
import { notice } from '#console/part/notice.tsx';
import { Facts, Section } from '#console/part/page.tsx';
import { Refusal, Waiting } from '#console/part/state.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { spoken } from '../domain/currency.ts';
import { lookMs } from './limits.ts';

const numbers = [
  { name: 'latency_ms', label: 'Every answer takes', suffix: ' ms' },
  { name: 'spread_ms', label: 'Some take up to this much more', suffix: ' ms' },
  { name: 'wait_ms', label: 'The switch waits', suffix: ' ms' },
  { name: 'lost', label: 'Not answered', suffix: ' %' },
  { name: 'late', label: 'Answered when nobody waits any more', suffix: ' %' },
  { name: 'twice', label: 'Answered twice', suffix: ' %' },
] as const;
type Conditions = Readonly<Record<string, number | string>>;
type Message = { readonly mti: string; readonly fields: Readonly<Record<string, string>> };
type Network = {
  readonly conditions: Conditions;
  readonly messages: readonly Message[];
  readonly books: Readonly<Record<string, number>>;
};

/** The simulated networks: what they are like from now on, their last messages, and what their issuers hold. */
export function NetworkPage() {
  const reading = useOperation<Network>('payments', 'GetCardNetwork', '', {}, { everyMs: lookMs });
  const network = reading.value;
  return (
    <div className="stack">
      {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
      {!network && !reading.problem && <Waiting rows={6} />}
      {network && <ConditionForm conditions={network.conditions} />}
      {network && (
        <Section title="Held by the simulated issuers" text="What was let in, and neither taken nor let go.">
          {Object.keys(network.books).length === 0 && <p className="dim">Nothing.</p>}
          <Facts facts={Object.entries(network.books).map(([currency, amount]) => [currency, spoken(amount, currency.toLowerCase())])} />
        </Section>
      )}
      {network && (
        <Section flush title="Last messages">
          <Table
            label="Last messages"
            columns={columns}
            rows={network.messages.map((message, at) => ({ ...message, at })).toReversed()}
            rowKey={({ at }) => String(at)}
          />
        </Section>
      )}
    </div>
  );
}

const columns: readonly Column<Message & { readonly at: number }>[] = [
  { key: 'mti', title: 'Type', show: ({ mti }) => <span className="mono">{mti}</span> },
  { key: 'amount', title: 'Amount', right: true, show: ({ fields }) => amountIn(fields) },
  { key: 'code', title: 'Response', show: ({ fields }) => <span className="mono">{fields['39'] ?? ''}</span> },
  { key: 'reference', title: 'Reference', spare: 1, show: ({ fields }) => <span className="mono dim">{fields['37'] ?? ''}</span> },
  { key: 'card', title: 'Card', spare: 2, show: ({ fields }) => <span className="mono dim">{fields['2'] ?? ''}</span> },
];

const amountIn = ({ 4: amount, 49: currency }: Readonly<Record<string, string>>): string =>
  amount === undefined ? '' : spoken(Number(amount), (currency ?? '').toLowerCase());

function ConditionForm({ conditions }: { conditions: Conditions }) {
  const api = useApi();
  const may = useMay('payments');
  const change = useChange();
  const [draft, setDraft] = useState<Conditions>(conditions);
  const known = JSON.stringify(conditions);
  useEffect(() => setDraft(JSON.parse(known) as Conditions), [known]);
  const put = (next: Conditions) =>
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
          {numbers.map(({ name, label, suffix }) => (
            <NumberInput
              key={name}
              label={label}
              suffix={suffix}
              min={0}
              allowDecimal={false}
              value={draft[name] ?? 0}
              onChange={(value) => setDraft({ ...draft, [name]: Number(value) || 0 })}
            />
          ))}
          <TextInput
            label="Seed"
            value={String(draft.seed ?? '')}
            onChange={(event) => setDraft({ ...draft, seed: event.currentTarget.value })}
          />
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
