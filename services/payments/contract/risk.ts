import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import {
  Amount,
  Billing,
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
  Shipping,
  Text,
  write,
} from './field.ts';
import { ruleCharactersMax } from './limits.ts';

const on = { on: 'RiskRule' } as const;

const Words = Type.String({
  minLength: 1,
  maxLength: ruleCharactersMax,
  description: "Such as: block if :card_country: != 'US' and :card_count_1h: > 3",
});
const Status = oneOf('enabled', 'shadow', 'disabled');
const Card = input(Object.fromEntries(['brand', 'country', 'funding', 'last4', 'fingerprint'].map((name) => [name, may(Text)])));

/** What is decided of payments before anything is moved. Stripe's API has no such thing: there it stands in the dashboard. */
export const riskOperations = {
  CreateRiskRule: {
    ...on,
    ...write,
    at: 'collection',
    text: 'Write a rule that allows, blocks, challenges or reviews payments; in shadow it only counts what it would have met.',
    input: input({ rule: Words, status: may(Status) }),
    output: Found,
  },
  GetRiskRule: { ...on, ...read, text: 'Read a rule, with what it met so far.', input: nothing, output: Found },
  ListRiskRules: { ...on, ...read, at: 'collection', text: 'List rules, newest first.', input: input({ ...page }), output: List },
  UpdateRiskRule: {
    ...on,
    ...write,
    text: 'Change a rule, or put it into shadow and back; it holds within a second.',
    input: input({ rule: may(Words), status: may(Status) }),
    output: Found,
  },
  DeleteRiskRule: { ...on, ...write, text: 'Take a rule away.', input: nothing, output: Found },
  TryRiskRule: {
    ...read,
    on: 'RiskRule',
    at: 'collection',
    posted: true,
    text: 'Say what is wrong with a rule and where, or how many of the last payments it would have met; nothing is kept or decided.',
    input: input({ rule: Type.String({ maxLength: ruleCharactersMax }) }),
    output: Type.Object({
      object: Type.String(),
      problem: Type.Union([
        Type.Object({ message: Type.String(), at: Type.Integer({ minimum: 0, description: 'The character, counted from 0.' }) }),
        Type.Null(),
      ]),
      payments: Type.Integer({ description: 'Payments of cards and accounts that were tried, the newest.' }),
      met: Type.Integer(),
      disputed: Type.Integer({ description: 'How many of what it met were contested afterwards.' }),
      missed: Type.Integer({ description: 'How many contested payments it did not meet.' }),
      amounts: Type.Record(Type.String(), Type.Integer(), { description: 'How much of each currency it met.' }),
      last: Type.Array(Found, { description: 'The newest charges that it met.' }),
    }),
  },
  AssessRisk: {
    ...read,
    posted: true,
    on: 'RiskRule',
    at: 'collection',
    text: 'Ask what would be decided of a payment: score, level, reasons, and the rule that decides. Nothing is kept of it.',
    input: input({
      ...{ amount: Amount, currency: Currency, customer: may(Id), payment_method: may(Id), card: may(Card) },
      ...{ billing_details: may(Billing), shipping: may(Shipping), receipt_email: may(Text), description: may(Text) },
      ...{ metadata: Metadata, off_session: may(Flag) },
    }),
    output: Type.Object({ object: Type.String(), action: Type.String(), risk_level: Type.String() }),
  },
} as const satisfies Record<string, Operation>;
