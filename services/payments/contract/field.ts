import type { TSchema } from 'typebox';
import { Type } from '#kernel/contract/type.ts';
import { wayNames } from '../domain/way.ts';
import { idMax, metadataKeyMax, metadataMax, metadataValueMax, pageMax, textMax } from './limits.ts';

export const closed = { additionalProperties: false } as const;

/** A field that may be left out, or be emptied: at the Stripe door an empty text says so. */
export const may = <S extends TSchema>(schema: S) => Type.Optional(Type.Union([schema, Type.Null()]));

export const Id = Type.String({ minLength: 1, maxLength: idMax });
export const Text = Type.String({ maxLength: textMax });
export const Flag = Type.Boolean();
export const Amount = Type.Integer({ minimum: 0, description: 'In the smallest unit of the currency.' });
export const Currency = Type.String({ pattern: '^[A-Za-z]{3}$', description: 'Three letters of ISO 4217.' });
export const oneOf = (...values: string[]) => Type.Enum(values);

export const Metadata = may(
  Type.Record(
    Type.String({ pattern: `^[^\\[\\]]{1,${metadataKeyMax}}$` }),
    Type.Union([Type.String({ maxLength: metadataValueMax }), Type.Null()]),
    { maxProperties: metadataMax, description: 'Names and values of your own.' },
  ),
);

const address = {
  city: may(Text),
  country: may(Text),
  line1: may(Text),
  line2: may(Text),
  postal_code: may(Text),
  state: may(Text),
};
export const Address = Type.Object(address, closed);
export const Shipping = Type.Object(
  { address: may(Address), name: may(Text), phone: may(Text), carrier: may(Text), tracking_number: may(Text) },
  closed,
);
export const Billing = Type.Object(
  { address: may(Address), email: may(Text), name: may(Text), phone: may(Text), tax_id: may(Text) },
  closed,
);

/** A card as it is typed in. Its number and code are taken at the door `payments.stripe` by the vault, and nowhere else. */
export const CardInput = Type.Object(
  {
    vaulted: may(Type.String({ pattern: '^[0-9a-f]{64}$', description: 'What the vault put in place of a number.' })),
    exp_month: may(Type.Integer()),
    exp_year: may(Type.Integer()),
    token: may(Id),
    name: may(Text),
    ...Object.fromEntries(['city', 'country', 'line1', 'line2', 'state', 'zip'].map((part) => [`address_${part}`, may(Text)])),
    networks: may(Type.Object({ preferred: may(Text) }, closed)),
  },
  closed,
);

/** Every type of payment methods. */
export const MethodType = oneOf('card', ...wayNames);

/** An account that is debited, or who pays a voucher. */
const bankInput = {
  us_bank_account: may(
    Type.Object(
      {
        account_holder_type: may(oneOf('individual', 'company')),
        account_number: may(Text),
        account_type: may(oneOf('checking', 'savings')),
        routing_number: may(Text),
      },
      closed,
    ),
  ),
  sepa_debit: may(Type.Object({ iban: may(Text) }, closed)),
  boleto: may(Type.Object({ tax_id: may(Text) }, closed)),
  oxxo: may(Type.Object({}, closed)),
  pix: may(Type.Object({}, closed)),
  customer_balance: may(Type.Object({}, closed)),
};

export const MethodData = Type.Object(
  {
    type: MethodType,
    card: may(CardInput),
    ...bankInput,
    billing_details: may(Billing),
    metadata: Metadata,
    allow_redisplay: may(oneOf('always', 'limited', 'unspecified')),
  },
  closed,
);

/** What a customer agreed to, when, and how. */
export const MandateData = Type.Object(
  {
    customer_acceptance: Type.Object(
      {
        type: oneOf('online', 'offline'),
        accepted_at: may(Type.Integer({ minimum: 0 })),
        online: may(Type.Object({ ip_address: may(Text), user_agent: may(Text) }, closed)),
        offline: may(Type.Object({}, closed)),
      },
      closed,
    ),
  },
  closed,
);

const Instant = Type.Integer({ minimum: 0, description: 'Seconds since 1970.' });
const Range = Type.Object({ gt: may(Instant), gte: may(Instant), lt: may(Instant), lte: may(Instant) }, closed);

/** What every list takes. */
export const page = {
  limit: may(Type.Integer({ minimum: 1, maximum: pageMax, description: 'Objects at most; 10 if not said.' })),
  starting_after: may(Id),
  ending_before: may(Id),
  created: may(Type.Union([Instant, Range])),
};

export const Found = Type.Object(
  { id: Type.String(), object: Type.String() },
  { description: 'The object, in the form of the Stripe API.' },
);
export const List = Type.Object({
  object: Type.String(),
  data: Type.Array(Found),
  has_more: Type.Boolean(),
  url: Type.String(),
});
export const Search = Type.Object({
  object: Type.String(),
  data: Type.Array(Found),
  has_more: Type.Boolean(),
  url: Type.String(),
  next_page: Type.Union([Type.String(), Type.Null()]),
});

export const errors = ['ParameterInvalid', 'StateInvalid', 'CardRefused', 'ResourceMissing', 'BalanceInsufficient'] as const;
const expose = ['rest', 'cli', 'console'] as const;
const counted = { charge: ['request'], quota: ['requests'], errors } as const;

export const read = { ...counted, expose, effect: 'read', audit: 'window', repeat: 'natural' } as const;
export const write = { ...counted, expose, effect: 'write', audit: 'before-reply', repeat: 'keyed' } as const;
/** The same for what a page may ask with a publishable key. */
export const publicly = { expose: ['rest', 'cli', 'console', 'publishable'] } as const;

/** The same for a page that has the client secret, and no key. */
export const byPage = { expose: ['rest', 'cli', 'console', 'publishable'], byResource: true } as const;

export const nothing = Type.Object({}, closed);
export const input = <P extends Record<string, TSchema>>(properties: P) => Type.Object(properties, closed);
export const searchInput = input({ query: Text, limit: may(Type.Integer({ minimum: 1, maximum: pageMax })), page: may(Text) });
