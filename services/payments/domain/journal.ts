import { unitsText } from './currency.ts';

/** A posting of the journal: an amount from one account to another, in the smallest unit of its currency. */
export type Posting = {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly debit: string;
  readonly credit: string;
  readonly amount: number;
  readonly currency: string;
};

/** Accounts of the ledger as a journal names them. */
const places: Readonly<Record<string, string>> = {
  clearing: 'Assets:Networks',
  bank: 'Assets:Bank',
  owed: 'Assets:Owed',
  balance: 'Liabilities:Business',
  connected: 'Liabilities:Connected',
  cash: 'Liabilities:Customers',
  disputed: 'Liabilities:Disputed',
  paid: 'Liabilities:PaidOut',
  suspense: 'Liabilities:Suspense',
  fees: 'Income:Fees',
  written: 'Expenses:WrittenOff',
};

/** `Assets:Bank:USD`; an account that belongs to somebody has their name in it. */
export function placeOf(account: string, name: string, currency: string): string {
  const [owner = ''] = name.split(' ');
  const isOwned = account === 'connected' || account === 'cash';
  const part = isOwned ? `:${owner.replaceAll('_', '-').replace(/^./, (letter) => letter.toUpperCase())}` : '';
  return `${places[account] ?? `Equity:Other:${account}`}${part}:${currency.toUpperCase()}`;
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** The journal as comma-separated values with a head. */
export function journalCsv(postings: readonly Posting[]): string {
  const rows = postings.map(({ id, at, debit, credit, amount, currency }) =>
    [new Date(at).toISOString(), id, debit, credit, unitsText(amount, currency), currency.toUpperCase()].join(','),
  );
  return `${['time,transfer,debit,credit,amount,currency', ...rows].join('\n')}\n`;
}

/** The journal in the language of Beancount: accounts, transactions, and what each account then has, which its reader checks. */
export function journalBeancount(postings: readonly Posting[]): string {
  const [first, last] = [postings[0], postings.at(-1)];
  if (!first || !last) return '';
  const totals = new Map<string, { amount: number; currency: string }>();
  const add = (account: string, amount: number, currency: string) =>
    totals.set(account, { amount: (totals.get(account)?.amount ?? 0) + amount, currency });
  const lines: string[] = [];
  for (const { id, at, debit, credit, amount, currency } of postings) {
    add(debit, amount, currency);
    add(credit, -amount, currency);
    const money = (minor: number) => `${unitsText(minor, currency)} ${currency.toUpperCase()}`;
    lines.push(`${dayOf(at)} * "${id}"`, `  ${debit}  ${money(amount)}`, `  ${credit}  ${money(-amount)}`);
  }
  const accounts = [...totals.keys()].toSorted();
  const opened = accounts.map((account) => `${dayOf(first.at)} open ${account}`);
  const after = dayOf(last.at + 86_400_000);
  const checked = accounts.map((account) => {
    const { amount = 0, currency = '' } = totals.get(account) ?? {};
    return `${after} balance ${account}  ${unitsText(amount, currency)} ${currency.toUpperCase()}`;
  });
  return `${[...opened, ...lines, ...checked].join('\n')}\n`;
}
