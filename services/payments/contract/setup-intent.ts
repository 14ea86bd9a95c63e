import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { CardInput, Flag, Found, Id, input, List, MandateData, may, Metadata, MethodData, nothing, oneOf } from './field.ts';
import { typesMax } from './limits.ts';
import { deposits } from './payment-intent.ts';
import { byPage, page, publicly, read, Shipping, Text, write } from './field.ts';

const setup = { on: 'SetupIntent' } as const;

const described = { customer: may(Id), description: may(Text), metadata: Metadata };
const paying = { payment_method: may(Id), payment_method_data: may(MethodData) };
const confirming = {
  ...paying,
  confirmation_token: may(Id),
  mandate_data: may(MandateData),
  return_url: may(Text),
  use_stripe_sdk: may(Flag),
};

const SetupType = oneOf('card', 'us_bank_account', 'sepa_debit');
/** How an account of the United States is proven: by the page of its bank, or by small amounts. */
const verification = { verification_method: may(oneOf('automatic', 'instant', 'microdeposits')) };
const options = input({ us_bank_account: may(input(verification)) });

export const setupIntentOperations = {
  CreateSetupIntent: {
    ...setup,
    ...write,
    at: 'collection',
    text: 'Begin to prepare a card, or an account that is debited, for later payments.',
    input: input({
      ...described,
      ...confirming,
      automatic_payment_methods: may(input({ enabled: Flag, allow_redirects: may(oneOf('always', 'never')) })),
      confirm: may(Flag),
      payment_method_types: may(Type.Array(SetupType, { minItems: 1, maxItems: typesMax })),
      payment_method_options: may(options),
      usage: may(oneOf('off_session', 'on_session')),
    }),
    output: Found,
  },
  GetSetupIntent: {
    ...setup,
    ...read,
    ...byPage,
    text: 'Read a setup; with a publishable key its client secret must be said.',
    input: input({ client_secret: may(Text) }),
    output: Found,
  },
  ListSetupIntents: {
    ...setup,
    ...read,
    at: 'collection',
    text: 'List setups, newest first.',
    input: input({ ...page, customer: may(Id), payment_method: may(Id) }),
    output: List,
  },
  ListSetupAttempts: {
    ...setup,
    ...read,
    at: 'collection',
    text: 'List the attempts at a setup, newest first.',
    input: input({ ...page, setup_intent: Id }),
    output: List,
  },
  UpdateSetupIntent: {
    ...setup,
    ...write,
    text: 'Change a setup.',
    input: input({ ...described, ...paying, payment_method_options: may(options) }),
    output: Found,
  },
  ConfirmSetupIntent: {
    ...setup,
    ...write,
    ...publicly,
    text: 'Ask whether a card may be used later, or have an account proven.',
    input: input({ ...confirming, client_secret: may(Text) }),
    output: Found,
  },
  AnswerSetupIntentChallenge: {
    ...setup,
    ...write,
    ...byPage,
    text: 'Say whether the holder of the card or account has proven to be it, as the page of their bank does; simulated.',
    input: input({ client_secret: Text, outcome: oneOf('authenticated', 'failed') }),
    output: Found,
  },
  VerifySetupIntentMicrodeposits: {
    ...setup,
    ...write,
    ...publicly,
    text: 'Say which small amounts came to a bank account, or the code that came with one: whoever knows them holds the account.',
    input: deposits,
    output: Found,
  },
  CancelSetupIntent: {
    ...setup,
    ...write,
    essential: true,
    text: 'Call a setup off.',
    input: input({ cancellation_reason: may(oneOf('abandoned', 'duplicate', 'requested_by_customer')) }),
    output: Found,
  },
} as const satisfies Record<string, Operation>;

/** What stands for a card, or for all that a buyer chose. */
export const tokenOperations = {
  CreateToken: {
    ...write,
    ...publicly,
    on: 'Token',
    at: 'collection',
    text: 'Make a token of a card, to be used once.',
    input: input({ card: CardInput }),
    output: Found,
  },
  GetToken: { ...read, on: 'Token', text: 'Read a token.', input: nothing, output: Found },
  CreateTestConfirmationToken: {
    ...write,
    on: 'ConfirmationToken',
    at: 'collection',
    text: 'Make a confirmation token as a page would, to try things with.',
    input: input({
      ...paying,
      return_url: may(Text),
      setup_future_usage: may(oneOf('off_session', 'on_session')),
      shipping: may(Shipping),
    }),
    output: Found,
  },
  GetConfirmationToken: { ...read, on: 'ConfirmationToken', text: 'Read a confirmation token.', input: nothing, output: Found },
  GetMandate: { ...read, on: 'Mandate', text: 'Read what a customer agreed to.', input: nothing, output: Found },
} as const satisfies Record<string, Operation>;

const dispute = { on: 'Dispute' } as const;
const files = ['cancellation_policy', 'customer_communication', 'customer_signature', 'duplicate_charge_documentation', 'receipt'];
const more = ['refund_policy', 'service_documentation', 'shipping_documentation', 'uncategorized_file'];
const words = [
  ...['access_activity_log', 'billing_address', 'cancellation_policy_disclosure', 'cancellation_rebuttal', 'customer_email_address'],
  ...['customer_name', 'customer_purchase_ip', 'duplicate_charge_explanation', 'duplicate_charge_id', 'product_description'],
  ...['refund_policy_disclosure', 'refund_refusal_explanation', 'service_date', 'shipping_address', 'shipping_carrier', 'shipping_date'],
  ...['shipping_tracking_number', 'uncategorized_text'],
];
export const evidenceFields = [...files, ...more, ...words];

export const disputeOperations = {
  GetDispute: { ...dispute, ...read, text: 'Read a dispute.', input: nothing, output: Found },
  ListDisputes: {
    ...dispute,
    ...read,
    at: 'collection',
    text: 'List disputes, newest first.',
    input: input({ ...page, charge: may(Id), payment_intent: may(Id) }),
    output: List,
  },
  UpdateDispute: {
    ...dispute,
    ...write,
    text: 'Say what speaks against a dispute, and hand it in.',
    input: input({
      evidence: may(input(Object.fromEntries(evidenceFields.map((name) => [name, may(Text)])))),
      metadata: Metadata,
      submit: may(Flag),
    }),
    output: Found,
  },
  CloseDispute: { ...dispute, ...write, text: 'Accept a dispute: the money is lost.', input: nothing, output: Found },
} as const satisfies Record<string, Operation>;
