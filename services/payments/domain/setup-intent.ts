import { type Fields, fieldsOf, merged, type Thing } from './json.ts';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean; readonly secret: string };

export function newSetupIntent(given: Fields, { id, created, livemode, secret }: Own): Thing {
  const automatic = fieldsOf(given.automatic_payment_methods);
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
    payment_method_options: { card: { mandate_options: null, network: null, request_three_d_secure: 'automatic' } },
    payment_method_types: ['card'],
    ...{ single_use_mandate: null, status: 'requires_payment_method', usage: given.usage ?? 'off_session' },
  };
  return changedSetupIntent(made, given);
}

export function changedSetupIntent(before: Thing, given: Fields): Thing {
  const next: Thing = { ...before, metadata: merged(before.metadata, given.metadata) };
  for (const name of ['customer', 'description', 'payment_method'] as const)
    if (given[name] !== undefined) next[name] = given[name] ?? null;
  if (isSettable(next)) next.status = next.payment_method === null ? 'requires_payment_method' : 'requires_confirmation';
  return next;
}

export const isSettable = ({ status }: Thing): boolean => status === 'requires_payment_method' || status === 'requires_confirmation';
