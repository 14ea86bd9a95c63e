import { createHash } from 'node:crypto';
import { readIso20022, writeIso20022 } from '#wire/iso20022/document.ts';
import { sepaNameMax } from './limits.ts';
import type { BankAccountNumber, BankOrder, OrderFile } from './order.ts';
import { own } from './sepa.ts';

export const transferKind = 'pacs.008.001.09';
/** What a clearing house says of a transfer that it never saw. */
export const unseenCode = 'NOOR';

/** What networks want said of a transfer: how it is settled, of which type it is, and who bears its charges. */
const profiles = {
  sct_inst: { settlement: { method: 'CLRG', system: 'RT1' }, type: { service: 'SEPA', instrument: 'INST' }, charges: 'SLEV' },
  rtp: { settlement: { method: 'CLRG', clearing: 'TCH' }, type: { product: 'STANDARD' }, charges: 'SLEV' },
  fednow: { settlement: { method: 'CLRG', clearing: 'FDN' }, type: { product: 'FDNA' }, charges: 'SLEV' },
  wire: { settlement: { method: 'INDA' }, type: { service: 'G001' }, charges: 'SHAR' },
} as const;
type Profile = keyof typeof profiles;

/** The account that dollars are paid from, at the bank of the platform; simulated. */
const dollars = { account: { other: '9110000000' }, agent: { system: 'USABA', member: '110000000' } } as const;
const others = { account: { iban: own.iban }, agent: { bic: own.bic } } as const;

function creditorOf(account: BankAccountNumber) {
  if ('iban' in account) return { creditorAccount: { iban: account.iban }, creditorAgent: { other: 'NOTPROVIDED' } };
  const agent = 'bic' in account ? { bic: account.bic } : { system: 'USABA', member: account.routing };
  return { creditorAccount: { other: account.number }, creditorAgent: agent };
}

/** A reference that is the transfer's alone in the whole world, and follows from its name. */
function uetrOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Who sends money that comes in, and what they write on it. */
type Payer = { readonly name: string; readonly reference: string };

/** Accounts of customers at their banks; simulated. */
const payerOf = (currency: string) =>
  currency === 'usd'
    ? { account: { other: '000123456789' }, agent: { system: 'USABA', member: '110000000' } }
    : { account: { iban: 'AT611904300234573201' }, agent: { bic: 'BKAUATWWXXX' } };

const named = (name: string) => ({ name: name.trim().slice(0, sepaNameMax) || 'NOTPROVIDED' });

/** The message of one transfer, which is answered by itself: pacs.008. `id` names it, whenever it is sent. Without a payer it goes out. */
export function transferMessage(order: BankOrder, rail: Profile, at: Date, id: string, payer?: Payer): OrderFile {
  const { settlement, type, charges } = profiles[rail];
  const created = at.toISOString();
  const amount = { currency: order.currency.toUpperCase(), minor: order.amount };
  const from = payer ? payerOf(order.currency) : 'routing' in order.account ? dollars : others;
  const transfer = {
    ...{ ids: { end: order.id, transaction: order.id, uetr: uetrOf(order.id) }, type, amount, charges, accepted: created },
    ...{ debtor: named(payer?.name ?? own.name), debtorAccount: from.account, debtorAgent: from.agent, ...creditorOf(order.account) },
    ...{ creditor: named(order.name), remittance: payer?.reference ?? `${own.name} ${order.id}` },
  };
  const header = { id, created, count: 1, total: amount, settlementDate: created.slice(0, 10), settlement };
  return {
    ...{ format: 'pacs.008', references: [order.id] },
    text: writeIso20022({ kind: 'pacs.008', value: { header, transfers: [transfer] } }),
  };
}

/** The question what became of a transfer: pacs.028. */
export function statusInquiry(text: string, at: Date, id: string): string {
  const { kind, value } = readIso20022(Buffer.from(text));
  if (kind !== 'pacs.008') throw new TypeError(`nobody asks what became of a ${kind}`);
  const original = { id: value.header.id, kind: transferKind, created: value.header.created };
  const requests = value.transfers.map(({ ids }) => ({ original, end: ids.end, transaction: ids.transaction, uetr: ids.uetr }));
  return writeIso20022({ kind: 'pacs.028', value: { header: { id, created: at.toISOString() }, groups: [], requests } });
}
