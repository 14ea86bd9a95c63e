import { account, agent, chargeBearer, checkTotals, controlSum, directDebit, party, paymentIds, paymentType, remittance } from './part.ts';
import { settlement } from './part.ts';
import { count, date, external, money, text, time, uetr } from './scalar.ts';
import { group, many, maybe, one } from './shape.ts';

const begin = [one('id', 'MsgId', text(35)), one('created', 'CreDtTm', time), one('count', 'NbOfTxs', count), controlSum] as const;

const header = group([
  ...begin,
  maybe('total', 'TtlIntrBkSttlmAmt', money),
  maybe('settlementDate', 'IntrBkSttlmDt', date),
  one('settlement', 'SttlmInf', settlement),
  maybe('type', 'PmtTpInf', paymentType),
  maybe('sender', 'InstgAgt', agent),
  maybe('receiver', 'InstdAgt', agent),
]);

const transfer = group([
  one('ids', 'PmtId', paymentIds),
  maybe('type', 'PmtTpInf', paymentType),
  one('amount', 'IntrBkSttlmAmt', money),
  maybe('settlementDate', 'IntrBkSttlmDt', date),
  maybe('accepted', 'AccptncDtTm', time),
  one('charges', 'ChrgBr', chargeBearer),
  one('debtor', 'Dbtr', party),
  maybe('debtorAccount', 'DbtrAcct', account),
  one('debtorAgent', 'DbtrAgt', agent),
  one('creditorAgent', 'CdtrAgt', agent),
  one('creditor', 'Cdtr', party),
  maybe('creditorAccount', 'CdtrAcct', account),
  maybe('purpose', 'Purp/Cd', external(4)),
  maybe('remittance', 'RmtInf/Ustrd', remittance),
]);

/** A credit transfer from bank to bank, as SEPA (instant or not), RTP and FedNow carry it: pacs.008. */
export const creditTransfer = group(
  [one('header', 'GrpHdr', header), many('transfers', 'CdtTrfTxInf', transfer)],
  ({ header, transfers }) =>
    checkTotals(
      header,
      transfers.map(({ amount }) => amount),
      'GrpHdr',
    ),
);

const collection = group([
  one('ids', 'PmtId', paymentIds),
  maybe('type', 'PmtTpInf', paymentType),
  one('amount', 'IntrBkSttlmAmt', money),
  maybe('settlementDate', 'IntrBkSttlmDt', date),
  one('charges', 'ChrgBr', chargeBearer),
  maybe('collectionDate', 'ReqdColltnDt', date),
  one('directDebit', 'DrctDbtTx', directDebit),
  one('creditor', 'Cdtr', party),
  one('creditorAccount', 'CdtrAcct', account),
  one('creditorAgent', 'CdtrAgt', agent),
  one('debtor', 'Dbtr', party),
  one('debtorAccount', 'DbtrAcct', account),
  one('debtorAgent', 'DbtrAgt', agent),
  maybe('remittance', 'RmtInf/Ustrd', remittance),
]);

/** A direct debit from bank to bank: pacs.003. */
export const directDebitCollection = group(
  [one('header', 'GrpHdr', header), many('collections', 'DrctDbtTxInf', collection)],
  ({ header, collections }) =>
    checkTotals(
      header,
      collections.map(({ amount }) => amount),
      'GrpHdr',
    ),
);

/** Why something was refused or sent back: a code such as AC04, and words. */
const reason = group([maybe('code', 'Rsn/Cd', external(4)), maybe('own', 'Rsn/Prtry', text(35)), many('words', 'AddtlInf', text(105))]);

const originalIds = [
  maybe('instruction', 'OrgnlInstrId', text(35)),
  maybe('end', 'OrgnlEndToEndId', text(35)),
  maybe('transaction', 'OrgnlTxId', text(35)),
  maybe('uetr', 'OrgnlUETR', uetr),
] as const;
const originalGroup = [
  one('id', 'OrgnlMsgId', text(35)),
  one('kind', 'OrgnlMsgNmId', text(35)),
  maybe('created', 'OrgnlCreDtTm', time),
] as const;

/** What became of payments: ACCP, ACSC, PDNG, RJCT and their kin: pacs.002. */
export const statusReport = group([
  one(
    'header',
    'GrpHdr',
    group([
      one('id', 'MsgId', text(35)),
      one('created', 'CreDtTm', time),
      maybe('sender', 'InstgAgt', agent),
      maybe('receiver', 'InstdAgt', agent),
    ]),
  ),
  many(
    'groups',
    'OrgnlGrpInfAndSts',
    group([...originalGroup, maybe('status', 'GrpSts', external(4)), many('reasons', 'StsRsnInf', reason)]),
  ),
  many(
    'statuses',
    'TxInfAndSts',
    group([
      maybe('id', 'StsId', text(35)),
      maybe('original', 'OrgnlGrpInf', group(originalGroup)),
      ...originalIds,
      maybe('status', 'TxSts', external(4)),
      many('reasons', 'StsRsnInf', reason),
      maybe('accepted', 'AccptncDtTm', time),
    ]),
  ),
]);

const returnHeader = group([
  ...begin,
  maybe('total', 'TtlRtrdIntrBkSttlmAmt', money),
  maybe('settlementDate', 'IntrBkSttlmDt', date),
  one('settlement', 'SttlmInf', settlement),
  maybe('sender', 'InstgAgt', agent),
  maybe('receiver', 'InstdAgt', agent),
]);

/** Payments that come back after they were settled: pacs.004. */
export const paymentReturn = group(
  [
    one('header', 'GrpHdr', returnHeader),
    many(
      'returns',
      'TxInf',
      group([
        maybe('id', 'RtrId', text(35)),
        maybe('original', 'OrgnlGrpInf', group(originalGroup)),
        ...originalIds,
        maybe('originalAmount', 'OrgnlIntrBkSttlmAmt', money),
        one('amount', 'RtrdIntrBkSttlmAmt', money),
        maybe('settlementDate', 'IntrBkSttlmDt', date),
        many('reasons', 'RtrRsnInf', reason),
      ]),
    ),
  ],
  ({ header, returns }) =>
    checkTotals(
      header,
      returns.map(({ amount }) => amount),
      'GrpHdr',
    ),
);
