import { account, agent, messageIds, party, remittance } from './part.ts';
import { code, date, external, iban, money, text, time, uetr } from './scalar.ts';
import { group, many, maybe, one } from './shape.ts';
import { Iso20022Error } from './violation.ts';

const direction = one('direction', 'CdtDbtInd', code('CRDT', 'DBIT'));

const header = group(messageIds);

const detail = group([
  maybe('payment', 'Refs/PmtInfId', text(35)),
  maybe('instruction', 'Refs/InstrId', text(35)),
  maybe('end', 'Refs/EndToEndId', text(35)),
  maybe('uetr', 'Refs/UETR', uetr),
  maybe('transaction', 'Refs/TxId', text(35)),
  maybe('amount', 'Amt', money),
  maybe('direction', 'CdtDbtInd', code('CRDT', 'DBIT')),
  maybe('debtor', 'RltdPties/Dbtr/Pty', party),
  maybe('debtorAccount', 'RltdPties/DbtrAcct', account),
  maybe('creditor', 'RltdPties/Cdtr/Pty', party),
  maybe('creditorAccount', 'RltdPties/CdtrAcct', account),
  many('remittance', 'RmtInf/Ustrd', remittance),
  maybe('returned', 'RtrInf/Rsn/Cd', external(4)),
]);

const entry = group(
  [
    maybe('reference', 'NtryRef', text(35)),
    one('amount', 'Amt', money),
    direction,
    maybe('isReversal', 'RvslInd', code('true', 'false')),
    one('status', 'Sts/Cd', external(4)),
    maybe('booked', 'BookgDt/Dt', date),
    maybe('bookedAt', 'BookgDt/DtTm', time),
    maybe('valued', 'ValDt/Dt', date),
    maybe('valuedAt', 'ValDt/DtTm', time),
    maybe('servicer', 'AcctSvcrRef', text(35)),
    maybe('domain', 'BkTxCd/Domn/Cd', external(4)),
    maybe('family', 'BkTxCd/Domn/Fmly/Cd', external(4)),
    maybe('subfamily', 'BkTxCd/Domn/Fmly/SubFmlyCd', external(4)),
    maybe('own', 'BkTxCd/Prtry/Cd', text(35)),
    many('details', 'NtryDtls/TxDtls', detail),
  ],
  ({ domain, family, subfamily, own }, path) => {
    const isWhole = domain !== undefined && family !== undefined && subfamily !== undefined;
    if (!isWhole && own === undefined) throw new Iso20022Error('says no kind of transaction', `${path}/BkTxCd`);
  },
);

const balance = group([
  one('kind', 'Tp/CdOrPrtry/Cd', external(4)),
  one('amount', 'Amt', money),
  direction,
  maybe('date', 'Dt/Dt', date),
  maybe('at', 'Dt/DtTm', time),
]);

/** The account that is reported on, and the bank that has it. */
const reported = group([
  maybe('iban', 'Id/IBAN', iban),
  maybe('other', 'Id/Othr/Id', text(34)),
  maybe('currency', 'Ccy', text(3)),
  maybe('servicer', 'Svcr', agent),
]);

/** A bank's statement of an account: pages of balances and what was booked between them: camt.053. */
export const statement = group([
  one('header', 'GrpHdr', header),
  many(
    'statements',
    'Stmt',
    group([
      one('id', 'Id', text(35)),
      maybe('created', 'CreDtTm', time),
      maybe('from', 'FrToDt/FrDtTm', time),
      maybe('to', 'FrToDt/ToDtTm', time),
      one('account', 'Acct', reported),
      many('balances', 'Bal', balance),
      many('entries', 'Ntry', entry),
    ]),
  ),
]);

/** A bank's word that something was booked, before the statement: camt.054. */
export const notification = group([
  one('header', 'GrpHdr', header),
  many(
    'notifications',
    'Ntfctn',
    group([one('id', 'Id', text(35)), maybe('created', 'CreDtTm', time), one('account', 'Acct', reported), many('entries', 'Ntry', entry)]),
  ),
]);
