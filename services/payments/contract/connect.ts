import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { bankingDays } from '../domain/payout-schedule.ts';
import { DelayDays, Descriptor, interval } from './balance-settings.ts';
import {
  Address,
  Amount,
  Currency,
  Flag,
  Found,
  Id,
  input,
  List,
  may,
  Metadata,
  nothing,
  oneOf,
  page,
  read,
  Text,
  write,
} from './field.ts';

const account = { on: 'Account' } as const;
const Part = Type.Integer({ minimum: 1, maximum: 9999 });
const Person = input({
  ...{ first_name: may(Text), last_name: may(Text), email: may(Text), phone: may(Text), address: may(Address) },
  dob: may(input({ day: Part, month: Part, year: Part })),
});
const Company = input({ name: may(Text), phone: may(Text), address: may(Address) });
const Bank = input({
  ...{ object: may(oneOf('bank_account')), country: Type.String({ pattern: '^[A-Z]{2}$' }), currency: Currency, account_number: Text },
  ...{ routing_number: may(Text), account_holder_name: may(Text), account_holder_type: may(oneOf('company', 'individual')) },
});
const described = {
  ...{
    email: may(Text),
    metadata: Metadata,
    business_type: may(oneOf('company', 'individual')),
    individual: may(Person),
    company: may(Company),
  },
  business_profile: may(
    input({ mcc: may(Type.String({ pattern: '^[0-9]{4}$' })), name: may(Text), url: may(Text), product_description: may(Text) }),
  ),
  capabilities: may(input({ card_payments: may(input({ requested: Flag })), transfers: may(input({ requested: Flag })) })),
  ...{ external_account: may(Bank), default_currency: may(Currency) },
  settings: may(
    input({
      payouts: may(
        input({
          debit_negative_balances: may(Flag),
          schedule: may(
            input({
              ...{ interval: may(interval), delay_days: may(DelayDays), weekly_anchor: may(oneOf(...bankingDays)) },
              monthly_anchor: may(Type.Integer({ minimum: 1, maximum: 31 })),
            }),
          ),
          statement_descriptor: may(Descriptor),
        }),
      ),
    }),
  ),
  tos_acceptance: may(input({ date: may(Type.Integer({ minimum: 0 })), ip: may(Text), user_agent: may(Text) })),
};

/** Whom the business passes money on to. */
export const accountOperations = {
  CreateAccount: {
    ...account,
    ...write,
    at: 'collection',
    text: 'Make a connected account, of the type that the platform fills in itself.',
    input: input({ type: oneOf('custom'), country: may(Type.String({ pattern: '^[A-Z]{2}$' })), ...described }),
    output: Found,
  },
  GetAccount: { ...account, ...read, text: 'Read a connected account.', input: nothing, output: Found },
  ListAccounts: { ...account, ...read, at: 'collection', text: 'List connected accounts, newest first.', input: input(page), output: List },
  UpdateAccount: {
    ...account,
    ...write,
    text: 'Change a connected account; with all that is required it can be paid.',
    input: input(described),
    output: Found,
  },
  DeleteAccount: {
    ...account,
    ...write,
    repeat: 'natural',
    text: 'Delete a connected account that has nothing left.',
    input: nothing,
    output: Found,
  },
} as const satisfies Record<string, Operation>;

const transfer = { on: 'Transfer' } as const;

export const transferOperations = {
  CreateTransfer: {
    ...transfer,
    ...write,
    at: 'collection',
    text: 'Pass money on to a connected account.',
    input: input({
      ...{ amount: Amount, currency: Currency, destination: Id, description: may(Text), metadata: Metadata },
      ...{ source_transaction: may(Id), transfer_group: may(Text) },
    }),
    output: Found,
  },
  GetTransfer: { ...transfer, ...read, text: 'Read a transfer.', input: nothing, output: Found },
  ListTransfers: {
    ...transfer,
    ...read,
    at: 'collection',
    text: 'List transfers, newest first.',
    input: input({ ...page, destination: may(Id), transfer_group: may(Text) }),
    output: List,
  },
  UpdateTransfer: {
    ...transfer,
    ...write,
    text: 'Change what is said of a transfer.',
    input: input({ description: may(Text), metadata: Metadata }),
    output: Found,
  },
  CreateTransferReversal: {
    ...transfer,
    ...write,
    at: 'collection',
    text: 'Take back what was passed on, or a part of it.',
    input: input({ transfer: Id, amount: may(Amount), description: may(Text), metadata: Metadata }),
    output: Found,
  },
  GetTransferReversal: { ...transfer, ...read, text: 'Read a reversal.', input: input({ transfer: Id }), output: Found },
  UpdateTransferReversal: {
    ...transfer,
    ...write,
    text: 'Change what is said of a reversal.',
    input: input({ transfer: Id, metadata: Metadata }),
    output: Found,
  },
  ListTransferReversals: {
    ...transfer,
    ...read,
    at: 'collection',
    text: 'List the reversals of a transfer, newest first.',
    input: input({ ...page, transfer: Id }),
    output: List,
  },
} as const satisfies Record<string, Operation>;

const fee = { on: 'ApplicationFee' } as const;

export const applicationFeeOperations = {
  GetApplicationFee: { ...fee, ...read, text: 'Read what was kept of a payment that was passed on.', input: nothing, output: Found },
  ListApplicationFees: {
    ...fee,
    ...read,
    at: 'collection',
    text: 'List what was kept of payments that were passed on, newest first.',
    input: input({ ...page, charge: may(Id) }),
    output: List,
  },
} as const satisfies Record<string, Operation>;
