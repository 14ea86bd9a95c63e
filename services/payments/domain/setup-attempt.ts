import { type Fields, fieldsOf, type Thing } from './json.ts';

type Own = { readonly id: string; readonly created: number };

/** One attempt at preparing a card or an account: with what, and what came of it. */
export function newSetupAttempt(intent: Thing, method: Thing | undefined, { id, created }: Own): Thing {
  const { customer = null, livemode = false, usage = null, on_behalf_of = null } = intent;
  return {
    ...{ id, object: 'setup_attempt', application: null, attach_to_self: false, created, customer, customer_account: null },
    ...{ flow_directions: null, livemode, on_behalf_of, payment_method: method?.id ?? null, payment_method_details: detailsOf(method) },
    ...{ setup_error: null, setup_intent: intent.id, status: 'requires_action', usage },
  };
}

function detailsOf(method: Thing | undefined): Fields {
  const type = String(method?.type ?? 'card');
  if (type !== 'card') return { type, [type]: {} };
  const {
    brand = null,
    checks = null,
    country = null,
    exp_month = null,
    exp_year = null,
    fingerprint = null,
    ...card
  } = fieldsOf(method?.card);
  const { funding = null, last4 = null, network = brand } = card;
  const shown = { brand, checks, country, exp_month, exp_year, fingerprint, funding, last4, network, three_d_secure: null, wallet: null };
  return { type, card: shown };
}

/** The attempt as it is when its setup has become something else. */
export const endedSetupAttempt = (attempt: Thing, { status, last_setup_error: error = null }: Thing): Thing => ({
  ...attempt,
  ...(status === 'succeeded' ? { status } : status === 'requires_action' ? { status } : { status: 'failed', setup_error: error }),
});
