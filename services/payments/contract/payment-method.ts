import { Type } from '#kernel/contract/type.ts';
import type { Operation } from '#kernel/contract/contract.ts';
import {
  Billing,
  Found,
  Id,
  input,
  List,
  may,
  Metadata,
  MethodData,
  MethodType,
  nothing,
  oneOf,
  page,
  publicly,
  read,
  Text,
  write,
} from './field.ts';

const on = { on: 'PaymentMethod' } as const;

/** How somebody pays: by card, from a bank account, or by a voucher. */
export const paymentMethodOperations = {
  CreatePaymentMethod: {
    ...on,
    ...write,
    ...publicly,
    at: 'collection',
    text: 'Make a payment method of a card, of a bank account, or of who pays a voucher.',
    input: input({ ...MethodData.properties, customer: may(Text), payment_method: may(Id) }),
    output: Found,
  },
  GetPaymentMethod: { ...on, ...read, text: 'Read a payment method.', input: nothing, output: Found },
  ListPaymentMethods: {
    ...on,
    ...read,
    at: 'collection',
    text: 'List the payment methods of a customer.',
    input: input({ ...page, customer: may(Id), type: may(MethodType) }),
    output: List,
  },
  UpdatePaymentMethod: {
    ...on,
    ...write,
    text: 'Change a payment method.',
    input: input({
      billing_details: may(Billing),
      metadata: Metadata,
      allow_redisplay: may(oneOf('always', 'limited', 'unspecified')),
      card: may(input({ exp_month: may(Type.Integer({ minimum: 1, maximum: 12 })), exp_year: may(Type.Integer({ minimum: 1970 })) })),
    }),
    output: Found,
  },
  AttachPaymentMethod: {
    ...on,
    ...write,
    text: 'Keep a payment method for a customer.',
    input: input({ customer: Id }),
    output: Found,
  },
  DetachPaymentMethod: { ...on, ...write, text: 'Take a payment method from its customer, for good.', input: nothing, output: Found },
} as const satisfies Record<string, Operation>;
