import { useOperation } from '#console/api/call.ts';
import { Facts, Section } from '#console/part/page.tsx';
import { Refusal, Waiting } from '#console/part/state.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { spoken } from '../domain/currency.ts';
import { type Conditions, ConditionForm } from './condition-form.tsx';
import { lookMs } from './limits.ts';

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
