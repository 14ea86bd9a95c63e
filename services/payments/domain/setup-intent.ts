import { type Fields, fieldsOf, merged, type Thing } from './json.ts';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean; readonly secret: string };

export function newSetupIntent(given: Fields, { id, created, livemode, secret }: Own): Thing {
  const automatic = fieldsOf(given.automatic_payment_methods);
  const types = (given.payment_method_types ?? ['card']) as readonly string[];
  const made: Thing = {
    ...{ id, object: 'setup_intent', application: null },
    automatic_payment_methods:
      given.payment_method_types !== undefined
        ? null
        : { allow_redirects: automatic.allow_redirects ?? 'always', enabled: automatic.enabled ?? true },
    ...{ cancellation_reason: null, client_secret: secret, created, customer: null, customer_account: null, description: null },
    ...{ excluded_payment_method_types: null, flow_directions: null, last_setup_error: null, latest_attempt: null, livemode },
    ...{ mandate: null, metadata: {}, next_action: null, on_behalf_of: null, payment_method: null },
    payment_method_configuration_details: null,
    payment_method_options: optionsOf(types, fieldsOf(given.payment_method_options)),
    payment_method_types: types,
    ...{ single_use_mandate: null, status: 'requires_payment_method', usage: given.usage ?? 'off_session' },
  };
  return changedSetupIntent(made, given);
}

/** What is said of each type that may be set up. */
function optionsOf(types: readonly string[], given: Fields): Fields {
  const verification = fieldsOf(given.us_bank_account).verification_method ?? 'automatic';
  const all: Fields = {
    card: { mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    us_bank_account: { verification_method: verification },
    sepa_debit: {},
  };
  return Object.fromEntries(types.map((type) => [type, all[type] ?? {}]));
}

export function changedSetupIntent(before: Thing, given: Fields): Thing {
  const next: Thing = { ...before, metadata: merged(before.metadata, given.metadata) };
  if (given.payment_method_options != null)
    next.payment_method_options = optionsOf(before.payment_method_types as readonly string[], fieldsOf(given.payment_method_options));
  for (const name of ['customer', 'description', 'payment_method'] as const)
    if (given[name] !== undefined) next[name] = given[name] ?? null;
  if (isSettable(next)) next.status = next.payment_method === null ? 'requires_payment_method' : 'requires_confirmation';
  return next;
}

export const isSettable = ({ status }: Thing): boolean => status === 'requires_payment_method' || status === 'requires_confirmation';
