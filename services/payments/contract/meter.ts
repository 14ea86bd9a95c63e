import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { Found, Id, input, List, may, nothing, oneOf, page, read, Text, write } from './field.ts';
import { meterIdentifierMax, meterNameMax, meterPayloadMax } from './limits.ts';

const meter = { on: 'Meter' } as const;
const Instant = Type.Integer({ minimum: 0, description: 'Seconds since 1970.' });
const Name = Type.String({ minLength: 1, maxLength: meterNameMax });
const Identifier = Type.String({ minLength: 1, maxLength: meterIdentifierMax });

export const meterOperations = {
  CreateMeter: {
    ...meter,
    ...write,
    at: 'collection',
    text: 'Say which events are counted, by which of their fields, and for whom.',
    input: input({
      ...{ display_name: Text, event_name: Name },
      default_aggregation: input({ formula: oneOf('count', 'last', 'sum') }),
      customer_mapping: may(input({ event_payload_key: Name, type: oneOf('by_id') })),
      value_settings: may(input({ event_payload_key: Name })),
    }),
    output: Found,
  },
  GetMeter: { ...meter, ...read, text: 'Read a meter.', input: nothing, output: Found },
  ListMeters: {
    ...meter,
    ...read,
    at: 'collection',
    text: 'List meters, newest first.',
    input: input({ ...page, status: may(oneOf('active', 'inactive')) }),
    output: List,
  },
  UpdateMeter: { ...meter, ...write, text: 'Change what a meter is called.', input: input({ display_name: may(Text) }), output: Found },
  DeactivateMeter: {
    ...meter,
    ...write,
    text: 'Stop a meter: it takes no events until it goes on.',
    input: nothing,
    output: Found,
  },
  ReactivateMeter: { ...meter, ...write, text: 'Let a meter go on.', input: nothing, output: Found },
  ListMeterEventSummaries: {
    ...meter,
    ...read,
    text: 'What a meter counted for a customer in a time, in all or by hours or days.',
    input: input({
      ...{ ...page, customer: Id, start_time: Instant, end_time: Instant },
      value_grouping_window: may(oneOf('day', 'hour')),
    }),
    output: List,
  },
} as const satisfies Record<string, Operation>;

const event = { on: 'MeterEvent' } as const;
const Told = Type.Object({ object: Type.String() }, { description: 'What was taken, in the form of the Stripe API.' });

export const meterEventOperations = {
  CreateMeterEvent: {
    ...event,
    ...write,
    at: 'collection',
    text: 'Tell that a customer used something; an identifier counts once.',
    input: input({
      ...{ event_name: Name, identifier: may(Identifier), timestamp: may(Instant) },
      payload: Type.Record(Name, Type.String({ maxLength: meterNameMax }), { maxProperties: meterPayloadMax }),
    }),
    output: Told,
  },
  CreateMeterEventAdjustment: {
    ...event,
    ...write,
    at: 'collection',
    text: 'Take back what was told by an identifier within the last day.',
    input: input({ event_name: Name, type: oneOf('cancel'), cancel: input({ identifier: Identifier }) }),
    output: Told,
  },
} as const satisfies Record<string, Operation>;
