import { hash, randomBytes } from 'node:crypto';

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** `count` letters and digits out of bytes; the tiny lean to the first letters does not matter for ids. */
export function lettersOf(bytes: Uint8Array, count: number): string {
  let text = '';
  for (let at = 0; at < count; at += 1) text += letters[(bytes[at % bytes.length] ?? 0) % letters.length];
  return text;
}

/** Gives ids of one prefix after another; two sources of one seed give the same ids in the same order. */
export type IdSource = (prefix: string) => string;

/** A source of ids. What is done again under the same seed makes the same things, so that nothing is made twice. */
export function idsOf(seed: string): IdSource {
  let count = 0;
  return (prefix) => {
    count += 1;
    return `${prefix}_1${lettersOf(hash('sha512', `${seed} ${count}`, 'buffer'), 23)}`;
  };
}

export const newSeed = (): string => randomBytes(24).toString('base64url');

const kinds: readonly (readonly [prefix: string, object: string])[] = [
  ['cus', 'customer'],
  ['pm', 'payment_method'],
  ['card', 'payment_method'],
  ['pi', 'payment_intent'],
  ['seti', 'setup_intent'],
  ['ch', 'charge'],
  ['re', 'refund'],
  ['txn', 'balance_transaction'],
  ['dp', 'dispute'],
  ['prv', 'review'],
  ['rsl', 'radar.value_list'],
  ['rsli', 'radar.value_list_item'],
  ['qt', 'quote'],
  ['txi', 'tax_id'],
  ['person', 'person'],
  ['setatt', 'setup_attempt'],
  ['issfr', 'radar.early_fraud_warning'],
  ['rmv', 'radar.model_version'],
  ['po', 'payout'],
  ['ba', 'bank_account'],
  ['ccsbtxn', 'customer_cash_balance_transaction'],
  ['price', 'price'],
  ['promo', 'promotion_code'],
  ['txr', 'tax_rate'],
  ['ii', 'invoiceitem'],
  ['in', 'invoice'],
  ['mtr', 'billing.meter'],
  ['sub', 'subscription'],
  ['si', 'subscription_item'],
  ['di', 'discount'],
  ['cn', 'credit_note'],
  ['cs', 'checkout.session'],
  ['plink', 'payment_link'],
  ['acct', 'account'],
  ['tr', 'transfer'],
  ['trr', 'transfer_reversal'],
  ['fee', 'application_fee'],
  ['fr', 'fee_refund'],
  ['sacc', 'settlement_account'],
  ['bst', 'bank_statement'],
  ['bmv', 'bank_movement'],
  ['exc', 'settlement_exception'],
  ['clock', 'test_helpers.test_clock'],
  ['mandate', 'mandate'],
  ['scm', 'screening_match'],
  ['clf', 'clearing_file'],
  ['cle', 'clearing_entry'],
  ['file', 'file'],
  ['evt', 'event'],
  ['we', 'webhook_endpoint'],
  ['tok', 'token'],
  ['ctoken', 'confirmation_token'],
];

/** The kind of object that an id is of, by its prefix. */
export function kindOf(id: string): string | undefined {
  const prefix = id.slice(0, id.indexOf('_'));
  return kinds.find(([each]) => each === prefix)?.[1];
}
