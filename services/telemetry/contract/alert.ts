import { Type } from '#kernel/contract/type.ts';
import { crud } from '#kernel/contract/crud.ts';
import { closed, Instant, read, Span } from './field.ts';
import { receiversPerRuleMax } from './limits.ts';
import { Fold } from './signal.ts';

const Text = (maxLength: number, description: string) => Type.String({ minLength: 1, maxLength, description });
const words = <const W extends readonly string[]>(list: W, description: string) =>
  Type.Unsafe<W[number]>(
    Type.Union(
      list.map((word) => Type.Literal(word)),
      { description },
    ),
  );

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
    forMs: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 86_400_000, default: 0, description: 'How long the condition must hold before it fires.' }),
    ),
    severity: Type.Optional(words(['info', 'warning', 'critical'], 'How bad it is.')),
    summary: Type.Optional(Text(500, 'What it means and what to do, for whoever is woken.')),
    receivers: Type.Optional(
      Type.Array(Text(253, 'Name of a receiver.'), { maxItems: receiversPerRuleMax, description: 'Who is told, besides the event.' }),
    ),
  },
  closed,
);
export const ReceiverSpec = Type.Object(
  {
    kind: words(['alertmanager', 'webhook'], "Alertmanager's API v2, or a POST of JSON in the shape of Alertmanager's webhooks."),
    url: Type.String({ minLength: 8, maxLength: 2048, pattern: '^https?://', description: 'Where; Alertmanager without /api/v2/alerts.' }),
  },
  closed,
);
export const SilenceSpec = Type.Object(
  {
    rule: Type.Optional(Text(253, 'Only this rule.')),
    where: Type.Optional(Type.Array(Text(512, 'name=value'), { maxItems: 8, description: 'Labels that must hold.' })),
    from: Type.Optional(Instant),
    until: Instant,
    reason: Type.Optional(Text(500, 'Why nobody is told.')),
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

const Alert = Type.Object({
  rule: Type.String(),
  labels: Type.Record(Type.String(), Type.String()),
  state: words(['pending', 'firing', 'resolved'], 'Where it stands.'),
  severity: Type.String(),
  summary: Type.String(),
  value: Type.Optional(Type.Number()),
  since: Instant,
  firedAt: Type.Optional(Instant),
  resolvedAt: Type.Optional(Instant),
  silenced: Type.Boolean(),
  told: Type.String({ description: 'What became of telling the receivers.' }),
});

/** Rules, who is told, silences and objectives are resources of the kernel; alerts and budgets follow from them. */
export const alertOperations = {
  ...crud({ kind: 'AlertRule', title: 'rule', spec: AlertRuleSpec }),
  ...crud({ kind: 'Receiver', title: 'receiver', spec: ReceiverSpec }),
  ...crud({ kind: 'Silence', title: 'silence', spec: SilenceSpec }),
  ...crud({ kind: 'Objective', title: 'objective', spec: ObjectiveSpec }),
  ListAlerts: {
    ...read,
    on: 'Alert',
    at: 'collection',
    text: 'List alerts: those that stand first, then those that were resolved lately.',
    input: Type.Object({ state: Type.Optional(words(['pending', 'firing', 'resolved'], 'Only in this state.')) }, closed),
    output: Type.Object({ items: Type.Array(Alert) }),
  },
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
