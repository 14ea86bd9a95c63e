import type { Fields, Json, Thing } from './json.ts';

/** Fields that say who somebody is, by kind of object. They are kept sealed, apart from the rest. */
const personal: Readonly<Record<string, readonly string[]>> = {
  customer: ['address', 'email', 'name', 'phone', 'shipping', 'description'],
  payment_method: ['billing_details'],
  payment_intent: ['receipt_email', 'shipping', 'description', 'last_payment_error'],
  direct_payment: ['receipt_email', 'shipping', 'description', 'last_payment_error'],
  payout: ['description'],
  customer_cash_balance_transaction: ['funded'],
  bank_account: ['account_holder_name'],
  invoiceitem: ['description'],
  invoice: [
    'customer_address',
    'customer_email',
    'customer_name',
    'customer_phone',
    'customer_shipping',
    'customer_tax_ids',
    'description',
    'footer',
    'lines',
  ],
  credit_note: ['lines', 'memo'],
  subscription: ['description'],
  customer_balance_transaction: ['description'],
  'checkout.session': ['customer_details', 'customer_email'],
  clearing_entry: ['name'],
  quote: ['description', 'footer', 'header'],
  tax_id: ['value', 'verification'],
  person: ['address', 'dob', 'email', 'first_name', 'gender', 'last_name', 'nationality', 'phone'],
  account: ['email', 'individual', 'company', 'external_accounts', 'tos_acceptance'],
  transfer: ['description'],
  charge: ['source', 'billing_details', 'receipt_email', 'shipping', 'description'],
  setup_attempt: ['setup_error'],
  setup_intent: ['description', 'last_setup_error'],
  confirmation_token: ['payment_method_preview', 'shipping'],
  balance_transaction: ['description'],
  dispute: ['evidence'],
  review: ['billing_zip', 'ip_address'],
  mandate: ['customer_acceptance'],
  event: ['data'],
};

/** Whether a field tells nothing: null, or details of which none is given. */
const isBlank = (value: Json | undefined): boolean =>
  value === null || value === undefined || (typeof value === 'object' && !Array.isArray(value) && Object.values(value).every(isBlank));

/** An object in two parts: what may lie open, and what says who somebody is; undefined where there is none of that. */
export function parted(thing: Thing): { open: Fields; sealed: Fields | undefined } {
  const names = (personal[thing.object] ?? []).filter((name) => !isBlank(thing[name]));
  if (names.length === 0) return { open: thing, sealed: undefined };
  const open: Fields = { ...thing };
  const sealed: Fields = {};
  for (const name of names) {
    sealed[name] = thing[name] ?? null;
    open[name] = null;
  }
  return { open, sealed };
}
