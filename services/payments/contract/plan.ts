import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { Amount, Currency, Flag, Found, Id, input, List, may, Metadata, nothing, oneOf, page, read, Text, write } from './field.ts';
import { trialDaysMax } from './limits.ts';

const on = { on: 'Plan' } as const;
const Days = Type.Integer({ minimum: 1, maximum: trialDaysMax });
const OwnId = Type.String({ pattern: '^[A-Za-z0-9_.-]{1,200}$' });
const Product = Type.Union([
  Id,
  input({ id: may(OwnId), name: Text, active: may(Flag), metadata: Metadata, statement_descriptor: may(Text) }),
]);

/** What prices that recur were called before; each plan is a price of the same id. */
export const planOperations = {
  CreatePlan: {
    ...on,
    ...write,
    at: 'collection',
    text: 'Say what a product costs again and again, in the words of before there were prices.',
    input: input({
      ...{ id: may(OwnId), active: may(Flag), amount: may(Amount), amount_decimal: may(Text), currency: Currency, metadata: Metadata },
      ...{ interval: oneOf('day', 'month', 'week', 'year'), interval_count: may(Type.Integer({ minimum: 1, maximum: 1095 })) },
      ...{ nickname: may(Text), product: Product, trial_period_days: may(Days), usage_type: may(oneOf('licensed', 'metered')) },
      meter: may(Id),
    }),
    output: Found,
  },
  GetPlan: { ...on, ...read, text: 'Read a plan.', input: nothing, output: Found },
  ListPlans: {
    ...on,
    ...read,
    at: 'collection',
    text: 'List plans, newest first.',
    input: input({ ...page, active: may(Flag), product: may(Id) }),
    output: List,
  },
  UpdatePlan: {
    ...on,
    ...write,
    text: 'Change what is said of a plan.',
    input: input({ active: may(Flag), metadata: Metadata, nickname: may(Text), trial_period_days: may(Days) }),
    output: Found,
  },
  DeletePlan: { ...on, ...write, repeat: 'natural', text: 'Delete a plan; who has it keeps it.', input: nothing, output: Found },
} as const satisfies Record<string, Operation>;
