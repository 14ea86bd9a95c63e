import {
  account,
  agent,
  chargeBearer,
  checkTotals,
  controlSum,
  creditorScheme,
  directDebit,
  orderIds,
  party,
  paymentType,
} from './part.ts';
import { remittance } from './part.ts';
import { code, count, date, external, money, text, time } from './scalar.ts';
import { group, many, maybe, one } from './shape.ts';

const header = group([
  one('id', 'MsgId', text(35)),
  one('created', 'CreDtTm', time),
  one('count', 'NbOfTxs', count),
  controlSum,
  one('initiator', 'InitgPty', party),
]);

const transfer = group([
  one('ids', 'PmtId', orderIds),
  maybe('type', 'PmtTpInf', paymentType),
  one('amount', 'Amt/InstdAmt', money),
  maybe('creditorAgent', 'CdtrAgt', agent),
  one('creditor', 'Cdtr', party),
  one('creditorAccount', 'CdtrAcct', account),
  maybe('purpose', 'Purp/Cd', external(4)),
  maybe('remittance', 'RmtInf/Ustrd', remittance),
]);

/** What a customer has its bank pay: pain.001. */
export const creditTransferOrder = group(
  [
    one('header', 'GrpHdr', header),
    many(
      'payments',
      'PmtInf',
      group(
        [
          one('id', 'PmtInfId', text(35)),
          one('method', 'PmtMtd', code('TRF')),
          maybe('count', 'NbOfTxs', count),
          controlSum,
          maybe('type', 'PmtTpInf', paymentType),
          one('executionDate', 'ReqdExctnDt/Dt', date),
          one('debtor', 'Dbtr', party),
          one('debtorAccount', 'DbtrAcct', account),
          one('debtorAgent', 'DbtrAgt', agent),
          maybe('charges', 'ChrgBr', chargeBearer),
          many('transfers', 'CdtTrfTxInf', transfer),
        ],
        (value, path) =>
          checkTotals(
            value,
            value.transfers.map(({ amount }) => amount),
            path,
          ),
      ),
    ),
  ],
  ({ header, payments }) =>
    checkTotals(
      header,
      payments.flatMap(({ transfers }) => transfers.map(({ amount }) => amount)),
      'GrpHdr',
    ),
);

const collection = group([
  one('ids', 'PmtId', orderIds),
  one('amount', 'InstdAmt', money),
  one('directDebit', 'DrctDbtTx', directDebit),
  one('debtorAgent', 'DbtrAgt', agent),
  one('debtor', 'Dbtr', party),
  one('debtorAccount', 'DbtrAcct', account),
  maybe('purpose', 'Purp/Cd', external(4)),
  maybe('remittance', 'RmtInf/Ustrd', remittance),
]);

/** What a customer has its bank collect: pain.008. */
export const directDebitOrder = group(
  [
    one('header', 'GrpHdr', header),
    many(
      'payments',
      'PmtInf',
      group(
        [
          one('id', 'PmtInfId', text(35)),
          one('method', 'PmtMtd', code('DD')),
          maybe('count', 'NbOfTxs', count),
          controlSum,
          maybe('type', 'PmtTpInf', paymentType),
          one('collectionDate', 'ReqdColltnDt', date),
          one('creditor', 'Cdtr', party),
          one('creditorAccount', 'CdtrAcct', account),
          one('creditorAgent', 'CdtrAgt', agent),
          maybe('charges', 'ChrgBr', chargeBearer),
          maybe('scheme', 'CdtrSchmeId', creditorScheme),
          many('collections', 'DrctDbtTxInf', collection),
        ],
        (value, path) =>
          checkTotals(
            value,
            value.collections.map(({ amount }) => amount),
            path,
          ),
      ),
    ),
  ],
  ({ header, payments }) =>
    checkTotals(
      header,
      payments.flatMap(({ collections }) => collections.map(({ amount }) => amount)),
      'GrpHdr',
    ),
);
