import { type Fields, merged, type Thing } from './json.ts';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean };

/** What stands on a list, and how it is compared. */
export const itemTypes = [
  ...(['card_bin', 'card_fingerprint', 'case_sensitive_string', 'country', 'customer_id', 'email', 'ip_address'] as const),
  ...(['sepa_debit_fingerprint', 'string', 'us_bank_account_fingerprint'] as const),
] as const;

const caseMatters: readonly string[] = [
  ...['case_sensitive_string', 'card_fingerprint', 'customer_id', 'sepa_debit_fingerprint', 'us_bank_account_fingerprint'],
];

/** A value as it is compared on lists of a type. */
export const comparable = (type: string, value: string): string => (caseMatters.includes(type) ? value : value.toLowerCase());

const forms: Readonly<Record<string, RegExp>> = {
  card_bin: /^[0-9]{6,8}$/,
  country: /^[A-Za-z]{2}$/,
  customer_id: /^cus_[A-Za-z0-9]+$/,
  email: /^[^\s@]+@[^\s@]+$/,
  ip_address: /^[0-9a-fA-F:.]{2,45}$/,
};

/** Whether a value may stand on a list of a type. */
export const isItem = (type: string, value: string): boolean => value.length > 0 && (forms[type]?.test(value) ?? true);

export const newValueList = (given: Fields, { id, created, livemode }: Own): Thing => ({
  ...{ id, object: 'radar.value_list', alias: given.alias ?? '', created, created_by: 'api', item_type: given.item_type ?? 'string' },
  ...{ livemode, metadata: merged({}, given.metadata), name: given.name ?? '' },
});

export const newValueListItem = (list: string, value: string, { id, created, livemode }: Own): Thing => ({
  ...{ id, object: 'radar.value_list_item', created, created_by: 'api', livemode, value, value_list: list },
});
