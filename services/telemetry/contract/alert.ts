import { telling, words } from '#kernel/alert/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { crud } from '#kernel/contract/crud.ts';
import { closed, Instant, read, Span } from './field.ts';
import { Fold } from './signal.ts';

const Text = (maxLength: number, description: string) => Type.String({ minLength: 1, maxLength, description });
/** What is watched: a metric that programs sent, or the calls of an operation. */
const Watched = {
  metric: Type.Optional(Text(255, 'A metric that programs send; or leave it out and name a service.')),
  fold: Type.Optional(Fold),
  by: Type.Optional(
    Type.Array(Text(255, 'A label.'), { maxItems: 4, description: 'Labels to watch apart: each combination alerts by itself.' }),
  ),
  where: Type.Optional(Type.Array(Text(512, 'name=value'), { maxItems: 8, description: 'Labels that must hold.' })),
  service: Type.Optional(Text(64, 'A service of the platform whose operations are watched.')),
  operation: Type.Optional(Text(128, 'Only this operation of the service.')),
  measure: Type.Optional(
    words(
      ['rate', 'failed', 'failedShare', 'p50Ms', 'p95Ms', 'p99Ms'],
      'What of the operations is watched: calls or failures a second, or latency.',
    ),
  ),
};

export const AlertRuleSpec = Type.Object(
  {
    ...Watched,
    condition: words(['above', 'below', 'absent', 'anomaly'], 'When it alerts; anomaly is what earlier days do not lead to expect.'),
    threshold: Type.Optional(Type.Number({ description: 'For above and below.' })),
    windowMs: Type.Optional(
      Type.Integer({ minimum: 1000, maximum: 86_400_000, default: 60_000, description: 'The time that is folded into the value watched.' }),
    ),
    ...telling,
  },
  closed,
);
export const ObjectiveSpec = Type.Object(
  {
    service: Text(64, 'A service of the platform.'),
    operation: Type.Optional(Text(128, 'Only this operation.')),
    target: Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, description: 'The share of calls that must be good: 0.999.' }),
    slowerMs: Type.Optional(
      Type.Number({ minimum: 0.5, maximum: 10_000, description: 'A call that takes longer is not good, besides those that fail.' }),
    ),
    days: Type.Optional(Type.Integer({ minimum: 1, maximum: 90, default: 28, description: 'The days the budget is for.' })),
  },
  closed,
);

/** Rules and objectives are resources of the kernel; alerts and budgets follow from them. */
export const ruleOperations = {
  ...crud({ kind: 'AlertRule', title: 'rule', spec: AlertRuleSpec }),
  ...crud({ kind: 'Objective', title: 'objective', spec: ObjectiveSpec }),
  GetBudget: {
    ...read,
    on: 'Objective',
    text: "Read how much of an objective's error budget is left, and how fast it burns.",
    input: Type.Object({ ...Span }, closed),
    output: Type.Object({
      objective: Type.Number(),
      total: Type.Integer(),
      bad: Type.Integer(),
      attained: Type.Number({ description: 'The share of good calls; 1 where there were none.' }),
      budgetLeft: Type.Number({ description: 'The share of the error budget that is left; below 0 it is overspent.' }),
      burnHour: Type.Number({ description: 'How many times faster than allowed the budget was spent in the last hour.' }),
      burnSixHours: Type.Number(),
      days: Type.Array(Type.Object({ at: Instant, total: Type.Integer(), bad: Type.Integer() })),
    }),
  },
} as const;
