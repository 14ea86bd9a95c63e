import { account, agent, chargeBearer, creditorScheme, directDebit, order, orderIds, party, paymentType, remittance } from './part.ts';
import { date, external, money } from './scalar.ts';
import { group, maybe, one } from './shape.ts';

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
export const creditTransferOrder = order(
  'TRF',
  [
    one('executionDate', 'ReqdExctnDt/Dt', date),
    one('debtor', 'Dbtr', party),
    one('debtorAccount', 'DbtrAcct', account),
    one('debtorAgent', 'DbtrAgt', agent),
    maybe('charges', 'ChrgBr', chargeBearer),
  ],
  'transfers',
  'CdtTrfTxInf',
  transfer,
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
export const directDebitOrder = order(
  'DD',
  [
    one('collectionDate', 'ReqdColltnDt', date),
    one('creditor', 'Cdtr', party),
    one('creditorAccount', 'CdtrAcct', account),
    one('creditorAgent', 'CdtrAgt', agent),
    maybe('charges', 'ChrgBr', chargeBearer),
    maybe('scheme', 'CdtrSchmeId', creditorScheme),
  ],
  'collections',
  'DrctDbtTxInf',
  collection,
);
