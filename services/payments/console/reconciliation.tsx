import { useState } from 'react';
import { useApi, useMay, useOperation } from '#console/api/call.ts';
import { pageMax } from '../contract/limits.ts';
import { Button } from '#console/part/button.tsx';
import { Id } from '#console/part/copy.tsx';
import { Dialog, useChange } from '#console/part/dialog.tsx';
import { Facts, Section } from '#console/part/page.tsx';
import { Empty, Refusal, Waiting } from '#console/part/state.tsx';
import { Status, type Tone } from '#console/part/status.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { When } from '#console/part/when.tsx';
import { spoken } from '../domain/currency.ts';
import type { ExceptionType } from '../domain/settlement.ts';

type Account = {
  readonly id: string;
  readonly account: string;
  readonly currency: string;
  readonly bank_balance: number;
  readonly unexplained: number;
  readonly expected_of_networks: number;
  readonly written_off: number;
};
type Exception = {
  readonly id: string;
  readonly type: ExceptionType;
  readonly currency: string;
  readonly amount: number;
  readonly difference: number;
  readonly entry: string | null;
  readonly expected: string | null;
  readonly since: number;
  readonly age_days: number;
  readonly ageing: 'new' | 'days' | 'weeks' | 'old';
};
type Way = 'match' | 'write_off' | 'dismiss';

const titles: Readonly<Record<ExceptionType, string>> = {
  amount_differs: 'The amount differs',
  ambiguous: 'Several would fit',
  balance_differs: 'The balance differs',
  duplicate: 'Booked twice',
  missing: 'Has not come',
  unexpected_credit: 'Came unexpectedly',
  unexpected_debit: 'Went unexpectedly',
};
const tones: Readonly<Record<Exception['ageing'], Tone>> = { new: 'note', days: 'note', weeks: 'warn', old: 'bad' };
const verbs: Readonly<Record<Way, string>> = { match: 'Match', write_off: 'Write off', dismiss: 'Dismiss' };

/** What banks moved against what was expected of them, and what is left over, to be worked on. */
export function Reconciliation() {
  const accounts = useOperation<{ data: readonly Account[] }>('payments', 'ListSettlementAccounts', '', { limit: pageMax });
  const problem = accounts.problem;
  if (!accounts.value) return <Section>{problem ? <Refusal problem={problem} again={accounts.again} /> : <Waiting rows={6} />}</Section>;
  if (accounts.value.data.length === 0)
    return (
      <Section>
        <Empty icon="payments" title="Nothing is settled yet">
          Open an account for a currency (OpenSettlementAccount): statements of its bank are matched with payments and payouts from then on.
        </Empty>
      </Section>
    );
  return (
    <>
      {accounts.value.data.map((account) => (
        <Section key={account.id} title={account.currency.toUpperCase()} text={account.account}>
          <Facts facts={factsOf(account)} />
        </Section>
      ))}
      <Exceptions />
    </>
  );
}

const factsOf = ({ currency, ...amounts }: Account): [string, string][] => [
  ['At the bank', spoken(amounts.bank_balance, currency)],
  ['Not explained', spoken(amounts.unexplained, currency)],
  ['Expected of networks', spoken(amounts.expected_of_networks, currency)],
  ['Written off', spoken(amounts.written_off, currency)],
];

function Exceptions() {
  const reading = useOperation<{ data: readonly Exception[] }>('payments', 'ListSettlementExceptions', '', {
    ...{ limit: pageMax, status: 'open' },
  });
  const may = useMay('payments')('ResolveSettlementException');
  const [chosen, choose] = useState<Exception>();
  const rows = reading.value?.data;
  const columns: readonly Column<Exception>[] = [
    { key: 'type', title: 'What is wrong', show: ({ type }) => titles[type] },
    { key: 'amount', title: 'Amount', right: true, show: ({ amount, currency }) => spoken(amount, currency) },
    { key: 'difference', title: 'Difference', right: true, show: ({ difference, currency }) => spoken(difference, currency) },
    { key: 'about', title: 'About', spare: 1, show: ({ expected, entry, id }) => <Id id={expected ?? entry ?? id} /> },
    { key: 'age', title: 'Age', show: (each) => <Status tone={tones[each.ageing]}>{`${each.age_days} d`}</Status> },
    { key: 'since', title: 'Since', spare: 2, show: ({ since }) => <When at={since * 1000} /> },
    {
      key: 'act',
      title: '',
      show: (each) =>
        may && (
          <Button size="small" onClick={() => choose(each)}>
            Resolve
          </Button>
        ),
    },
  ];
  return (
    <Section title="Exceptions" text="What does not belong together, oldest questions first to be answered by rules, the rest here." flush>
      {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
      {!rows && !reading.problem && <Waiting rows={4} />}
      {rows?.length === 0 && (
        <Empty icon="payments" title="All of it belongs together">
          What banks moved is what was expected of them.
        </Empty>
      )}
      {rows && rows.length > 0 && <Table label="Exceptions" columns={columns} rows={rows} rowKey={({ id }) => id} />}
      {chosen && <Resolve exception={chosen} onClose={() => choose(undefined)} />}
    </Section>
  );
}

/** The ways in which an exception of a kind can be resolved. */
function waysOf({ type, entry, expected }: Exception): Way[] {
  if (type === 'balance_differs') return ['dismiss'];
  if (entry === null) return ['write_off', 'dismiss'];
  return expected === null ? ['write_off'] : ['match', 'write_off'];
}

function Resolve({ exception, onClose }: { exception: Exception; onClose: () => void }) {
  const api = useApi();
  const change = useChange();
  const go = (resolution: Way) =>
    change.run(async () => {
      await api.call('payments', 'ResolveSettlementException', exception.id, { resolution });
      onClose();
    });
  const { currency, amount, difference, expected } = exception;
  return (
    <Dialog title={titles[exception.type]} onClose={onClose}>
      <div className="stack">
        <Facts
          facts={[
            ['Amount', spoken(amount, currency)],
            ['Difference', spoken(difference, currency)],
            ['Expected', expected ?? 'nothing'],
          ]}
        />
        <p className="dim">Matching says what it was, and writes the difference off. Writing off says that nobody will know.</p>
        {change.problem && <Refusal problem={change.problem} compact />}
        <div className="row dialog-end">
          <Button onClick={onClose}>Cancel</Button>
          {waysOf(exception).map((way, index) => (
            <Button key={way} look={index === 0 ? 'main' : 'plain'} busy={change.busy} onClick={() => void go(way)}>
              {verbs[way]}
            </Button>
          ))}
        </div>
      </div>
    </Dialog>
  );
}
