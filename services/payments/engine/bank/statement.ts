import { readIso20022, writeIso20022 } from '#wire/iso20022/document.ts';
import { Iso20022Error } from '#wire/iso20022/violation.ts';
import { own } from './sepa.ts';

/** A movement as a bank books it: more than nothing came, less went. `servicer` is the bank's own number of it. */
export type BankEntry = {
  readonly amount: number;
  readonly reference: string;
  readonly servicer: string;
  readonly text: string;
  /** `YYYY-MM-DD`. */
  readonly booked: string;
};

export type BankStatement = {
  readonly id: string;
  readonly account: string;
  readonly currency: string;
  /** Undefined in a notification, which has no balances. */
  readonly opening: number | undefined;
  readonly closing: number | undefined;
  readonly entries: readonly BankEntry[];
};

const iban = /^[A-Z]{2}[0-9]{2}[A-Z0-9]{8,30}$/;

/** The account at the simulated bank that a currency settles on. */
export const settlementAccount = (currency: string): string => (currency === 'eur' ? own.iban : `GAMUT-${currency.toUpperCase()}`);

const directionOf = (amount: number) => (amount < 0 ? ('DBIT' as const) : ('CRDT' as const));
const signed = (amount: number, direction: string): number => (direction === 'DBIT' ? -amount : amount);

/** Writes a statement as camt.053. `at` is when the bank writes it. */
export function bankStatement({ id, account, currency, opening = 0, closing = 0, entries }: BankStatement, at: Date): string {
  const code = currency.toUpperCase();
  const money = (amount: number) => ({ currency: code, minor: Math.abs(amount) });
  const date = at.toISOString().slice(0, 10);
  const balance = (kind: string, amount: number) => ({ kind, amount: money(amount), direction: directionOf(amount), date });
  const booked = entries.map(({ amount, reference, servicer, text, booked: day }) => ({
    ...{ reference: servicer, amount: money(amount), direction: directionOf(amount), status: 'BOOK', booked: day, valued: day, servicer },
    ...{ domain: 'PMNT', family: amount < 0 ? 'ICDT' : 'RCDT', subfamily: 'ESCT' },
    details: [{ end: reference, amount: money(amount), direction: directionOf(amount), remittance: text === '' ? [] : [text] }],
  }));
  const statement = {
    ...{ id, created: at.toISOString(), balances: [balance('OPBD', opening), balance('CLBD', closing)], entries: booked },
    account: { ...(iban.test(account) ? { iban: account } : { other: account }), currency: code, servicer: { bic: own.bic } },
  };
  return writeIso20022({ kind: 'camt.053', value: { header: { id, created: at.toISOString() }, statements: [statement] } });
}

/** Reads statements (camt.053) and notifications (camt.054) of any bank. Throws Iso20022Error: it is neither, or not well made. */
export function readStatements(text: string): BankStatement[] {
  const { kind, value } = readIso20022(Buffer.from(text));
  if (kind !== 'camt.053' && kind !== 'camt.054') throw new Iso20022Error(`${kind} is no statement of a bank`, '');
  const all = kind === 'camt.053' ? value.statements : value.notifications.map((each) => ({ ...each, balances: [] }));
  return all.map(({ id, account, balances, entries }) => {
    const balanceOf = (code: string) => {
      const found = balances.find((each) => each.kind === code);
      return found && signed(found.amount.minor, found.direction);
    };
    const currency = (account.currency ?? entries[0]?.amount.currency ?? '').toLowerCase();
    return {
      ...{ id, account: account.iban ?? account.other ?? '', currency, opening: balanceOf('OPBD'), closing: balanceOf('CLBD') },
      entries: entries.map((entry, index) => {
        if (entry.amount.currency.toLowerCase() !== currency)
          throw new Iso20022Error('is of another currency than its account', `/Ntry[${index + 1}]`);
        const [detail] = entry.details;
        const booked = entry.booked ?? entry.bookedAt?.slice(0, 10) ?? entry.valued ?? '';
        return {
          amount: signed(entry.amount.minor, entry.direction),
          reference: detail?.end ?? entry.reference ?? '',
          servicer: entry.servicer ?? '',
          text: (detail?.remittance ?? []).join(' '),
          booked,
        };
      }),
    };
  });
}
