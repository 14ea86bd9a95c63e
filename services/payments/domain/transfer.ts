import { type Fields, fieldsOf, merged, type Thing } from './json.ts';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean };
type Sent = { readonly amount: number; readonly currency: string; readonly destination: string; readonly transaction: string };

/** Money that was passed on to a connected account. */
export const newTransfer = (given: Fields, { amount, currency, destination, transaction }: Sent, own: Own): Thing => ({
  ...{ id: own.id, object: 'transfer', amount, amount_reversed: 0, balance_transaction: transaction, created: own.created, currency },
  ...{ description: given.description ?? null, destination, destination_payment: null, livemode: own.livemode },
  metadata: merged({}, given.metadata),
  reversals: { object: 'list', data: [], has_more: false, url: `/v1/transfers/${own.id}/reversals` },
  ...{ reversed: false, source_transaction: given.source_transaction ?? null, source_type: 'card' },
  transfer_group: given.transfer_group ?? null,
});

export const newReversal = (given: Fields, transfer: Thing, amount: number, transaction: string, own: Own): Thing => ({
  ...{ id: own.id, object: 'transfer_reversal', amount, balance_transaction: transaction, created: own.created },
  ...{ currency: transfer.currency ?? '', destination_payment_refund: null, metadata: merged({}, given.metadata) },
  ...{ source_refund: given.source_refund ?? null, transfer: transfer.id },
});

export function reversedTransfer(transfer: Thing, reversal: Thing): Thing {
  const reversed = Number(transfer.amount_reversed) + Number(reversal.amount);
  const list = fieldsOf(transfer.reversals);
  return {
    ...transfer,
    ...{ amount_reversed: reversed, reversed: reversed >= Number(transfer.amount) },
    reversals: { ...list, data: [reversal, ...(list.data as Thing[])] },
  };
}

/** What of an application fee goes back to the account that it was taken from. */
export const newFeeRefund = (given: Fields, fee: Thing, amount: number, transaction: string, { id, created }: Own): Thing => ({
  ...{ id, object: 'fee_refund', amount, balance_transaction: transaction, created, currency: fee.currency ?? '', fee: fee.id },
  metadata: merged({}, given.metadata),
});

export function refundedFee(fee: Thing, refund: Thing): Thing {
  const back = Number(fee.amount_refunded) + Number(refund.amount);
  const list = fieldsOf(fee.refunds);
  return {
    ...fee,
    ...{ amount_refunded: back, refunded: back >= Number(fee.amount) },
    refunds: { ...list, data: [refund, ...(list.data as Thing[])] },
  };
}

type Kept = { readonly amount: number; readonly account: string; readonly charge: Thing; readonly transaction: string };

/** What the business kept of a payment that it passed on. */
export const newApplicationFee = ({ amount, account, charge, transaction }: Kept, { id, created, livemode }: Own): Thing => ({
  ...{ id, object: 'application_fee', account, amount, amount_refunded: 0, application: null, balance_transaction: transaction },
  ...{ charge: charge.id, created, currency: charge.currency ?? '', fee_source: { charge: charge.id, type: 'charge' }, livemode },
  ...{ originating_transaction: null, refunded: false },
  refunds: { object: 'list', data: [], has_more: false, url: `/v1/application_fees/${id}/refunds` },
});
