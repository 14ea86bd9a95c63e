import { readIso20022, writeIso20022 } from '#wire/iso20022/document.ts';
import { transferKind } from './transfer.ts';

/** A transfer that comes in, as far as it matters where it goes. */
export type Incoming = {
  readonly message: string;
  readonly end: string;
  readonly amount: number;
  /** In lower case. */
  readonly currency: string;
  readonly account: string;
  readonly sender: string;
  readonly from: string;
  readonly reference: string | null;
};

/** The transfers of a pacs.008; what is wrong with it is an `Iso20022Error`, and another kind of message a TypeError. */
export function incomingTransfers(text: string): Incoming[] {
  const { kind, value } = readIso20022(Buffer.from(text));
  if (kind !== 'pacs.008') throw new TypeError(`a ${kind} brings no money`);
  return value.transfers.map(({ ids, amount, creditorAccount, debtor, debtorAccount, remittance }) => ({
    ...{ message: value.header.id, end: ids.end, amount: amount.minor, currency: amount.currency.toLowerCase() },
    ...{ account: creditorAccount?.iban ?? creditorAccount?.other ?? '', sender: debtor.name ?? '' },
    ...{ from: debtorAccount?.iban ?? debtorAccount?.other ?? '', reference: remittance ?? null },
  }));
}

/** What becomes of each: taken, or refused for the reason of a code. */
export type Fate = { readonly end: string; readonly code: string | undefined };

/** The report to the clearing house: pacs.002. */
export function incomingReport(message: string, fates: readonly Fate[], at: Date, id: string): string {
  const statuses = fates.map(({ end, code }) => ({
    ...{ end, status: code === undefined ? 'ACSC' : 'RJCT', reasons: code === undefined ? [] : [{ code, words: [] }] },
  }));
  const groups = [{ id: message, kind: transferKind, reasons: [] }];
  return writeIso20022({ kind: 'pacs.002', value: { header: { id, created: at.toISOString() }, groups, statuses } });
}

/** The bank's word that what was taken is on the account: camt.054. */
export function bookedNotice(taken: readonly Incoming[], at: Date, id: string): string {
  const created = at.toISOString();
  const notifications = taken.map(({ end, amount, currency, account, sender, reference }, index) => {
    const booked = { currency: currency.toUpperCase(), minor: amount };
    const detail = {
      end,
      amount: booked,
      direction: 'CRDT' as const,
      debtor: { name: sender || 'NOTPROVIDED' },
      remittance: reference === null ? [] : [reference],
    };
    const kind = { domain: 'PMNT', family: 'RCDT', subfamily: currency === 'eur' ? 'ESCT' : 'RRCT' };
    const entry = { amount: booked, direction: 'CRDT' as const, status: 'BOOK', bookedAt: created, ...kind, details: [detail] };
    const own = currency === 'eur' ? { iban: account } : { other: account };
    return { id: `${id.slice(0, 30)}-${index}`, created, account: own, entries: [entry] };
  });
  return writeIso20022({ kind: 'camt.054', value: { header: { id, created }, notifications } });
}
