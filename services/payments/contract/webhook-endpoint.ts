import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { Flag, Found, input, List, may, Metadata, nothing, page, read, Text, write } from './field.ts';
import { eventTypesMax, urlMax } from './limits.ts';

const on = { on: 'WebhookEndpoint' } as const;
const Url = Type.String({ pattern: '^https?://', maxLength: urlMax });
const Types = Type.Array(Type.String({ pattern: '^(\\*|[a-z_]+(\\.[a-z_]+)+)$', maxLength: 100 }), {
  minItems: 1,
  maxItems: eventTypesMax,
});

/** Who is told what happens: each event is sent signed, and again until it is taken. */
export const webhookEndpointOperations = {
  CreateWebhookEndpoint: {
    ...on,
    ...write,
    at: 'collection',
    text: 'Name an address that is told of events; the secret that signs them is shown once.',
    input: input({ url: Url, enabled_events: Types, description: may(Text), metadata: Metadata, api_version: may(Text) }),
    output: Found,
  },
  GetWebhookEndpoint: { ...on, ...read, text: 'Read an endpoint.', input: nothing, output: Found },
  ListWebhookEndpoints: { ...on, ...read, at: 'collection', text: 'List endpoints, newest first.', input: input(page), output: List },
  UpdateWebhookEndpoint: {
    ...on,
    ...write,
    text: 'Change an endpoint, or stop telling it.',
    input: input({ url: may(Url), enabled_events: may(Types), description: may(Text), metadata: Metadata, disabled: may(Flag) }),
    output: Found,
  },
  DeleteWebhookEndpoint: {
    ...on,
    ...write,
    repeat: 'natural',
    essential: true,
    text: 'Delete an endpoint.',
    input: nothing,
    output: Found,
  },
} as const satisfies Record<string, Operation>;
