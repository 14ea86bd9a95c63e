import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { byPage, Flag, Found, Id, input, List, may, Metadata, oneOf, page, read, Text, write } from './field.ts';
import { idMax } from './limits.ts';

const on = { on: 'Account' } as const;
const Url = Type.String({ pattern: '^https?://', maxLength: 5000 });
const Secret = { client_secret: may(Type.String({ maxLength: idMax })) };
const Answers = Type.Record(Type.String({ pattern: '^[a-z_.]{1,60}$' }), Type.String({ maxLength: 500 }), { maxProperties: 30 });
const Bank = input({
  ...{ object: may(oneOf('bank_account')), country: Type.String({ pattern: '^[A-Z]{2}$' }), currency: Text, account_number: Text },
  ...{ routing_number: may(Text), account_holder_name: may(Text), account_holder_type: may(oneOf('company', 'individual')) },
});

/** The page on which whoever holds a connected account says what is required of it. */
export const accountLinkOperations = {
  CreateAccountLink: {
    ...on,
    ...write,
    at: 'collection',
    text: 'Make the address of a page on which the holder of an account says what is required of it; it may be opened once.',
    input: input({
      ...{ account: Id, type: oneOf('account_onboarding', 'account_update'), refresh_url: Url, return_url: Url },
      collect: may(oneOf('currently_due', 'eventually_due')),
      collection_options: may(
        input({ fields: may(oneOf('currently_due', 'eventually_due')), future_requirements: may(oneOf('include', 'omit')) }),
      ),
    }),
    output: Found,
  },
  OpenAccountLink: { ...on, ...write, ...byPage, repeat: 'natural', text: 'Open such a page.', input: input(Secret), output: Found },
  FillAccountLink: {
    ...on,
    ...write,
    ...byPage,
    repeat: 'natural',
    text: 'Say what such a page asks for.',
    input: input({ ...Secret, answers: Answers, ip: may(Text), user_agent: may(Text) }),
    output: Found,
  },
} as const satisfies Record<string, Operation>;

/** What belongs to a connected account. */
export const accountPartOperations = {
  GetOwnAccount: {
    ...on,
    ...read,
    at: 'collection',
    text: 'Read the account of the business itself.',
    input: input({ account: may(Id) }),
    output: Found,
  },
  RejectAccount: {
    ...on,
    ...write,
    text: 'Refuse a connected account: nothing is passed on to it any more.',
    input: input({ reason: oneOf('fraud', 'other', 'terms_of_service') }),
    output: Found,
  },
  ListCapabilities: { ...on, ...read, at: 'collection', text: 'List what an account may do.', input: input({ account: Id }), output: List },
  GetCapability: { ...on, ...read, text: 'Read whether an account may do something.', input: input({ account: Id }), output: Found },
  UpdateCapability: {
    ...on,
    ...write,
    text: 'Ask for something that an account is to do, or ask for it no more.',
    input: input({ account: Id, requested: may(Flag) }),
    output: Found,
  },
  CreateExternalAccount: {
    ...on,
    ...write,
    at: 'collection',
    text: 'Add an account at a bank that a connected account is paid out to.',
    input: input({ account: Id, external_account: Bank, default_for_currency: may(Flag), metadata: Metadata }),
    output: Found,
  },
  GetExternalAccount: { ...on, ...read, text: 'Read such an account at a bank.', input: input({ account: Id }), output: Found },
  ListExternalAccounts: {
    ...on,
    ...read,
    at: 'collection',
    text: 'List such accounts at banks.',
    input: input({ ...page, account: Id, object: may(oneOf('bank_account', 'card')) }),
    output: List,
  },
  UpdateExternalAccount: {
    ...on,
    ...write,
    text: 'Change what is said of such an account at a bank, or make it the one of its currency.',
    input: input({ account: Id, account_holder_name: may(Text), default_for_currency: may(Flag), metadata: Metadata }),
    output: Found,
  },
  DeleteExternalAccount: {
    ...on,
    ...write,
    repeat: 'natural',
    text: 'Take such an account at a bank away; the one of its currency stays while another is there.',
    input: input({ account: Id }),
    output: Found,
  },
} as const satisfies Record<string, Operation>;

const fee = { on: 'ApplicationFee' } as const;

/** What of an application fee goes back to the account that it was taken from. */
export const feeRefundOperations = {
  CreateFeeRefund: {
    ...fee,
    ...write,
    at: 'collection',
    text: 'Give an application fee back, or a part of it.',
    input: input({ fee: Id, amount: may(Type.Integer({ minimum: 0 })), metadata: Metadata }),
    output: Found,
  },
  GetFeeRefund: { ...fee, ...read, text: 'Read such a refund.', input: input({ fee: Id }), output: Found },
  UpdateFeeRefund: {
    ...fee,
    ...write,
    text: 'Change what is said of such a refund.',
    input: input({ fee: Id, metadata: Metadata }),
    output: Found,
  },
  ListFeeRefunds: {
    ...fee,
    ...read,
    at: 'collection',
    text: 'List the refunds of an application fee, newest first.',
    input: input({ ...page, fee: Id }),
    output: List,
  },
} as const satisfies Record<string, Operation>;
