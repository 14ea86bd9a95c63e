import { account, agent, batch, chargeBearer, countedIds, directDebit, messageIds, party, paymentIds, paymentType } from './part.ts';
import { remittance, settlement } from './part.ts';
import { date, external, money, text, time, uetr } from './scalar.ts';
import { group, many, maybe, one } from './shape.ts';

const between = [maybe('sender', 'InstgAgt', agent), maybe('receiver', 'InstdAgt', agent)] as const;
const settled = [maybe('settlementDate', 'IntrBkSttlmDt', date), one('settlement', 'SttlmInf', settlement)] as const;
const total = maybe('total', 'TtlIntrBkSttlmAmt', money);
const header = group([...countedIds, total, ...settled, maybe('type', 'PmtTpInf', paymentType), ...between]);

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
export const creditTransfer = batch(header, 'transfers', 'CdtTrfTxInf', transfer);

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
export const directDebitCollection = batch(header, 'collections', 'DrctDbtTxInf', collection);

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

const statusHeader = group([...messageIds, ...between]);

/** What became of payments: ACCP, ACSC, PDNG, RJCT and their kin: pacs.002. */
export const statusReport = group([
  one('header', 'GrpHdr', statusHeader),
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

/** The question what became of payments whose answer did not come: pacs.028. */
export const statusRequest = group([
  one('header', 'GrpHdr', statusHeader),
  many('groups', 'OrgnlGrpInf', group(originalGroup)),
  many(
    'requests',
    'TxInf',
    group([maybe('id', 'StsReqId', text(35)), maybe('original', 'OrgnlGrpInf', group(originalGroup)), ...originalIds]),
  ),
]);

const returnHeader = group([...countedIds, maybe('total', 'TtlRtrdIntrBkSttlmAmt', money), ...settled, ...between]);

/** Payments that come back after they were settled: pacs.004. */
export const paymentReturn = batch(
  returnHeader,
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
);
