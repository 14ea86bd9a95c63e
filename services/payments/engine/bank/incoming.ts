import { readIso20022, writeIso20022 } from '#wire/iso20022/document.ts';
import { Iso20022Error } from '#wire/iso20022/violation.ts';
import { transferKind } from './transfer.ts';

/** A transfer that comes in, as far as it matters where it goes. */
export type Incoming = {
  readonly message: string;
  readonly end: string;
  readonly transaction: string | undefined;
  /** What tells it from every other: a transfer that comes again has the same. */
  readonly identity: string;
  readonly amount: number;
  /** In lower case. */
  readonly currency: string;
  readonly account: string;
  readonly sender: string;
  readonly from: string;
  readonly reference: string | null;
};

/** The transfers of a pacs.008; what is wrong with it, also another kind of message, is an `Iso20022Error`. */
export function incomingTransfers(text: string): Incoming[] {
  const { kind, value } = readIso20022(Buffer.from(text));
  if (kind !== 'pacs.008') throw new Iso20022Error(`${kind} brings no money`, '');
  return value.transfers.map(({ ids, amount, creditorAccount, debtor, debtorAccount, debtorAgent, remittance }) => {
    const bank = debtorAgent.bic ?? debtorAgent.member ?? debtorAgent.other ?? '';
    const from = debtorAccount?.iban ?? debtorAccount?.other ?? '';
    // A bank gives each transfer a number of its own; what it calls its messages, and its customers their payments, may be the same.
    const own = ids.transaction ?? ids.uetr ?? `${value.header.id} ${from} ${ids.end}`;
    return {
      ...{ message: value.header.id, end: ids.end, transaction: ids.transaction, identity: `${bank} ${own}`, amount: amount.minor },
      ...{ currency: amount.currency.toLowerCase(), account: creditorAccount?.iban ?? creditorAccount?.other ?? '' },
      ...{ sender: debtor.name ?? '', from, reference: remittance ?? null },
    };
  });
}

/** What becomes of each: taken, or refused for the reason of a code. */
export type Fate = { readonly end: string; readonly transaction: string | undefined; readonly code: string | undefined };

/** The report to the clearing house: pacs.002. */
export function incomingReport(message: string, fates: readonly Fate[], at: Date, id: string): string {
  const statuses = fates.map(({ end, transaction, code }) => ({
    ...{ end, transaction, status: code === undefined ? 'ACSC' : 'RJCT', reasons: code === undefined ? [] : [{ code, words: [] }] },
  }));
  const groups = [{ id: message, kind: transferKind, reasons: [] }];
  return writeIso20022({ kind: 'pacs.002', value: { header: { id, created: at.toISOString() }, groups, statuses } });
}

type Booked = Pick<Incoming, 'end' | 'amount' | 'currency' | 'account' | 'sender' | 'reference'>;

/** The bank's word that a transfer is on the account: camt.054. `servicer` is the bank's number of it. */
export function bookedNotice(incoming: Booked, at: Date, id: string, servicer: string): string {
  const { end, amount, currency, account, sender, reference } = incoming;
  const created = at.toISOString();
  const booked = { currency: currency.toUpperCase(), minor: amount };
  const detail = {
    ...{ end, amount: booked, direction: 'CRDT' as const, debtor: { name: sender || 'NOTPROVIDED' } },
    remittance: reference === null ? [] : [reference],
  };
  const kind = { domain: 'PMNT', family: 'RCDT', subfamily: currency === 'eur' ? 'ESCT' : 'RRCT' };
  const entry = { amount: booked, direction: 'CRDT' as const, status: 'BOOK', bookedAt: created, servicer, ...kind, details: [detail] };
  const own = currency === 'eur' ? { iban: account } : { other: account };
  const notification = { id, created, account: own, entries: [entry] };
  return writeIso20022({ kind: 'camt.054', value: { header: { id, created }, notifications: [notification] } });
}
