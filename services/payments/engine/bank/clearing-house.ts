import { readIso20022, writeIso20022 } from '#wire/iso20022/document.ts';
import type { Money } from '#wire/iso20022/scalar.ts';
import { returned } from '#wire/nacha/code.ts';
import type { Batch, Entry } from '#wire/nacha/file.ts';
import { readNacha } from '#wire/nacha/read.ts';
import { writeNacha } from '#wire/nacha/write.ts';
import { moments } from './ach.ts';
import type { Answer } from './order.ts';
import { own, sumOf } from './sepa.ts';
import { transferKind, unseenCode } from './transfer.ts';

/** When a bank sends a debit back: before it counts as paid, or after. */
type Turn = 'early' | 'late';
type Fate = { readonly turn: Turn; readonly code: string };

/** What the simulated banks do with debits of the published test accounts; any other is paid. */
const fates: Readonly<Record<string, Fate>> = {
  '000111111113': { turn: 'early', code: 'R02' },
  '000111111116': { turn: 'early', code: 'R03' },
  '000222222227': { turn: 'early', code: 'R01' },
  '000333333335': { turn: 'early', code: 'R10' },
  '000555555559': { turn: 'late', code: 'R10' },
  DE62370400440532013001: { turn: 'early', code: 'AC01' },
  DE78370400440532013004: { turn: 'early', code: 'AC01' },
  DE35370400440532013002: { turn: 'late', code: 'MD06' },
  DE65370400440000343434: { turn: 'early', code: 'AM02' },
  DE27370400440000121212: { turn: 'early', code: 'AM02' },
  DE65370400440002222227: { turn: 'early', code: 'AM04' },
  AT861904300235473202: { turn: 'early', code: 'AC01' },
  AT051904300235473205: { turn: 'early', code: 'AC01' },
  AT591904300235473203: { turn: 'late', code: 'MD06' },
  AT981904300000343434: { turn: 'early', code: 'AM02' },
  AT601904300000121212: { turn: 'early', code: 'AM02' },
  AT981904300002222227: { turn: 'early', code: 'AM04' },
  FR8420041010050500013M02607: { turn: 'early', code: 'AC01' },
  FR7920041010050500013M02600: { turn: 'early', code: 'AC01' },
  FR5720041010050500013M02608: { turn: 'late', code: 'MD06' },
};

/** The same with what is paid to them. */
const creditFates: Readonly<Record<string, Fate>> = {
  '000111111113': { turn: 'early', code: 'AC04' },
  '000111111116': { turn: 'early', code: 'AC01' },
  '000444444440': { turn: 'early', code: 'AM03' },
  '000555555559': { turn: 'late', code: 'AC06' },
  DE62370400440532013001: { turn: 'early', code: 'AC01' },
  DE78370400440532013004: { turn: 'early', code: 'AC04' },
  DE35370400440532013002: { turn: 'late', code: 'AC06' },
};

/** Reasons of ISO 20022 in the codes of NACHA. */
const returnCodes: Readonly<Record<string, string>> = { AC01: 'R03', AC04: 'R02', AC06: 'R16', AM03: 'R23' };

const fateOf = (account: string, isDebit: boolean, turn: Turn): string | undefined => {
  const known = isDebit ? fates : creditFates;
  const fate = Object.hasOwn(known, account) ? known[account] : undefined;
  return fate?.turn === turn ? fate.code : undefined;
};

const operatorBank = '02100002';
const traceDigits = 7;

/** The file of returns: each entry goes back to the bank that sent it. Undefined where nothing comes back. */
function achAnswer(text: string, turn: Turn, at: Date): Answer | undefined {
  const file = readNacha(text);
  let sequence = 0;
  const batches = file.batches.flatMap((batch): Batch[] => {
    const isDebit = batch.serviceClass !== '220';
    const entries = batch.entries.flatMap((entry): Entry[] => {
      const fate = fateOf(entry.account, isDebit, turn);
      if (fate === undefined) return [];
      const code = returnCodes[fate] ?? fate;
      sequence += 1;
      const trace = operatorBank + String(sequence).padStart(traceDigits, '0');
      return [returned(entry, code, { trace, sender: file.origin.trim() })];
    });
    return entries.length === 0 ? [] : [{ ...batch, originator: operatorBank, settlementDate: '', entries }];
  });
  if (batches.length === 0) return undefined;
  const names = { destinationName: file.originName, originName: file.destinationName };
  const back = { ...file, destination: file.origin, origin: file.destination, ...names, ...moments(at), batches };
  return { format: 'nacha', text: writeNacha(back) };
}

type Order = { readonly end: string; readonly amount: Money; readonly account: string };

/** What a message asks for, and which kind of it. */
function ordersOf(text: string): { kind: string; id: string; isDebit: boolean; orders: Order[] } {
  const { kind, value } = readIso20022(Buffer.from(text));
  const order = ({ ids, amount }: { ids: { end: string }; amount: Money }, account: { iban?: string; other?: string } = {}): Order => ({
    ...{ end: ids.end, amount, account: account.iban ?? account.other ?? '' },
  });
  if (kind === 'pain.008') {
    const orders = value.payments.flatMap(({ collections }) => collections.map((one) => order(one, one.debtorAccount)));
    return { kind: 'pain.008.001.09', id: value.header.id, isDebit: true, orders };
  }
  if (kind === 'pain.001') {
    const orders = value.payments.flatMap(({ transfers }) => transfers.map((one) => order(one, one.creditorAccount)));
    return { kind: 'pain.001.001.10', id: value.header.id, isDebit: false, orders };
  }
  if (kind !== 'pacs.008') throw new TypeError(`a clearing house takes no ${kind}`);
  const orders = value.transfers.map((one) => order(one, one.creditorAccount));
  return { kind: transferKind, id: value.header.id, isDebit: false, orders };
}

/** A report of what became of each order; later, returns of what debtors want back, and of what could not be booked after all. */
function reportAnswer(text: string, turn: Turn, at: Date, id: string): Answer | undefined {
  const { orders, isDebit, ...original } = ordersOf(text);
  const created = at.toISOString();
  const fated = orders.map(({ end, amount, account }) => ({ end, amount, code: fateOf(account, isDebit, turn) }));
  if (turn === 'early') {
    const statuses = fated.map(({ end, code }) => ({
      ...{ end, status: code === undefined ? 'ACSC' : 'RJCT', reasons: code === undefined ? [] : [{ code, words: [] }] },
    }));
    const report = { header: { id, created }, groups: [{ ...original, reasons: [] }], statuses };
    return { format: 'pacs.002', text: writeIso20022({ kind: 'pacs.002', value: report }) };
  }
  const back = fated.flatMap(({ end, amount, code }) => (code === undefined ? [] : [{ end, amount, reasons: [{ code, words: [] }] }]));
  if (back.length === 0) return undefined;
  const isEuro = back.every(({ amount }) => amount.currency === 'EUR');
  const sum = isEuro ? { sum: sumOf(back.map(({ amount }) => ({ amount: amount.minor }))) } : {};
  const header = { id, created, count: back.length, ...sum, settlement: { method: 'CLRG' as const }, receiver: { bic: own.bic } };
  return { format: 'pacs.004', text: writeIso20022({ kind: 'pacs.004', value: { header, returns: back } }) };
}

/** What is answered to the question what became of a transfer: what was said of it, or that it was never seen. */
export function inquiryAnswer(question: string, said: string | undefined, at: Date, id: string): Answer {
  const { kind, value } = readIso20022(Buffer.from(question));
  if (kind !== 'pacs.028') throw new TypeError(`a ${kind} asks nothing`);
  const header = { id, created: at.toISOString() };
  const before = said === undefined ? undefined : readIso20022(Buffer.from(said));
  const unseen = value.requests.map(({ end, original }) => ({
    ...{ end, original, status: 'RJCT', reasons: [{ code: unseenCode, words: [] }] },
  }));
  const report = before?.kind === 'pacs.002' ? { ...before.value, header } : { header, groups: [], statuses: unseen };
  return { format: 'pacs.002', text: writeIso20022({ kind: 'pacs.002', value: report }) };
}

/**
 * The simulated clearing house and the banks behind it: reads a file of orders and writes what comes back. The same file has the same
 * answer, so that one that was lost on its way may be sent again.
 */
export function clearingAnswer(rail: string, text: string, turn: Turn, at: Date, id: string): Answer | undefined {
  return rail === 'ach' ? achAnswer(text, turn, at) : reportAnswer(text, turn, at, id);
}
