import { readIso20022, writeIso20022 } from '#wire/iso20022/document.ts';
import { returned } from '#wire/nacha/code.ts';
import type { Batch, Entry } from '#wire/nacha/file.ts';
import { readNacha } from '#wire/nacha/read.ts';
import { writeNacha } from '#wire/nacha/write.ts';
import { moments } from './ach.ts';
import type { Answer } from './order.ts';
import { own, sumOf } from './sepa.ts';

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

const fateOf = (account: string, isDebit: boolean, turn: Turn): string | undefined => {
  const fate = isDebit && Object.hasOwn(fates, account) ? fates[account] : undefined;
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
      const code = fateOf(entry.account, isDebit, turn);
      if (code === undefined) return [];
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

/** A report of what became of each order; later, returns of what debtors want back. */
function sepaAnswer(text: string, turn: Turn, at: Date, id: string): Answer | undefined {
  const { kind, value } = readIso20022(Buffer.from(text));
  if (kind !== 'pain.008' && kind !== 'pain.001') throw new TypeError(`a clearing house takes no ${kind}`);
  const created = at.toISOString();
  const orders =
    kind === 'pain.008'
      ? value.payments.flatMap(({ collections }) => collections.map((one) => ({ ...one, account: one.debtorAccount.iban ?? '' })))
      : value.payments.flatMap(({ transfers }) => transfers.map((one) => ({ ...one, account: one.creditorAccount.iban ?? '' })));
  const isDebit = kind === 'pain.008';
  const fated = orders.map(({ ids, amount, account }) => ({ end: ids.end, amount, code: fateOf(account, isDebit, turn) }));
  const original = { id: value.header.id, kind: isDebit ? 'pain.008.001.09' : 'pain.001.001.10' };
  if (turn === 'early') {
    const statuses = fated.map(({ end, code }) => ({
      ...{ end, status: code === undefined ? 'ACSC' : 'RJCT', reasons: code === undefined ? [] : [{ code, words: [] }] },
    }));
    const report = { header: { id, created }, groups: [{ ...original, reasons: [] }], statuses };
    return { format: 'pacs.002', text: writeIso20022({ kind: 'pacs.002', value: report }) };
  }
  const back = fated.flatMap(({ end, amount, code }) => (code === undefined ? [] : [{ end, amount, reasons: [{ code, words: [] }] }]));
  if (back.length === 0) return undefined;
  const sum = sumOf(back.map(({ amount }) => ({ amount: amount.minor })));
  const header = { id, created, count: back.length, sum, settlement: { method: 'CLRG' as const }, receiver: { bic: own.bic } };
  return { format: 'pacs.004', text: writeIso20022({ kind: 'pacs.004', value: { header, returns: back } }) };
}

/**
 * The simulated clearing house and the banks behind it: reads a file of orders and writes what comes back. The same file has the same
 * answer, so that one that was lost on its way may be sent again.
 */
export function clearingAnswer(rail: string, text: string, turn: Turn, at: Date, id: string): Answer | undefined {
  return rail === 'ach' ? achAnswer(text, turn, at) : sepaAnswer(text, turn, at, id);
}
