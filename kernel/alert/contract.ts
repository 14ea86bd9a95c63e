import type { Static } from 'typebox';
import { crud } from '#kernel/contract/crud.ts';
import { Type } from '#kernel/contract/type.ts';
import { receiversPerRuleMax } from './limits.ts';

const closed = { additionalProperties: false } as const;
const Instant = Type.Integer({ minimum: 0, maximum: 4_102_444_800_000, description: 'Milliseconds since 1970.' });
const Text = (maxLength: number, description: string) => Type.String({ minLength: 1, maxLength, description });
/** One of some words. */
export const words = <const W extends readonly string[]>(list: W, description: string) =>
  Type.Unsafe<W[number]>(
    Type.Union(
      list.map((word) => Type.Literal(word)),
      { description },
    ),
  );

/** How a rule tells whom it tells, whatever it watches. */
export const telling = {
  forMs: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 86_400_000, default: 0, description: 'How long the condition must hold before it fires.' }),
  ),
  severity: Type.Optional(words(['info', 'warning', 'critical'], 'How bad it is.')),
  summary: Type.Optional(Text(500, 'What it means and what to do, for whoever is woken.')),
  receivers: Type.Optional(
    Type.Array(Text(253, 'Name of a receiver.'), { maxItems: receiversPerRuleMax, description: 'Who is told, besides the event.' }),
  ),
};
const Telling = Type.Object(telling);
export type Telling = Static<typeof Telling>;

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

/** What is told when an alert fires or is resolved. */
export const AlertEvent = Type.Object({
  rule: Type.String(),
  labels: Type.Record(Type.String(), Type.String()),
  severity: Type.String(),
  summary: Type.String(),
  since: Type.Integer(),
  value: Type.Optional(Type.Number()),
});

/** Who is told and silences are resources of the kernel; alerts follow from rules, which each service has of its own. */
export const alertOperations = {
  ...crud({ kind: 'Receiver', title: 'receiver', spec: ReceiverSpec }),
  ...crud({ kind: 'Silence', title: 'silence', spec: SilenceSpec }),
  ListAlerts: {
    effect: 'read',
    audit: 'window',
    repeat: 'natural',
    expose: ['rest', 'cli', 'console'],
    on: 'Alert',
    at: 'collection',
    text: 'List alerts: those that stand first, then those that were resolved lately.',
    input: Type.Object({ state: Type.Optional(words(['pending', 'firing', 'resolved'], 'Only in this state.')) }, closed),
    output: Type.Object({ items: Type.Array(Alert) }),
  },
} as const;
