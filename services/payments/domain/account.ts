import { addressOf } from './customer.ts';
import { type Fields, fieldsOf, type Json, merged, type Thing } from './json.ts';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean };

const noRequirements: Fields = {
  ...{ alternatives: [], current_deadline: null, currently_due: [], disabled_reason: null, errors: [], eventually_due: [], past_due: [] },
  pending_verification: [],
};

const profile: Fields = {
  ...{ annual_revenue: null, estimated_worker_count: null, mcc: null, minority_owned_business_designation: null, name: null },
  ...{ product_description: null, support_address: null, support_email: null, support_phone: null, support_url: null, url: null },
};

const settings: Fields = {
  bacs_debit_payments: { display_name: null, service_user_number: null },
  branding: { icon: null, logo: null, primary_color: null, secondary_color: null },
  card_issuing: { tos_acceptance: { date: null, ip: null } },
  card_payments: {
    decline_on: { avs_failure: false, cvc_failure: false },
    ...{ statement_descriptor_prefix: null, statement_descriptor_prefix_kana: null, statement_descriptor_prefix_kanji: null },
  },
  dashboard: { display_name: null, timezone: 'Etc/UTC' },
  invoices: { default_account_tax_ids: null, hosted_payment_method_save: null },
  payments: {
    ...{ statement_descriptor: null, statement_descriptor_kana: null, statement_descriptor_kanji: null },
    ...{ statement_descriptor_prefix_kana: null, statement_descriptor_prefix_kanji: null },
  },
  payouts: { debit_negative_balances: false, schedule: { delay_days: 2, interval: 'manual' }, statement_descriptor: null },
  sepa_debit_payments: {},
};

export function newAccount(given: Fields, { id, created, livemode }: Own): Thing {
  const made: Thing = {
    ...{ id, object: 'account', business_profile: profile, business_type: null, capabilities: {}, charges_enabled: false },
    ...{ controller: { type: 'application', is_controller: true, requirement_collection: 'application' }, country: given.country ?? 'US' },
    ...{ created, default_currency: 'usd', details_submitted: false, email: null },
    external_accounts: { object: 'list', data: [], has_more: false, url: `/v1/accounts/${id}/external_accounts` },
    ...{ future_requirements: noRequirements, livemode, metadata: {}, payouts_enabled: false, requirements: noRequirements, settings },
    ...{ tos_acceptance: { date: null, ip: null, user_agent: null }, type: given.type ?? 'custom' },
  };
  return changedAccount(made, given, undefined);
}

/** A bank account as it is shown: of its number the last four digits. */
export function newBankAccount(given: Fields, account: string, id: string, fingerprint: string): Thing {
  const digits = String(given.account_number);
  return {
    ...{ id, object: 'bank_account', account, account_holder_name: given.account_holder_name ?? null },
    ...{ account_holder_type: given.account_holder_type ?? null, account_type: null, available_payout_methods: ['standard'] },
    ...{ bank_name: null, country: given.country ?? '', currency: String(given.currency).toLowerCase(), default_for_currency: true },
    ...{ fingerprint, future_requirements: null, last4: digits.slice(-4), metadata: {}, requirements: null },
    ...{ routing_number: given.routing_number ?? null, status: 'new' },
  };
}

/** The account with these accounts at banks. */
export function withBanks(account: Thing, banks: readonly Thing[]): Thing {
  const next: Thing = { ...account, external_accounts: { ...fieldsOf(account.external_accounts), data: banks } };
  return withRequirements(next, Object.keys(fieldsOf(account.capabilities)));
}

/** An account that is refused for good: it can do nothing any more. */
export function rejectedAccount(account: Thing, reason: string): Thing {
  const capabilities = Object.fromEntries(Object.keys(fieldsOf(account.capabilities)).map((name) => [name, 'inactive']));
  const requirements: Fields = { ...fieldsOf(account.requirements), disabled_reason: `rejected.${reason}` };
  return { ...account, capabilities, charges_enabled: false, payouts_enabled: false, requirements };
}

const isRejected = ({ requirements }: Thing): boolean => String(fieldsOf(requirements).disabled_reason).startsWith('rejected.');

/** The account of the business itself, which nothing is required of here. */
export const ownAccount = (id: string, { created, livemode }: { created: number; livemode: boolean }): Thing => ({
  ...newAccount({ type: 'standard' }, { id, created, livemode }),
  ...{ charges_enabled: true, payouts_enabled: true, details_submitted: true },
  capabilities: { card_payments: 'active', transfers: 'active' },
});

/** The account with what was given in place of what was there, and with what is still required of it. */
export function changedAccount(before: Thing, given: Fields, bank: Thing | undefined): Thing {
  const next: Thing = { ...before, metadata: merged(before.metadata, given.metadata) };
  for (const name of ['email', 'business_type'] as const) if (given[name] !== undefined) next[name] = given[name];
  if (given.default_currency != null) next.default_currency = String(given.default_currency).toLowerCase();
  for (const name of ['business_profile', 'tos_acceptance'] as const)
    if (given[name] != null) next[name] = { ...fieldsOf(before[name]), ...fieldsOf(given[name]) };
  for (const name of ['individual', 'company'] as const) if (given[name] != null) next[name] = person(before[name], fieldsOf(given[name]));
  if (bank) next.external_accounts = { ...fieldsOf(before.external_accounts), data: replacing(before, bank) };
  const asked = Object.entries(fieldsOf(given.capabilities)).map(([name, value]) => [name, fieldsOf(value).requested === true] as const);
  const wanted = new Set(Object.keys(fieldsOf(before.capabilities)));
  for (const [name, is] of asked)
    if (is) wanted.add(name);
    else wanted.delete(name);
  return withRequirements(next, [...wanted]);
}

/** A bank account takes the place of the one of its currency. */
function replacing(account: Thing, bank: Thing): Thing[] {
  const all = (fieldsOf(account.external_accounts).data ?? []) as Thing[];
  return [...all.filter(({ currency }) => currency !== bank.currency), bank];
}

function person(before: Json | undefined, given: Fields): Fields {
  const all = { ...fieldsOf(before), ...given };
  return given.address === undefined ? all : { ...all, address: addressOf(given.address) };
}

const common = [
  'business_profile.mcc',
  'business_profile.url',
  'business_type',
  'external_account',
  'tos_acceptance.date',
  'tos_acceptance.ip',
];
const ofPerson = ['individual.first_name', 'individual.last_name', 'individual.dob.day', 'individual.dob.month', 'individual.dob.year'];
const ofCompany = ['company.name'];

function isThere(account: Thing, path: string): boolean {
  if (path === 'external_account') return ((fieldsOf(account.external_accounts).data ?? []) as Json[]).length > 0;
  const value = path.split('.').reduce<Json>((at, name) => fieldsOf(at)[name] ?? null, account);
  return value !== null && value !== '';
}

/** What is required of an account of a type before it can be paid. */
export const requiredOf = (type: Json | undefined): string[] => [
  ...common,
  ...(type === 'company' ? ofCompany : type === 'individual' ? ofPerson : []),
];

/** What is still required before the account can be paid; nothing is, while it asks for nothing. */
function withRequirements(account: Thing, wanted: readonly string[]): Thing {
  const due =
    wanted.length === 0
      ? []
      : requiredOf(account.business_type)
          .filter((path) => !isThere(account, path))
          .toSorted();
  if (isRejected(account)) return account;
  const isReady = wanted.length > 0 && due.length === 0;
  const capabilities = Object.fromEntries(wanted.map((name) => [name, isReady ? 'active' : 'inactive']));
  const requirements: Fields = {
    ...noRequirements,
    ...{ currently_due: due, eventually_due: due, past_due: due, disabled_reason: isReady ? null : 'requirements.past_due' },
  };
  const isPaid = isReady && wanted.includes('transfers');
  return {
    ...account,
    ...{ capabilities, charges_enabled: isReady && wanted.includes('card_payments'), details_submitted: isReady },
    ...{ payouts_enabled: isPaid, requirements },
  };
}

/** Whether money can be passed on to it. */
export const takesTransfers = ({ capabilities }: Thing): boolean => fieldsOf(capabilities).transfers === 'active';
