import { bic, code, count, country, date, decimal, exponentOf, external, iban, type Money, text, time, uetr } from './scalar.ts';
import { type Field, group, many, maybe, one, type Shape } from './shape.ts';
import { Iso20022Error } from './violation.ts';

/** Who pays or is paid. */
export const party = group([
  maybe('name', 'Nm', text(140)),
  maybe('country', 'PstlAdr/Ctry', country),
  maybe('id', 'Id/OrgId/Othr/Id', text(35)),
]);

/** Who collects by direct debit, by the number under which it may. */
export const creditorScheme = group([one('id', 'Id/PrvtId/Othr/Id', text(35)), maybe('scheme', 'Id/PrvtId/Othr/SchmeNm/Prtry', text(35))]);

/** An account: by IBAN, or by another number. */
export const account = group(
  [maybe('iban', 'Id/IBAN', iban), maybe('other', 'Id/Othr/Id', text(34)), maybe('currency', 'Ccy', text(3))],
  ({ iban, other }, path) => {
    if ((iban === undefined) === (other === undefined)) throw new Iso20022Error('has an IBAN or another number', `${path}/Id`);
  },
);

/** A bank: by BIC, or by its number in a clearing system (USABA and a routing number with RTP and FedNow). */
export const agent = group(
  [
    maybe('bic', 'FinInstnId/BICFI', bic),
    maybe('system', 'FinInstnId/ClrSysMmbId/ClrSysId/Cd', external(5)),
    maybe('member', 'FinInstnId/ClrSysMmbId/MmbId', text(35)),
    maybe('other', 'FinInstnId/Othr/Id', text(35)),
  ],
  ({ bic, member, other }, path) => {
    if (bic === undefined && member === undefined && other === undefined) throw new Iso20022Error('names no bank', `${path}/FinInstnId`);
  },
);

/** How a payment is known to those it passes. `end` goes from the first to the last of them; `NOTPROVIDED` where there is none. */
export const paymentIds = group([
  maybe('instruction', 'InstrId', text(35)),
  one('end', 'EndToEndId', text(35)),
  maybe('transaction', 'TxId', text(35)),
  maybe('uetr', 'UETR', uetr),
]);

/** The same before a clearing system has seen the payment. */
export const orderIds = group([maybe('instruction', 'InstrId', text(35)), one('end', 'EndToEndId', text(35)), maybe('uetr', 'UETR', uetr)]);

/** Service (SEPA, URGP), instrument (INST, CORE, B2B) and purpose. */
export const paymentType = group([
  maybe('service', 'SvcLvl/Cd', external(4)),
  maybe('instrument', 'LclInstrm/Cd', external(35)),
  maybe('product', 'LclInstrm/Prtry', text(35)),
  maybe('sequence', 'SeqTp', code('FRST', 'RCUR', 'FNAL', 'OOFF', 'RPRE')),
  maybe('purpose', 'CtgyPurp/Cd', external(4)),
]);

/** How banks settle: through a clearing system, or an account of one with the other. */
export const settlement = group([
  one('method', 'SttlmMtd', code('INDA', 'INGA', 'COVE', 'CLRG')),
  maybe('clearing', 'ClrSys/Cd', external(5)),
  maybe('system', 'ClrSys/Prtry', text(35)),
]);

export const chargeBearer = code('DEBT', 'CRED', 'SHAR', 'SLEV');

/** The permission that a direct debit is taken by. */
export const directDebit = group([
  one('mandate', 'MndtRltdInf/MndtId', text(35)),
  one('signed', 'MndtRltdInf/DtOfSgntr', date),
  maybe('creditor', 'CdtrSchmeId', creditorScheme),
]);

export const remittance = text(140);

const unitExponent = 5;
const units = ({ currency, minor }: Money): bigint => BigInt(minor) * 10n ** BigInt(unitExponent - exponentOf(currency));

/** What is said of the payments behind it: how many there are, and what they come to, where that is said. */
export type Totals = { readonly count?: number; readonly sum?: string };
export type Paid = { readonly amount: Money };

/** Fails unless totals are those of the amounts. */
function checkTotals({ count, sum }: Totals, amounts: readonly Paid[], path: string): void {
  if (count !== undefined && count !== amounts.length)
    throw new Iso20022Error(`is ${count}, and there are ${amounts.length} transactions`, `${path}/NbOfTxs`);
  if (sum === undefined) return;
  const [whole = '', part = ''] = sum.split('.');
  const made = amounts.reduce((total, { amount }) => total + units(amount), 0n);
  if (BigInt(whole + part.padEnd(unitExponent, '0')) !== made)
    throw new Iso20022Error(`is ${sum}, which the amounts do not come to`, `${path}/CtrlSum`);
}

/** How a message is told from others. */
export const messageIds = [one('id', 'MsgId', text(35)), one('created', 'CreDtTm', time)] as const;
const controlSum = maybe('sum', 'CtrlSum', decimal);
/** The same of a message that says its totals. */
export const countedIds = [...messageIds, one('count', 'NbOfTxs', count), controlSum] as const;

/** A message between banks: its header, and the payments that the totals in it are of. */
export function batch<const Key extends string, H extends Totals, P extends Paid>(
  header: Shape<H>,
  key: Key,
  path: string,
  payment: Shape<P>,
) {
  return group([one('header', 'GrpHdr', header), many(key, path, payment)], (value) => {
    const { header: totals, [key]: payments } = value as unknown as { header: Totals } & Record<Key, readonly P[]>;
    checkTotals(totals, payments, 'GrpHdr');
  });
}

const orderHeader = group([...countedIds, one('initiator', 'InitgPty', party)]);

/** A message of a customer to its bank: lots of payments, each lot with totals of its own; `fields` are what all of a lot share. */
export function order<Method extends string, const Fields extends readonly Field[], const Key extends string, P extends Paid>(
  method: Method,
  fields: Fields,
  key: Key,
  path: string,
  payment: Shape<P>,
) {
  const paymentsOf = (lot: unknown) => (lot as Record<Key, readonly P[]>)[key];
  const named = [one('id', 'PmtInfId', text(35)), one('method', 'PmtMtd', code(method)), maybe('count', 'NbOfTxs', count)] as const;
  const lot = group([...named, controlSum, maybe('type', 'PmtTpInf', paymentType), ...fields, many(key, path, payment)], (value, at) =>
    checkTotals(value as Totals, paymentsOf(value), at),
  );
  return group([one('header', 'GrpHdr', orderHeader), many('payments', 'PmtInf', lot)], ({ header, payments }) =>
    checkTotals(header, payments.flatMap(paymentsOf), 'GrpHdr'),
  );
}
