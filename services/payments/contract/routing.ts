import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { acquirers } from '../domain/acquirer.ts';
import { Found, input, may, nothing, oneOf, read, write } from './field.ts';
import { attemptsMax, costWeightMax, percentMax, rolloutPaymentsMax } from './limits.ts';

const on = { on: 'Routing', at: 'collection' } as const;

/** By which acquirer cards are taken. The acquirers, and the market of them, are simulated. */
export const routingOperations = {
  GetRouting: {
    ...on,
    ...read,
    text: 'Read how cards are routed to acquirers, how far what was learned is trusted, and which acquirers there are.',
    input: nothing,
    output: Found,
  },
  PutRouting: {
    ...on,
    ...write,
    repeat: 'natural',
    text:
      'Say how cards are routed from now on. A learned policy is rolled out by stages, and back when it approves less; ' +
      'what was learned stays, and what is not said is as usual.',
    input: input({
      policy: oneOf('fixed', 'learned'),
      acquirer: may({ ...oneOf(...acquirers.map(({ id }) => id)), description: 'By which payments go that go by none that was learned.' }),
      residency: may({ ...oneOf('us', 'eu', 'apac'), description: 'Where data of payments must stay.' }),
      cost_weight: may(
        Type.Number({ minimum: 0, maximum: costWeightMax, description: 'How many points of approval a point of cost is worth.' }),
      ),
      attempts: may(Type.Integer({ minimum: 1, maximum: attemptsMax, description: 'Acquirers that one payment is taken to at most.' })),
      payments_min: may(
        Type.Integer({ minimum: 1, maximum: rolloutPaymentsMax, description: 'Payments of either policy before a stage is judged.' }),
      ),
      drop_max: may(Type.Number({ minimum: 0, maximum: percentMax, description: 'Points that the learned policy may approve less.' })),
    }),
    output: Found,
  },
  GetPaymentRoute: {
    ...read,
    on: 'PaymentIntent',
    text: 'Read how a payment, or a charge, was routed: which acquirers were excluded and why, and what those that were asked answered.',
    input: nothing,
    output: Found,
  },
} as const satisfies Record<string, Operation>;
