import { Type } from '../../contract/type.ts';
import type { AnyService, Operation, Resource } from '../../contract/contract.ts';
import { PageInput } from '../../contract/crud.ts';
import { attemptsMax, topicLoginMax, webhookTypesMax } from '../../webhook/limits.ts';
import { closed, Id, itemInput, listOf, one, read, Title, write } from '../schema.ts';

const Url = Type.String({
  minLength: 8,
  maxLength: 2048,
  description: 'Where events are sent: https, http, or the topic of a Kafka, kafkas://host:9093/topic or kafka://.',
});
const Login = Type.Object(
  {
    username: Type.String({ minLength: 1, maxLength: topicLoginMax }),
    password: Type.String({ minLength: 1, maxLength: topicLoginMax }),
  },
  { ...closed, description: 'Who writes into a topic, by SASL PLAIN; it is never shown, and goes when the address changes.' },
);
const EventType = Type.String({ minLength: 1, maxLength: 128, pattern: '^[A-Za-z][A-Za-z0-9.]*\\*?$|^\\*$' });
const Types = Type.Array(EventType, {
  maxItems: webhookTypesMax,
  description: 'Types of events, or their beginnings before *; none listed means all.',
});
const Attempts = Type.Integer({ minimum: 1, maximum: attemptsMax, description: 'Attempts before an event is put aside as dead.' });
const State = Type.Union([Type.Literal('enabled'), Type.Literal('disabled')]);
const Sequence = Type.Integer({ minimum: 0 });

/** An address that is told of events. */
const Webhook = Type.Object({
  title: Type.String(),
  url: Url,
  types: Types,
  environment: Type.Optional(Id),
  attempts: Attempts,
  state: State,
  reason: Type.Optional(Type.String({ description: 'Why nothing is sent to it: for good when it is disabled, for now when it is not.' })),
  position: Type.Integer({ description: 'Sequence of the last event that was looked at.' }),
});
const Secret = Type.String({ description: 'Signs deliveries as Standard Webhooks has it; shown once.' });
const Delivery = Type.Object({
  sequence: Sequence,
  id: Type.String(),
  type: Type.String(),
  state: Type.Union([Type.Literal('delivered'), Type.Literal('waiting'), Type.Literal('dead')]),
  attempt: Type.Integer(),
  at: Type.Integer(),
  dueAt: Type.Optional(Type.Integer()),
  status: Type.Optional(Type.Integer()),
  error: Type.Optional(Type.String()),
  tookMs: Type.Optional(Type.Integer()),
});
const on = { on: 'Webhook' } as const;
const environment = Type.Optional(Type.String({ maxLength: 100, description: 'Only events of this environment.' }));

export const webhookResources = {
  Webhook: {
    of: 'tenant',
    text: 'An address that is told of events.',
    spec: Webhook,
    owner: 'service',
    columns: ['title', 'url', 'state'],
  },
} as const satisfies Record<string, Resource>;

export const webhookEvents = {
  WebhookPinged: { data: Type.Object({ webhook: Id }), text: 'Somebody tries out a webhook.' },
} as const satisfies AnyService['events'];

export const webhookOperations = {
  CreateWebhook: {
    ...write,
    ...on,
    at: 'new',
    text: 'Have events sent to an address; its secret is shown once.',
    input: Type.Object(
      {
        title: Type.Optional(Title),
        url: Url,
        types: Type.Optional(Types),
        environment,
        attempts: Type.Optional(Attempts),
        login: Type.Optional(Login),
      },
      closed,
    ),
    output: Type.Object({ id: Id, secret: Secret }),
  },
  GetWebhook: { ...read, ...on, text: 'Read a webhook.', input: itemInput, output: one(Webhook) },
  ListWebhooks: { ...read, ...on, at: 'collection', text: 'List webhooks.', input: PageInput, output: listOf(one(Webhook)) },
  UpdateWebhook: {
    ...write,
    ...on,
    repeat: 'natural',
    text: 'Change a webhook, or stop it for a while.',
    input: Type.Object(
      {
        title: Type.Optional(Title),
        url: Type.Optional(Url),
        types: Type.Optional(Types),
        attempts: Type.Optional(Attempts),
        state: Type.Optional(State),
        login: Type.Optional(Login),
      },
      closed,
    ),
    output: one(Webhook),
  },
  DeleteWebhook: {
    ...write,
    ...on,
    repeat: 'natural',
    essential: true,
    text: 'Send nothing more.',
    input: itemInput,
    output: Type.Object({}),
  },
  RotateWebhook: {
    ...write,
    ...on,
    text: 'Give a new secret; for a day deliveries carry both signatures.',
    input: itemInput,
    output: Type.Object({ id: Id, secret: Secret }),
  },
  PingWebhook: {
    ...write,
    ...on,
    text: 'Make an event to try a webhook out.',
    emits: ['WebhookPinged'],
    input: itemInput,
    output: Type.Object({}),
  },
  ReplayWebhook: {
    ...write,
    ...on,
    repeat: 'natural',
    text: 'Send again every event after a position or from a time on.',
    input: Type.Object(
      { after: Type.Optional(Sequence), since: Type.Optional(Type.Integer({ minimum: 0, description: 'Milliseconds since 1970.' })) },
      closed,
    ),
    output: Type.Object({ position: Type.Integer() }),
  },
  ListDeliveries: {
    ...read,
    ...on,
    text: 'What came of the events that a webhook wanted, newest first.',
    input: Type.Object(
      { state: Type.Optional(Delivery.properties.state), before: Type.Optional(Sequence), limit: PageInput.properties.limit },
      closed,
    ),
    output: Type.Object({ items: Type.Array(Delivery), next: Type.Optional(Type.Integer()) }),
  },
  RetryDeliveries: {
    ...write,
    ...on,
    repeat: 'natural',
    text: 'Try dead or waiting deliveries again at once: one, or all.',
    input: Type.Object({ sequence: Type.Optional(Sequence) }, closed),
    output: Type.Object({ due: Type.Integer() }),
  },
} as const satisfies Record<string, Operation>;
