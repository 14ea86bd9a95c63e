import { readIso20022, writeIso20022 } from '#wire/iso20022/document.ts';
import { sepaNameMax } from './limits.ts';
import type { Answer, BankOrder, OrderFile, Refused } from './order.ts';

/** The account that money is collected on and paid from, and the number under which it may be collected; all simulated. */
export const own = { name: 'Gamut Payments', iban: 'DE89370400440532013000', bic: 'COBADEFFXXX', scheme: 'DE98ZZZ09999999999' } as const;

const ibanOf = ({ account }: BankOrder): string => {
  if (!('iban' in account)) throw new TypeError('an account of SEPA has an IBAN');
  return account.iban;
};
const euros = (minor: number) => ({ currency: 'EUR', minor });
export const sumOf = (orders: readonly { readonly amount: number }[]): string => {
  const cents = String(orders.reduce((sum, { amount }) => sum + amount, 0)).padStart(3, '0');
  return `${cents.slice(0, -2)}.${cents.slice(-2)}`;
};
const named = (name: string) => ({ name: name.trim().slice(0, sepaNameMax) || 'NOTPROVIDED' });

/** The file of orders: pain.008 where money is collected, pain.001 where it is paid. Orders of one file go one way. */
export function sepaFile(orders: readonly BankOrder[], at: Date, id: string): OrderFile {
  const created = at.toISOString();
  const shared = { id, count: orders.length, sum: sumOf(orders) };
  const header = { ...shared, created, initiator: { name: own.name } };
  const references = orders.map((order) => order.id);
  const account = { iban: own.iban };
  if (orders[0]?.way === 'credit') {
    const transfers = orders.map((order) => ({
      ...{ ids: { end: order.id }, amount: euros(order.amount), creditor: named(order.name), creditorAccount: { iban: ibanOf(order) } },
    }));
    const payment = {
      ...{ ...shared, method: 'TRF' as const, type: { service: 'SEPA' }, executionDate: created.slice(0, 10), transfers },
      ...{ debtor: { name: own.name }, debtorAccount: account, debtorAgent: { bic: own.bic }, charges: 'SLEV' as const },
    };
    return { format: 'pain.001', text: writeIso20022({ kind: 'pain.001', value: { header, payments: [payment] } }), references };
  }
  const collections = orders.map((order) => ({
    ...{ ids: { end: order.id }, amount: euros(order.amount), debtor: named(order.name), debtorAccount: { iban: ibanOf(order) } },
    ...{ directDebit: { mandate: order.mandate.id, signed: order.mandate.signed }, debtorAgent: { other: 'NOTPROVIDED' } },
  }));
  const payment = {
    ...{ ...shared, method: 'DD' as const, type: { service: 'SEPA', instrument: 'CORE', sequence: 'RCUR' as const } },
    ...{ collectionDate: created.slice(0, 10), creditor: { name: own.name }, creditorAccount: account, creditorAgent: { bic: own.bic } },
    ...{ charges: 'SLEV' as const, scheme: { id: own.scheme, scheme: 'SEPA' }, collections },
  };
  return { format: 'pain.008', text: writeIso20022({ kind: 'pain.008', value: { header, payments: [payment] } }), references };
}

/** What a status report refuses, or a return brings back. */
export function sepaRefusals({ text }: Answer): Refused[] {
  const { kind, value } = readIso20022(Buffer.from(text));
  if (kind === 'pacs.002')
    return value.statuses.flatMap(({ end = '', status, reasons }) =>
      status === 'RJCT' ? [{ reference: end, code: reasons[0]?.code ?? '' }] : [],
    );
  if (kind !== 'pacs.004') throw new TypeError(`a clearing house does not answer with ${kind}`);
  return value.returns.map(({ end = '', reasons }) => ({ reference: end, code: reasons[0]?.code ?? '' }));
}
