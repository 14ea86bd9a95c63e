import { Type } from '../../contract/type.ts';
import type { AnyService, Operation, Resource } from '../../contract/contract.ts';
import { envelope, PageInput } from '../../contract/crud.ts';
import { budgetPercentMax, budgetThresholdsMax } from '../limits.ts';
import { closed, Id, itemInput, listOf, read, Role, Title, write } from '../schema.ts';
import { DimensionName, DimensionValue } from './usage.ts';

const Amount = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'How much is meant to be used, in units of the meter.',
});
const Thresholds = Type.Array(Type.Integer({ minimum: 1, maximum: budgetPercentMax }), {
  minItems: 1,
  maxItems: budgetThresholdsMax,
  uniqueItems: true,
  description: 'Percent of the amount at which it is told; 50, 80 and 100 if not said.',
});
const Notify = Type.Array(Role, {
  maxItems: 10,
  description: 'Members with one of these roles get a mail; owners if not said, nobody if empty.',
});
const Period = Type.Union([Type.Literal('hour'), Type.Literal('day'), Type.Literal('month')], {
  description: 'What the amount is for: a calendar hour, day or month in UTC.',
});
const environment = Type.Optional(Type.String({ maxLength: 100, description: 'Only usage in this environment, by its id, name or kind.' }));

/** How much of a meter an organization means to use in a period. */
const Budget = Type.Object({
  title: Title,
  service: Type.String({ description: '`ingest` for usage taken in by IngestUsage.' }),
  meter: Type.String(),
  unit: Type.String(),
  environment: Type.Optional(Id),
  dimension: Type.Optional(DimensionName),
  value: Type.Optional(DimensionValue),
  period: Period,
  amount: Amount,
  thresholds: Thresholds,
  notify: Notify,
});
/** Where it stands in the period that runs. */
const BudgetStatus = Type.Object({
  used: Type.String({ description: 'An exact integer in decimal.' }),
  percent: Type.Number({ description: 'Used of the amount.' }),
  since: Type.Integer({ description: 'Start of the period, milliseconds since 1970.' }),
  until: Type.Integer({ description: 'End of the period.' }),
});
const BudgetAlert = Type.Object({
  at: Type.Integer(),
  since: Type.Integer({ description: 'Start of the period it was reached in.' }),
  percent: Type.Integer({ description: 'The threshold.' }),
  used: Type.String(),
  amount: Type.Integer(),
  told: Type.Boolean({ description: 'Its event was made.' }),
  mailed: Type.Boolean({ description: 'Everybody to be told by mail was sent one.' }),
});
const whole = envelope(Budget, BudgetStatus);
const on = { on: 'Budget' } as const;
const wanted = {
  title: Type.Optional(Title),
  period: Type.Optional(Period),
  thresholds: Type.Optional(Thresholds),
  notify: Type.Optional(Notify),
};

export const budgetResources = {
  Budget: {
    of: 'tenant',
    text: 'How much of a meter is meant to be used in a period, and who is told when.',
    spec: Budget,
    status: BudgetStatus,
    owner: 'service',
    columns: ['title', 'service', 'meter', 'period', 'amount'],
  },
} as const satisfies Record<string, Resource>;

export const budgetEvents = {
  BudgetReached: {
    data: Type.Object({
      budget: Id,
      title: Type.String(),
      service: Type.String(),
      meter: Type.String(),
      period: Period,
      since: Type.Integer(),
      percent: Type.Integer(),
      used: Type.String(),
      amount: Type.Integer(),
    }),
    text: 'Usage reached a threshold of a budget, once in a period.',
  },
} as const satisfies AnyService['events'];

/** Budgets: made, read with where they stand, changed, deleted; and what they told. */
export const budgetOperations = {
  CreateBudget: {
    ...write,
    ...on,
    at: 'new',
    text: 'Watch the usage of a meter: an event (for webhooks) and mails tell when a share of the amount is reached. It stops nothing.',
    input: Type.Object(
      {
        ...wanted,
        service: Budget.properties.service,
        meter: Type.String({ minLength: 1, maxLength: 64 }),
        environment,
        dimension: Type.Optional(DimensionName),
        value: Type.Optional(DimensionValue),
        amount: Amount,
      },
      closed,
    ),
    output: whole,
  },
  GetBudget: { ...read, ...on, text: 'Read a budget and where it stands.', input: itemInput, output: whole },
  ListBudgets: { ...read, ...on, at: 'collection', text: 'List budgets and where they stand.', input: PageInput, output: listOf(whole) },
  UpdateBudget: {
    ...write,
    ...on,
    repeat: 'natural',
    text: 'Change a budget; its thresholds are told anew in the period that runs.',
    input: Type.Object({ ...wanted, amount: Type.Optional(Amount) }, closed),
    output: whole,
  },
  DeleteBudget: {
    ...write,
    ...on,
    repeat: 'natural',
    essential: true,
    text: 'Watch no longer.',
    input: itemInput,
    output: Type.Object({}),
  },
  ListBudgetAlerts: {
    ...read,
    ...on,
    text: 'What a budget told, newest first.',
    input: Type.Object({ limit: PageInput.properties.limit }, closed),
    output: Type.Object({ items: Type.Array(BudgetAlert) }),
  },
} as const satisfies Record<string, Operation>;
