import type { TSchema } from 'typebox';
import { Type } from '#kernel/contract/type.ts';
import type { Operation } from '#kernel/contract/contract.ts';
import { CardInput } from './field.ts';
import { Amount, Currency, Flag, Found, Id, input, List, MandateData, may, Metadata, MethodData, nothing, oneOf } from './field.ts';
import { wayNames } from '../domain/way.ts';
import { boletoDaysMax, oxxoDaysMax, pixSecondsMax, pixSecondsMin, typesMax } from './limits.ts';
import { byPage, page, publicly, read, Search, searchInput, Shipping, Text, write } from './field.ts';

const on = { on: 'PaymentIntent' } as const;
const capture = oneOf('automatic', 'automatic_async', 'manual');
const usage = oneOf('off_session', 'on_session');

const options = input({
  card: may(
    input({
      capture_method: may(oneOf('manual')),
      request_three_d_secure: may(oneOf('any', 'automatic', 'challenge')),
      request_incremental_authorization: may(oneOf('if_available', 'never')),
      setup_future_usage: may(usage),
    }),
  ),
  us_bank_account: may(input({ verification_method: may(oneOf('automatic', 'microdeposits')), setup_future_usage: may(usage) })),
  sepa_debit: may(input({ setup_future_usage: may(usage) })),
  customer_balance: may(
    input({
      funding_type: may(oneOf('bank_transfer')),
      bank_transfer: may(
        input({ type: may(oneOf('eu_bank_transfer', 'us_bank_transfer')), eu_bank_transfer: may(input({ country: may(Text) })) }),
      ),
    }),
  ),
  boleto: may(input({ expires_after_days: may(Type.Integer({ minimum: 0, maximum: boletoDaysMax })) })),
  oxxo: may(input({ expires_after_days: may(Type.Integer({ minimum: 1, maximum: oxxoDaysMax })) })),
  pix: may(
    input({
      expires_after_seconds: may(Type.Integer({ minimum: pixSecondsMin, maximum: pixSecondsMax })),
      expires_at: may(Type.Integer({ minimum: 0 })),
    }),
  ),
});

/** What says by whose card it is paid. */
const paying = {
  payment_method: may(Id),
  payment_method_data: may(MethodData),
  payment_method_options: may(options),
};

const described = {
  customer: may(Id),
  description: may(Text),
  metadata: Metadata,
  receipt_email: may(Text),
  setup_future_usage: may(usage),
  shipping: may(Shipping),
  statement_descriptor: may(Type.String({ maxLength: 22 })),
  statement_descriptor_suffix: may(Type.String({ maxLength: 22 })),
  transfer_group: may(Text),
};

const confirming = {
  confirmation_token: may(Id),
  return_url: may(Text),
  off_session: may(Type.Union([Flag, oneOf('one_off', 'recurring')])),
  error_on_requires_action: may(Flag),
  use_stripe_sdk: may(Flag),
  mandate_data: may(MandateData),
};

const Milliseconds = Type.Integer({ description: 'Milliseconds since 1970.' });
const maybe = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

/** What was decided of an attempt before anything was moved. */
const Decision = Type.Object({
  ...{ action: Type.String(), risk_level: Type.String(), risk_score: maybe(Type.Number()) },
  features: Type.Array(Type.Object({ name: Type.String() }), { description: 'What rules and the model looked at, with its value.' }),
  reasons: Type.Array(Type.Object({ feature: Type.String(), contribution: Type.Number() })),
  rules: Type.Array(Type.Object({ id: Type.String(), status: Type.String(), held: Flag }), {
    description: 'Each rule there was, in shadow or not, and whether it held.',
  }),
});
const Route = Type.Object({ rail: Type.String() });
const Side = Type.Object({ id: Type.String(), account: maybe(Type.String()) });
const LedgerEntry = Type.Object({
  ...{ id: Type.String(), of: maybe(Type.String()), step: maybe(Type.String()), kind: oneOf('hold', 'post', 'void', 'move') },
  ...{ debit: Side, credit: Side, amount: Type.Integer(), pending: maybe(Type.String()), ledger: Type.Integer(), at: Milliseconds },
});

/** Cards may be put to a terminal as well. */
const IntentType = oneOf('card_present', 'card', ...wayNames);

/** What came to a bank account. */
export const deposits = input({
  amounts: may(Type.Array(Amount, { minItems: 2, maxItems: 2 })),
  descriptor_code: may(Text),
  client_secret: may(Text),
});

export const paymentIntentOperations = {
  CreatePaymentIntent: {
    ...on,
    ...write,
    at: 'collection',
    text: 'Begin a payment.',
    input: input({
      amount: Amount,
      currency: Currency,
      ...paying,
      ...described,
      ...confirming,
      automatic_payment_methods: may(input({ enabled: Flag, allow_redirects: may(oneOf('always', 'never')) })),
      payment_method_types: may(Type.Array(IntentType, { minItems: 1, maxItems: typesMax, uniqueItems: true })),
      capture_method: may(capture),
      confirm: may(Flag),
      confirmation_method: may(oneOf('automatic', 'manual')),
      ...{ transfer_data: may(input({ destination: Id, amount: may(Amount) })), application_fee_amount: may(Amount) },
    }),
    output: Found,
  },
  GetPaymentIntent: {
    ...on,
    ...read,
    ...byPage,
    text: 'Read a payment; with a publishable key its client secret must be said.',
    input: input({ client_secret: may(Text) }),
    output: Found,
  },
  ListPaymentIntents: {
    ...on,
    ...read,
    at: 'collection',
    text: 'List payments, newest first.',
    input: input({ ...page, customer: may(Id) }),
    output: List,
  },
  GetPaymentIntentTrace: {
    ...on,
    ...read,
    text:
      'Read all that led to what became of a payment: features, rules and score, route, messages and records of its rails, ' +
      'entries of the ledger, and events.',
    input: nothing,
    output: Type.Object({
      object: Type.String(),
      payment: Found,
      attempts: Type.Array(
        Type.Object({ charge: Found, decision: Type.Union([Decision, Type.Null()]), route: Type.Union([Route, Type.Null()]) }),
      ),
      messages: Type.Array(
        Type.Object({
          at: Milliseconds,
          mti: Type.String(),
          type: Type.String(),
          elements: Type.Array(Type.Object({ number: Type.Integer(), name: Type.String(), value: Type.String() })),
        }),
        { description: 'Card messages, the last of the environment; numbers of cards are aliases.' },
      ),
      records: Type.Array(Type.Object({ file: Type.String(), kind: Type.String() }), {
        description: 'What files of clearing houses say of it; of numbers of accounts the last digits.',
      }),
      entries: Type.Array(LedgerEntry),
      ...{ refunds: Type.Array(Found), disputes: Type.Array(Found), reviews: Type.Array(Found), events: Type.Array(Found) },
    }),
  },
  SearchPaymentIntents: { ...on, ...read, at: 'collection', text: 'Find payments by a query.', input: searchInput, output: Search },
  UpdatePaymentIntent: {
    ...on,
    ...write,
    text: 'Change a payment before it is confirmed.',
    input: input({ amount: may(Amount), currency: may(Currency), capture_method: may(capture), ...paying, ...described }),
    output: Found,
  },
  ConfirmPaymentIntent: {
    ...on,
    ...write,
    ...publicly,
    text: 'Ask the issuer, and take the money unless it is captured apart.',
    input: input({
      ...paying,
      ...confirming,
      capture_method: may(capture),
      receipt_email: may(Text),
      setup_future_usage: may(usage),
      shipping: may(Shipping),
      client_secret: may(Text),
    }),
    output: Found,
  },
  CapturePaymentIntent: {
    ...on,
    ...write,
    text: 'Take what was authorized, or a part of it; the rest is free again.',
    input: input({
      amount_to_capture: may(Amount),
      final_capture: may(Flag),
      metadata: Metadata,
      statement_descriptor: may(Text),
      statement_descriptor_suffix: may(Text),
    }),
    output: Found,
  },
  AnswerPaymentIntentChallenge: {
    ...on,
    ...write,
    ...byPage,
    text: 'Say whether the cardholder has proven to be it, as the page of their bank does; simulated.',
    input: input({ client_secret: Text, outcome: oneOf('authenticated', 'failed') }),
    output: Found,
  },
  VerifyPaymentIntentMicrodeposits: {
    ...on,
    ...write,
    ...publicly,
    text: 'Say which small amounts came to a bank account, or the code that came with one: whoever knows them holds the account.',
    input: deposits,
    output: Found,
  },
  PresentCard: {
    ...on,
    ...write,
    text: 'Put a test card to the simulated terminal, which takes the payment: its chip, and a PIN where one is typed.',
    input: input({
      card: Type.String({ maxLength: 100, description: 'As in pm_card_visa: visa.' }),
      entry: may(oneOf('chip', 'contactless')),
      pin: may(Type.String({ pattern: '^[0-9]{4,12}$', description: 'That of every test card is 1234.' })),
    }),
    output: Found,
  },
  CancelPaymentIntent: {
    ...on,
    ...write,
    essential: true,
    text: 'Call a payment off; what was authorized is free again.',
    input: input({ cancellation_reason: may(oneOf('abandoned', 'duplicate', 'fraudulent', 'requested_by_customer')) }),
    output: Found,
  },
  IncrementPaymentIntentAuthorization: {
    ...on,
    ...write,
    text: 'Authorize more than before.',
    input: input({ amount: Amount, description: may(Text), metadata: Metadata, statement_descriptor: may(Text) }),
    output: Found,
  },
} as const satisfies Record<string, Operation>;

const charge = { on: 'Charge' } as const;
const Typed = input({ ...CardInput.properties, object: may(oneOf('card')) });

export const chargeOperations = {
  CreateCharge: {
    ...charge,
    ...write,
    at: 'collection',
    text: 'Charge a card without a payment intent, as integrations of old do.',
    input: input({
      amount: Amount,
      currency: Currency,
      source: may(Type.Union([Id, Typed])),
      capture: may(Flag),
      customer: may(Id),
      description: may(Text),
      metadata: Metadata,
      receipt_email: may(Text),
      shipping: may(Shipping),
      statement_descriptor: may(Type.String({ maxLength: 22 })),
      statement_descriptor_suffix: may(Type.String({ maxLength: 22 })),
      transfer_group: may(Text),
    }),
    output: Found,
  },
  CaptureCharge: {
    ...charge,
    ...write,
    text: 'Take what a charge without a payment intent holds, or a part of it.',
    input: input({
      amount: may(Amount),
      receipt_email: may(Text),
      statement_descriptor: may(Text),
      statement_descriptor_suffix: may(Text),
      transfer_group: may(Text),
    }),
    output: Found,
  },
  GetCharge: { ...charge, ...read, text: 'Read a charge.', input: nothing, output: Found },
  ListCharges: {
    ...charge,
    ...read,
    at: 'collection',
    text: 'List charges, newest first.',
    input: input({ ...page, customer: may(Id), payment_intent: may(Id), transfer_group: may(Text) }),
    output: List,
  },
  SearchCharges: { ...charge, ...read, at: 'collection', text: 'Find charges by a query.', input: searchInput, output: Search },
  UpdateCharge: {
    ...charge,
    ...write,
    text: 'Change what is said of a charge.',
    input: input({
      customer: may(Id),
      description: may(Text),
      metadata: Metadata,
      receipt_email: may(Text),
      shipping: may(Shipping),
      fraud_details: may(input({ user_report: may(oneOf('fraudulent', 'safe')) })),
      transfer_group: may(Text),
    }),
    output: Found,
  },
} as const satisfies Record<string, Operation>;

const refund = { on: 'Refund' } as const;

export const refundOperations = {
  CreateRefund: {
    ...refund,
    ...write,
    at: 'collection',
    text: 'Give back what was taken, or a part of it.',
    input: input({
      amount: may(Amount),
      charge: may(Id),
      payment_intent: may(Id),
      metadata: Metadata,
      reason: may(oneOf('duplicate', 'fraudulent', 'requested_by_customer')),
      reverse_transfer: may(Flag),
      refund_application_fee: may(Flag),
    }),
    output: Found,
  },
  GetRefund: { ...refund, ...read, text: 'Read a refund.', input: nothing, output: Found },
  ListRefunds: {
    ...refund,
    ...read,
    at: 'collection',
    text: 'List refunds, newest first.',
    input: input({ ...page, charge: may(Id), payment_intent: may(Id) }),
    output: List,
  },
  UpdateRefund: { ...refund, ...write, text: 'Change the metadata of a refund.', input: input({ metadata: Metadata }), output: Found },
} as const satisfies Record<string, Operation>;
